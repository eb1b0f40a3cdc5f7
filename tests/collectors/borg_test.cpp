// SPDX-License-Identifier: Apache-2.0
#include "collectors/borg.hpp"

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

constexpr const char* kDated = "{subject}-20*";

BorgRepository read(const std::string& name, std::string_view pattern = "*") {
    return interpret_borg(io::Json::parse_lenient(test::data("borg/" + name)), pattern);
}

io::Finished said(const std::string& name, int status) { return test::exited("", status, test::data("borg/" + name)); }

} // namespace

TEST_CASE("borg: an empty repository holds no series, and has an identity") {
    CHECK(read("list-empty.json").series.empty());
    CHECK(read("list-empty.json").id.size() == 64);
}

TEST_CASE("borg: without {subject} all archives are one series, with it each name has its own") {
    const auto all = read("list.json").series;
    REQUIRE(all.size() == 1);
    CHECK(all.at("").points.size() == 4);
    const auto series = read("list.json", kDated).series;
    REQUIRE(series.size() == 2);
    CHECK(series.at("web-1").points.size() == 1);
    const auto& points = series.at("db1").points;
    REQUIRE(points.size() == 2);
    CHECK(points[0].id == "db1-2026-11-20T01:00");
    CHECK(read("list.json", kDated).archive_ids.at("db1-2026-11-20T01:00") ==
          "b9c5588253cbd5a0b18807e6910244c540d964ecd190d9c6a06275697ed76bd9");
    // Borg tells no zone; it was asked for UTC.
    CHECK(points[0].data_at == core::from_unix_seconds(1'795'136'400));
    CHECK(points[0].ended_at == points[0].data_at);
    CHECK(points[0].state == core::PointState::good);
    CHECK(points[0].depth == core::Depth::exists);
    CHECK(points[0].encrypted == core::Told::yes);
    CHECK(series.at("db1").method == "borg");
}

TEST_CASE("borg: the series is the shortest part of a name that fits") {
    struct Case {
        const char* pattern;
        const char* name;
        std::optional<std::string> series;
    };
    for (const auto& [pattern, name, series] :
         {Case{"*", "any", ""}, Case{"db*", "web", std::nullopt}, Case{"{subject}", "all-of-it", "all-of-it"},
          Case{"{subject}-*", "my-host-1", "my"}, Case{kDated, "my-host-2026-11-25T03:00", "my-host"},
          Case{"nightly/{subject}/*", "nightly/db/1", "db"}, Case{"nightly/{subject}/*", "weekly/db/1", std::nullopt},
          Case{"*-{subject}.full", "a-b-c.full", "b-c"}, Case{"{subject}-*", "-1", std::nullopt},
          Case{"{subject}", "", std::nullopt}}) {
        CAPTURE(pattern, name);
        CHECK(borg_series(pattern, name) == series);
    }
}

TEST_CASE("borg: a checkpoint is no backup, and belongs to the series it would have become part of") {
    const auto series = read("list-checkpoint.json", kDated).series;
    const auto& points = series.at("db1").points;
    REQUIRE(points.size() == 3);
    CHECK(points.back().id == "db1-2026-11-22T01:00.checkpoint");
    CHECK(points.back().state == core::PointState::incomplete);
    CHECK_THAT(points.back().detail, ContainsSubstring("checkpoint"));
}

TEST_CASE("borg: whether a repository is encrypted is told by its mode") {
    CHECK(read("list-plain.json").series.at("").points.front().encrypted == core::Told::no);
    const auto of = [](const char* mode) {
        return interpret_borg(io::Json::parse(fmt::format(
                                  R"({{"repository":{{"id":"a"}},"encryption":{{"mode":"{}"}},
                                      "archives":[{{"name":"n","id":"1","start":"2026-11-21T03:00:00.000000"}}]}})",
                                  mode)),
                              "*")
            .series.at("")
            .points.front()
            .encrypted;
    };
    CHECK(of("authenticated-blake2") == core::Told::no);
    CHECK(of("keyfile-blake2") == core::Told::yes);
}

TEST_CASE("borg: an archive of the future keeps its date, for the rules to disbelieve") {
    const auto repository = read("list-ahead.json");
    CHECK(repository.series.at("").points.back().data_at > Time{std::chrono::seconds{4'900'000'000}});
}

TEST_CASE("borg: a damaged or locked repository lists its archives, and no depth is claimed for them") {
    for (const auto* name : {"list-damaged.json", "list-locked.json"}) {
        const auto repository = read(name);
        for (const auto& point : repository.series.at("").points)
            CHECK(point.depth == core::Depth::exists);
    }
}

TEST_CASE("borg: what is no list of archives is a bad answer that names the place") {
    struct Case {
        const char* document;
        const char* words;
    };
    for (const auto& [document, words] :
         {Case{"[]", "$: expected"}, Case{"{}", "$.repository.id"},
          Case{R"({"repository":{"id":"a"}})", "$.encryption.mode"},
          Case{R"({"repository":{"id":"a"},"encryption":{"mode":"none"}})", "$.archives"},
          Case{R"({"repository":{"id":"a"},"encryption":{"mode":"none"},"archives":[{"name":"x"}]})",
               "$.archives[0].time"},
          Case{R"({"repository":{"id":"a"},"encryption":{"mode":"none"},"archives":[{"name":"x","start":"now"}]})",
               "$.archives[0].start"},
          Case{R"({"repository":{"id":"a"},"encryption":{"mode":"none"},"archives":[
                   {"name":"x","start":"2026-11-21T03:00:00.000000"}]})",
               "$.archives[0].id"},
          Case{R"({"repository":{"id":"a"},"encryption":{"mode":"none"},"archives":[
                   {"name":"x","id":"1","start":"2026-11-21T03:00:00.000000"},
                   {"name":"x","start":"2026-11-21T03:00:00.000000"}]})",
               "each archive once"}}) {
        CAPTURE(document);
        CHECK_THROWS_WITH(interpret_borg(io::Json::parse(document), "*"), ContainsSubstring(words));
    }
    const auto named = [](const std::string& name) {
        return io::Json::parse(fmt::format(R"({{"repository":{{"id":"a"}},"encryption":{{"mode":"none"}},
            "archives":[{{"name":"{}","id":"1","start":"2026-11-21T03:00:00.000000"}}]}})",
                                           name));
    };
    CHECK(interpret_borg(named(std::string(256, 'a')), "{subject}").series.size() == 1);
    CHECK_THROWS_WITH(interpret_borg(named(std::string(257, 'a')), "{subject}"), ContainsSubstring("at most 256"));
}

TEST_CASE("borg: what it says when it fails is a failure of the right kind") {
    struct Case {
        io::Finished finished;
        FailureKind kind;
        const char* words;
    };
    for (const auto& [finished, kind, words] :
         {Case{said("wrong-passphrase.txt", 2), FailureKind::misconfigured, "is incorrect"},
          Case{said("no-passphrase.txt", 2), FailureKind::misconfigured, "BORG_PASSPHRASE is not set"},
          Case{said("missing.txt", 2), FailureKind::misconfigured, "/srv/repo does not exist"},
          Case{said("unreadable.txt", 2), FailureKind::refused,
               "status 2: PermissionError: [Errno 13] Permission denied: '/srv/repo/config'"},
          Case{said("check-locked.txt", 2), FailureKind::refused, "Failed to create/acquire the lock"},
          Case{test::exited("", 2, "{\"type\":\"log_message\""), FailureKind::bad_answer, "log_message"},
          Case{test::exited("", 2, "Traceback\nKeyError: 7"), FailureKind::bad_answer, "KeyError: 7"},
          Case{test::exited("", 2, R"({"type":"log_message","levelname":"ERROR","message":"Connection closed by host",
)"),
               FailureKind::bad_answer, "Connection closed"},
          Case{test::exited("", 2,
                            R"({"type":"log_message","levelname":"ERROR","message":"bye","msgid":"ConnectionClosed"})"),
               FailureKind::unreachable, "status 2: bye"},
          Case{test::exited("", 127), FailureKind::misconfigured, "no words"}}) {
        const auto failure = borg_failure(finished, false);
        REQUIRE(failure);
        CAPTURE(failure->detail);
        CHECK(failure->kind == kind);
        CHECK_THAT(failure->detail, ContainsSubstring(words));
    }
    CHECK_FALSE(borg_failure(test::exited("", 1, "a warning"), false));
    io::Finished killed;
    killed.signal = 9;
    CHECK(borg_failure(killed, false));
}

TEST_CASE("borg: only errors that its check names make a repository damaged") {
    CHECK_FALSE(borg_errors(said("check-good.txt", 0)));
    CHECK_FALSE(borg_errors(said("check-locked.txt", 2)));
    CHECK_FALSE(borg_errors(test::exited("", 1, "a warning")));
    CHECK_THAT(borg_errors(said("check-truncated.txt", 1)).value_or(""),
               StartsWith("borg check: Data integrity error: Segment entry data short read"));
}
