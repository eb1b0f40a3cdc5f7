// SPDX-License-Identifier: Apache-2.0
#include "core/rules/promises.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;

namespace {

/// A pod is killed between 10 and 5 minutes ago.
struct Experiment {
    Check check{.name = "told", .asset = "shop"};
    Asset asset{.name = "shop"};
    SubjectMemory seen{};
    CheckMemory memory{};
    std::vector<PlannedExercise> planned{
        {.name = "pod-kill", .asset = "shop", .cadence = kDay, .duration = {}, .keeps = {"shop-down"}}};
    std::vector<WatchedScenario> watched{{"shop-down", "scenario shop-down", {}, kNow}};
    Time now = kNow;
    Time revisit = kNever;

    Experiment() {
        seen.exercises = {{.id = "1",
                           .exercise = "pod-kill",
                           .outcome = ExerciseOutcome::passed,
                           .started_at = kNow - 10min,
                           .ended_at = kNow - 5min}};
    }
    Experiment& outage(Duration began_ago, std::optional<Duration> ended_ago) {
        Outage made{kNow - began_ago, {}, "web", {}};
        if (ended_ago)
            made.ended_at = kNow - *ended_ago;
        watched[0].outages.push_back(made);
        return *this;
    }
    Experiment& allowed(Duration downtime) {
        planned[0].downtime = downtime;
        return *this;
    }
    Lines says() {
        const std::vector<Contributor> contributors{{&check, "", &seen, &memory}};
        Judgement out;
        judge_promises({asset, kNow, contributors, planned, {}, now}, watched, out);
        revisit = out.revisit;
        return lines(out.findings);
    }
};

} // namespace

TEST_CASE("an experiment that left the service alone has kept its promise") {
    Experiment experiment;
    CHECK(experiment.says().empty());
    CHECK(experiment.outage(20min, 10min).outage(5min, 1min).says().empty());
    CHECK(experiment.allowed(1min).outage(8min, 7min + 30s).says().empty());
}

TEST_CASE("an experiment in whose window the service was down has failed, whatever it says itself") {
    struct Row {
        Duration began, ended, downtime;
        std::string_view reason;
    };
    const Row rows[] = {
        {8min, 7min, 0s, "scenario shop-down held for 1m while it ran, 0s allowed: web"},
        {8min, 7min, 1min, "scenario shop-down held for 1m while it ran, 1m allowed: web"},
        // It began within, and went on when the experiment was over.
        {6min, 2min, 3min, "scenario shop-down held for 4m while it ran, 3m allowed: web"},
        // It was down already: only what lies within counts.
        {30min, 8min, 90s, "scenario shop-down held for 2m while it ran, 1m30s allowed: web"},
    };
    for (const Row& row : rows) {
        Experiment experiment;
        CHECK(experiment.outage(row.began, row.ended).allowed(row.downtime).says() ==
              Lines{"P3 ExerciseFailed exercise=pod-kill: " + std::string{row.reason}});
    }
}

TEST_CASE("an outage that goes on is told on its second, while the experiment still runs") {
    Experiment experiment;
    experiment.seen.exercises[0].outcome = ExerciseOutcome::started;
    experiment.seen.exercises[0].ended_at.reset();
    experiment.outage(4min, {}).allowed(5min);
    CHECK(experiment.says().empty());
    CHECK(experiment.revisit == kNow + 1min);
    experiment.now += 1min;
    CHECK(experiment.says().size() == 1);
}

TEST_CASE("one that says itself that it failed is not told twice") {
    Experiment experiment;
    experiment.outage(8min, 7min);
    for (const ExerciseOutcome outcome : {ExerciseOutcome::failed, ExerciseOutcome::aborted}) {
        experiment.seen.exercises[0].outcome = outcome;
        CHECK(experiment.says().empty());
    }
}

TEST_CASE("what nobody saw is no promise that was kept") {
    Experiment experiment;
    experiment.watched[0].seen_until = kNow - 7min;
    // Within five minutes of its end somebody may still look.
    experiment.now = kNow - 1min;
    CHECK(experiment.says().empty());
    CHECK(experiment.revisit == kNow);
    experiment.now = kNow;
    CHECK(experiment.says() == Lines{"P3 ExerciseFailed exercise=pod-kill: whether scenario shop-down held "
                                     "while it ran cannot be told: what decides it has not been seen since"});
    CHECK(experiment.revisit == kNow + 1h);
    experiment.watched[0].seen_until = kNow;
    CHECK(experiment.says().empty());

    experiment.seen.exercises[0].started_at.reset();
    CHECK(experiment.says().size() == 1);
}

TEST_CASE("only the newest run counts, and only what it promised to leave alone") {
    Experiment experiment;
    experiment.outage(8min, 7min);
    experiment.seen.exercises.push_back({.id = "2",
                                         .exercise = "pod-kill",
                                         .outcome = ExerciseOutcome::passed,
                                         .started_at = kNow - 4min,
                                         .ended_at = kNow - 3min});
    CHECK(experiment.says().empty());
    experiment.seen.exercises.pop_back();
    experiment.watched[0].scenario = "another";
    CHECK(experiment.says().empty());
}
