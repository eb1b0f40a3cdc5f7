// SPDX-License-Identifier: Apache-2.0
#include "core/rules/promises.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

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
    std::vector<WatchedScenario> watched{{"shop-down", "scenario shop-down", {}, kNow, {}, 10s}};
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
    Experiment& running() {
        seen.exercises[0].outcome = ExerciseOutcome::started;
        seen.exercises[0].ended_at.reset();
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
    experiment.running().outage(4min, {}).allowed(5min);
    CHECK(experiment.says().empty());
    CHECK(experiment.revisit == kNow + 1min);
    experiment.now += 1min;
    CHECK(experiment.says().size() == 1);
}

TEST_CASE("an outage that begins in the very moment at which it is asked for is asked for again") {
    for (const Duration downtime : {Duration{0}, Duration{5min}}) {
        CAPTURE(downtime.count());
        Experiment experiment;
        experiment.running().outage(0s, {}).allowed(downtime);
        CHECK(experiment.says().empty());
        REQUIRE(experiment.revisit == kNow + std::max(downtime, Duration{1}));
        experiment.now = experiment.revisit;
        CHECK(experiment.says().size() == 1);
    }
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

TEST_CASE("what is looked at seldom is not doubted before it is due") {
    Experiment experiment;
    experiment.watched[0].every = 10min;
    experiment.watched[0].seen_until = kNow - 7min;
    // It ended five minutes ago; a look may be late by half of an interval.
    CHECK(experiment.says().empty());
    CHECK(experiment.revisit == kNow + 10min);
    experiment.now = kNow + 10min;
    CHECK(experiment.says().size() == 1);
}

TEST_CASE("what nobody saw in its midst may have been an outage") {
    struct Row {
        Duration from, to, downtime;
        bool hidden;
    };
    const Row rows[] = {
        {9min, 8min, 0s, true},
        {9min, 8min, 44s, true},
        // Not longer than it was allowed to be, and what lies between two looks besides.
        {9min, 8min, 45s, false},
        {9min, 9min - 15s, 0s, false},
        // Only what lies within counts.
        {30min, 10min, 0s, false},
        {30min, 9min, 30s, true},
        {5min, 1min, 0s, false},
        {6min, 1min, 44s, true},
    };
    for (const Row& row : rows) {
        Experiment experiment;
        experiment.watched[0].unseen = {{kNow - row.from, kNow - row.to}};
        CAPTURE(row.from, row.to, row.downtime);
        CHECK(experiment.allowed(row.downtime).says().size() == (row.hidden ? 1 : 0));
    }
    Experiment experiment;
    experiment.watched[0].unseen = {{kNow - 9min, kNow - 8min}};
    CHECK(experiment.says() ==
          Lines{"P3 ExerciseFailed exercise=pod-kill: whether scenario shop-down held while it ran "
                "cannot be told: what decides it was not seen for 1m"});
    // What is known to have been broken is told first.
    CHECK(experiment.outage(7min, 6min).says() ==
          Lines{"P3 ExerciseFailed exercise=pod-kill: scenario shop-down held for 1m while it ran, 0s allowed: web"});
}

TEST_CASE("what cannot be seen while it runs is told on its second") {
    Experiment experiment;
    experiment.running();
    experiment.watched[0].unseen = {{kNow - 1min, {}}};
    CHECK(experiment.allowed(1min).says().empty());
    CHECK(experiment.revisit == kNow + 15s);
    experiment.now += 15s;
    CHECK(experiment.says().size() == 1);
}

TEST_CASE("from when until when something was not seen is kept, and a doubt outlives its edges") {
    OutageHistory history;
    CHECK_FALSE(remember_unseen(history, ScenarioState::clear, kNow, kNow));
    CHECK(remember_unseen(history, ScenarioState::unknown, kNow - 10s, kNow));
    CHECK_FALSE(remember_unseen(history, ScenarioState::unknown, kNow, kNow + 5s));
    CHECK(remember_unseen(history, ScenarioState::active, kNow, kNow + 10s));
    CHECK_FALSE(remember_unseen(history, ScenarioState::active, kNow, kNow + 15s));
    CHECK(history.unseen == std::vector<Unseen>{{kNow - 10s, kNow + 10s}});
    // Never seen yet, and a clock that went back.
    CHECK(remember_unseen(history, ScenarioState::unknown, Time::min(), kNow + 20s));
    CHECK(remember_unseen(history, ScenarioState::clear, kNow, kNow));
    CHECK(history.unseen.back() == Unseen{kNow + 20s, kNow + 20s});
    for (std::size_t i = 0; i < kMaxOutages; ++i) {
        const Time at = kNow + 1h + Duration{60'000} * i;
        CHECK(remember_unseen(history, ScenarioState::unknown, at, at));
        CHECK(remember_unseen(history, ScenarioState::clear, at, at + 1s));
    }
    CHECK(history.unseen.size() == kMaxOutages);
    CHECK(history.unseen.front().from == kNow - 10s);
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
