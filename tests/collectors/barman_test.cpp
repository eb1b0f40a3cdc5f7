// SPDX-License-Identifier: Apache-2.0
#include "collectors/barman.hpp"

#include "collectors/all.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string document(const std::string& name) { return test::data("barman/" + name); }

core::RecoveryPoints orders(const std::string& name) {
    return interpret_barman(io::Json::parse(document(name))).value().at("orders");
}

core::Assertion check(const std::string& name) {
    return interpret_barman_check(io::Json::parse(document(name))).at("orders");
}

/// One backup with what differs from a good one.
core::Result<std::map<std::string, core::RecoveryPoints>> one(const std::string& members) {
    return interpret_barman(io::Json::parse(fmt::format(R"({{"a":[{{"backup_id":"20261122T030000",{}}}]}})", members)));
}

/// A Barman that answers each command from a document.
struct Scripted {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    core::Result<io::Finished> list = test::exited(document("list.json"));
    core::Result<io::Finished> servers = test::exited(R"({"orders": {"description": "the shop's"}})");
    core::Result<io::Finished> checks = test::exited(document("check.json"));

    Scripted() {
        world.on_run = [this](const io::Command& command) {
            const auto is = [&](const char* word) {
                return std::ranges::find(command.argv, word) != command.argv.end();
            };
            return is("check") ? checks : is("list-server") ? servers : list;
        };
    }

    Collected look(const core::config::Table& table = {}) {
        core::config::Diagnostics diagnostics;
        const auto compiled = find("barman")->compile(table, {"check.x", "collector 'barman'", {}}, {}, diagnostics);
        REQUIRE(diagnostics.all().empty());
        world.asked.clear();
        Run run{world, std::chrono::minutes{1}, {}, world.timers().now(), "x"};
        return test::run(ioc, world.timers(), compiled.collect(std::move(run)));
    }
};

const core::Assertion& verdict(const Collected& seen) {
    return std::get<core::Assertions>(seen->subjects.at(0).evidence.at(1)).assertions.at(0);
}

} // namespace

TEST_CASE("barman: a server without backups is reported as absent, not as a failure") {
    CHECK(orders("list-empty.json").count == 0);
    CHECK_FALSE(orders("list-empty.json").oldest_at);
}

TEST_CASE("barman: backups come oldest first, with the end they were given in seconds") {
    const auto points = orders("list.json");
    REQUIRE(points.points.size() == 2);
    CHECK(points.method == "barman");
    CHECK(points.tells_jobs == core::Told::yes);
    CHECK(points.points[0].ended_at < points.points[1].ended_at);
    CHECK(points.points[0].state == core::PointState::good);
    CHECK(points.points[0].encrypted == core::Told::not_told);
    CHECK(points.points[0].size_bytes > 20'000'000);
    CHECK(points.oldest_at == points.points[0].data_at);
    CHECK(points.jobs.empty());
}

TEST_CASE("barman: a backup that waits for its WAL cannot be restored, though Barman takes it for fresh") {
    const auto points = orders("list-waiting.json");
    REQUIRE(points.points.size() == 3);
    CHECK(points.points.back().state == core::PointState::incomplete);
    CHECK_THAT(points.points.back().detail, ContainsSubstring("WAL has not arrived"));
    CHECK(points.points.front().state == core::PointState::good);
}

TEST_CASE("barman: a backup that began is a job, and so is one that failed") {
    const auto running = orders("list-running.json");
    REQUIRE(running.jobs.size() == 1);
    CHECK(running.jobs[0].state == core::JobState::running);
    CHECK(running.points.size() == 3);
    const auto failed = orders("list-failed.json");
    REQUIRE(failed.jobs.size() == 1);
    CHECK(failed.jobs[0].state == core::JobState::failed);
    CHECK_THAT(failed.jobs[0].detail, ContainsSubstring("failed"));
}

TEST_CASE("barman: a backup that a passive node is copying is a job, and takes nothing from the others") {
    const auto servers = interpret_barman(io::Json::parse(
        R"({"a":[{"backup_id":"20261123T030000","backup_type":"rsync","status":"SYNCING"},
                 {"backup_id":"20261122T030000","end_time_timestamp":"1795316460","status":"DONE"}]})"));
    REQUIRE(servers);
    CHECK(servers->at("a").count == 1);
    REQUIRE(servers->at("a").jobs.size() == 1);
    CHECK(servers->at("a").jobs[0].state == core::JobState::running);
}

TEST_CASE("barman: what failed or was given up before a newer good backup is over") {
    for (const auto* status : {"FAILED", "STARTED", "EMPTY"}) {
        const auto servers = interpret_barman(io::Json::parse(fmt::format(
            R"({{"a":[{{"backup_id":"20261122T030000","end_time_timestamp":"1795316460","status":"DONE"}},
                      {{"backup_id":"20261121T030000","status":"{}"}}]}})",
            status)));
        REQUIRE(servers);
        CHECK(servers->at("a").jobs.empty());
        CHECK(servers->at("a").count == 1);
    }
}

TEST_CASE("barman: newer versions tell the type of a backup, and numbers as numbers") {
    const auto points = orders("made-3.14.json");
    REQUIRE(points.points.size() == 2);
    CHECK(points.points[0].backup_type == "full");
    CHECK(points.points[1].backup_type == "incr");
    CHECK(points.points[0].ended_at == core::from_unix_seconds(1'795'230'600));
    CHECK(interpret_barman(io::Json::parse(document("made-3.14.json")))->size() == 2);
}

TEST_CASE(
    "barman: a backup that is obsolete, or kept without the WAL behind it, does not tell how far one can go back") {
    const auto oldest = [](const char* oldest_is, const char* newer_is) {
        const auto servers = interpret_barman(io::Json::parse(fmt::format(
            R"({{"a":[{{"backup_id":"20261122T030000","end_time_timestamp":"2000","status":"DONE","retention_status":"{}"}},
                      {{"backup_id":"20261121T030000","end_time_timestamp":"1000","status":"DONE","retention_status":"{}"}}]}})",
            newer_is, oldest_is)));
        CHECK(servers->at("a").count == 2);
        CHECK(servers->at("a").points.at(0).state == core::PointState::good);
        return servers->at("a").oldest_at;
    };
    const Time old = core::from_unix_seconds(1000);
    const Time newer = core::from_unix_seconds(2000);
    CHECK(oldest("OBSOLETE", "VALID") == newer);
    CHECK(oldest("KEEP:STANDALONE", "VALID") == newer);
    for (const char* counts : {"VALID", "KEEP:FULL", "POTENTIALLY_OBSOLETE", "-", "whatever comes"})
        CHECK(oldest(counts, "VALID") == old);
    // Better than nothing, where there is nothing else.
    CHECK(oldest("KEEP:STANDALONE", "KEEP:STANDALONE") == old);
    CHECK_THAT(
        one(R"("end_time_timestamp":"1","status":"DONE","retention_status":"OBSOLETE")")->at("a").points.at(0).detail,
        ContainsSubstring("may delete it"));
}

TEST_CASE("barman: from 3.14 on a backup tells whether it is encrypted, and before nobody does") {
    const auto encrypted = [](const std::string& member) {
        return one(R"("end_time_timestamp":"1","status":"DONE")" + member)->at("a").points.at(0).encrypted;
    };
    CHECK(encrypted("") == core::Told::not_told);
    CHECK(encrypted(R"(,"encryption":null)") == core::Told::no);
    CHECK(encrypted(R"(,"encryption":"gpg")") == core::Told::yes);
    CHECK(encrypted(R"(,"encryption":"none")") == core::Told::no);
    CHECK(encrypted(R"(,"encryption":"")") == core::Told::no);
    CHECK_THROWS_AS(encrypted(R"(,"encryption":true)"), io::BadDocument);
    CHECK(orders("made-3.14.json").points.back().encrypted == core::Told::no);
}

TEST_CASE("barman: what is no list of backups is a bad answer that names the place") {
    struct Case {
        const char* members;
        const char* words;
    };
    for (const auto& [members, words] :
         {Case{R"("status":"DONE")", "$.a[0].end_time_timestamp"},
          Case{R"("status":"BROKEN")", "a status that Barman has"},
          Case{R"("end_time_timestamp":"1")", "$.a[0].status"},
          Case{R"("status":"DONE","end_time_timestamp":"")", "a number"},
          Case{R"("status":"DONE","end_time_timestamp":"12x")", "a number"},
          Case{R"("status":"DONE","end_time_timestamp":"99999999999999999999")", "a number"},
          Case{R"("status":"DONE","end_time_timestamp":"9999999999999999")", "a number of seconds"},
          Case{R"("status":"DONE","end_time_timestamp":9999999999999999)", "a number of seconds"}}) {
        CAPTURE(members);
        CHECK_THROWS_WITH(one(members), ContainsSubstring(words));
    }
    CHECK_THROWS_AS(interpret_barman(io::Json::parse("[]")), io::BadDocument);
}

TEST_CASE("barman: an error of its own beside servers means that the list may not be whole") {
    const auto unknown = interpret_barman(io::Json::parse(document("unknown.json")));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().kind == FailureKind::misconfigured);
    CHECK_THAT(unknown.error().detail, ContainsSubstring("Unknown server 'nowhere'"));
    const auto broken = interpret_barman(io::Json::parse(R"({"orders":[],"_EXCEPTION":["no space left"]})"));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().kind == FailureKind::bad_answer);
}

TEST_CASE("barman: its checks are one expectation, since which there are depends on what fails") {
    CHECK(check("check.json").verdict == core::Told::yes);
    const auto before = check("check-before.json");
    CHECK(before.verdict == core::Told::no);
    CHECK_THAT(before.detail, ContainsSubstring("wal_archive: please make sure WAL shipping is setup"));
    const auto down = check("check-down.json");
    CHECK(down.verdict == core::Told::no);
    CHECK(down.name == before.name);
    // Failed backups are told by a rule of their own.
    CHECK_THAT(down.detail, ContainsSubstring("postgresql") && !ContainsSubstring("failed_backups"));
    const auto only = interpret_barman_check(io::Json::parse(
        R"({"a":{"failed_backups":{"status":"FAILED","hint":"1"},"backup_maximum_age":{"status":"FAILED","hint":""}}})"));
    CHECK(only.at("a").verdict == core::Told::yes);
}

TEST_CASE("barman: a check without results, or with others than OK and FAILED, is a bad answer") {
    for (const auto* odd :
         {R"({"a":{}})", R"({"a":{"x":{}}})", R"({"a":{"x":{"status":"MAYBE"}}})", R"({"a":[]})", "[]"})
        CHECK_THROWS_AS(interpret_barman_check(io::Json::parse(odd)), io::BadDocument);
    CHECK(interpret_barman_check(io::Json::parse(R"({"_ERROR":["x"]})")).empty());
}

TEST_CASE("barman: what it says when it fails is a failure of the right kind") {
    struct Case {
        io::Finished finished;
        FailureKind kind;
        const char* words;
    };
    for (const auto& [finished, kind, words] :
         {Case{test::exited("", 1, document("other-user.txt")), FailureKind::misconfigured, "configured user"},
          Case{test::exited("", 1, "ERROR: please run barman as 'barman' user"), FailureKind::misconfigured,
               "'barman' user"},
          Case{test::exited("", 2, "barman: error: argument"), FailureKind::misconfigured, "argument"},
          Case{test::exited("", 1, "ERROR: disk"), FailureKind::bad_answer, "status 1: ERROR: disk"},
          Case{test::exited("", 127), FailureKind::misconfigured, "no words"}}) {
        const auto failure = barman_failure(finished, false);
        REQUIRE(failure);
        CAPTURE(failure->detail);
        CHECK(failure->kind == kind);
        CHECK_THAT(failure->detail, ContainsSubstring(words));
    }
    CHECK(barman_failure(test::exited("", 255), true)->kind == FailureKind::unreachable);
    CHECK_FALSE(barman_failure(test::exited("{\"a\":{}}", 1), false));
    io::Finished killed;
    killed.signal = 9;
    killed.out = "{}";
    CHECK(barman_failure(killed, false));
}

TEST_CASE("barman: backups and checks of a server come from one run") {
    Scripted scripted;
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(seen->complete);
    REQUIRE(seen->subjects.size() == 1);
    CHECK(seen->subjects[0].subject == "orders");
    CHECK(verdict(seen).verdict == core::Told::yes);
    CHECK(scripted.world.asked == std::vector<std::string>{"run barman -f json list-backup all",
                                                           "run barman -f json list-server",
                                                           "run barman -f json check all"});
    scripted.checks = test::exited(document("check-down.json"), 1);
    CHECK(verdict(scripted.look()).verdict == core::Told::no);
}

TEST_CASE("barman: checks that cannot be run are unknown, and take nothing from what is known of the backups") {
    for (const auto& nothing :
         {core::Result<io::Finished>{core::failed(FailureKind::timed_out, "no answer within 48s")},
          core::Result<io::Finished>{test::exited("", 1, "ERROR: locked")},
          core::Result<io::Finished>{test::exited("{}")}, core::Result<io::Finished>{test::exited("{")}}) {
        Scripted scripted;
        scripted.checks = nothing;
        const auto seen = scripted.look();
        REQUIRE(seen);
        CHECK(std::get<core::RecoveryPoints>(seen->subjects.at(0).evidence.at(0)).count == 2);
        CHECK(verdict(seen).verdict == core::Told::not_told);
        CHECK_FALSE(verdict(seen).actual);
        CHECK_FALSE(verdict(seen).detail.empty());
    }
}

TEST_CASE("barman: no server at all is nothing that could be well") {
    Scripted scripted;
    scripted.list = test::exited("{}");
    const auto seen = scripted.look();
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
}

TEST_CASE("barman: options become arguments, and what cannot be one is a mistake") {
    const auto text = [](const char* key, const char* value) {
        return core::config::Entry{key, {}, {std::string{value}, {}}};
    };
    Scripted scripted;
    REQUIRE(scripted.look({text("server", "orders"), text("config", "/etc/b.conf"), {"check", {}, {false, {}}}}));
    CHECK(scripted.world.asked == std::vector<std::string>{"run barman -c /etc/b.conf -f json list-backup orders"});
    for (const core::config::Table& table :
         {core::config::Table{text("server", "--all")}, core::config::Table{text("server", "")},
          core::config::Table{{"command", {}, {core::config::Array{}, {}}}}}) {
        core::config::Diagnostics diagnostics;
        find("barman")->compile(table, {"check.x", "collector 'barman'", {}}, {}, diagnostics);
        CHECK(diagnostics.has_mistakes());
    }
}
