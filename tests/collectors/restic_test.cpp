// SPDX-License-Identifier: Apache-2.0
#include "collectors/restic.hpp"

#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

constexpr Time kNow{std::chrono::seconds{1'795'400'000}};

Series read(const std::string& name, ResticGroups groups = {}) {
    return interpret_restic(io::Json::parse_lenient(test::data("restic/" + name)), groups);
}

std::vector<std::string> names(const Series& series) {
    std::vector<std::string> all;
    for (const auto& [name, points] : series)
        all.push_back(name);
    return all;
}

io::Finished said(const std::string& name, int status = 1) {
    return test::exited("", status, test::data("restic/" + name));
}

std::string lock(char digit) { return std::string(64, digit); }

} // namespace

TEST_CASE("restic: an empty repository holds no series") { CHECK(read("snapshots-empty.json").empty()); }

TEST_CASE("restic: snapshots are told apart by host and paths, as restic itself groups them") {
    const Series series = read("snapshots.json");
    CHECK(names(series) == std::vector<std::string>{"db1:/srv/orders", "web1:/srv/orders,/srv/photos"});
    const auto& points = series.at("db1:/srv/orders").points;
    REQUIRE(points.size() == 2);
    CHECK(points[0].id == "929f327c");
    CHECK(points[0].data_at == core::from_unix_seconds(1'795'136'400));
    CHECK(points[0].ended_at == points[0].data_at);
    CHECK(points[0].state == core::PointState::good);
    CHECK(points[0].depth == core::Depth::exists);
    CHECK(points[0].encrypted == core::Told::yes);
    CHECK_FALSE(points[0].size_bytes);
    CHECK(series.at("db1:/srv/orders").method == "restic");
}

TEST_CASE("restic: what is not asked for does not tell series apart") {
    CHECK(names(read("snapshots.json", {.host = false, .paths = false, .tags = false})) ==
          std::vector<std::string>{""});
    CHECK(names(read("snapshots.json", {.host = true, .paths = false, .tags = false})) ==
          std::vector<std::string>{"db1", "web1"});
    CHECK(names(read("snapshots.json", {.host = true, .paths = false, .tags = true})) ==
          std::vector<std::string>{"db1#gold,nightly", "db1#nightly", "web1"});
}

TEST_CASE(
    "restic: a damaged repository lists its snapshots as if nothing were wrong, and no depth is claimed for them") {
    for (const auto& [name, points] : read("snapshots-damaged.json"))
        for (const auto& point : points.points)
            CHECK(point.depth == core::Depth::exists);
}

TEST_CASE("restic: newer versions tell how long a backup took and how much it held") {
    const auto series = read("made-0.18.json");
    const auto& point = series.at("db1:/srv/orders").points.at(0);
    CHECK(point.data_at == Time{std::chrono::milliseconds{1'795'222'805'123}});
    CHECK(point.duration == Duration{270'000});
    CHECK(point.ended_at == point.data_at + Duration{270'000});
    CHECK(point.size_bytes == 123'456'789);
    CHECK(point.stored_bytes == 1'000);
}

TEST_CASE("restic: a backup that ended before it began takes no time") {
    const auto series = interpret_restic(
        io::Json::parse(R"([{"time":"2026-11-21T03:00:00Z","paths":["/"],"hostname":"a","id":"0123456789","summary":{
            "backup_start":"2026-11-21T03:00:00Z","backup_end":"2026-11-21T02:00:00Z"}}])"),
        {});
    const auto& point = series.at("a:/").points.at(0);
    CHECK(point.id == "01234567");
    CHECK_FALSE(point.duration);
    CHECK(point.ended_at == point.data_at);
}

TEST_CASE("restic: a snapshot of the future keeps its date, for the rules to disbelieve") {
    const auto series = read("snapshots-ahead.json");
    const auto& points = series.at("db1:/srv/orders").points;
    REQUIRE(points.size() == 3);
    CHECK(points.back().data_at > kNow + 90 * 365 * core::kDay);
}

TEST_CASE("restic: what is no list of snapshots is a bad answer that names the place") {
    struct Case {
        const char* document;
        const char* words;
    };
    for (const auto& [document, words] :
         {Case{"{}", "$: expected"}, Case{"null", "$: expected"}, Case{R"([{}])", "$[0].id"},
          Case{R"([{"id":"a"}])", "$[0].hostname"}, Case{R"([{"id":"a","hostname":"h"}])", "$[0].paths"},
          Case{R"([{"id":"a","hostname":"h","paths":["/"],"time":"yesterday"}])", "$[0].time"},
          Case{R"([{"group_key":{"hostname":"h"},"snapshots":[]}])", "$[0].id"},
          Case{R"([{"id":"a","hostname":"h","paths":["/"],"time":"2026-11-21T03:00:00Z"},
                   {"id":"a","hostname":"h","paths":["/"],"time":"2026-11-21T03:00:00Z"}])",
               "each snapshot once"}}) {
        CAPTURE(document);
        CHECK_THROWS_WITH(interpret_restic(io::Json::parse(document), {}), ContainsSubstring(words));
    }
}

TEST_CASE("restic: a series for each backup is a mistake, not a thousand subjects") {
    std::string document = "[";
    for (int i = 0; i < 1'001; ++i)
        document +=
            fmt::format(R"({}{{"id":"{}","hostname":"h","paths":["/tmp/snapshot-{}"],"time":"2026-11-21T03:00:00Z"}})",
                        i ? "," : "", 10'000'000 + i, i);
    const io::Json json = io::Json::parse(document + "]");
    CHECK_THROWS_WITH(interpret_restic(json, {}), ContainsSubstring("at most 1000 series"));
    CHECK(interpret_restic(json, {.host = true, .paths = false}).size() == 1);
}

TEST_CASE("restic: the name of a series does not grow with its paths, and stays the same") {
    const auto subject = [](const std::string& last) {
        std::string paths;
        for (int i = 0; i < 40; ++i)
            paths += fmt::format("\"/srv/ünten/{}\",", i);
        const auto document = fmt::format(
            R"([{{"id":"10000000","hostname":"h","paths":[{}"{}"],"time":"2026-11-21T03:00:00Z"}}])", paths, last);
        return interpret_restic(io::Json::parse(document), {}).begin()->first;
    };
    CHECK(subject("/a").size() <= 200);
    CHECK(subject("/a") == subject("/a"));
    CHECK(subject("/zzz") != subject("/zzy"));
}

TEST_CASE("restic: what it says when it fails is a failure of the right kind") {
    struct Case {
        io::Finished finished;
        FailureKind kind;
        const char* words;
    };
    const auto exits = [](int status, const char* err) { return test::exited("", status, err); };
    for (const auto& [finished, kind, words] :
         {Case{said("wrong-password.txt"), FailureKind::misconfigured, "wrong password or no key found"},
          Case{said("missing.txt"), FailureKind::misconfigured, "unable to open config file: stat /srv/repo/config"},
          Case{said("check-locked.txt"), FailureKind::bad_answer, "status 1"},
          Case{exits(10, ""), FailureKind::misconfigured, "status 10: no words"},
          Case{exits(11, R"({"message_type":"exit_error","code":11,"message":"Fatal: already locked"})"),
               FailureKind::refused, "status 11: Fatal: already locked"},
          Case{exits(12, "{\"message_type\":\"exit_error\",\"code\":12,\"message\":\"Fatal: wrong password\"}\nbye"),
               FailureKind::misconfigured, "Fatal: wrong password"},
          Case{exits(1, R"({"message_type":"exit_error","code":)"), FailureKind::bad_answer, "exit_error"},
          Case{exits(1, "Fatal: unable to open repo: Get: dial tcp 10.0.0.1:8000: connect: connection refused"),
               FailureKind::unreachable, "connection refused"},
          Case{exits(127, "sh: restic: not found"), FailureKind::misconfigured, "not found"},
          Case{exits(2, "panic: runtime error"), FailureKind::bad_answer, "panic"},
          Case{exits(99, "new"), FailureKind::bad_answer, "status 99: new"}}) {
        const auto failure = restic_failure(finished, false);
        REQUIRE(failure);
        CAPTURE(failure->detail);
        CHECK(failure->kind == kind);
        CHECK_THAT(failure->detail, ContainsSubstring(words));
    }
    CHECK(restic_failure(exits(255, "ssh: no route"), true)->kind == FailureKind::unreachable);
    CHECK(restic_failure(exits(255, "odd"), false)->kind == FailureKind::bad_answer);
    CHECK_FALSE(restic_failure(exits(0, "a warning"), false));
    io::Finished killed;
    killed.signal = 9;
    CHECK_THAT(restic_failure(killed, false)->detail, ContainsSubstring("signal 9"));
}

TEST_CASE("restic: credentials in a repository's address are not repeated") {
    const auto failure = restic_failure(
        test::exited("", 1, "Fatal: unable to open repo at rest:https://user:s3cret@example.org/r@1: 500"), false);
    REQUIRE(failure);
    CHECK_THAT(failure->detail, !ContainsSubstring("s3cret"));
    CHECK_THAT(failure->detail, ContainsSubstring("example.org/r@1"));
}

TEST_CASE("restic: only its own word for it makes a repository damaged") {
    CHECK_FALSE(restic_errors(said("check-good.txt", 0)));
    CHECK_FALSE(restic_errors(said("check-locked.txt")));
    CHECK_FALSE(restic_errors(said("wrong-password.txt")));
    CHECK_FALSE(restic_errors(test::exited("", 1, "")));
    CHECK_THAT(restic_errors(said("check-truncated.txt")).value_or(""),
               StartsWith("restic check: pack ") && ContainsSubstring("unexpected file size: got 100"));
    CHECK_THAT(restic_errors(said("check-gone.txt")).value_or(""), ContainsSubstring("does not exist"));
    // Since 0.17.
    const auto newer = restic_errors(
        test::exited("", 1,
                     "{\"message_type\":\"error\",\"error\":{\"message\":\"pack abc: does not exist\"}}\n"
                     "{\"message_type\":\"exit_error\",\"code\":1,\"message\":\"Fatal: repository contains errors\"}"));
    CHECK_THAT(newer.value_or(""), ContainsSubstring("pack abc: does not exist"));
}

TEST_CASE("restic: an index is damaged by what was read of it, and not because it could not be read") {
    CHECK_THAT(restic_errors(said("check-index.txt")).value_or(""),
               StartsWith("restic check: error: error loading index 27b7a3d5") &&
                   ContainsSubstring("invalid data returned"));
    const auto errors = [](const std::string& of_index) {
        const std::string begin = "error: error loading index 27b7a3d5: ";
        return restic_errors(test::exited("", 1, begin + of_index + "\nFatal: LoadIndex returned errors\n"));
    };
    CHECK(errors("ciphertext verification failed"));
    for (const char* unread :
         {"open /srv/repo/index/27b7a3d5: permission denied", "read /srv/repo/index/27b7a3d5: input/output error",
          "Stat: The specified key does not exist.", "Get \"https://s3.example/r\": dial tcp: i/o timeout",
          "unexpected EOF", "not supported"}) {
        CAPTURE(unread);
        CHECK_FALSE(errors(unread));
    }
    // One of several is enough, and is the one that is named.
    CHECK_THAT(errors("unexpected EOF\nerror: error loading index e45ab788: load <index/e45ab788>: "
                      "invalid data returned")
                   .value_or(""),
               ContainsSubstring("e45ab788"));
    // It was read well when it was read again.
    CHECK_FALSE(
        restic_errors(test::exited("", 1,
                                   "Load(<index/27b7a3d5>, 0, 0) returned error, retrying after 1s: load "
                                   "<index/27b7a3d5>: invalid data returned\nFatal: LoadIndex returned errors")));
}

TEST_CASE(
    "restic: that an index could not be read is a failure by its reason, also where newer versions call it damaged") {
    const auto ended = [](const std::string& of_index) {
        return test::exited("", 1,
                            "error: error loading index 27b7a3d5: " + of_index +
                                "\n\nThe repository index is damaged and must be repaired. You must run `restic repair "
                                "index' to correct this.\n\nFatal: repository contains errors\n");
    };
    CHECK_THAT(restic_errors(ended("LoadRaw(<index/27b7a3d5>): invalid data returned")).value_or(""),
               ContainsSubstring("invalid data returned"));
    for (const auto& [reason, kind] : {std::pair{"Access Denied.", FailureKind::refused},
                                       {"dial tcp 10.0.0.1:443: connect: connection refused", FailureKind::unreachable},
                                       {"unexpected EOF", FailureKind::bad_answer}}) {
        CAPTURE(reason);
        CHECK_FALSE(restic_errors(ended(reason)));
        const auto failure = restic_failure(ended(reason), false);
        REQUIRE(failure);
        CHECK(failure->kind == kind);
        CHECK_THAT(failure->detail, ContainsSubstring(reason));
    }
    const auto older = restic_failure(
        test::exited("", 1, "error: error loading index 27b7a3d5: permission denied\nFatal: LoadIndex returned errors"),
        false);
    REQUIRE(older);
    CHECK(older->kind == FailureKind::refused);
}

TEST_CASE("restic: a lock that nobody renews for half an hour is stale") {
    const std::string listed = test::data("restic/locks.txt");
    ResticLocks locks = read_restic_locks(listed, {}, kNow);
    REQUIRE(locks.size() == 1);
    CHECK(stale_locks(locks, kNow).actual == "0");
    locks = read_restic_locks(listed, locks, kNow + std::chrono::minutes{29});
    CHECK(stale_locks(locks, kNow + std::chrono::minutes{29}).actual == "0");
    locks = read_restic_locks(listed, locks, kNow + std::chrono::minutes{30});
    const auto stale = stale_locks(locks, kNow + std::chrono::minutes{30});
    CHECK(stale.actual == "1");
    CHECK_THAT(stale.detail, ContainsSubstring("restic unlock"));
    // A backup of hours renews its lock, which then has another name.
    locks = read_restic_locks(lock('a') + "\n", locks, kNow + std::chrono::hours{1});
    CHECK(stale_locks(locks, kNow + std::chrono::hours{1}).actual == "0");
    // Nor does a clock that was set back make one stale.
    locks = read_restic_locks(lock('a'), locks, kNow);
    CHECK(locks.begin()->second == kNow);
    CHECK(read_restic_locks(test::data("restic/locks-none.txt"), locks, kNow).empty());
    CHECK_THROWS_WITH(read_restic_locks("Enter password:", {}, kNow), ContainsSubstring("names of locks"));
}
