// SPDX-License-Identifier: Apache-2.0
#include "core/verdict.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <deque>

namespace recoverd::core {

namespace {

/// An asset with as many checks as it needs. `proven` is what most cases want: a restore test that passed.
struct Situation {
    Asset asset{.name = "db"};
    std::deque<Bench> checks;
    std::vector<Finding> findings{};
    std::vector<PlannedExercise> planned{};
    std::vector<std::string> unready{};
    Time now = kNow;
    Time revisit = kNever;

    Bench& check(std::string name, EvidenceKind brings) {
        Bench& made = checks.emplace_back();
        made.check.name = std::move(name);
        made.check.brings = {brings};
        made.now = now;
        return made;
    }
    Situation& backups(std::string name, RecoveryPoints points) {
        check(std::move(name), EvidenceKind::recovery_points).sees({std::move(points)});
        return *this;
    }
    Situation& log(LogArchive archive) {
        check("wal", EvidenceKind::log_archive).sees({std::move(archive)});
        return *this;
    }
    Situation& proven(Duration took = 20min, Time at = kNow - 1h) {
        check("tests", EvidenceKind::exercise)
            .sees({Exercise{.id = "1",
                            .exercise = "restore-test",
                            .outcome = ExerciseOutcome::passed,
                            .started_at = at - took,
                            .ended_at = at,
                            .depth = Depth::queried}});
        return *this;
    }
    /// A restore test that passed now; `told`: when it began, and what it measured.
    Situation& tested(Exercise told) {
        told.exercise = "restore-test";
        told.outcome = ExerciseOutcome::passed;
        told.ended_at = kNow;
        told.depth = Depth::restored;
        check("tests", EvidenceKind::exercise).sees({std::move(told)});
        return *this;
    }
    Situation& finds(RuleId id, std::string reason, std::string in = "repo1", Priority priority = Priority::p2) {
        findings.push_back({.identity = {.rule = id, .asset = "db", .check = std::move(in)},
                            .priority = priority,
                            .reason = std::move(reason),
                            .raw_priority = priority});
        return *this;
    }
    Verdict verdict() {
        std::vector<Contributor> contributors;
        for (const Bench& bench : checks) {
            for (const auto& [name, seen] : bench.memory.subjects)
                contributors.push_back({&bench.check, name, &seen, &bench.memory});
            if (bench.memory.subjects.empty())
                contributors.push_back({&bench.check, {}, nullptr, &bench.memory});
        }
        revisit = kNever;
        return judge_verdict({asset, kNow, contributors, planned, findings, now, unready}, revisit);
    }
    /// "at_risk", then the reasons.
    Lines says() {
        const Verdict judged = verdict();
        Lines said{std::string(name_of(judged.state))};
        said.insert(said.end(), judged.reasons.begin(), judged.reasons.end());
        return said;
    }
};

LogArchive log_up_to(Time newest) {
    return {.enabled = Told::yes, .oldest_at = kNow - kDay, .newest_at = newest, .pending = Told::no};
}

} // namespace

TEST_CASE("an asset is recoverable when everything promised is seen, fresh and proven") {
    Situation all_well;
    all_well.asset.objectives = {.rpo = 1h, .rto = 1h, .retention = 7 * kDay};
    all_well.backups("repo1", all({good(30min)})).proven();
    const Verdict judged = all_well.verdict();
    CHECK(all_well.says() == Lines{"recoverable"});
    CHECK(judged.recoverable_until == kNow - 30min);
    CHECK(judged.proven_rto == 20min);
    CHECK(judged.proven_depth == Depth::queried);
    CHECK(judged.proven_at == kNow - 1h);
}

TEST_CASE("an asset that nothing looks at is unknown, not recoverable") {
    CHECK(Situation{}.proven().says() == Lines{"unknown",
                                               "no check looks at its recovery points: add one that does, or "
                                               "say backups = false where there are none on purpose"});
}

TEST_CASE("an asset that is not backed up on purpose is recoverable as long as somebody sees it") {
    Situation shop;
    shop.asset.objectives.backups = false;
    CHECK(shop.says() == Lines{"unknown", "no check looks at it: add one that does"});
    shop.check("page", EvidenceKind::reachability);
    CHECK(shop.says() == Lines{"unknown", "page: nothing learned yet"});
    shop.checks.at(0).sees({Reachability{.state = ReachState::up}});
    CHECK(shop.says() == Lines{"recoverable"});

    SECTION("what was told once by others says nothing of today") {
        shop.checks.at(0).check.every = Duration{0};
        CHECK(shop.says() == Lines{"unknown", "no check looks at it: add one that does"});
    }
    SECTION("it is unknown when all that looked is silent") {
        CHECK(shop.revisit < kNow + kDay);
        shop.now = kNow + kDay;
        const Verdict judged = shop.verdict();
        CHECK(judged.state == VerdictState::unknown);
        CHECK(judged.reasons.at(0).starts_with("page/main: nothing learned for "));
    }
    SECTION("one of two that is silent is a risk") {
        shop.check("order", EvidenceKind::reachability);
        CHECK(shop.says() == Lines{"at_risk", "order: nothing learned yet"});
    }
    SECTION("what is found of it counts as for others") {
        shop.finds(RuleId::exercise_overdue, "no pod-kill passed for 40d, one every 30d promised", "chaos");
        CHECK(shop.verdict().state == VerdictState::at_risk);
    }
}

TEST_CASE("an experiment that is over and was deleted is no source that fell silent") {
    Situation shop;
    shop.asset.objectives.backups = false;
    Bench& page = shop.check("page", EvidenceKind::reachability).sees({Reachability{.state = ReachState::up}});
    Bench& chaos = shop.check("chaos", EvidenceKind::exercise);
    const Exercise kill{
        .id = "1", .exercise = "pod-kill", .outcome = ExerciseOutcome::passed, .started_at = kNow, .ended_at = kNow};
    chaos.answers({{SubjectReport{.subject = "podchaos/kill-1", .evidence = {kill}, .passing = true}}});
    CHECK(shop.says() == Lines{"recoverable"});
    shop.now += kDay;
    page.after(kDay).sees({Reachability{.state = ReachState::up}});
    chaos.after(kDay).answers({});
    REQUIRE(chaos.memory.subjects.size() == 1);
    CHECK(shop.says() == Lines{"recoverable"});
    shop.now += kDay;
    page.after(kDay).sees({Reachability{.state = ReachState::up}});
    chaos.after(kDay).answers({});
    CHECK(shop.says() == Lines{"recoverable"});
    shop.checks.pop_front();
    CHECK(shop.says() == Lines{"unknown", "no check looks at it: add one that does"});
}

TEST_CASE("an asset without a usable backup is unrecoverable") {
    CHECK(Situation{}.backups("repo1", all({})).proven().says() ==
          Lines{"unrecoverable", "repo1/main: no usable backup"});
    CHECK(Situation{}.backups("repo1", all({in_state(good(1h), PointState::incomplete)})).proven().says() ==
          Lines{"unrecoverable", "repo1/main: no usable backup"});
}

TEST_CASE("while the first backup that reports itself runs, nobody knows whether there is an older one") {
    Situation first;
    first.asset.objectives.since = kNow - 365 * kDay;
    Bench& job = first.check("dump", EvidenceKind::recovery_points);
    job.check.every = Duration{0};
    job.sees({RecoveryPoints{.method = "reported", .jobs = {{.state = JobState::running, .started_at = kNow}}}});
    first.proven();
    CHECK(first.says() == Lines{"unknown", "dump/main: no backup was reported yet"});
    CHECK(first.revisit == kNow + kDay);
    first.now = kNow + kDay;
    CHECK(first.says() == Lines{"unrecoverable", "dump/main: no usable backup"});
    job.sees({all({good(-1min)})});
    CHECK(first.says() == Lines{"recoverable"});
}

TEST_CASE("a newest backup that is proven bad makes it unrecoverable, though older ones are there") {
    Situation bad;
    bad.backups("repo1", all({good(2h), in_state(named(good(1h), "b2"), PointState::bad)})).proven();
    CHECK(bad.says() == Lines{"unrecoverable", "repo1/main: newest backup b2 is bad"});
    CHECK(bad.verdict().recoverable_until == kNow - 2h);
}

TEST_CASE("a newest backup beyond its retention is none, on its second") {
    Situation old;
    old.asset.objectives.retention = kDay;
    old.backups("repo1", all({good(1h)})).proven();
    old.now = kNow + 1min;
    CHECK(old.verdict().state == VerdictState::recoverable);
    old.checks.at(0).check.every = 365 * kDay;
    old.checks.at(0).policy(RuleId::evidence_missing, {{.over = 1e9}});
    CHECK(old.verdict().state == VerdictState::recoverable);
    CHECK(old.revisit == kNow + 23h);
    old.now = old.revisit;
    CHECK(old.says() == Lines{"unrecoverable", "repo1/main: newest backup is 1d old, beyond its retention"});
}

TEST_CASE("a backup that its keeper was to remove by now is none") {
    RecoveryPoint point = good(1h);
    point.kept_until = kNow;
    CHECK(Situation{}.backups("repo1", all({point})).proven().verdict().state == VerdictState::unrecoverable);
    point.kept_until = kNow + 1min;
    Situation soon;
    CHECK(soon.backups("repo1", all({point})).proven().verdict().state == VerdictState::recoverable);
    CHECK(soon.revisit == kNow + 1min);
}

TEST_CASE("what nobody could look at lately is unknown, on its second") {
    Situation silent;
    silent.backups("repo1", all({good(1min)})).proven();
    silent.checks.at(0).fails();
    CHECK(silent.verdict().state == VerdictState::recoverable);
    CHECK(silent.revisit == kNow + 5min);
    silent.now = kNow + 5min;
    CHECK(silent.says() == Lines{"unknown", "repo1/main: nothing learned for 5m"});
    CHECK(silent.verdict().recoverable_until == kNow - 1min);
}

TEST_CASE("what was listed is seen, though the rest of its subject could not be learned") {
    Situation half;
    half.backups("repo1", all({good(1min)})).proven();
    half.now = half.checks.at(0).now = kNow + kDay;
    half.checks.at(0).answers(
        {{{"main", {}, {all({good(1min, {}, half.now)})}, Failure{FailureKind::refused, "403"}}}});
    CHECK(half.says() == Lines{"recoverable"});
    CHECK(half.verdict().recoverable_until == half.now - 1min);
    // That something of it is missing is told as such.
    half.finds(RuleId::evidence_missing, "nothing learned for 1d");
    CHECK(half.says() == Lines{"at_risk", "repo1: nothing learned for 1d"});
}

TEST_CASE("a check that has learned nothing yet leaves it unknown") {
    Situation young;
    young.check("repo1", EvidenceKind::recovery_points).fails();
    CHECK(young.proven().says() == Lines{"unknown", "repo1: nothing learned yet"});
    young.checks.at(0).sees_nothing_of_it({FailureKind::refused, "403"});
    CHECK(young.says() == Lines{"unknown", "repo1/main: nothing learned yet"});
}

TEST_CASE("backups that vanished from complete answers are gone") {
    Situation gone;
    gone.backups("repo1", all({good(1min)})).proven();
    gone.checks.at(0).answers({});
    CHECK(gone.says() == Lines{"unrecoverable", "repo1/main: missing from complete answers"});
    CHECK_FALSE(gone.verdict().recoverable_until);
}

TEST_CASE("the best of several repositories decides, and what the others lost is said") {
    Situation two;
    two.backups("repo1", all({in_state(named(good(1min), "b"), PointState::bad)}))
        .backups("repo2", all({good(1h)}))
        .backups("repo3", all({good(30min)}))
        .proven();
    CHECK(two.says() == Lines{"at_risk", "repo1/main: newest backup b is bad"});
    CHECK(two.verdict().recoverable_until == kNow - 30min);
}

TEST_CASE("one empty repository and one that could not be seen is unknown: the other may hold it") {
    Situation half;
    half.backups("repo1", all({}));
    half.check("repo2", EvidenceKind::recovery_points).fails();
    CHECK(half.proven().says() == Lines{"unknown", "repo1/main: no usable backup", "repo2: nothing learned yet"});
}

TEST_CASE("a log carries a good backup up to its newest moment") {
    Situation carried;
    carried.asset.objectives.rpo = 5min;
    carried.backups("repo1", all({good(10h)})).log(log_up_to(kNow - 1min)).proven();
    CHECK(carried.says() == Lines{"recoverable"});
    CHECK(carried.verdict().recoverable_until == kNow - 1min);
}

TEST_CASE("a log without a backup to start from, with a hole, switched off or from the future carries nothing") {
    Situation logs;
    LogArchive archive = log_up_to(kNow - 1min);
    RecoveryPoints points = all({good(10h)});
    SECTION("no backup") { points = all({}); }
    SECTION("its backup is younger") { points = all({good(0h)}); }
    SECTION("a hole") { archive.gaps = {{"a", "b", 1}}; }
    SECTION("switched off") { archive.enabled = Told::no; }
    SECTION("from the future") { archive.newest_at = kNow + 1h; }
    SECTION("nothing told") { archive.newest_at.reset(); }
    SECTION("the repository does not hold what the server archived") {
        logs.finds(RuleId::wal_archive_gap, "x", "wal");
        logs.findings.at(0).identity.subject = "main";
    }
    logs.backups("repo1", points).log(archive).proven();
    CHECK(logs.verdict().recoverable_until != kNow - 1min);
    CHECK(logs.verdict().recoverable_until.value_or(kNow) <= kNow);
}

TEST_CASE("a log with a hole carries from a backup behind it on") {
    Situation logs;
    LogArchive archive = log_up_to(kNow - 1min);
    archive.gaps = {{"a", "b", 1}};
    archive.whole_since = kNow - 10h;
    logs.backups("repo1", all({good(10h)})).log(archive).proven();
    CHECK(logs.verdict().recoverable_until == kNow - 1min);
}

TEST_CASE("what a server says it archived carries no further than a hole that every repository of it has") {
    const RecoveryPoints backups = all({good(10h)});
    LogArchive written = log_up_to(kNow - 1min);
    written.system_id = "7";
    LogArchive held{.newest_at = kNow - 9h, .gaps = {{"a", "b", 1}}, .from_repository = true, .system_id = "7"};
    Situation holed;
    holed.check("repo1", EvidenceKind::recovery_points).sees({backups, held});
    holed.log(written).proven();
    CHECK(holed.verdict().recoverable_until == kNow - 9h);
    SECTION("where it does not tell how far it reaches, the backup is all there is") {
        held.newest_at.reset();
        holed.checks.at(0).sees({backups, held});
        CHECK(holed.verdict().recoverable_until == kNow - 10h);
    }
    SECTION("one that is whole has it all") {
        held.gaps.clear();
        holed.check("repo2", EvidenceKind::log_archive).sees({held});
        CHECK(holed.verdict().recoverable_until == kNow - 1min);
    }
    SECTION("the archive of another database says nothing of it") {
        held.system_id = "8";
        holed.checks.at(0).sees({backups, held});
        CHECK(holed.verdict().recoverable_until == kNow - 1min);
    }
}

TEST_CASE("a repository's own log needs a backup in that repository") {
    Situation both;
    both.check("repo1", EvidenceKind::recovery_points).sees({all({}), log_up_to(kNow - 1min)});
    both.backups("repo2", all({good(10h)})).proven();
    CHECK(both.verdict().recoverable_until == kNow - 10h);
}

TEST_CASE("a loss beyond the RPO puts it at risk, on its second") {
    Situation late;
    late.asset.objectives.rpo = 1h;
    late.backups("repo1", all({good(59min)})).proven();
    CHECK(late.verdict().state == VerdictState::recoverable);
    CHECK(late.revisit == kNow + 1min);
    late.now = late.revisit;
    CHECK(late.says() == Lines{"at_risk", "1h would be lost, an RPO of 1h is promised"});
}

TEST_CASE("where the log that would decide the loss could not be seen, it is unknown") {
    Situation blind;
    blind.asset.objectives.rpo = 1h;
    blind.now = kNow - 2h;
    blind.log(log_up_to(kNow - 2h));
    blind.now = kNow;
    CHECK(blind.backups("repo1", all({good(10h)})).proven().says() ==
          Lines{"unknown", "2h would be lost, an RPO of 1h is promised, unless wal/main goes on, which could not be "
                           "seen"});
}

TEST_CASE("a source that did not change since its backup loses nothing") {
    Situation unchanged;
    unchanged.asset.objectives.rpo = 1h;
    RecoveryPoints points = all({good(30 * kDay)});
    points.source_changed_at = kNow - 31 * kDay;
    CHECK(unchanged.backups("repo1", points).proven().says() == Lines{"recoverable"});
    points.source_changed_at = kNow - 29 * kDay;
    unchanged.checks.at(0).sees({points});
    CHECK(unchanged.verdict().state == VerdictState::at_risk);
}

TEST_CASE("of a source that did not change since its backup that one is not beyond the retention") {
    Situation unchanged;
    unchanged.asset.objectives.retention = 90 * kDay;
    RecoveryPoints points = all({good(100 * kDay)});
    points.source_changed_at = points.points.back().data_at;
    CHECK(unchanged.backups("repo1", points).proven().says() == Lines{"recoverable"});
    points.source_changed_at = kNow - 1h;
    unchanged.checks.at(0).sees({points});
    CHECK(unchanged.verdict().state == VerdictState::unrecoverable);
}

TEST_CASE("without a proof at depth restored it is at risk") {
    Situation unproven;
    unproven.backups("repo1", all({good(1min)}));
    CHECK(unproven.says() == Lines{"at_risk", "no restore has proven it yet: test one, and report it by `recoverd "
                                              "outcome` with --depth restored or deeper"});
    RecoveryPoint point = good(1min);
    point.depth = Depth::checksummed;
    unproven.checks.at(0).sees({all({point})});
    CHECK(unproven.verdict().state == VerdictState::at_risk);
    point.depth = Depth::restored;
    unproven.checks.at(0).sees({all({point})});
    CHECK(unproven.says() == Lines{"recoverable"});
    CHECK(unproven.verdict().proven_at == kNow - 1min);
}

TEST_CASE("the newest proof counts, of a test or of a point") {
    Situation both;
    RecoveryPoint point = good(2h);
    point.depth = Depth::restored;
    both.backups("repo1", all({point})).proven();
    CHECK(both.verdict().proven_depth == Depth::queried);
    point = good(1min);
    point.depth = Depth::restored;
    both.checks.at(0).sees({all({point})});
    CHECK(both.verdict().proven_depth == Depth::restored);
}

TEST_CASE("a proof that took longer than the RTO, or does not tell, puts it at risk") {
    Situation slow;
    slow.asset.objectives.rto = 20min;
    CHECK(slow.backups("repo1", all({good(1min)})).proven().says() == Lines{"recoverable"});
    slow.asset.objectives.rto = 20min - 1ms;
    CHECK(slow.says() == Lines{"at_risk", "the last proof took 20m, an RTO of 19m is promised"});
    Situation untold;
    untold.asset.objectives.rto = 1h;
    untold.backups("repo1", all({good(1min)})).tested({});
    CHECK(untold.says() == Lines{"at_risk", "no proof told how long it took, an RTO of 1h is promised: report its "
                                            "start, or its --rto"});
}

TEST_CASE("what a proof measured counts before how long it ran") {
    Situation measured;
    measured.backups("repo1", all({good(1min)})).tested({.started_at = kNow - 1h, .rto = 7min});
    CHECK(measured.verdict().proven_rto == 7min);
}

TEST_CASE("a failover that was quick hides no restore that was slow, and proves something where nobody restored") {
    const auto fail_over = [](Situation& of) {
        of.check("failovers", EvidenceKind::exercise)
            .sees({Exercise{.id = "2",
                            .exercise = "failover-test",
                            .outcome = ExerciseOutcome::passed,
                            .started_at = kNow - 20s,
                            .ended_at = kNow,
                            .depth = Depth::restored,
                            .rpo = Duration{0}}});
    };
    Situation both;
    both.asset.objectives.rto = 15min;
    both.backups("repo1", all({good(1min)})).proven(20min, kNow - 1h);
    fail_over(both);
    CHECK(both.says() == Lines{"at_risk", "the last proof took 20m, an RTO of 15m is promised"});
    CHECK(both.verdict().proven_at == kNow - 1h);
    CHECK_FALSE(both.verdict().proven_rpo);
    Situation alone;
    alone.asset.objectives.rto = 15min;
    alone.backups("repo1", all({good(1min)}));
    fail_over(alone);
    CHECK(alone.says() == Lines{"recoverable"});
    CHECK(alone.verdict().proven_rto == 20s);
}

TEST_CASE("a proof that lost more than the RPO puts it at risk") {
    const auto lost = [](std::optional<Duration> rpo) {
        Situation lossy;
        lossy.asset.objectives.rpo = 1h;
        return lossy.backups("repo1", all({good(1min)})).tested({.started_at = kNow - 1h, .rpo = rpo}).says();
    };
    CHECK(lost({}) == Lines{"recoverable"});
    CHECK(lost(1h) == Lines{"recoverable"});
    CHECK(lost(5h) == Lines{"at_risk", "the last proof lost 5h, an RPO of 1h is promised"});
}

TEST_CASE("an overdue proof puts it at risk by itself, on its second") {
    Situation overdue;
    overdue.asset.objectives.restore_test_every = 4min;
    overdue.backups("repo1", all({good(1min)})).proven(20min, kNow - 1min);
    CHECK(overdue.verdict().state == VerdictState::recoverable);
    CHECK(overdue.revisit == kNow + 4min);
    overdue.now = overdue.revisit;
    CHECK(overdue.says() == Lines{"at_risk", "no restore test passed for 5m, one every 4m promised"});
}

TEST_CASE("restore tests that fail and of which nobody wants to hear put it at risk once a good one is overdue") {
    Situation failing;
    failing.asset.objectives.restore_test_every = 4min;
    failing.backups("repo1", all({good(1min)})).proven(20min, kNow - 1min);
    failing.checks.back().sees({Exercise{.id = "2",
                                         .exercise = "restore-test",
                                         .outcome = ExerciseOutcome::failed,
                                         .started_at = kNow - 30s,
                                         .ended_at = kNow,
                                         .depth = Depth::queried}});
    failing.now = kNow + 4min;
    CHECK(failing.says() == Lines{"at_risk", "no restore test passed for 5m, one every 4m promised"});
    // Told as what it is, it puts it at risk by that.
    failing.finds(RuleId::restore_test_failed, "restore-test failed 4m ago", "tests");
    failing.findings.back().identity.exercise = "restore-test";
    CHECK(failing.says() == Lines{"at_risk", "tests: restore-test failed 4m ago"});
}

TEST_CASE("a proof of which nobody promised the next expires after a year, on its second") {
    for (const bool of_a_point : {true, false}) {
        CAPTURE(of_a_point);
        Situation old;
        RecoveryPoint point = good(1min);
        if (of_a_point)
            point.depth = Depth::restored;
        old.backups("repo1", all({point}));
        if (!of_a_point)
            old.proven(20min, kNow - 1min);
        old.checks.at(0).check.every = 400 * kDay;
        old.checks.at(0).policy(RuleId::evidence_missing, {{.over = 1e9}});
        old.now = kNow - 1min + 365 * kDay - 1s;
        CHECK(old.says() == Lines{"recoverable"});
        CHECK(old.revisit == old.now + 1s);
        old.now = old.revisit;
        CHECK(old.says() == Lines{"at_risk",
                                  "the last proof is 365d old, it counts for 365d: test a restore again, and "
                                  "promise how often (`restore_test_every`)"});
        // Then it is overdue by what was promised, or not yet.
        old.planned = {{.name = "restore-test", .asset = "db", .cadence = 400 * kDay}};
        CHECK(old.says() == Lines{"recoverable"});
        old.asset.policy[RuleId::restore_test_overdue].enabled = false;
        CHECK(old.says() == Lines{"at_risk", "the last proof is 365d old, it counts for 365d: test a restore again"});
        old.planned = {{.name = "game-day", .asset = "db", .cadence = 400 * kDay}};
        CHECK(old.verdict().state == VerdictState::at_risk);
    }
}

TEST_CASE("an outage of a scenario of its own puts it at risk, and so does one that it could not be recovered from") {
    Situation broken;
    broken.backups("repo1", all({good(1min)})).proven();
    broken.finds(RuleId::scenario_active, "1 of 1 down", "", Priority::p1);
    broken.findings.at(0).identity.scenario = "db-primary";
    CHECK(broken.says() == Lines{"at_risk", "scenario db-primary: 1 of 1 down"});
    broken.finds(RuleId::rto_exceeded, "has lasted 6m", "", Priority::p2);
    broken.findings.at(1).identity.scenario = "az";
    broken.findings.at(1).identity.subject = "eu-1a";
    broken.unready = {"scenario region: no usable recovery point is known in region us"};
    CHECK(broken.says() == Lines{"at_risk", "scenario region: no usable recovery point is known in region us",
                                 "scenario db-primary: 1 of 1 down", "scenario az (eu-1a): has lasted 6m"});
}

TEST_CASE("findings about promises put it at risk, worst first; others do not") {
    Situation found;
    found.backups("repo1", all({good(1min)})).proven();
    found.finds(RuleId::backup_failed, "x").finds(RuleId::endpoint_down, "x").finds(RuleId::backup_stuck, "x");
    CHECK(found.says() == Lines{"recoverable"});
    found.finds(RuleId::backup_retention_short, "3d kept", "repo1", Priority::p3)
        .finds(RuleId::restore_test_failed, "it failed", "tests", Priority::p2)
        .finds(RuleId::asset_uncovered, "pitr_window", "", Priority::p3);
    CHECK(found.says() == Lines{"at_risk", "tests: it failed", "repo1: 3d kept", "pitr_window"});
}

TEST_CASE("a lowered finding still puts it at risk") {
    Situation lowered;
    lowered.backups("repo1", all({good(1min)})).proven();
    lowered.finds(RuleId::backup_too_old, "2h old");
    lowered.findings.at(0).priority = Priority::p4;
    CHECK(lowered.says() == Lines{"at_risk", "repo1: 2h old"});
}

TEST_CASE("the silence of a repository is said once") {
    Situation silent;
    silent.backups("repo1", all({good(1min)})).proven();
    silent.now = kNow + 5min;
    silent.finds(RuleId::evidence_missing, "nothing learned", "repo1").finds(RuleId::evidence_missing, "silent", "wal");
    CHECK(silent.says() == Lines{"unknown", "repo1/main: nothing learned for 5m", "wal: silent"});
}

TEST_CASE("reasons stand in order, the worst first") {
    Situation all_bad;
    all_bad.asset.objectives = {.rpo = 1min, .rto = 1min};
    all_bad.backups("repo1", all({in_state(named(good(1h), "b"), PointState::bad)})).proven();
    all_bad.finds(RuleId::assertion_failed, "not locked");
    CHECK(all_bad.says() == Lines{"unrecoverable", "repo1/main: newest backup b is bad",
                                  "the last proof took 20m, an RTO of 1m is promised", "repo1: not locked"});
}

TEST_CASE("what agents of the other scope see of an asset is not missed here, and is named") {
    Situation part;
    part.asset.objectives = {.backup_every = 1h, .rto = 1h};
    SECTION("they are told of its proofs") {
        part.asset.elsewhere = {EvidenceKind::exercise};
        part.backups("repo1", all({good(1min)}));
        CHECK(part.says() == Lines{"recoverable", "agents of the other scope judge its proofs"});
        part.now += 366 * kDay;
        CHECK(part.verdict().reasons.back() == "agents of the other scope judge its proofs");
    }
    SECTION("they see its backups") {
        part.asset.elsewhere = {EvidenceKind::recovery_points, EvidenceKind::log_archive};
        part.check("port", EvidenceKind::reachability);
        CHECK(part.says() == Lines{"at_risk",
                                   "no restore has proven it yet: test one, and report it by `recoverd outcome` with "
                                   "--depth restored or deeper",
                                   "agents of the other scope see backups of it"});
        CHECK(part.proven().says() == Lines{"recoverable", "agents of the other scope see backups of it"});
    }
    SECTION("they see and are told all that counts") {
        part.asset.elsewhere = {EvidenceKind::recovery_points, EvidenceKind::exercise};
        CHECK(part.says() == Lines{"recoverable", "agents of the other scope see backups of it, and judge its proofs"});
    }
}

TEST_CASE("who is only told waits for no backups that agents of the other scope see") {
    Situation part;
    part.check("outcomes", EvidenceKind::recovery_points).check.every = Duration{0};
    part.proven();
    CHECK(part.says() == Lines{"unknown", "outcomes: nothing learned yet"});
    part.asset.elsewhere = {EvidenceKind::recovery_points};
    CHECK(part.says() == Lines{"recoverable", "agents of the other scope see backups of it"});
    part.check("repo1", EvidenceKind::recovery_points);
    CHECK(part.says() == Lines{"unknown", "repo1: nothing learned yet", "agents of the other scope see backups of it"});
}

TEST_CASE("nothing is lost for good while agents of the other scope see further repositories") {
    Situation part;
    part.backups("repo1", all({})).proven();
    CHECK(part.verdict().state == VerdictState::unrecoverable);
    part.asset.elsewhere = {EvidenceKind::recovery_points};
    CHECK(part.says() ==
          Lines{"unknown", "repo1/main: no usable backup", "agents of the other scope see backups of it"});
}

TEST_CASE("an asset that is not backed up on purpose is not unknown where agents of the other scope look at it") {
    Situation part;
    part.asset.objectives.backups = false;
    part.asset.elsewhere = {EvidenceKind::exercise};
    CHECK(part.verdict().state == VerdictState::unknown);
    part.asset.elsewhere = {EvidenceKind::reachability};
    CHECK(part.says() == Lines{"recoverable", "agents of the other scope look at it"});
}

} // namespace recoverd::core
