// SPDX-License-Identifier: Apache-2.0
#include "core/engine/ready.hpp"

namespace recoverd::core {

ScenarioUnit::Ready judge_ready(const Scenario& scenario, const AssetUnit& asset,
                                std::span<const Contributor> contributors, std::span<const Finding> findings,
                                Time now) {
    const AssetView view{asset.asset, asset.first_seen, contributors, asset.planned, findings, now};
    ScenarioUnit::Ready made{.readiness = {}, .revisit = kNever};
    made.readiness = judge_readiness(scenario, view, asset.verdict, made.revisit);
    return made;
}

} // namespace recoverd::core
