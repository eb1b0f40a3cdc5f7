// SPDX-License-Identifier: Apache-2.0
// Exercises, and what shows only over all checks of an asset.
#include "core/rules/exercises.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

namespace {

Exercise run(std::string name, ExerciseOutcome outcome, Time ended, Depth depth = Depth::restored) {
    return {.id = fmt::format("{}", ended.time_since_epoch().count()),
            .exercise = std::move(name),
            .outcome = outcome,
            .started_at = ended - 20min,
            .ended_at = ended,
            .depth = depth};
}
Exercise started(std::string name, Time at) { return {.id = "run", .exercise = std::move(name), .started_at = at}; }

/// An asset with one check that reports exercises, first seen at kNow.
struct AssetBench : Bench {
    std::vector<PlannedExercise> planned{};
    Time first_seen = kNow;

    AssetBench() { check.brings = {EvidenceKind::exercise}; }

    std::vector<Contributor> contributors() {
        std::vector<Contributor> contributors;
        for (const auto& [name, known] : memory.subjects)
            contributors.push_back({&check, name, &known, &memory});
        if (contributors.empty())
            contributors.push_back({&check, {}, nullptr, &memory});
        return contributors;
    }
    std::vector<Finding> found() const {
        Judgement out;
        for (const auto& [name, known] : memory.subjects)
            judge_subject({check, memory, name, known, asset.name, &asset, check.policy, {}, {}, now}, out);
        return out.findings;
    }
    Judgement judged_asset() {
        const auto all = contributors();
        const auto findings = found();
        Judgement out;
        judge_asset({asset, first_seen, all, planned, findings, now}, out);
        return out;
    }
    std::vector<std::string> exercises_due_by_name() {
        const auto all = contributors();
        std::vector<std::string> names;
        for (const ExerciseDue& due : exercises_due({asset, first_seen, all, planned, {}, now}))
            names.push_back(due.exercise);
        return names;
    }
    Lines asset_says() { return lines(judged_asset().findings); }
    Time asset_speaks(RuleId id) {
        for (int i = 0; i < 10; ++i) {
            const Judgement out = judged_asset();
            for (const Finding& finding : out.findings)
                if (finding.identity.rule == id)
                    return now;
            if (out.revisit == kNever)
                return kNever;
            now = out.revisit;
        }
        return Time{};
    }
};

AssetBench promised_weekly() {
    AssetBench bench;
    bench.asset.objectives.restore_test_every = 8 * kDay;
    return bench;
}

constexpr auto kPassed = ExerciseOutcome::passed;
constexpr auto kFailed = ExerciseOutcome::failed;

} // namespace

TEST_CASE("a restore test that failed is found with its message, until one passes") {
    AssetBench bench;
    Exercise failed = run("restore-test", kFailed, kNow - 1h);
    failed.message = "table orders is empty";
    bench.sees({run("restore-test", kPassed, kNow - 2h), failed});
    CHECK(bench.says() == Lines{"P2 RestoreTestFailed exercise=restore-test: restore-test failed 1h ago: table orders "
                                "is empty"});
    CHECK(bench.sees({run("restore-test", kPassed, kNow)}).says().empty());
}

TEST_CASE("other exercises that fail or are aborted are P3") {
    AssetBench bench;
    bench.sees({run("failover", kFailed, kNow - 1h), run("drill", ExerciseOutcome::aborted, kNow - 2h)});
    CHECK(bench.says() == Lines{"P3 ExerciseFailed exercise=drill: drill was aborted 2h ago",
                                "P3 ExerciseFailed exercise=failover: failover failed 1h ago"});
}

TEST_CASE("a run that failed and tells only its start has failed all the same") {
    AssetBench bench = promised_weekly();
    Exercise failed = run("restore-test", kFailed, kNow);
    failed.started_at = kNow - 1h;
    failed.ended_at.reset();
    bench.sees({failed});
    CHECK(bench.says() == Lines{"P2 RestoreTestFailed exercise=restore-test: restore-test failed 1h ago"});
    CHECK(bench.after(1h).sees({failed}).says() ==
          Lines{"P2 RestoreTestFailed exercise=restore-test: restore-test failed 2h ago"});
    CHECK(bench.sees({run("restore-test", kPassed, bench.now)}).says().empty());
}

TEST_CASE("a run that passed and tells only its start proves as of then, and not how long it took") {
    AssetBench bench = promised_weekly();
    Exercise passed = run("restore-test", kPassed, kNow);
    passed.started_at = kNow + 5 * kDay - 1h;
    passed.ended_at.reset();
    bench.after(5 * kDay).sees({passed});
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 15 * kDay - 1h);
    REQUIRE(bench.seen().exercises.size() == 1);
    CHECK_FALSE(length_of(bench.seen().exercises.front()));
}

TEST_CASE("a failed run that ended before a passed one is no matter, in whatever order they come") {
    AssetBench bench;
    bench.sees({run("restore-test", kPassed, kNow)}).sees({run("restore-test", kFailed, kNow - 1h)});
    CHECK(bench.says().empty());
}

TEST_CASE("a restore test is overdue a quarter after its interval, counted from first seen, on its second") {
    AssetBench bench = promised_weekly();
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 10 * kDay);
    CHECK(bench.asset_says() == Lines{"P2 RestoreTestOverdue: no restore test passed for 10d, one every 8d promised"});
    bench = promised_weekly();
    bench.asset.objectives.since = kNow - 365 * kDay;
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 10 * kDay);
    bench = promised_weekly();
    bench.asset.objectives.since = kNow + kDay;
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 11 * kDay);
}

TEST_CASE("a passed restore test puts the next one off, a shallow one does not") {
    AssetBench bench = promised_weekly();
    bench.after(5 * kDay).sees({run("restore-test", kPassed, bench.now)});
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 15 * kDay);
    bench = promised_weekly();
    bench.after(5 * kDay).sees({run("restore-test", kPassed, bench.now, Depth::checksummed)});
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 10 * kDay);
}

TEST_CASE("a restore test that failed is not also overdue") {
    AssetBench bench = promised_weekly();
    bench.sees({run("restore-test", kFailed, kNow)}).after(30 * kDay);
    CHECK(bench.asset_says().empty());
    CHECK(bench.says(restore_test_failed).size() == 1);
}

TEST_CASE("an exercise that failed and of which nobody tells is overdue all the same") {
    AssetBench bench = promised_weekly();
    bench.planned = {{"failover", "db", 8 * kDay, {}}};
    bench.check.policy[restore_test_failed].enabled = false;
    bench.sees({run("restore-test", kFailed, kNow), run("failover", kFailed, kNow)});
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 10 * kDay);
    CHECK(bench.asset_says() == Lines{"P2 RestoreTestOverdue: no restore test passed for 10d, one every 8d promised"});
    // That another kind of exercise fails and is told says nothing of this one, nor the other way round.
    bench.check.policy[restore_test_failed].enabled = true;
    bench.check.policy[exercise_failed].enabled = false;
    CHECK(bench.asset_says() ==
          Lines{"P3 ExerciseOverdue exercise=failover: no failover passed for 10d, one every 8d promised"});
}

TEST_CASE("the newest of several places' restore tests counts, whichever is asked first") {
    for (const bool failed_first : {false, true}) {
        AssetBench bench = promised_weekly();
        bench.subject = failed_first ? "a" : "b";
        bench.sees({run("restore-test", kFailed, kNow)});
        bench.subject = failed_first ? "b" : "a";
        bench.sees({run("restore-test", kPassed, kNow - 20 * kDay)});
        CHECK(bench.asset_says().empty());
    }
    for (const Duration first : {kDay, 3 * kDay}) {
        AssetBench bench = promised_weekly();
        bench.subject = "a";
        bench.sees({run("restore-test", kPassed, kNow - first)});
        bench.subject = "b";
        bench.sees({run("restore-test", kPassed, kNow - (4 * kDay - first))});
        CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 9 * kDay);
    }
}

TEST_CASE("a restore test that is planned as well is due once, and what has no cadence never") {
    AssetBench bench = promised_weekly();
    bench.planned = {{.name = "restore-test", .asset = "db", .cadence = kDay},
                     {.name = "failover", .asset = "db", .cadence = kDay},
                     {.name = "game-day", .asset = "db"}};
    CHECK(bench.exercises_due_by_name() == std::vector<std::string>{"restore-test", "failover"});
    const auto all = bench.contributors();
    CHECK(exercises_due({bench.asset, kNow, all, bench.planned, {}, kNow}).front() ==
          ExerciseDue{"restore-test", kNow + kDay});
}

TEST_CASE("a restore test that is promised and planned is overdue once, as the stricter of the two has it") {
    const std::string promised = "P2 RestoreTestOverdue: no restore test passed for 20d, one every 8d promised";
    const auto said = [](Duration cadence) {
        AssetBench bench = promised_weekly();
        bench.planned = {{"restore-test", "db", cadence, {}}};
        bench.after(20 * kDay);
        return bench.asset_says();
    };
    CHECK(said(16 * kDay) == Lines{promised});
    CHECK(said(8 * kDay) == Lines{promised});
    CHECK(said(4 * kDay) == Lines{"P2 RestoreTestOverdue exercise=restore-test: no restore test passed for 20d, one "
                                  "every 4d promised"});
}

TEST_CASE("a restore test that was planned and never ran is overdue though another keeps the promise") {
    AssetBench bench = promised_weekly();
    bench.planned = {{"restore-test", "db", 16 * kDay, {}}};
    bench.after(20 * kDay).sees({run("restore-all", kPassed, bench.now)});
    CHECK(bench.asset_says() ==
          Lines{"P2 RestoreTestOverdue exercise=restore-test: no restore test passed for 20d, one "
                "every 16d promised"});
}

TEST_CASE("an asset to which no restore test was promised is never overdue") {
    AssetBench bench;
    bench.after(1000 * kDay);
    CHECK(bench.asset_says().empty());
}

TEST_CASE("a planned exercise is overdue a quarter after its cadence, each under its own name") {
    AssetBench bench;
    bench.planned = {{"failover", "db", 4 * kDay, {}},
                     {"restore-all", "db", 8 * kDay, {}},
                     {"failover", "other", 1h, {}},
                     {"unplanned", "db", Duration{0}, {}}};
    bench.sees({run("failover", kPassed, kNow - 1h, Depth::exists)});
    CHECK(bench.asset_speaks(exercise_overdue) == kNow - 1h + 5 * kDay);
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 10 * kDay);
    CHECK(bench.asset_says() ==
          Lines{"P3 ExerciseOverdue exercise=failover: no failover passed for 10d1h, one every 4d promised",
                "P2 RestoreTestOverdue exercise=restore-all: no restore test passed for 10d, one every 8d promised"});
}

TEST_CASE("a planned exercise that failed is not also overdue") {
    AssetBench bench;
    bench.planned = {{"failover", "db", 4 * kDay, {}}};
    bench.sees({run("failover", kFailed, kNow)}).after(30 * kDay);
    CHECK(bench.asset_says().empty());
}

TEST_CASE("how late is too late can be chosen as a multiple") {
    AssetBench bench = promised_weekly();
    bench.asset.policy[restore_test_overdue].steps = {{.over = 2}};
    CHECK(bench.asset_speaks(restore_test_overdue) == kNow + 16 * kDay);
}

TEST_CASE("an exercise whose length nobody planned may take as long as it likes, unless the policy says") {
    AssetBench bench;
    bench.planned = {{"drill", "db", Duration{0}, {}}};
    bench.sees({started("drill", kNow)}).after(30 * kDay);
    CHECK(bench.asset_says().empty());
    bench.asset.policy[exercise_too_long].steps = {{.priority = Priority::p2}};
    CHECK(bench.asset_says().empty());
    bench.asset.policy[exercise_too_long].steps.push_back({.over = to_seconds(kDay)});
    CHECK(bench.asset_says() == Lines{"P3 ExerciseTooLong exercise=drill: drill has been running for 30d, 1d allowed"});
}

TEST_CASE("a run that began and never ended is stuck after its planned length") {
    AssetBench bench;
    bench.sees({started("drill", kNow)});
    bench.planned = {{"drill", "other", Duration{0}, 1h}, {"drill", "db", Duration{0}, 2h}};
    bench.now = kNow;
    CHECK(bench.asset_speaks(exercise_too_long) == kNow + 2h);
    CHECK(bench.asset_says() == Lines{"P3 ExerciseTooLong exercise=drill: drill has been running for 2h, 2h allowed"});
}

TEST_CASE("a run that took longer than planned is found until the next one") {
    AssetBench bench;
    bench.planned = {{"drill", "db", Duration{0}, 10min}};
    bench.sees({run("drill", kPassed, kNow)});
    CHECK(bench.asset_says() == Lines{"P3 ExerciseTooLong exercise=drill: last drill took 20m, 10m allowed"});
    Exercise quick = run("drill", kPassed, kNow + 1min);
    quick.started_at = kNow;
    bench.after(1min).sees({quick});
    CHECK(bench.asset_says().empty());
}

TEST_CASE("several stuck runs of one exercise are one finding") {
    AssetBench bench;
    bench.planned = {{"drill", "db", Duration{0}, kDay}};
    Exercise second = started("drill", kNow - 25h);
    second.id = "second";
    bench.sees({started("drill", kNow - 30h), second});
    CHECK(bench.asset_says().size() == 1);
}

TEST_CASE("an end supersedes the runs before it that never ended") {
    AssetBench bench;
    bench.planned = {{"drill", "db", Duration{0}, kDay}};
    bench.sees({started("drill", kNow - 30h)}).sees({run("drill", kPassed, kNow)});
    CHECK(bench.asset_says().empty());
    CHECK(bench.seen().exercises.size() == 1);
}

TEST_CASE("a promise that no check can judge is found once the asset had time to be seen") {
    AssetBench bench;
    bench.asset.objectives = {
        .backup_every = 1h, .rpo = 1h, .retention = kDay, .pitr_window = kDay, .encryption = true};
    CHECK(bench.asset_speaks(asset_uncovered) == kNow + 5min);
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: backup_every, rpo, "
                                      "retention, pitr_window, encryption"});
    bench.check.brings = {EvidenceKind::recovery_points};
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: pitr_window"});
    bench.check.brings = {EvidenceKind::log_archive};
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: backup_every, "
                                      "retention, encryption"});
}

TEST_CASE("a promise that agents of the other scope can judge is theirs") {
    AssetBench bench;
    bench.asset.objectives = {
        .backup_every = 1h, .rpo = 1h, .retention = kDay, .pitr_window = kDay, .encryption = true};
    bench.after(5min);
    bench.asset.elsewhere = {EvidenceKind::recovery_points};
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: pitr_window"});
    bench.asset.elsewhere = {EvidenceKind::log_archive};
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: backup_every, "
                                      "retention, encryption"});
    bench.asset.elsewhere = {EvidenceKind::recovery_points, EvidenceKind::log_archive};
    CHECK(bench.asset_says().empty());
}

TEST_CASE("a server that only archives cannot judge how far back one can go, a repository can") {
    AssetBench bench;
    bench.check.brings = {EvidenceKind::log_archive};
    bench.asset.objectives = {.rpo = 1h, .pitr_window = kDay};
    bench.after(1h);
    CHECK(bench.asset_says().empty());
    bench.sees_nothing_of_it({FailureKind::timed_out, "no answer in 30s"});
    CHECK(bench.asset_says().empty());
    bench.sees({LogArchive{.enabled = Told::yes, .newest_at = kNow}});
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: pitr_window"});
    for (const LogArchive& archive :
         {LogArchive{.enabled = Told::no}, LogArchive{.oldest_at = kNow - kDay}, LogArchive{.from_repository = true}}) {
        bench.sees({archive});
        CHECK(bench.asset_says().empty());
    }
}

TEST_CASE("a check that saw a whole asset and no log of it covers no window") {
    AssetBench bench;
    bench.check.brings = {EvidenceKind::recovery_points, EvidenceKind::log_archive};
    bench.asset.objectives.pitr_window = kDay;
    bench.sees({all({good(1h)})}).after(1h);
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: pitr_window"});
}

TEST_CASE("a check that saw backups and not how far back they go covers no retention") {
    AssetBench bench;
    bench.check.brings = {EvidenceKind::recovery_points};
    bench.asset.objectives.retention = kDay;
    bench.after(1h);
    CHECK(bench.asset_says().empty());
    RecoveryPoints made = all({good(1h)});
    made.oldest_at.reset();
    bench.sees({made});
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: retention"});
    // That there is none is told, and said by another rule.
    made.points.at(0).state = PointState::bad;
    bench.sees({made});
    CHECK(bench.asset_says().empty());
    bench.sees({all({good(1h)})});
    CHECK(bench.asset_says().empty());
}

TEST_CASE("a job that only reports its backups never covers how long they are kept") {
    AssetBench bench;
    bench.check.every = 0s;
    bench.check.brings = {EvidenceKind::exercise, EvidenceKind::recovery_points};
    bench.asset.objectives = {.backup_every = 1h, .retention = 30 * kDay};
    CHECK(bench.asset_speaks(asset_uncovered) == kNow + 5min);
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: retention"});
    // What a former release kept of it tells, and does not know.
    bench.sees({all({good(365 * kDay), good(1h)})});
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: retention"});
}

TEST_CASE(
    "a check that only waits to be told covers a promise until the first backup is due, then by what it was told") {
    AssetBench bench;
    bench.check.every = 0s;
    bench.check.brings = {EvidenceKind::exercise, EvidenceKind::recovery_points};
    bench.asset.objectives.backup_every = 1h;
    CHECK(bench.asset_speaks(asset_uncovered) == kNow + kDay);
    bench.sees({RecoveryPoints{"pg_dump", {RecoveryPoint{.id = "1", .data_at = kNow, .ended_at = kNow}}, 1}});
    CHECK(bench.asset_says().empty());
}

TEST_CASE("a restore test that reported itself covers no backups") {
    AssetBench bench;
    bench.check.every = 0s;
    bench.check.brings = {EvidenceKind::exercise, EvidenceKind::recovery_points};
    bench.asset.objectives.backup_every = 1h;
    bench.sees({run("restore-test", ExerciseOutcome::passed, kNow)}).after(5min);
    CHECK(bench.asset_says() == Lines{"P3 AssetUncovered: promised, and no check can judge it: backup_every"});
}

TEST_CASE("an asset without promises is covered by nothing and misses nothing") {
    AssetBench bench;
    bench.after(kDay);
    CHECK(bench.asset_says().empty());
    bench.asset.objectives.encryption = false;
    CHECK(bench.asset_says().empty());
}

TEST_CASE("the length of a run is known only when both its ends are") {
    CHECK(length_of(run("drill", kPassed, kNow)) == 20min);
    CHECK_FALSE(length_of(started("drill", kNow)));
    Exercise odd = run("drill", kPassed, kNow);
    odd.started_at = kNow + 1h;
    CHECK_FALSE(length_of(odd));
    odd.started_at.reset();
    CHECK_FALSE(length_of(odd));
}

} // namespace recoverd::core
