// SPDX-License-Identifier: Apache-2.0
// What an exercise was to leave alone: a chaos experiment passes when the service kept its promise while it ran. That
// is told by the outages of scenarios within its window, whatever the experiment says of itself.
#pragma once

#include "core/finding.hpp"
#include "core/rules/view.hpp"
#include "core/scenario.hpp"

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
};

/// ExerciseFailed and RestoreTestFailed of the newest run of each planned exercise of the asset that runs or passed,
/// and in whose window a scenario of its `keeps` held for longer than its `downtime`, or may have.
void judge_promises(const AssetView& view, std::span<const WatchedScenario> watched, Judgement& out);

} // namespace recoverd::core
