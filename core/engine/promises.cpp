// SPDX-License-Identifier: Apache-2.0
// What exercises promised to leave alone: who relies on which scenario, and what of it was seen.
#include "core/rules/promises.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/explained.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

/// When all that decides it was seen last; the beginning of time when something never was, or nothing decides it.
Time seen_until(const ScenarioUnit& unit) {
    const auto counts = [](const ScenarioGroup& group) { return group.decision.members > 0; };
    if (unit.members.empty() || std::ranges::none_of(unit.groups, counts))
        return Time::min();
    Time seen = Time::max();
    for (const CheckUnit* member : unit.members)
        seen = std::min(seen, member->memory.last_success.value_or(Time::min()));
    return seen;
}

Duration longest_interval(const ScenarioUnit& unit) {
    Duration longest{0};
    for (const CheckUnit* member : unit.members)
        longest = std::max(longest, member->check->every);
    return longest;
}

bool leaves_alone(const AssetUnit& unit, const std::string& scenario) {
    return std::ranges::any_of(unit.planned, [&](const PlannedExercise& planned) {
        return std::ranges::find(planned.keeps, scenario) != planned.keeps.end();
    });
}

} // namespace

bool Engine::follow_promises(const ScenarioUnit& unit, OutageHistory& history, ScenarioState state, bool turned,
                             Time now) {
    std::vector<AssetUnit*> relying;
    for (const auto& [name, asset] : assets_)
        if (leaves_alone(*asset, unit.name))
            relying.push_back(asset.get());
    const bool changed = !relying.empty() && remember_unseen(history, state, seen_until(unit), now);
    if (turned || changed)
        for (AssetUnit* asset : relying)
            mark(*asset);
    return changed;
}

std::vector<WatchedScenario> Engine::watched_by(const AssetUnit& unit) const {
    std::vector<WatchedScenario> watched;
    for (const auto& [name, scenario] : scenarios_) {
        if (!leaves_alone(unit, name))
            continue;
        const Time seen = seen_until(*scenario);
        const Duration every = longest_interval(*scenario);
        for (const auto& [group, history] : scenario->outages) {
            watched.push_back({name, scenario_words(*scenario, group), history.past, seen, history.unseen, every});
            if (history.running)
                watched.back().outages.push_back(*history.running);
        }
        // Where nothing was ever down there is no history.
        if (scenario->outages.empty())
            watched.push_back({name, scenario_words(*scenario, {}), {}, seen, {}, every});
    }
    return watched;
}

} // namespace recoverd::core
