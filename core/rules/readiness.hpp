// SPDX-License-Identifier: Apache-2.0
// If this scenario came now: which assets could be recovered, from what, how far back, in what time, and what blocks
// it.
#pragma once

#include "core/scenario.hpp"
#include "core/verdict.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace recoverd::core {

struct AssetReadiness {
    std::string asset;
    VerdictState state = VerdictState::unknown;
    /// What it would be recovered from: "orders-backup/orders/repo2"; empty when there is nothing.
    std::string from;
    /// The newest and the oldest moment one could go back to there.
    std::optional<Time> newest;
    std::optional<Time> oldest;
    /// How long the last proof took.
    std::optional<Duration> takes;
    /// Worst first, one line each.
    std::vector<std::string> blocks;

    bool operator==(const AssetReadiness&) const = default;
};

struct Readiness {
    /// The worst of its assets; unknown when there is none.
    VerdictState state = VerdictState::unknown;
    std::vector<AssetReadiness> assets;

    bool operator==(const Readiness&) const = default;
};

/// Of one asset with its verdict. `revisit`: when it could change though nothing arrives.
AssetReadiness judge_readiness(const Scenario& scenario, const AssetView& view, const Verdict& verdict, Time& revisit);
Readiness sum_up(std::vector<AssetReadiness> assets);

/// Assets that could not be recovered, or of which nobody can tell, by name, with what blocks it most.
using Unready = std::map<std::string, std::string, std::less<>>;
Unready unready(const std::optional<Readiness>& readiness);

} // namespace recoverd::core
