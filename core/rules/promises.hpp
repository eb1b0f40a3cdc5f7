// SPDX-License-Identifier: Apache-2.0
// What an exercise was to leave alone: a chaos experiment passes when the service kept its promise while it ran. That
// is told by the outages of scenarios within its window, whatever the experiment says of itself.
#pragma once

#include "core/finding.hpp"
#include "core/rules/scenarios.hpp"
#include "core/rules/view.hpp"

#include <span>
#include <string>
#include <vector>

namespace recoverd::core {

/// One group of a scenario that exercises are to leave alone.
struct WatchedScenario {
    std::string scenario;
    /// "scenario az (eu-1a)"
    std::string name;
    /// That which goes on, too.
    std::vector<Outage> outages;
    /// Until when all that decides it was seen.
    Time seen_until;
    /// When it could not be seen.
    std::vector<Unseen> unseen;
    /// The longest time between two looks at what decides it.
    Duration every{0};
};

/// Keeps since when, and until when, it cannot be seen whether a scenario holds. `seen_until`: when all that decides it
/// was seen last. True when that changed what is to be kept.
bool remember_unseen(OutageHistory& history, ScenarioState state, Time seen_until, Time now);

/// ExerciseFailed and RestoreTestFailed of the newest run of each planned exercise of the asset that runs or passed,
/// and in whose window a scenario of its `keeps` held for longer than its `downtime`, or may have.
void judge_promises(const AssetView& view, std::span<const WatchedScenario> watched, Judgement& out);

} // namespace recoverd::core
