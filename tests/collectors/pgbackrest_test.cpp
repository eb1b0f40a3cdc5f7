// SPDX-License-Identifier: Apache-2.0
#include "collectors/pgbackrest.hpp"

#include "collectors/all.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr Time kNow{std::chrono::seconds{1'795'400'000}};

Result<PgBackRestInfo> read(const std::string& name, bool local = true, Time now = kNow) {
    return interpret_pgbackrest(io::Json::parse_lenient(test::data("pgbackrest/" + name)), local, now);
}

const SubjectReport& subject(const PgBackRestInfo& info, std::string_view name) {
    for (const auto& repo : info.repos)
        if (repo.report.subject == name)
            return repo.report;
    throw std::runtime_error(fmt::format("no subject {}", name));
}

template <class T>
const T& evidence(const SubjectReport& report) {
    for (const auto& item : report.evidence)
        if (const auto* found = std::get_if<T>(&item))
            return *found;
    throw std::runtime_error("no such evidence of " + report.subject);
}

const core::RecoveryPoints& points(const SubjectReport& report) { return evidence<core::RecoveryPoints>(report); }
const core::LogArchive& archive(const SubjectReport& report) { return evidence<core::LogArchive>(report); }

} // namespace

TEST_CASE("repositories without any stanza are a complete list of nothing") {
    const auto info = read("info-nothing.json");
    REQUIRE(info);
    CHECK(info->repos.empty());
    CHECK(info->complete);
}

TEST_CASE("a stanza without any backup is reported as absent, not as a failure") {
    for (const auto* name : {"info-empty-stanza.json", "info-unknown-stanza.json"}) {
        CAPTURE(name);
        const auto info = read(name);
        REQUIRE(info);
        REQUIRE(info->repos.size() == 1);
        const SubjectReport& report = info->repos.front().report;
        CHECK_FALSE(report.failure);
        CHECK(points(report).count == 0);
        CHECK(points(report).points.empty());
        CHECK_FALSE(points(report).oldest_at);
    }
    CHECK(read("info-unknown-stanza.json")->repos.front().report.subject == "nowhere/repo1");
    // The archive of an empty stanza is there, and holds nothing: what the server says it archived can be compared.
    const auto empty = read("info-empty-stanza.json");
    CHECK(archive(empty->repos.front().report).last_segment.empty());
    CHECK(archive(empty->repos.front().report).from_repository);
    CHECK(empty->repos.front().archive_id.empty());
}

TEST_CASE("full, differential and incremental backups come with their sizes, times and chains") {
    const auto info = read("info-full-diff-incr.json");
    REQUIRE(info);
    const auto& seen = points(subject(*info, "demo/repo1"));
    REQUIRE(seen.points.size() == 3);
    CHECK(seen.count == 3);
    CHECK(seen.method == "pgbackrest");
    CHECK(seen.tells_jobs == core::Told::yes);
    CHECK(seen.jobs.empty());
    const auto& full = seen.points[0];
    CHECK(full.backup_type == "full");
    CHECK(full.id == "20261122-113102F");
    CHECK(full.data_at == core::from_unix_seconds(1'795'347'065));
    CHECK(full.ended_at == full.data_at);
    CHECK(full.duration == core::Duration{3'000});
    CHECK(full.size_bytes == 23'721'677);
    CHECK(full.stored_bytes == 4'703'598);
    CHECK(full.state == core::PointState::good);
    CHECK(full.encrypted == core::Told::no);
    CHECK(full.depth == core::Depth::listed);
    CHECK(full.needs.empty());
    CHECK(seen.oldest_at == full.data_at);
    CHECK(seen.points[1].backup_type == "diff");
    CHECK(seen.points[1].needs == std::vector<std::string>{"20261122-113102F"});
    CHECK(seen.points[2].backup_type == "incr");
    CHECK(seen.points[2].needs == std::vector<std::string>{"20261122-113102F", "20261122-113102F_20261122-113106D"});
    // What an incremental added, not what it would take to restore it.
    CHECK(seen.points[2].stored_bytes == 4'567);
    CHECK(seen.points[2].size_bytes == 23'762'637);
    const auto& log = archive(subject(*info, "demo/repo1"));
    CHECK(log.system_id == "7710956910048751555");
    CHECK(log.last_segment == "00000001000000000000000A");
    CHECK(log.oldest_at == full.data_at);
}

TEST_CASE("each repository of a stanza is a subject of its own") {
    const auto info = read("info-two-repos.json");
    REQUIRE(info);
    CHECK(info->repos.size() == 2);
    CHECK(points(subject(*info, "demo/repo1")).count == 4);
    const auto& second = points(subject(*info, "demo/repo2"));
    CHECK(second.count == 1);
    CHECK(second.points.front().encrypted == core::Told::yes);
    CHECK(archive(subject(*info, "demo/repo2")).oldest_at == second.points.front().ended_at);
    // One lock for the stanza does not say which repository a backup goes to.
    CHECK(second.tells_jobs == core::Told::not_told);
}

TEST_CASE("a repository that cannot be read never hides the healthy one") {
    struct Case {
        const char* name;
        FailureKind kind;
        const char* words;
    };
    for (const auto& [name, kind, words] :
         {Case{"info-wrong-key.json", FailureKind::bad_answer, "[FormatError] unable to load info file"},
          Case{"info-read-without-key.json", FailureKind::bad_answer, "[FormatError] unable to load info file"},
          Case{"info-repo2-unreadable.json", FailureKind::refused, "Permission denied"}}) {
        CAPTURE(name);
        const auto info = read(name);
        REQUIRE(info);
        CHECK(info->complete);
        CHECK(points(subject(*info, "demo/repo1")).count == 4);
        CHECK_FALSE(subject(*info, "demo/repo1").failure);
        const auto& broken = subject(*info, "demo/repo2");
        REQUIRE(broken.failure);
        CHECK(broken.evidence.empty());
        CHECK(broken.failure->kind == kind);
        CHECK_THAT(broken.failure->detail, ContainsSubstring(words));
        for (const char c : broken.failure->detail)
            CHECK((c >= ' ' && c <= '~'));
    }
}

TEST_CASE("a key that does not fit is a matter of configuration") {
    // What a wrong key makes of a file is chance: most often padding that is wrong, sometimes text that is none.
    const auto info = interpret_pgbackrest(
        io::Json::parse(
            R"([{"name":"a","status":{"code":99,"message":"other"},"backup":[],"repo":[{"key":3,"cipher":"aes-256-cbc",
            "status":{"code":99,"message":"[CryptoError] unable to load info file 'x':\nCryptoError: unable to flush"}}]}])"),
        true, kNow);
    REQUIRE(info);
    const auto& failure = subject(*info, "a/repo3").failure;
    REQUIRE(failure);
    CHECK(failure->kind == FailureKind::misconfigured);
    CHECK(failure->detail == "pgBackRest cannot read the repository: [CryptoError] unable to load info file 'x'");
}

TEST_CASE("the answer about an encrypted repository without its key is not JSON, and is read all the same") {
    const auto bytes = test::data("pgbackrest/info-read-without-key.json");
    CHECK_THROWS_AS(io::Json::parse(bytes), io::BadDocument);
    CHECK(io::Json::parse_lenient(bytes).items().size() == 1);
}

TEST_CASE("a backup with page checksum errors is bad though pgBackRest ended well") {
    const auto info = read("info-page-checksum-error.json");
    REQUIRE(info);
    const auto& seen = points(subject(*info, "demo/repo1"));
    REQUIRE(seen.points.size() == 6);
    CHECK(seen.points[3].state == core::PointState::good);
    CHECK(seen.points[4].state == core::PointState::bad);
    CHECK_THAT(seen.points[4].detail, ContainsSubstring("page checksum"));
    CHECK(seen.points[5].state == core::PointState::bad);
}

TEST_CASE("a backup is no better than what it is built on") {
    const auto info = read("made-2.59.json");
    REQUIRE(info);
    const auto& seen = points(subject(*info, "shop/repo1")).points;
    REQUIRE(seen.size() == 5);
    CHECK(seen[1].state == core::PointState::bad);
    CHECK(seen[2].state == core::PointState::bad);
    CHECK(seen[2].detail == "needs 20261115-010000F, which is bad");
    CHECK(seen[4].state == core::PointState::bad);
    CHECK(seen[4].detail == "needs 20261110-010000F, which is not there");
    // Made before 2.36, which did not tell of errors: nothing is known against it.
    CHECK(seen[3].state == core::PointState::good);
}

TEST_CASE("backups that need each other in a circle are read to an end") {
    const auto info = interpret_pgbackrest(
        io::Json::parse(
            R"([{"name":"a","status":{"code":0,"message":"ok"},"cipher":"none","archive":[],"db":[],"backup":[
            {"label":"x","type":"incr","prior":"y","reference":["y"],"info":{},"database":{"id":1},"timestamp":{"start":9,"stop":5}},
            {"label":"y","type":"incr","prior":"x","reference":["x"],"info":{},"database":{"id":1},"timestamp":{"start":1,"stop":2}}]}])"),
        true, kNow);
    REQUIRE(info);
    const auto& seen = points(subject(*info, "a/repo1"));
    CHECK(seen.points.front().id == "y");
    CHECK(seen.points.front().duration == core::Duration{1'000});
    // Its clock went back while it was made.
    CHECK_FALSE(seen.points.back().duration);
}

TEST_CASE("with block incremental there is no size of the set, and what was added is told all the same") {
    const auto info = read("made-2.59.json");
    const auto& full = points(subject(*info, "shop/repo1")).points.front();
    CHECK(full.size_bytes == 9'000);
    CHECK(full.stored_bytes == 3'000);
}

TEST_CASE("a lock that names its repository is of that repository alone, and a restore is no backup") {
    const auto info = read("made-2.59.json");
    CHECK(points(subject(*info, "shop/repo1")).jobs.empty());
    CHECK(points(subject(*info, "shop/repo1")).tells_jobs == core::Told::yes);
    const auto& second = points(subject(*info, "shop/repo2"));
    REQUIRE(second.jobs.size() == 1);
    CHECK(second.jobs.front().state == core::JobState::running);
    CHECK(second.jobs.front().detail == "1000 of 4000 bytes done");
    CHECK(second.tells_jobs == core::Told::yes);
}

TEST_CASE("a held lock is a running backup, unless it may be the expire that follows one") {
    const auto later = read("info-lock-held.json");
    CHECK(points(subject(*later, "demo/repo1")).jobs.size() == 1);
    const auto at_once = read("info-lock-held.json", true, core::from_unix_seconds(1'795'347'075));
    CHECK(points(subject(*at_once, "demo/repo1")).jobs.empty());
}

TEST_CASE("where a backup tells its size in the lock, one without is an expire, however long it takes") {
    const auto jobs = [](const std::string& version, const std::string& size) {
        std::string text = test::data("pgbackrest/info-lock-held.json");
        const auto replace = [&](const std::string& from, const std::string& to) {
            for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
                text.replace(at, from.size(), to);
        };
        replace(R"("version":"2.45")", fmt::format(R"("version":"{}")", version));
        replace(R"({"held":true})", fmt::format(R"({{"held":true{}}})", size));
        const auto info = interpret_pgbackrest(io::Json::parse(text), true, kNow);
        return points(subject(*info, "demo/repo1")).jobs.size();
    };
    const std::string copying = R"(,"size":4000,"size-cplt":1000)";
    for (const auto* version : {"2.48", "2.59.1", "2.100"}) {
        CAPTURE(version);
        CHECK(jobs(version, "") == 0);
        CHECK(jobs(version, copying) == 1);
    }
    for (const auto* version : {"2.47", "2.4", "2.", "3.1", ""}) {
        CAPTURE(version);
        CHECK(jobs(version, "") == 1);
    }
}

TEST_CASE("from another host locks are not visible, and nothing is said of jobs") {
    const auto info = read("info-full-diff-incr.json", false);
    CHECK(points(subject(*info, "demo/repo1")).tells_jobs == core::Told::no);
}

TEST_CASE("database ids count as numbers, and the newest database's archive is the one that matters") {
    const auto info = read("made-2.59.json");
    const auto& log = archive(subject(*info, "shop/repo1"));
    CHECK(log.system_id == "18446744073709551615");
    CHECK(log.last_segment == "000000010000000000000031");
    CHECK(log.oldest_at == core::from_unix_seconds(1'794'877'260));
    CHECK(info->repos.front().archive_id == "17-10");
    CHECK(info->repos.front().backups.size() == 4);
    // Backups of the database before the upgrade are still points one could go back to.
    CHECK(points(subject(*info, "shop/repo1")).oldest_at == core::from_unix_seconds(1'793'494'860));
}

TEST_CASE("documents from before there were several repositories are of repo1") {
    const auto info = read("made-2.27.json");
    REQUIRE(info);
    const auto& report = subject(*info, "old/repo1");
    CHECK(points(report).count == 1);
    CHECK(points(report).points.front().encrypted == core::Told::no);
    CHECK(points(report).tells_jobs == core::Told::yes);
    CHECK(archive(report).last_segment.empty());
}

TEST_CASE("when pgBackRest cannot even list its stanzas, that is a failure and no stanza") {
    const auto info = read("made-invalid.json");
    REQUIRE_FALSE(info);
    CHECK(info.error().kind == FailureKind::refused);
    CHECK_THAT(info.error().detail, ContainsSubstring("Permission denied"));
}

TEST_CASE("of very many backups the newest 200 are told, and the count and the oldest of all") {
    std::string backups;
    for (int i = 0; i < 1'000; ++i)
        backups += fmt::format(R"({}{{"label":"b{}","type":"full","prior":null,"reference":null,"info":{{"size":1}},)"
                               R"("database":{{"id":1,"repo-key":1}},"timestamp":{{"start":{},"stop":{}}}}})",
                               i ? "," : "", i, 1'000'000 + i, 1'000'001 + i);
    const auto info =
        interpret_pgbackrest(io::Json::parse(fmt::format(
                                 R"([{{"name":"a","cipher":"none","status":{{"code":0,"message":"ok"}},"archive":[],)"
                                 R"("db":[],"backup":[{}],"repo":[{{"key":1,"cipher":"none","status":)"
                                 R"({{"code":0,"message":"ok"}}}}]}}])",
                                 backups)),
                             true, kNow);
    REQUIRE(info);
    const auto& seen = points(subject(*info, "a/repo1"));
    CHECK(seen.count == 1'000);
    CHECK(seen.points.size() == core::kMaxPoints);
    CHECK(seen.points.back().id == "b999");
    CHECK(seen.oldest_at == core::from_unix_seconds(1'000'001));
}

TEST_CASE("a document without a stop time names the place") {
    const auto json =
        io::Json::parse(R"([{"name":"a","cipher":"none","status":{"code":0,"message":"ok"},"archive":[],"db":[],
        "backup":[{"label":"x","type":"full","info":{},"database":{"id":1},"timestamp":{"start":1}}]}])");
    CHECK_THROWS_WITH(interpret_pgbackrest(json, true, kNow), ContainsSubstring("$[0].backup[0].timestamp.stop"));
}

TEST_CASE("a document that tells of one repository twice is believed in neither") {
    const auto json = io::Json::parse(R"([{"name":"a","cipher":"none","archive":[],"db":[],"backup":[],
        "status":{"code":0,"message":"ok"},
        "repo":[{"key":1,"cipher":"none","status":{"code":0,"message":"ok"}},
                {"key":1,"cipher":"none","status":{"code":1,"message":"missing"}}]}])");
    CHECK_THROWS_WITH(interpret_pgbackrest(json, true, kNow), ContainsSubstring("found a/repo1 twice"));
}

TEST_CASE("how pgBackRest ended tells whether its configuration or its world is wrong") {
    const auto refused =
        pgbackrest_failure(test::exited("", 31, test::data("pgbackrest/info-config-error.txt")), false);
    REQUIRE(refused);
    CHECK(refused->kind == FailureKind::misconfigured);
    CHECK_THAT(refused->detail, ContainsSubstring("option 'repo2-cipher-pass' is not allowed"));
    CHECK(pgbackrest_failure(test::exited("", 127, "sh: 1: pgbackrest: not found\n"), true)->kind ==
          FailureKind::misconfigured);
    CHECK(pgbackrest_failure(test::exited("", 255, "ssh: connect to host db1 port 22: refused\n"), true)->kind ==
          FailureKind::unreachable);
    CHECK(pgbackrest_failure(test::exited("", 255), false)->kind == FailureKind::bad_answer);
    CHECK(pgbackrest_failure(test::exited("", 41, "ERROR: [041]: unable to open"), false)->kind ==
          FailureKind::bad_answer);
    io::Finished killed;
    killed.signal = 9;
    CHECK_THAT(pgbackrest_failure(killed, false)->detail, ContainsSubstring("signal 9"));
    CHECK_FALSE(pgbackrest_failure(test::exited("[]"), false));
}

TEST_CASE(
    "a backup whose last segment the archive does not hold is no way back, and is missed once it should be there") {
    std::string text = test::data("pgbackrest/info-full-diff-incr.json");
    const auto info = [&](Time now) {
        const auto read = interpret_pgbackrest(io::Json::parse(text), true, now);
        return archive(subject(*read, "demo/repo1"));
    };
    const core::LogArchive whole = info(kNow);
    REQUIRE(whole.oldest_at);
    CHECK(whole.gaps.empty());
    // Somebody has emptied it.
    for (const std::string end : {"max", "min"}) {
        const auto at = text.find("\"" + end + "\":\"");
        REQUIRE(at != std::string::npos);
        text.replace(at, end.size() + 4 + 24 + 1, "\"" + end + "\":null");
    }
    CHECK_FALSE(info(kNow).oldest_at);
    REQUIRE(info(kNow).gaps.size() == 1);
    CHECK(info(kNow).gaps.front().last.size() == 24);
    const auto ended = points(subject(*interpret_pgbackrest(io::Json::parse(text), true, kNow), "demo/repo1"));
    CHECK(info(ended.points.back().ended_at + std::chrono::minutes{9}).gaps.empty());
}
