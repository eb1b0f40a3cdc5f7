// SPDX-License-Identifier: Apache-2.0
// The collector as a whole against a scripted world: what it runs, with what in the environment, and what it makes of
// it.
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using test::entry;
using test::evidence;
using test::list;
using test::points;
using test::subject;
using test::text;

namespace {

/// A restic that answers each command from a document.
struct Scripted {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    core::Result<io::Finished> snapshots = test::exited(test::data("restic/snapshots.json"));
    core::Result<io::Finished> locks = test::exited(test::data("restic/locks.txt"));
    core::Result<io::Finished> check = test::exited("no errors were found");
    std::vector<std::string> indexes{"a\n"};
    std::vector<io::Command> ran;
    Duration later{0};

    Scripted() {
        world.on_run = [this](const io::Command& command) -> core::Result<io::Finished> {
            ran.push_back(command);
            const auto has = [&](const char* word) {
                return std::ranges::find(command.argv, word) != command.argv.end();
            };
            if (has("snapshots"))
                return snapshots;
            if (has("locks"))
                return locks;
            if (has("check"))
                return check;
            const std::string index = indexes.front();
            if (indexes.size() > 1)
                indexes.erase(indexes.begin());
            return test::exited(index);
        };
    }

    Collected look(const core::config::Table& table = {}, const std::string& cursor = {}) {
        ran.clear();
        return test::look(ioc, world, "restic", table, cursor, std::chrono::minutes{5}, later);
    }
};

constexpr const char* kOrders = "db1:/srv/orders";

} // namespace

TEST_CASE("restic: series, and the repository as a whole, come from one run that takes no lock") {
    Scripted scripted;
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(seen->complete);
    CHECK(seen->subjects.size() == 3);
    CHECK(points(seen, kOrders).count == 2);
    CHECK(points(seen, kOrders).oldest_at == points(seen, kOrders).points.front().data_at);
    CHECK(evidence<core::Assertions>(subject(seen, "")).assertions.at(0).actual == "0");
    CHECK(subject(seen, "").evidence.size() == 1);
    CHECK(scripted.world.asked ==
          std::vector<std::string>{"run restic --no-lock snapshots --json", "run restic --no-lock list locks"});
}

TEST_CASE("restic: an empty repository is one in which nothing is, until the first series comes") {
    Scripted scripted;
    scripted.snapshots = test::exited(test::data("restic/snapshots-empty.json"));
    const auto seen = scripted.look();
    REQUIRE(seen);
    REQUIRE(seen->subjects.size() == 1);
    CHECK(points(seen, "").count == 0);
    CHECK(points(seen, "").points.empty());
    CHECK_FALSE(points(seen, "").oldest_at);
    // The subject stays, so that nobody takes it for gone.
    scripted.snapshots = test::exited(test::data("restic/snapshots.json"));
    CHECK(subject(scripted.look(), "").evidence.size() == 1);
}

TEST_CASE("restic: the password is handed over on stdin, and no secret stands in an argument or a failure") {
    Scripted scripted;
    scripted.world.secrets["hidden"] = "s3cret";
    const core::config::Table table{
        text("repository", "rest:https://user:t0ken@example.org/r"),
        entry("password", {core::config::Table{text("env", "hidden")}, {}}),
        text("verify", "listed"),
    };
    const auto seen = scripted.look(table);
    REQUIRE(seen);
    REQUIRE(scripted.ran.size() == 4);
    for (const io::Command& command : scripted.ran) {
        for (const std::string& word : command.argv) {
            CHECK_THAT(word, !ContainsSubstring("s3cret"));
            CHECK_THAT(word, !ContainsSubstring("t0ken"));
        }
        CHECK(command.input == "s3cret");
        for (const auto& [name, value] : command.env)
            CHECK_THAT(value, !ContainsSubstring("s3cret"));
        CHECK(std::ranges::find(
                  command.env, std::pair<std::string, std::string>{
                                   "RESTIC_REPOSITORY", "rest:https://user:t0ken@example.org/r"}) != command.env.end());
    }
    CHECK_THAT(seen->cursor, !ContainsSubstring("s3cret"));
    scripted.snapshots = test::exited("", 1, "Fatal: rest:https://user:t0ken@example.org/r: no");
    const auto failed = scripted.look(table);
    REQUIRE_FALSE(failed);
    CHECK_THAT(failed.error().detail, !ContainsSubstring("t0ken"));
}

TEST_CASE("restic: what it may not read and passes over is no answer that there is none") {
    for (const char* err : {"could not load snapshots: open /srv/repo/snapshots: permission denied\n",
                            "Ignoring \"27b7a3d5\": Load(<snapshot/27b7a3d5>, 0, 0): Access Denied.\n",
                            "could not load snapshot 27b7a3d5: open /srv/repo/snapshots/27: permission denied\n"}) {
        CAPTURE(err);
        Scripted scripted;
        scripted.snapshots = test::exited("[]", 0, err);
        const auto seen = scripted.look();
        REQUIRE_FALSE(seen);
        CHECK(seen.error().kind == FailureKind::refused);
    }
}

TEST_CASE("restic: one snapshot that is damaged is said, and the others are as they are") {
    Scripted scripted;
    scripted.snapshots =
        test::exited(test::data("restic/snapshots.json"), 0, "Ignoring \"27b7a3d5\": ciphertext verification failed\n");
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK_FALSE(seen->complete);
    CHECK_THAT(subject(seen, "").failure->detail, ContainsSubstring("ciphertext verification failed"));
    CHECK(seen->subjects.size() > 1);
}

TEST_CASE("restic: options become arguments, behind whatever stands before them") {
    Scripted scripted;
    const auto seen = scripted.look({entry("command", list({"/opt/wrap", "restic"})), entry("hosts", list({"db1"})),
                                     entry("paths", list({"/srv/orders"})), entry("tags", list({"nightly,gold"})),
                                     text("password_command", "pass show restic"), text("verify", "listed"),
                                     text("read_data_subset", "5%")});
    REQUIRE(seen);
    CHECK(scripted.world.asked ==
          std::vector<std::string>{
              "run /opt/wrap restic --no-lock snapshots --json --host=db1 --path=/srv/orders --tag=nightly,gold",
              "run /opt/wrap restic --no-lock list locks", "run /opt/wrap restic --no-lock list index",
              "run /opt/wrap restic --no-lock check --read-data-subset=5%"});
    CHECK(scripted.ran.front().env ==
          std::vector<std::pair<std::string, std::string>>{{"RESTIC_PASSWORD_COMMAND", "pass show restic"}});
}

TEST_CASE("restic: a check that passed counts for as long as it was told to, and reaches as deep as it read") {
    for (const auto& [verify, depth] :
         {std::pair{"listed", core::Depth::listed}, std::pair{"checksummed", core::Depth::checksummed}}) {
        Scripted scripted;
        const core::config::Table table{text("verify", verify)};
        const auto seen = scripted.look(table);
        REQUIRE(seen);
        CHECK(points(seen, kOrders).points.front().depth == depth);
        CHECK_FALSE(subject(seen, "").failure);
        scripted.later = std::chrono::hours{23};
        const auto again = scripted.look(table, seen->cursor);
        CHECK(points(again, kOrders).points.front().depth == depth);
        CHECK(scripted.ran.size() == 2);
        scripted.later = std::chrono::hours{24};
        CHECK(scripted.look(table, again->cursor));
        CHECK(scripted.ran.size() == 4);
    }
}

TEST_CASE("restic: errors that its check finds make all snapshots bad, for as long as no check passes") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    scripted.check = test::exited("", 1, test::data("restic/check-truncated.txt"));
    const auto seen = scripted.look(table);
    REQUIRE(seen);
    CHECK(points(seen, kOrders).points.back().state == core::PointState::bad);
    CHECK_THAT(points(seen, kOrders).points.back().detail, ContainsSubstring("unexpected file size"));
    CHECK_FALSE(points(seen, kOrders).oldest_at);
    scripted.later = std::chrono::hours{1};
    const auto next = scripted.look(table, seen->cursor);
    CHECK(points(next, kOrders).points.back().state == core::PointState::bad);
    scripted.later = std::chrono::hours{25};
    scripted.check = test::exited("no errors were found");
    const auto mended = scripted.look(table, next->cursor);
    CHECK(points(mended, kOrders).points.back().state == core::PointState::good);
}

TEST_CASE("restic: a damaged index makes all snapshots bad, one that could not be read makes the check a failure") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    scripted.check = test::exited("", 1, test::data("restic/check-index.txt"));
    const auto seen = scripted.look(table);
    REQUIRE(seen);
    CHECK(points(seen, kOrders).points.back().state == core::PointState::bad);
    CHECK_FALSE(subject(seen, "").failure);
    scripted.check = test::exited("", 1,
                                  "error: error loading index 27b7a3d5: open /srv/repo/index/27b7a3d5: permission "
                                  "denied\nFatal: LoadIndex returned errors\n");
    const auto unread = scripted.look(table);
    REQUIRE(unread);
    CHECK(points(unread, kOrders).points.back().state == core::PointState::good);
    CHECK(subject(unread, "").failure);
}

TEST_CASE("restic: errors that a check finds while somebody writes are nobody's errors yet") {
    Scripted scripted;
    scripted.check = test::exited("", 1, test::data("restic/check-gone.txt"));
    scripted.indexes = {"a\n", "b\n"};
    const auto seen = scripted.look({text("verify", "listed")});
    REQUIRE(seen);
    CHECK(points(seen, kOrders).points.back().state == core::PointState::good);
    CHECK(points(seen, kOrders).points.back().depth == core::Depth::exists);
    REQUIRE(subject(seen, "").failure);
    CHECK_THAT(subject(seen, "").failure->detail, ContainsSubstring("somebody wrote"));
}

TEST_CASE("restic: a check that comes to no end takes nothing from what is known") {
    Scripted scripted;
    const core::config::Table table{text("verify", "listed")};
    const auto good = scripted.look(table);
    REQUIRE(good);
    for (const auto& nothing : {core::Result<io::Finished>{core::failed(FailureKind::timed_out, "no answer within 4m")},
                                core::Result<io::Finished>{test::exited("", 1, "Fatal: out of memory")},
                                core::Result<io::Finished>{test::exited(
                                    "", 1, "download error: Access Denied.\nFatal: repository contains errors")},
                                core::Result<io::Finished>{test::exited("", 130)}}) {
        scripted.check = nothing;
        scripted.later = std::chrono::hours{24};
        const auto seen = scripted.look(table, good->cursor);
        REQUIRE(seen);
        CHECK(points(seen, kOrders).points.front().depth == core::Depth::listed);
        REQUIRE(subject(seen, "").failure);
        CHECK_THAT(subject(seen, "").failure->detail, ContainsSubstring("came to no end"));
        // Said until one does, and tried again before a whole interval has passed.
        scripted.later = std::chrono::hours{24} + std::chrono::minutes{4};
        const auto next = scripted.look(table, seen->cursor);
        CHECK(subject(next, "").failure);
        CHECK(scripted.ran.size() == 2);
        scripted.later = std::chrono::hours{27};
        CHECK(scripted.look(table, next->cursor));
        CHECK(scripted.ran.size() > 2);
    }
}

TEST_CASE("restic: a check that a broken connection ended is made again with the next look, once") {
    Scripted scripted;
    const core::config::Table table{text("verify", "checksummed")};
    scripted.check = test::exited("", 1, "Fatal: read tcp 10.0.0.1:443: connection reset by peer");
    const auto broken = scripted.look(table);
    REQUIRE(subject(broken, "").failure);
    CHECK(subject(broken, "").failure->kind == FailureKind::unreachable);
    scripted.later = std::chrono::minutes{15};
    const auto again = scripted.look(table, broken->cursor);
    CHECK(scripted.ran.size() == 4);
    CHECK(subject(again, "").failure);
    scripted.later = std::chrono::minutes{30};
    CHECK(scripted.look(table, again->cursor));
    CHECK(scripted.ran.size() == 2);
    // Had it come to an end that time, all would be well again.
    scripted.check = test::exited("no errors were found");
    scripted.later = std::chrono::minutes{15};
    const auto whole = scripted.look(table, broken->cursor);
    CHECK_FALSE(subject(whole, "").failure);
    CHECK(points(whole, kOrders).points.front().depth == core::Depth::checksummed);
}

TEST_CASE("restic: locks that cannot be listed are unknown, and a lock that stays is stale") {
    Scripted scripted;
    const auto first = scripted.look();
    scripted.later = std::chrono::minutes{45};
    const auto stale = scripted.look({}, first->cursor);
    CHECK(evidence<core::Assertions>(subject(stale, "")).assertions.at(0).actual == "1");
    for (const auto& odd : {core::Result<io::Finished>{test::exited("", 1, "Fatal: permission denied")},
                            core::Result<io::Finished>{test::exited("what?")}}) {
        scripted.locks = odd;
        const auto unknown = scripted.look({}, first->cursor);
        REQUIRE(unknown);
        CHECK_FALSE(evidence<core::Assertions>(subject(unknown, "")).assertions.at(0).actual);
        CHECK(points(unknown, kOrders).count == 2);
        // What was known of them is kept.
        scripted.locks = test::exited(test::data("restic/locks.txt"));
        const auto again = scripted.look({}, unknown->cursor);
        CHECK(evidence<core::Assertions>(subject(again, "")).assertions.at(0).actual == "1");
    }
}

TEST_CASE("restic: more snapshots than are told are counted, and the newest kept") {
    std::string document = "[";
    for (int i = 0; i < 10'000; ++i)
        document += fmt::format(
            R"({}{{"id":"{}","hostname":"h","paths":["/"],"time":"2026-{:02}-{:02}T{:02}:{:02}:{:02}Z"}})",
            i ? "," : "", 10'000'000 + i, i / 1'000 + 1, i / 60 / 60 % 28 + 1, i / 3'600 % 24, i / 60 % 60, i % 60);
    Scripted scripted;
    scripted.snapshots = test::exited(document + "]");
    const auto seen = scripted.look();
    REQUIRE(seen);
    CHECK(points(seen, "h:/").count == 10'000);
    CHECK(points(seen, "h:/").points.size() == 200);
    CHECK(points(seen, "h:/").oldest_at < points(seen, "h:/").points.front().data_at);
}

TEST_CASE("restic: a cursor that makes no sense begins anew") {
    Scripted scripted;
    for (const auto* cursor : {"nonsense", "[]", "{}", R"({"locks":{"a":3}})", R"({"locks":{},"verification":[]})"}) {
        CAPTURE(cursor);
        CHECK(scripted.look({}, cursor));
    }
}

TEST_CASE("restic: options that contradict each other are mistakes") {
    for (const core::config::Table& table :
         {core::config::Table{entry("command", list({}))}, core::config::Table{entry("group_by", list({"user"}))},
          core::config::Table{text("read_data_subset", "5%")},
          core::config::Table{entry("password", {core::config::Table{text("env", "X")}, {}}),
                              text("password_command", "pass")}}) {
        core::config::Diagnostics diagnostics;
        find("restic")->compile(table, {"check.x", "collector 'restic'", {}}, {}, diagnostics);
        CHECK(diagnostics.has_mistakes());
    }
}
