// SPDX-License-Identifier: Apache-2.0
#include "agent/outcome.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::agent;

namespace {

constexpr core::Time kNow{std::chrono::seconds{1'795'316'400}}; // 2026-11-22T03:00:00Z

bool names(const std::vector<std::string>& mistakes, std::string_view text) {
    return std::ranges::any_of(mistakes, [&](const auto& m) { return m.contains(text); });
}

const core::RecoveryPoints& points_of(const core::Report& report) {
    return std::get<core::RecoveryPoints>(report.result->subjects.at(0).evidence.at(0));
}

} // namespace

TEST_CASE("the documented example of an outcome is read whole") {
    const auto outcome = read_outcome(R"({"id": "2026-11-22-orders", "asset": "orders-db", "kind": "exercise",
        "exercise": "restore-test", "outcome": "passed", "started_at": "2026-11-22T02:00:00Z",
        "ended_at": "2026-11-22T02:21:40Z", "depth": "queried", "rpo_seconds": 240, "rto_seconds": 1300,
        "link": "https://ci.example/run/81", "message": "12 tables compared"})",
                                      kNow);
    REQUIRE(outcome);
    const auto report = to_report(*outcome, {}, kNow);
    REQUIRE(report.result);
    CHECK_FALSE(report.result->complete);
    const auto& subject = report.result->subjects.at(0);
    CHECK(subject.subject == "restore-test");
    const auto& exercise = std::get<core::Exercise>(subject.evidence.at(0));
    CHECK(exercise.id == "2026-11-22-orders");
    CHECK(exercise.depth == core::Depth::queried);
    CHECK(exercise.rpo == std::chrono::seconds{240});
    CHECK(exercise.rto == std::chrono::seconds{1300});
    CHECK(*exercise.ended_at - *exercise.started_at == std::chrono::seconds{1300});
}

TEST_CASE("every mistake of an outcome is named") {
    const auto outcome = read_outcome(R"({"outcome": "great", "depth": "deep", "rpo_seconds": -1, "rto_seconds": "x",
        "started_at": "2026-11-22T02:00:00Z", "ended_at": "2026-11-22T01:00:00Z", "colour": "red"})",
                                      kNow);
    REQUIRE_FALSE(outcome);
    for (const char* what :
         {"asset: missing", "exercise: missing", "outcome: expected one of", "depth: expected one of", "rpo_seconds",
          "rto_seconds", "before started_at", "unknown member 'colour'"})
        CHECK(names(outcome.error(), what));
}

TEST_CASE("an outcome from the future is refused, one from a clock that is a minute ahead is not") {
    const auto body = [](const char* ended) {
        return std::string{R"({"asset":"a","exercise":"restore-test","outcome":"passed","ended_at":")"} + ended + "\"}";
    };
    CHECK(read_outcome(body("2026-11-22T03:01:00Z"), kNow));
    const auto refused = read_outcome(body("2026-11-22T03:03:00Z"), kNow);
    REQUIRE_FALSE(refused);
    CHECK(names(refused.error(), "more than 2 minutes ahead"));
}

TEST_CASE("what is not a JSON object is refused") {
    for (const char* body : {"", "[]", "nonsense", "\"text\"", "{\"asset\":"})
        CHECK_FALSE(read_outcome(body, kNow));
}

TEST_CASE("an outcome without an id gets one of its own") {
    constexpr auto kBody = R"({"asset":"a","exercise":"restore-test","outcome":"passed"})";
    CHECK(read_outcome(kBody, kNow)->id != read_outcome(kBody, kNow)->id);
}

TEST_CASE("equal outcomes have equal canonical text, however they were written") {
    const auto one = read_outcome(R"({"id":"1","asset":"a","exercise":"e","outcome":"passed","rto_seconds":1})", kNow);
    const auto two = read_outcome(
        R"({"rto_seconds":1.0, "outcome":"passed","exercise":"e","kind":"exercise","asset":"a","id":"1"})", kNow);
    CHECK(to_json(*one) == to_json(*two));
}

TEST_CASE("a reported backup joins the points that are known already") {
    auto outcome = read_outcome(
        R"({"id":"2","asset":"a","kind":"backup","outcome":"passed","size_bytes":7,"backup_type":"full"})", kNow);
    REQUIRE(outcome);
    core::CheckMemory memory;
    core::RecoveryPoints before;
    before.method = "reported";
    before.count = 1;
    before.points.push_back({.id = "1", .data_at = kNow - core::kDay, .ended_at = kNow - core::kDay});
    memory.subjects[""].evidence = std::make_shared<const core::EvidenceList>(core::EvidenceList{before});
    const auto report = to_report(*outcome, memory, kNow);
    const auto& points = points_of(report);
    REQUIRE(points.points.size() == 2);
    CHECK(points.points.back().id == "2");
    CHECK(points.points.back().size_bytes == 7);
    CHECK(points.count == 2);
}

TEST_CASE("a job that reports its backups does not tell how far back they go: what it made may long be deleted") {
    core::CheckMemory memory;
    core::RecoveryPoints of_a_former_release;
    of_a_former_release.method = "reported";
    of_a_former_release.count = 1;
    of_a_former_release.oldest_at = kNow - 365 * core::kDay;
    of_a_former_release.points.push_back({.id = "1", .data_at = kNow - core::kDay, .ended_at = kNow - core::kDay});
    for (const char* how : {"started", "passed", "failed"}) {
        CAPTURE(how);
        const auto outcome =
            read_outcome(std::string{R"({"id":"2","asset":"a","kind":"backup","outcome":")"} + how + "\"}", kNow);
        REQUIRE(outcome);
        CHECK_FALSE(points_of(to_report(*outcome, memory, kNow)).oldest_at);
        core::CheckMemory kept = memory;
        kept.subjects[""].evidence =
            std::make_shared<const core::EvidenceList>(core::EvidenceList{of_a_former_release});
        CHECK_FALSE(points_of(to_report(*outcome, kept, kNow)).oldest_at);
    }
}

TEST_CASE("a backup that is reported again, because the disk refused it, is one backup") {
    const auto outcome = read_outcome(R"({"id":"2","asset":"a","kind":"backup","outcome":"passed"})", kNow);
    REQUIRE(outcome);
    core::CheckMemory memory;
    const auto first = to_report(*outcome, memory, kNow);
    memory.subjects[""].evidence = std::make_shared<const core::EvidenceList>(core::EvidenceList{points_of(first)});
    const auto again = to_report(*outcome, memory, kNow + std::chrono::minutes{1});
    CHECK(points_of(again).points.size() == 1);
    CHECK(points_of(again).count == 1);
}

TEST_CASE("what began on a clock that is ahead of ours takes no time, never less") {
    const auto backup = read_outcome(
        R"({"asset": "a", "kind": "backup", "outcome": "passed", "started_at": "2026-11-22T03:01:00Z"})", kNow);
    REQUIRE(backup);
    const auto report = to_report(*backup, {}, kNow);
    const auto& point = points_of(report).points.at(0);
    CHECK(point.duration == core::Duration{0});
    CHECK(point.data_at <= point.ended_at);

    const auto drill = read_outcome(
        R"({"asset": "a", "exercise": "drill", "outcome": "passed", "started_at": "2026-11-22T03:01:00Z"})", kNow);
    REQUIRE(drill);
    const auto reported = to_report(*drill, {}, kNow);
    const auto& exercise = std::get<core::Exercise>(reported.result->subjects.at(0).evidence.at(0));
    CHECK(exercise.ended_at == exercise.started_at);
}

TEST_CASE("a job of one type goes on while one of another type reports itself") {
    core::CheckMemory memory;
    const auto report = [&](const char* outcome, const std::string& type) {
        const std::string body = std::string{R"({"asset":"a","kind":"backup","outcome":")"} + outcome +
                                 R"(","backup_type":")" + type + "\"}";
        const core::RecoveryPoints points = points_of(to_report(*read_outcome(body, kNow), memory, kNow));
        memory.subjects[""].evidence = std::make_shared<const core::EvidenceList>(core::EvidenceList{points});
        std::vector<std::string> jobs;
        for (const core::BackupJob& job : points.jobs)
            jobs.push_back(job.backup_type + (job.state == core::JobState::running ? " runs" : " failed"));
        return jobs;
    };
    using Jobs = std::vector<std::string>;
    CHECK(report("started", "full") == Jobs{"full runs"});
    CHECK(report("started", "log") == Jobs{"full runs", "log runs"});
    CHECK(report("failed", "log") == Jobs{"full runs", "log failed"});
    CHECK(report("started", "log") == Jobs{"full runs", "log runs"});
    CHECK(report("passed", "log") == Jobs{"full runs"});
    CHECK(report("started", "full") == Jobs{"full runs"});
    CHECK(report("passed", "full") == Jobs{});
    // Told without its type, it is the only one.
    CHECK(report("started", "full") == Jobs{"full runs"});
    CHECK(report("passed", "") == Jobs{});
    CHECK(report("started", "") == Jobs{" runs"});
    CHECK(report("passed", "full") == Jobs{});
    for (int i = 0; i < 100; ++i)
        report("started", std::to_string(i));
    CHECK(report("passed", "full").size() == 16);
}

TEST_CASE("a backup that reports its start is running, and one that failed is a failed job") {
    const auto body = [](const char* outcome) {
        return std::string{R"({"asset":"a","kind":"backup","outcome":")"} + outcome + "\"}";
    };
    const auto started = to_report(*read_outcome(body("started"), kNow), {}, kNow);
    REQUIRE(points_of(started).jobs.size() == 1);
    CHECK(points_of(started).jobs[0].state == core::JobState::running);
    CHECK(points_of(started).points.empty());
    const auto failed = to_report(*read_outcome(body("failed"), kNow), {}, kNow);
    REQUIRE(points_of(failed).jobs.size() == 1);
    CHECK(points_of(failed).jobs[0].state == core::JobState::failed);
}
