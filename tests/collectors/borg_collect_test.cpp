// SPDX-License-Identifier: Apache-2.0
// The collector as a whole against a scripted world: what it runs, with what in the environment, and what it makes of
// it.
#include "core/config/values.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using test::evidence;
using test::points;
using test::subject;
using test::text;

namespace {

struct Scripted {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    core::Result<io::Finished> list = test::exited(test::data("borg/list.json"));
    core::Result<io::Finished> check = test::exited("");
    std::vector<io::Command> ran;
    Duration later{0};

    Scripted() {
        world.on_run = [this](const io::Command& command) {
            ran.push_back(command);
            return std::ranges::find(command.argv, "list") != command.argv.end() ? list : check;
        };
    }

    Collected look(const core::config::Table& table = {}, const std::string& cursor = {}, bool asked = false) {
        ran.clear();
        return test::look(ioc, world, "borg", table, cursor, std::chrono::minutes{5}, later, asked);
    }
};

} // namespace

TEST_CASE("borg: archives and the repository's identity come from one run that takes no lock") {
    Scripted scripted;
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(seen->complete);
    REQUIRE(seen->subjects.size() == 1);
    CHECK(points(seen, "").count == 4);
    CHECK(evidence<core::Fingerprint>(subject(seen, "")).name == "repository");
    CHECK(scripted.world.asked ==
          std::vector<std::string>{"run borg --log-json --bypass-lock list --json --consider-checkpoints"});
    const auto grouped = scripted.look({text("archives", "{subject}-20*")});
    CHECK(grouped->subjects.size() == 3);
    CHECK(points(grouped, "db1").count == 2);
    CHECK(subject(grouped, "").evidence.size() == 1);
}

TEST_CASE("borg: an empty repository, and one in which no archive counts, are ones in which nothing is") {
    Scripted scripted;
    CHECK(points(scripted.look({text("archives", "other-{subject}")}), "").count == 0);
    scripted.list = test::exited(test::data("borg/list-empty.json"));
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(points(seen, "").count == 0);
    CHECK_FALSE(points(seen, "").oldest_at);
}

TEST_CASE("borg: the passphrase is handed over on stdin, and no secret stands in an argument or a failure") {
    Scripted scripted;
    scripted.world.secrets["hidden"] = "s3cret";
    const core::config::Table table{text("repository", "ssh://user:t0ken@example.org/./r"),
                                    {"passphrase", {}, {core::config::Table{text("env", "hidden")}, {}}}};
    REQUIRE(scripted.look(table));
    const io::Command& command = scripted.ran.at(0);
    for (const std::string& word : command.argv) {
        CHECK_THAT(word, !ContainsSubstring("s3cret"));
        CHECK_THAT(word, !ContainsSubstring("t0ken"));
    }
    const auto has = [&](const char* name, const char* value) {
        return std::ranges::find(command.env, std::pair<std::string, std::string>{name, value}) != command.env.end();
    };
    CHECK(command.input == "s3cret");
    CHECK(has("BORG_PASSPHRASE_FD", "0"));
    CHECK(has("BORG_REPO", "ssh://user:t0ken@example.org/./r"));
    CHECK(has("TZ", "UTC"));
    scripted.list = test::exited("", 2, "Repository ssh://user:t0ken@example.org/./r does not exist.");
    const auto failed = scripted.look(table);
    REQUIRE_FALSE(failed);
    CHECK_THAT(failed.error().detail, !ContainsSubstring("t0ken"));
}

TEST_CASE("borg: a check that passed proves what was there, and is not made again before its time") {
    for (const auto& [verify, depth] :
         {std::pair{"listed", core::Depth::listed}, std::pair{"checksummed", core::Depth::checksummed}}) {
        Scripted scripted;
        const core::config::Table table{text("verify", verify)};
        const auto seen = scripted.look(table);
        REQUIRE(seen);
        CHECK(points(seen, "").points.front().depth == depth);
        scripted.later = 6 * core::kDay;
        const auto again = scripted.look(table, seen->cursor);
        CHECK(points(again, "").points.front().depth == depth);
        CHECK(scripted.ran.size() == 1);
        scripted.later = 7 * core::kDay;
        CHECK(scripted.look(table, again->cursor));
        CHECK(scripted.ran.size() == 2);
        CHECK(scripted.world.asked.back() ==
              (depth == core::Depth::listed ? "run borg --log-json check" : "run borg --log-json check --verify-data"));
    }
}

TEST_CASE("borg: an archive that took the name of one that was deleted is not proven by what was read of that") {
    Scripted scripted;
    const core::config::Table table{text("verify", "checksummed")};
    const auto seen = scripted.look(table);
    CHECK(points(seen, "").points.front().depth == core::Depth::checksummed);
    std::string list = test::data("borg/list.json");
    const std::string id = "b9c5588253cbd5a0b18807e6910244c540d964ecd190d9c6a06275697ed76bd9";
    list.replace(list.find(id), id.size(), std::string(id.size(), '1'));
    scripted.list = test::exited(list);
    scripted.later = core::kDay;
    const auto again = scripted.look(table, seen->cursor);
    CHECK(scripted.ran.size() == 1);
    CHECK(points(again, "").points.front().id == "db1-2026-11-20T01:00");
    CHECK(points(again, "").points.front().depth == core::Depth::exists);
    CHECK(points(again, "").points.back().depth == core::Depth::checksummed);
}

TEST_CASE("borg: a cursor that held the names of archives costs a check") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    const std::string cursor = fmt::format(R"({{"tried_at":"{}","proven":["by-hand","db1-2026-11-20T01:00"]}})",
                                           core::config::format_time(scripted.world.timers().now()));
    const auto seen = scripted.look(table, cursor);
    CHECK(scripted.ran.size() == 2);
    CHECK(points(seen, "").points.front().depth == core::Depth::listed);
    // What it found is kept all the same.
    scripted.check = core::failed(FailureKind::timed_out, "no answer within 4m");
    const auto broken = scripted.look(table, R"({"errors":"borg check: short read"})");
    CHECK(points(broken, "").points.front().state == core::PointState::bad);
}

TEST_CASE("borg: errors that its check finds make all archives bad, until one passes") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    scripted.check = test::exited("", 1, test::data("borg/check-truncated.txt"));
    const auto seen = scripted.look(table);
    REQUIRE(seen);
    CHECK(points(seen, "").points.back().state == core::PointState::bad);
    CHECK_THAT(points(seen, "").points.back().detail, ContainsSubstring("short read"));
    scripted.later = core::kDay;
    CHECK(points(scripted.look(table, seen->cursor), "").points.back().state == core::PointState::bad);
    scripted.later = 8 * core::kDay;
    scripted.check = test::exited("");
    CHECK(points(scripted.look(table, seen->cursor), "").points.back().state == core::PointState::good);
}

TEST_CASE("borg: after a repair whoever asks need not wait until the next check is due") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    scripted.check = test::exited("", 1, test::data("borg/check-truncated.txt"));
    const auto broken = scripted.look(table);
    REQUIRE(broken);
    scripted.check = test::exited("");
    scripted.later = std::chrono::hours{1};
    CHECK(points(scripted.look(table, broken->cursor), "").points.back().state == core::PointState::bad);
    const auto mended = scripted.look(table, broken->cursor, true);
    CHECK(points(mended, "").points.back().state == core::PointState::good);
    CHECK(points(mended, "").points.back().depth == core::Depth::listed);
    // One that passed locks the repository no sooner.
    CHECK(scripted.look(table, mended->cursor, true));
    CHECK(scripted.ran.size() == 1);
}

TEST_CASE("borg: a check that had to wait for a lock, or proves nothing, takes nothing from what is known") {
    for (const auto& nothing : {core::Result<io::Finished>{core::failed(FailureKind::timed_out, "no answer within 4m")},
                                core::Result<io::Finished>{test::exited("", 2, test::data("borg/check-locked.txt"))},
                                core::Result<io::Finished>{test::exited("", 1, "some warning")}}) {
        Scripted scripted;
        scripted.check = nothing;
        const auto seen = scripted.look({text("verify", "listed")});
        REQUIRE(seen);
        CHECK(points(seen, "").points.front().depth == core::Depth::exists);
        CHECK(points(seen, "").points.front().state == core::PointState::good);
        REQUIRE(subject(seen, "").failure);
        CHECK_THAT(subject(seen, "").failure->detail, ContainsSubstring("came to no end"));
    }
}

TEST_CASE("borg: a check that met the lock of a backup is made once that may be over") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    scripted.check = test::exited("", 2, test::data("borg/check-locked.txt"));
    const auto locked = scripted.look(table);
    REQUIRE(subject(locked, "").failure);
    CHECK(subject(locked, "").failure->kind == FailureKind::refused);
    scripted.check = test::exited("");
    scripted.later = std::chrono::minutes{5};
    CHECK(subject(scripted.look(table, locked->cursor), "").failure);
    CHECK(scripted.ran.size() == 1);
    scripted.later = std::chrono::minutes{15};
    const auto unlocked = scripted.look(table, locked->cursor);
    CHECK_FALSE(subject(unlocked, "").failure);
    CHECK(points(unlocked, "").points.front().depth == core::Depth::listed);
}

TEST_CASE("borg: a check whose connection broke is made once more five minutes after its end, not its beginning") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    scripted.check = core::failed(FailureKind::unreachable, "Connection reset");
    // Of the list and of the check.
    scripted.world.latency = std::chrono::seconds{90};
    const auto broken = scripted.look(table);
    REQUIRE(subject(broken, "").failure);
    scripted.world.latency = Duration{0};
    scripted.later = std::chrono::minutes{4};
    CHECK(scripted.look(table, broken->cursor));
    CHECK(scripted.ran.size() == 1);
    scripted.later = std::chrono::minutes{5};
    const auto again = scripted.look(table, broken->cursor);
    CHECK(scripted.ran.size() == 2);
    CHECK(subject(again, "").failure);
    // The second failure waits for its eighth of a week.
    scripted.later = std::chrono::hours{20};
    const auto waits = scripted.look(table, again->cursor);
    CHECK(subject(waits, "").failure);
    CHECK(scripted.ran.size() == 1);
}

TEST_CASE("borg: a cursor that makes no sense begins anew, and options that contradict each other are mistakes") {
    Scripted scripted;
    for (const auto* cursor : {"nonsense", "[]", "{\"proven\":3}"})
        CHECK(scripted.look({}, cursor));
    for (const core::config::Table& table :
         {core::config::Table{{"command", {}, {core::config::Array{}, {}}}},
          core::config::Table{text("archives", "{subject}-{subject}")},
          core::config::Table{{"passphrase", {}, {core::config::Table{text("env", "X")}, {}}},
                              text("passcommand", "pass")}}) {
        core::config::Diagnostics diagnostics;
        find("borg")->compile(table, {"check.x", "collector 'borg'", {}}, {}, diagnostics);
        CHECK(diagnostics.has_mistakes());
    }
}
