// SPDX-License-Identifier: Apache-2.0
// What exercises promised to leave alone: who relies on which scenario, and what of it was seen.
#include "core/rules/promises.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/explained.hpp"
#include "core/engine/members.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

/// When all that decides it was seen last; the beginning of time when something never was, or nothing decides it.
Time seen_until(const ScenarioUnit& unit) {
    if (unit.members.empty())
        return Time::min();
    Time seen = Time::max();
    for (const CheckUnit* member : unit.members)
        seen = std::min(seen, member->memory->last_success.value_or(Time::min()));
    return seen;
}

Duration longest_interval(const ScenarioUnit& unit) {
    Duration longest{0};
    for (const CheckUnit* member : unit.members)
        longest = std::max(longest, member->check->every);
    return longest;
}

bool leaves_alone(const std::vector<PlannedExercise>& planned, const std::string& scenario) {
    return std::ranges::any_of(
        planned, [&](const PlannedExercise& one) { return std::ranges::find(one.keeps, scenario) != one.keeps.end(); });
}

} // namespace

bool Engine::follow_promises(const ScenarioUnit& unit, OutageHistory& history, ScenarioState state, bool turned,
                             Time now) {
    // Asked of each group whenever its scenario is judged: few exercises are planned, and there may be many assets.
    if (!leaves_alone(config_->exercises, unit.name))
        return false;
    const Time seen = state == ScenarioState::unknown ? seen_until(unit) : now;
    const bool changed = remember_unseen(history, state, seen, now);
    if (turned || changed)
        for (const auto& [name, asset] : assets_)
            if (leaves_alone(asset->planned, unit.name))
                mark(*asset);
    return changed;
}

std::vector<WatchedScenario> Engine::watched_by(const AssetUnit& unit) const {
    std::vector<WatchedScenario> watched;
    for (const auto& [name, scenario] : scenarios_) {
        if (!leaves_alone(unit.planned, name))
            continue;
        // Not those it was judged by last: after a start its turn comes after this.
        const Time seen = members_of(*scenario).empty() ? Time::min() : seen_until(*scenario);
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
