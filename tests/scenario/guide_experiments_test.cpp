// SPDX-License-Identifier: Apache-2.0
// The chaos experiments of packaging/config/resilience-guide.toml: what each leaves alone by the guide's own words, and
// that a run which did not leave it alone has failed, whatever it says of itself.
#include "tests/scenario/guide_rows.hpp"
#include "tests/scenario/guide_watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace recoverd;
using namespace recoverd::core;

namespace {

struct Sights {
    test::Sight well;
    test::Sight ill;
};

/// What customers feel of the shop, by the checks that see it.
const std::map<std::string, Sights> kFelt{
    {"shop", {test::reachable(ReachState::up), test::reachable(ReachState::down)}},
    {"checkout", {test::reachable(ReachState::up), test::reachable(ReachState::down)}},
    {"error-rate", {test::measured("value", 0.001, 0.01), test::measured("value", 0.2, 0.01)}},
    {"latency", {test::measured("value", 0.1, 0.5), test::measured("value", 2, 0.5)}},
};

/// An experiment of the guide, and by which of these checks it is found to have broken its promise.
struct Experiment {
    std::string_view id;
    std::string name;
    std::set<std::string> judged_by;
    /// For how long the service may be gone.
    Duration downtime{0};
};

const std::vector<Experiment> kExperiments{
    // "Service continues responding"
    {"CH1", "pod-kill", {"shop", "checkout", "error-rate"}},
    // "SLO latency maintained"; and a request that is not answered at all is not a fast one.
    {"CH2", "network-latency", {"error-rate", "latency"}},
    // "Pods rescheduled, no downtime"
    {"CH3", "node-drain", {"shop", "checkout"}},
    // "Connections recover < 5min"
    {"CH4", "database-failover", {"shop", "checkout"}, 5min},
    // "Fallback to DB works"
    {"CH5", "cache-flush", {"shop", "checkout"}},
    // "Traffic shifts to other AZs"
    {"CH6", "zone-failure", {"shop", "checkout"}, 5min},
};

const PlannedExercise& planned(const agent::Loaded& loaded, const std::string& name) {
    const auto& all = loaded.config->exercises;
    const auto found = std::ranges::find(all, name, &PlannedExercise::name);
    INFO(name);
    REQUIRE(found != all.end());
    return *found;
}

/// Has a run failed, though it says that it passed, in which one check found for so long that all is not well?
bool fails(const agent::Loaded& loaded, const PlannedExercise& experiment, std::string_view check, Duration lasts) {
    test::GuideWatch watch{loaded};
    const auto look = [&](Duration duration, bool well) {
        for (const Time until = watch.now + duration; watch.now < until; watch.pass(30s))
            for (const auto& [name, seen] : kFelt)
                watch.learn(name, "", (well || name != check ? seen.well : seen.ill)(watch.now));
    };
    const auto tell = [&](const Exercise& run) {
        watch.learn(watch.engine.outcome_check(experiment.asset, experiment.name, watch.now), experiment.name, {run});
    };
    look(1min, true);
    Exercise run{.id = "1", .exercise = experiment.name, .outcome = ExerciseOutcome::started, .started_at = watch.now};
    tell(run);
    look(1min, true);
    look(lasts, false);
    look(2min, true);
    run.outcome = ExerciseOutcome::passed;
    run.ended_at = watch.now;
    tell(run);
    look(1min, true);
    return watch.fires("P3 ExerciseFailed", "exercise", experiment.name);
}

} // namespace

TEST_CASE("an experiment of the guide fails by what it was to leave alone, and by nothing else") {
    const agent::Loaded loaded = test::load_guide();
    for (const Experiment& experiment : kExperiments) {
        const PlannedExercise& plan = planned(loaded, experiment.name);
        CAPTURE(experiment.id, experiment.name);
        CHECK(plan.downtime == experiment.downtime);
        for (const auto& [check, seen] : kFelt) {
            CAPTURE(check);
            CHECK(fails(loaded, plan, check, plan.downtime + 2min) == experiment.judged_by.contains(check));
        }
    }
}

TEST_CASE("an experiment of the guide in which all stays well has passed, and so has one that is mended in time") {
    const agent::Loaded loaded = test::load_guide();
    for (const Experiment& experiment : kExperiments) {
        const PlannedExercise& plan = planned(loaded, experiment.name);
        CAPTURE(experiment.id, experiment.name);
        CHECK_FALSE(fails(loaded, plan, "none", 2min));
        if (plan.downtime > Duration{0})
            CHECK_FALSE(fails(loaded, plan, "shop", plan.downtime - 2min));
    }
}
