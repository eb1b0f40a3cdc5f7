// SPDX-License-Identifier: Apache-2.0
// Retention and encryption: what was promised of the backups that are there.
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

namespace {

/// An old asset with a daily backup for `days` days, of which a week is promised.
Bench kept_for(int days) {
    Bench bench;
    bench.asset.objectives.retention = 7 * kDay;
    bench.asset.objectives.backup_every = kDay;
    bench.asset.objectives.since = kNow - 100 * kDay;
    std::vector<RecoveryPoint> points;
    for (int day = days; day >= 0; --day)
        points.push_back(good(kDay * day));
    bench.sees({all(points)});
    return bench;
}

Bench encrypted(Told told) {
    Bench bench;
    bench.asset.objectives.encryption = true;
    RecoveryPoint point = named(good(1h), "b1");
    point.encrypted = told;
    bench.sees({all({point})});
    return bench;
}

} // namespace

TEST_CASE("a retention shorter than promised by more than one interval is found") {
    CHECK(kept_for(5).says() == Lines{"P3 BackupRetentionShort: oldest backup kept is 5d old, 7d promised"});
    CHECK(kept_for(6).says().empty());
    CHECK(kept_for(7).says().empty());
}

TEST_CASE("a young asset cannot have kept what it never had") {
    Bench bench = kept_for(2);
    bench.asset.objectives.since = kNow - 7 * kDay;
    CHECK(bench.says().empty());
    bench.asset.objectives.since = kNow - 7 * kDay - 1ms;
    CHECK(bench.says(backup_retention_short).size() == 1);
    bench.asset.objectives.since.reset();
    CHECK(bench.says().empty());
}

TEST_CASE("retention is judged as of the moment of looking: it neither grows nor falls while nobody looks") {
    Bench bench = kept_for(5);
    bench.policy(backup_too_old, {{.over = 1e9}});
    CHECK(bench.after(10 * kDay).says(backup_retention_short) ==
          Lines{"P3 BackupRetentionShort: oldest backup kept is 5d old, 7d promised"});
    CHECK(first_speaks(kept_for(7), backup_retention_short) == kNever);
}

TEST_CASE("the slack of a retention can be chosen") {
    Bench bench = kept_for(5);
    bench.policy(backup_retention_short, {{.over = 3 * 86400.0}});
    CHECK(bench.says().empty());
}

TEST_CASE("nothing is short where nothing was promised or nobody owns it") {
    Bench bench = kept_for(1);
    bench.asset.objectives.retention.reset();
    CHECK(bench.says().empty());
    bench = kept_for(1);
    bench.has_asset = false;
    CHECK(bench.says(backup_retention_short).empty());
    CHECK(kept_for(1).sees({all({})}).says(backup_retention_short).empty());
}

TEST_CASE("a backup that is not encrypted, or does not tell, fails the promise of encryption") {
    CHECK(encrypted(Told::no).says() == Lines{"P2 AssertionFailed assertion=encryption: newest backup b1 is not "
                                              "encrypted, encryption promised"});
    CHECK(encrypted(Told::not_told).says() ==
          Lines{"P2 AssertionFailed assertion=encryption: nobody tells whether newest backup b1 is encrypted, "
                "encryption promised"});
    CHECK(encrypted(Told::yes).says().empty());
}

TEST_CASE("encryption is no matter where it was not promised, or where there is no backup") {
    Bench bench = encrypted(Told::no);
    bench.asset.objectives.encryption = false;
    CHECK(bench.says().empty());
    bench.asset.objectives.encryption.reset();
    CHECK(bench.says().empty());
    CHECK(encrypted(Told::no).sees({all({})}).says(assertion_failed).empty());
}

} // namespace recoverd::core
