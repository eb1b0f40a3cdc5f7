// SPDX-License-Identifier: Apache-2.0
// Could one asset be recovered from a scenario: a part of core/engine that nobody else includes.
#pragma once

#include "core/engine/units.hpp"

#include <span>

namespace recoverd::core {

/// Must it be recoverable from the scenario, and is it this agent's to say whether it is? Where only others see what
/// decides that, it is not.
bool is_asked(const Scenario& scenario, const AssetUnit& asset);

/// `contributors`: what is seen of the asset now; `findings`: what is found of it, as for its own verdict.
ScenarioUnit::Ready judge_ready(const Scenario& scenario, const AssetUnit& asset,
                                std::span<const Contributor> contributors, std::span<const Finding> findings, Time now);

} // namespace recoverd::core
