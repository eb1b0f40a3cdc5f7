// SPDX-License-Identifier: Apache-2.0
#include "core/rules/points.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

namespace {

/// One point an hour, the last one now, of these sizes in MiB.
RecoveryPoints hourly(std::vector<double> mib, std::string type = {}) {
    std::vector<RecoveryPoint> points;
    Duration age = 1h * (static_cast<int>(mib.size()) - 1);
    for (const double size : mib) {
        points.push_back(sized(age, static_cast<std::uint64_t>(size * static_cast<double>(kMiB)), type));
        age -= 1h;
    }
    return all(points);
}

Lines said_of(const RecoveryPoints& points) { return Bench{}.sees({points}).says(backup_size_anomaly); }

/// For each point of a series, whether it was reported when it was the newest.
std::string reported(const std::vector<double>& mib) {
    std::string marks;
    for (std::size_t n = 1; n <= mib.size(); ++n)
        marks += said_of(hourly({mib.begin(), mib.begin() + static_cast<std::ptrdiff_t>(n)})).empty() ? '.' : '!';
    return marks;
}

} // namespace

TEST_CASE("a size that differs by more than half from the usual is reported with its sign") {
    CHECK(said_of(hourly({100, 100, 100, 40})) ==
          Lines{"P3 BackupSizeAnomaly: newest backup is -60 % in size: 40MiB, 100MiB usual, 50 % allowed"});
    CHECK(said_of(hourly({100, 100, 100, 200})) ==
          Lines{"P3 BackupSizeAnomaly: newest backup is +100 % in size: 200MiB, 100MiB usual, 50 % allowed"});
    CHECK(said_of(hourly({100, 100, 100, 50})).empty());
    CHECK(said_of(hourly({100, 100, 100, 150})).empty());
}

TEST_CASE("a backup that lost nine tenths is P2, one that lost a little less P3") {
    CHECK(said_of(hourly({100, 100, 100, 10})) ==
          Lines{"P2 BackupSizeAnomaly: newest backup is -90 % in size: 10MiB, 100MiB usual, 50 % allowed"});
    CHECK(said_of(hourly({100, 100, 100, 11})).at(0).starts_with("P3"));
    CHECK(said_of(hourly({100, 100, 100, 1000})).at(0).starts_with("P3"));
}

TEST_CASE("priorities that the policy chose stay as chosen") {
    Bench bench;
    bench.policy(backup_size_anomaly, {{.over = 0.3, .priority = Priority::p4}});
    CHECK(bench.sees({hourly({100, 100, 100, 5})}).says().at(0).starts_with("P4"));
    CHECK(bench.sees({hourly({100, 100, 100, 65})}).says().at(0).starts_with("P4"));
}

TEST_CASE("a first backup is no anomaly, nor are the second and third") {
    CHECK(reported({100, 5, 300}) == "...");
    CHECK(reported({100, 100, 100, 5}) == "...!");
}

TEST_CASE("a new level is reported for three points and then taken for what it is") {
    CHECK(reported({100, 100, 100, 100, 40, 40, 40, 40, 40}) == "....!!!..");
    CHECK(reported({100, 100, 100, 100, 300, 310, 320, 330}) == "....!!!.");
}

TEST_CASE("a single odd backup is reported once") { CHECK(reported({100, 100, 100, 100, 10, 100, 100}) == "....!.."); }

TEST_CASE("a steadily growing database is no anomaly") {
    std::vector<double> sizes{100};
    while (sizes.size() < 40)
        sizes.push_back(sizes.back() * 1.12);
    CHECK(!reported(sizes).contains('!'));
}

TEST_CASE("a change is told of the third size on, and never of what builds on another backup") {
    const auto change_of = [](std::vector<double> mib, const std::string& type) {
        const RecoveryPoints points = hourly(std::move(mib), type);
        return size_change(Bench{}.sees({points}).seen(), points.method, points.points.back());
    };
    CHECK(change_of({100, 100, 50}, "full") == std::nullopt);
    CHECK(change_of({100, 100, 100, 50}, "full") == -0.5);
    CHECK(change_of({100, 100, 100, 50}, "diff") == std::nullopt);
    CHECK(change_of({100, 100, 100, 50}, "incr") == std::nullopt);
    // As jobs say it that report themselves.
    CHECK(change_of({100, 100, 100, 50}, "differential") == std::nullopt);
    CHECK(change_of({100, 100, 100, 50}, "incremental") == std::nullopt);
}

TEST_CASE("differentials that grow between fulls are no anomaly") {
    std::vector<RecoveryPoint> points;
    for (int week = 0; week < 4; ++week)
        for (int day = 0; day < 7; ++day) {
            const Duration age = kDay * (28 - week * 7 - day);
            points.push_back(day == 0 ? sized(age, 1000 * kMiB, "full")
                                      : sized(age, static_cast<std::uint64_t>(day * day * 20) * kMiB, "diff"));
            CHECK(said_of(all(points)).empty());
        }
}

TEST_CASE("the first full after a schema was dropped is reported though differentials lie between") {
    std::vector<RecoveryPoint> points;
    for (int i = 8; i > 1; i -= 2) {
        points.push_back(sized(kDay * i, (i == 2 ? 400 : 1000) * kMiB, "full"));
        points.push_back(sized(kDay * (i - 1), 5 * kMiB, "diff"));
    }
    CHECK(said_of(all(points)).size() == 1);
}

TEST_CASE("small differences of small backups say nothing, their collapse does") {
    CHECK(said_of(hourly({0.5, 0.5, 0.5, 1.2})).empty());
    CHECK(said_of(hourly({0.5, 0.5, 0.5, 0.1})).empty());
    CHECK(said_of(hourly({0.5, 0.5, 0.5, 0.0})).size() == 1);
    CHECK(said_of(hourly({0.003, 0.003, 0.003, 0.0})).empty());
}

TEST_CASE("growth from nothing is an anomaly without a division by zero") {
    CHECK(said_of(hourly({0, 0, 0, 100})).size() == 1);
    CHECK(said_of(hourly({0, 0, 0, 0})).empty());
}

TEST_CASE("the median is over the last ten only") {
    std::vector<double> sizes(20, 1000);
    sizes.insert(sizes.end(), {100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 180});
    CHECK(said_of(hourly(sizes)) ==
          Lines{"P3 BackupSizeAnomaly: newest backup is +80 % in size: 180MiB, 100MiB usual, 50 % allowed"});
    CHECK(said_of(hourly({100, 100, 300, 300, 500})) ==
          Lines{"P3 BackupSizeAnomaly: newest backup is +150 % in size: 500MiB, 200MiB usual, 50 % allowed"});
}

TEST_CASE("points of another method or without a size are not compared") {
    Bench bench;
    bench.sees({hourly({100, 100, 100, 100})}).after(1h);
    RecoveryPoints other = all({sized(0h, 5 * kMiB, "", bench.now)});
    other.method = "snapshot";
    CHECK(bench.sees({other}).says(backup_size_anomaly).empty());
    other.method = "dump";
    CHECK(bench.sees({other}).says(backup_size_anomaly).size() == 1);
    CHECK(bench.sees({all({good(0h, "", bench.now)})}).says(backup_size_anomaly).empty());
}

TEST_CASE("a file that is overwritten every night is a series though it keeps its name") {
    Bench bench;
    for (const std::uint64_t size : {100U, 100U, 100U, 5U}) {
        bench.after(kDay);
        bench.sees({all({named(sized(0h, size * kMiB, "", bench.now), "backup.dump")})});
    }
    CHECK(bench.says(backup_size_anomaly).size() == 1);
}

} // namespace recoverd::core
