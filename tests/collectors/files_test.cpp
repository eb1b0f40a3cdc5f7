// SPDX-License-Identifier: Apache-2.0
#include "collectors/all.hpp"
#include "collectors/worker_answer.hpp"
#include "io/evidence_json.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>

#include <asio/io_context.hpp>

#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::test;
using namespace std::chrono_literals;

namespace {

core::config::Table options(std::vector<std::pair<std::string, std::string>> values) {
    core::config::Table table;
    for (auto& [key, value] : values)
        table.push_back({key, {}, {std::move(value), {}}});
    return table;
}

Compiled compiled(const core::config::Table& table, core::config::Diagnostics& diagnostics) {
    const core::config::Place place{"check.dumps", "collector 'files'", {}};
    return find("files")->compile(table, place, {}, diagnostics);
}

Collected collected(FakeWorld& world, asio::io_context& ioc, const core::config::Table& table,
                    std::string cursor = {}) {
    core::config::Diagnostics diagnostics;
    const auto made = compiled(table, diagnostics);
    REQUIRE_FALSE(diagnostics.has_mistakes());
    Run run{world, 100s, std::move(cursor), kStart, "dumps"};
    return test::run(ioc, world.timers(), made.collect(std::move(run)));
}

std::string mistake(const std::string& path) {
    core::config::Diagnostics diagnostics;
    compiled(options({{"path", path}}), diagnostics);
    return diagnostics.all().empty() ? "" : diagnostics.all()[0].message;
}

} // namespace

TEST_CASE("files: the worker is told the options and the cursor, and stops proving before it would be killed") {
    asio::io_context ioc;
    FakeWorld world(ioc);
    std::string input;
    world.on_worker = [&](const std::string& job, const std::string& given) {
        CHECK(job == "files");
        input = given;
        return exited("{\"complete\":true,\"cursor\":\"next\"}\n");
    };
    const auto seen = collected(world, ioc,
                                options({{"path", "/b/{subject}-*.dump"},
                                         {"min_size", "1MiB"},
                                         {"verify", "checksummed"},
                                         {"name_time", "utc"},
                                         {"verify_budget", "10GiB"}}),
                                "last");
    REQUIRE(seen);
    CHECK(seen->cursor == "next");
    const auto json = io::Json::parse(input);
    CHECK(json["path"].text() == "/b/{subject}-*.dump");
    CHECK(json["min_size"].natural() == 1U << 20U);
    CHECK(json["verify"].text() == "checksummed");
    CHECK(json["name_time"].text() == "utc");
    CHECK(json["verify_budget"].natural() == std::uint64_t{10} << 30U);
    CHECK(json["settle"].number() == 5);
    CHECK(json["time_limit"].number() == 70);
    CHECK(json["cursor"].text() == "last");
}

TEST_CASE("files: the worker's evidence is passed on as it is") {
    core::RecoveryPoints points;
    points.method = "file";
    points.count = 1;
    points.oldest_at = kStart;
    points.points.push_back({.id = "orders-1.dump", .data_at = kStart, .ended_at = kStart, .size_bytes = 5});
    core::Seen told;
    told.subjects.push_back({"orders", {}, {points}, {}});
    told.subjects.push_back({"stock", {}, {}, Failure{FailureKind::refused, "cannot read the folder '/b/stock'"}});
    told.cursor = "{}";
    const auto seen = interpret_worker(exited(io::to_lines(told)));
    REQUIRE(seen);
    CHECK(*seen == told);
}

TEST_CASE("files: why the worker learned nothing is the failure, in its words") {
    const auto seen = interpret_worker(
        exited(R"({"failure":{"kind":"refused","detail":"cannot read the folder '/b': Permission denied"}})", 1));
    REQUIRE_FALSE(seen);
    CHECK(seen.error() == Failure{FailureKind::refused, "cannot read the folder '/b': Permission denied"});
}

TEST_CASE("files: a worker that crashed, was cut off or talks nonsense has learned nothing") {
    io::Finished crashed = exited("");
    crashed.status.reset();
    crashed.signal = 11;
    CHECK(interpret_worker(crashed).error().detail == "worker: ended by signal 11");
    CHECK(interpret_worker(exited("", 1, "error while loading shared libraries\n")).error().kind ==
          FailureKind::bad_answer);
    CHECK_THROWS_AS(interpret_worker(exited("segfault?", 1)), io::BadDocument);
    CHECK_THROWS_AS(interpret_worker(exited(R"({"failure":{"kind":"sad","detail":"x"}})", 1)), io::BadDocument);
    CHECK_THROWS_AS(interpret_worker(exited("{\"subject\":\"a\",\"kind\"")), io::BadDocument);
}

TEST_CASE("files: an answer of megabytes is read in slices, and says the same") {
    core::Seen told;
    for (int i = 0; i < 3000; ++i) {
        core::RecoveryPoints points;
        points.method = std::string(100, 'm');
        SubjectReport report{fmt::format("subject {}", i), {}, {points, core::Measurement{.name = "m"}}, {}};
        if (i % 7 == 0)
            report.failure = Failure{FailureKind::refused, "no"};
        told.subjects.push_back(std::move(report));
    }
    told.cursor = "next";
    asio::io_context ioc;
    FakeWorld world(ioc);
    world.on_worker = [&](const auto&, const auto&) { return exited(io::to_lines(told)); };
    const auto seen = collected(world, ioc, options({{"path", "/b/*"}}));
    REQUIRE(seen);
    CHECK(*seen == told);
    world.on_worker = [&](const auto&, const auto&) {
        std::string lines = io::to_lines(told);
        lines.resize(lines.size() - 100);
        return exited(lines.substr(0, lines.rfind('\n') + 1));
    };
    CHECK_FALSE(collected(world, ioc, options({{"path", "/b/*"}}))->complete);
}

TEST_CASE("files: lines without the last one are an incomplete list, so that nothing counts as vanished") {
    const auto seen =
        interpret_worker(exited("{\"subject\":\"a\",\"kind\":\"recovery_points\",\"method\":\"file\"}\n"));
    REQUIRE(seen);
    CHECK_FALSE(seen->complete);
}

TEST_CASE("files: a worker that does not answer ends as timed_out") {
    asio::io_context ioc;
    FakeWorld world(ioc);
    world.latency = 1h;
    const auto seen = collected(world, ioc, options({{"path", "/b/*"}}));
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::timed_out);
}

TEST_CASE("files: a path that cannot be meant is a mistake in the configuration") {
    CHECK(mistake("/b/{subject}/*.dump").empty());
    CHECK(mistake("b/*.dump") == "expected an absolute path, found 'b/*.dump'");
    CHECK(mistake("/b/../*.dump") == "expected a path without '..', found '/b/../*.dump'");
    CHECK(mistake("/b/{subject}/{subject}") == "expected one {subject}, found '/b/{subject}/{subject}'");
    CHECK(mistake("/b/") == "expected the names of files at its end, found '/b/'");
    CHECK(mistake("/b/**") == "expected the names of files at its end, found '/b/**'");
}

TEST_CASE("files: a proof that does not exist is refused with the ones that do") {
    core::config::Diagnostics diagnostics;
    compiled(options({{"path", "/b/*"}, {"verify", "restored"}}), diagnostics);
    CHECK(diagnostics.has_mistakes());
}
