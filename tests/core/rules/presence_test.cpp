// SPDX-License-Identifier: Apache-2.0
// Silence, things that vanish, and answers that contradict themselves.
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

namespace {

SubjectReport saw(std::string subject) { return {std::move(subject), {}, {Fingerprint{"id", "1"}}, {}}; }

Judgement silence(const Bench& bench) {
    Judgement out;
    judge_silence(bench.check, bench.memory, bench.now, out);
    return out;
}

Time silent_from(Bench bench, Priority at_least) {
    for (int i = 0; i < 10; ++i) {
        const Judgement out = silence(bench);
        if (!out.findings.empty() && out.findings.at(0).priority <= at_least)
            return bench.now;
        bench.now = out.revisit;
    }
    return kNever;
}

Check every(Duration interval) { return {.name = "c", .every = interval}; }

} // namespace

TEST_CASE("silence may last three intervals, between five minutes and six hours, and never ends between two looks") {
    CHECK(silence_allowed(every(10s)) == 5min);
    CHECK(silence_allowed(every(100s)) == 5min);
    CHECK(silence_allowed(every(10min)) == 30min);
    CHECK(silence_allowed(every(2h)) == 6h);
    CHECK(silence_allowed(every(4h)) == 6h);
    CHECK(silence_allowed(every(6h)) == 9h);
    CHECK(silence_allowed(every(kDay)) == 36h);
}

TEST_CASE("a check that learns nothing is found after its silence, and worse after four times that") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(1min).fails();
    CHECK(silent_from(bench, Priority::p3) == kNow + 5min);
    CHECK(silent_from(bench, Priority::p2) == kNow + 20min);
    bench.after(5min);
    CHECK(lines(silence(bench).findings) ==
          Lines{"P3 EvidenceMissing: nothing learned for 6m, 5m allowed: timed_out: no answer in 30s"});
    CHECK(silence(bench).findings.at(0).identity ==
          Identity{.rule = evidence_missing, .asset = "db", .check = "backup"});
}

TEST_CASE("a check that nobody runs any more is found as well") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(1h);
    CHECK(lines(silence(bench).findings) ==
          Lines{"P2 EvidenceMissing: nothing learned for 1h, 20m allowed: it did not run since"});
}

TEST_CASE("a check that never ran counts from when it was first known") {
    Bench bench;
    bench.memory.first_seen = kNow;
    CHECK(silent_from(bench, Priority::p3) == kNow + 5min);
    CHECK(lines(silence(bench.after(5min)).findings) ==
          Lines{"P3 EvidenceMissing: nothing learned for 5m, 5m allowed: it has not run yet"});
}

TEST_CASE("a check that never looks by itself is never silent, nor is any of its subjects") {
    Bench bench;
    bench.check.every = 0s;
    bench.sees({Exercise{.id = "1", .exercise = "restore-test", .outcome = ExerciseOutcome::passed}});
    bench.after(kDay).answers(
        {.subjects = {{"failover-test", {}, {Exercise{.id = "2", .exercise = "failover-test"}}, {}}},
         .complete = false});
    bench.after(30 * kDay);
    CHECK(silence(bench).findings.empty());
    CHECK(silence(bench).revisit == kNever);
    CHECK(bench.says().empty());
}

TEST_CASE("a check that looks and finds nothing at all has learned nothing") {
    Bench bench;
    bench.answers({}).after(5min).answers({});
    CHECK(lines(silence(bench).findings) ==
          Lines{"P3 EvidenceMissing: nothing learned for 5m, 5m allowed: it looks, and finds nothing to judge"});
}

TEST_CASE("the time the agent was away is not held against a check") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(kDay);
    bench.memory.watched_since = bench.now;
    CHECK(silence(bench).findings.empty());
    CHECK(bench.says().empty());
    CHECK(silent_from(bench, Priority::p3) == bench.now + 5min);
}

TEST_CASE("how long silence may last can be chosen, and then has one step only") {
    Bench bench;
    bench.policy(evidence_missing, {{.over = 3600}});
    bench.sees({Fingerprint{"id", "1"}}).after(kDay);
    CHECK(lines(silence(bench).findings).at(0).starts_with("P3"));
    bench.check.policy[evidence_missing].enabled = false;
    CHECK(silence(bench).findings.empty());
}

TEST_CASE("a check whose assets are named by its subjects belongs to none as a whole") {
    Bench bench;
    bench.check.asset = "{subject}";
    bench.sees({Fingerprint{"id", "1"}}).after(1h);
    CHECK(silence(bench).findings.at(0).identity.asset.empty());
}

TEST_CASE("a subject that fails while others are seen is found by itself") {
    Bench bench;
    const Failure broken{FailureKind::bad_answer, "repo1: cipher mismatch"};
    const auto look = [&] { bench.answers({{saw("other"), {"main", {}, {}, broken}}}); };
    bench.sees({Fingerprint{"id", "1"}}).after(1min);
    look();
    CHECK(bench.says().empty());
    CHECK(first_speaks(bench, evidence_missing) == kNow + 5min);
    CHECK(first_speaks(bench, evidence_missing, Priority::p2) == kNow + 20min);
    bench.after(5min);
    look();
    CHECK(bench.says() ==
          Lines{"P3 EvidenceMissing: nothing learned for 6m, 5m allowed: bad_answer: repo1: cipher mismatch"});
    CHECK(silence(bench).findings.empty());
    CHECK(bench.sees({Fingerprint{"id", "1"}}).says().empty());
}

TEST_CASE("what was said of one subject is not taken back because the whole check fails") {
    Bench bench;
    const Failure broken{FailureKind::refused, "403"};
    bench.sees({Fingerprint{"id", "1"}}).after(6min).answers({{saw("other"), {"main", {}, {}, broken}}});
    const Lines said = bench.says(evidence_missing);
    REQUIRE(said.size() == 1);
    CHECK(bench.fails().says(evidence_missing) == said);
    CHECK(bench.after(1h).fails().says(evidence_missing).size() == 1);
    CHECK(silence(bench).findings.size() == 1);
    CHECK(bench.answers({{saw("other"), {"main", {}, {}, broken}}}).says(evidence_missing).size() == 1);
    CHECK(bench.sees({Fingerprint{"id", "1"}}).says().empty());
}

TEST_CASE("subjects that were not said to be missing when the whole check began to fail are said with it") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(4min).answers({{saw("other"), {"main", {}, {}, Failure{}}}});
    bench.after(1min - 1ms).fails().after(1h).fails();
    CHECK(bench.says(evidence_missing).empty());
    CHECK(silence(bench).findings.size() == 1);
    CHECK(bench.answers({{saw("other"), {"main", {}, {}, Failure{}}}}).says(evidence_missing).size() == 1);
}

TEST_CASE("a subject that was never learned counts from when it was first seen") {
    Bench bench;
    bench.sees_nothing_of_it({FailureKind::refused, "403"});
    CHECK(first_speaks(bench, evidence_missing) == kNow + 5min);
}

TEST_CASE("a subject that is left out of incomplete answers is missing, not gone") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(10min);
    bench.answers({.subjects = {saw("other")}, .complete = false});
    CHECK(bench.says() ==
          Lines{"P3 EvidenceMissing: nothing learned for 10m, 5m allowed: it is not in the check's answers"});
}

TEST_CASE("a subject missing from a complete answer has vanished, until it is there again") {
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}}).after(1h).answers({{saw("other")}}).after(10min).answers({{saw("other")}});
    CHECK(bench.says() == Lines{"P2 SubjectVanished: missing from complete answers for 10m, was first seen 1h10m ago"});
    CHECK(bench.fails().says(subject_vanished).size() == 1);
    CHECK(bench.sees({Fingerprint{"id", "1"}}).says().empty());
}

TEST_CASE("the backups of a subject that vanished go on ageing") {
    Bench bench;
    bench.sees({all({good(0h)})}).after(2h).answers({{saw("other")}});
    CHECK(bench.says(backup_too_old).size() == 1);
    CHECK_FALSE(newest_good_now(bench.seen()));
}

TEST_CASE("dates more than two minutes ahead are implausible") {
    CHECK(Bench{}.sees({all({named(good(1h), "a"), named(good(-2min), "b")})}).says().empty());
    CHECK(Bench{}.sees({all({named(good(1h), "a"), named(good(-2min - 1s), "b")})}).says() ==
          Lines{"P3 EvidenceImplausible: backup b is dated 2m1s ahead, 2m allowed"});
}

TEST_CASE("a date is as implausible as it lies ahead, in whatever order the steps stand") {
    const Step an_hour{.over = 3'600, .priority = Priority::p1};
    const Step minutes{.over = 300, .priority = Priority::p4};
    for (const auto& steps : {std::vector{an_hour, minutes}, std::vector{minutes, an_hour}}) {
        CHECK(Bench{}.policy(evidence_implausible, steps).sees({all({named(good(-30min), "a")})}).says() ==
              Lines{"P4 EvidenceImplausible: backup a is dated 30m ahead, 5m allowed"});
        CHECK(Bench{}.policy(evidence_implausible, steps).sees({all({named(good(-2h), "a")})}).says() ==
              Lines{"P1 EvidenceImplausible: backup a is dated 2h ahead, 5m allowed"});
    }
}

TEST_CASE("a wrong clock is said once, however many points it dated") {
    Bench bench;
    bench.sees({all({named(good(1min), "ok"), named(good(-1h), "a"), named(good(-2h), "b"), named(good(-3h), "c")})});
    CHECK(bench.says() == Lines{"P3 EvidenceImplausible: backup c is dated 3h ahead, 2m allowed; backup b is dated 2h "
                                "ahead, 2m allowed; 1 more"});
}

TEST_CASE("other contradictions are implausible as well") {
    RecoveryPoints fewer = all({good(1h), good(1min)});
    fewer.count = 1;
    CHECK(Bench{}.sees({fewer}).says() == Lines{"P3 EvidenceImplausible: 2 backups listed, 1 counted"});
    LogArchive archive{.oldest_at = kNow, .newest_at = kNow - 1h, .pending = Told::no};
    CHECK(Bench{}.sees({archive}).says(evidence_implausible) ==
          Lines{"P3 EvidenceImplausible: the oldest recoverable moment is 1h younger than the newest"});
    archive = {.newest_at = kNow + 1h};
    CHECK(Bench{}.sees({archive}).says() ==
          Lines{"P3 EvidenceImplausible: the newest recoverable moment is dated 1h ahead, 2m allowed"});
    const Exercise backwards{
        .id = "1", .exercise = "drill", .outcome = ExerciseOutcome::passed, .started_at = kNow, .ended_at = kNow - 1h};
    CHECK(Bench{}.sees({backwards}).says() == Lines{"P3 EvidenceImplausible: drill 1 ended before it began"});
}

TEST_CASE("of findings with one identity the worst speaks") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 3600, .priority = Priority::p3}, {.over = 36000, .priority = Priority::p1}});
    bench.sees({all({good(2h)}), all({good(kDay)}), all({good(3h)})});
    CHECK(bench.says() == Lines{"P1 BackupTooOld: newest good backup is 1d old, 10h allowed"});
}

} // namespace recoverd::core
