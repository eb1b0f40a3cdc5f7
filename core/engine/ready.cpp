// SPDX-License-Identifier: Apache-2.0
#include "core/engine/ready.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace recoverd::core {

namespace {

/// A log that no repository holds leads nowhere: that is found where writer and repository are compared.
std::vector<Finding> gaps_found(const AssetUnit& asset) {
    std::vector<Finding> found;
    for (const CheckUnit* member : asset.members)
        std::ranges::copy_if(member->findings, std::back_inserter(found), [&](const Finding& finding) {
            return finding.identity.rule == RuleId::wal_archive_gap && finding.identity.asset == asset.name;
        });
    return found;
}

} // namespace

ScenarioUnit::Ready judge_ready(const Scenario& scenario, const AssetUnit& asset,
                                std::span<const Contributor> contributors, Time now) {
    const std::vector<Finding> findings = gaps_found(asset);
    const AssetView view{asset.asset, asset.first_seen, contributors, asset.planned, findings, now};
    ScenarioUnit::Ready made{.readiness = {}, .revisit = kNever};
    made.readiness = judge_readiness(scenario, view, asset.verdict, made.revisit);
    return made;
}

} // namespace recoverd::core
