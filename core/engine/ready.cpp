// SPDX-License-Identifier: Apache-2.0
#include "core/engine/ready.hpp"

#include <algorithm>

namespace recoverd::core {

bool is_asked(const Scenario& scenario, const AssetUnit& asset) {
    if (!recovers(scenario, asset.name))
        return false;
    const bool backups = asset.asset.objectives.backups;
    return !asset.asset.is_seen_elsewhere() || std::ranges::any_of(asset.members, [&](const CheckUnit* member) {
        return member->check->looks() && (!backups || member->check->may_bring(EvidenceKind::recovery_points));
    });
}

ScenarioUnit::Ready judge_ready(const Scenario& scenario, const AssetUnit& asset,
                                std::span<const Contributor> contributors, std::span<const Finding> findings,
                                Time now) {
    const AssetView view{asset.asset, asset.first_seen, contributors, asset.planned, findings, now};
    ScenarioUnit::Ready made{.readiness = {}, .revisit = kNever};
    made.readiness = judge_readiness(scenario, view, asset.verdict, made.revisit);
    return made;
}

} // namespace recoverd::core
