// SPDX-License-Identifier: Apache-2.0
// Objectives that nothing can judge: said when the configuration is read, so that nobody finds out when it matters.
#include "core/config/compiling.hpp"
#include "core/looked_at.hpp"

#include <algorithm>
#include <array>

namespace recoverd::core::config {

namespace {

struct Judge {
    std::string_view objective;
    bool asked;
    std::vector<EvidenceKind> any_of;
    /// Only by one that looks? A job that tells of its backups does not tell which of them are still kept.
    bool by_looking = false;
};

/// The same that AssetUncovered asks for (core/rules/asset.cpp). Proofs (RTO, restore tests) are left out: an outcome
/// can be posted for every asset.
std::vector<Judge> judges_of(const Objectives& objectives) {
    using enum EvidenceKind;
    return {
        {"backup_every", objectives.backup_every.has_value(), {recovery_points}},
        {"rpo", objectives.rpo.has_value(), {recovery_points, log_archive}},
        {"retention", objectives.retention.has_value(), {recovery_points}, true},
        {"pitr_window", objectives.pitr_window.has_value(), {log_archive}},
        {"encryption", objectives.encryption.value_or(false), {recovery_points}},
    };
}

bool may_judge(const Shares& shares, const Judge& judge) {
    return std::ranges::any_of(shares.by_scope, [&](const Share& share) {
        return std::ranges::any_of(judge.any_of, [&](EvidenceKind kind) {
            return share.looked.contains(kind) || (!judge.by_looking && share.told.contains(kind));
        });
    });
}

/// May everybody who sees backups of it be outreached by what the other scope sees? Then only an agent of both judges
/// how much would be lost. What a pattern may match is not held against anybody.
bool is_loss_split(const Shares& shares) {
    const auto is_named = [&](Scope scope) { return shares.of(scope).is_named(); };
    const auto sees_backups = [&](Scope scope) { return shares.brings(scope, EvidenceKind::recovery_points); };
    const auto is_outreached = [&](Scope scope) { return !sees_backups(scope) || shares.may_be_outreached(scope); };
    constexpr std::array kScopes{Scope::node, Scope::cluster};
    return std::ranges::all_of(kScopes, is_named) && std::ranges::any_of(kScopes, sees_backups) &&
           std::ranges::all_of(kScopes, is_outreached);
}

} // namespace

void warn_of_uncovered_assets(const Table& root, Compiling& run) {
    const Entry* section = find(root, "asset");
    if (!section)
        return;
    const LookedAt looked_at{run.config};
    for (const Entry& entry : *section->node.table()) {
        const Shares shares = looked_at.at(entry.key);
        const Objectives& objectives = run.config.assets.find(entry.key)->second.objectives;
        if (objectives.rpo && is_loss_split(shares))
            run.diagnostics.warning(entry.key_at, "asset." + entry.key,
                                    "checks of scope node and of scope cluster see its backups and its logs: no agent "
                                    "with --scope judges its rpo");
        std::string unjudged;
        for (const Judge& judge : judges_of(objectives))
            if (judge.asked && !may_judge(shares, judge))
                unjudged += fmt::format("{}{}", unjudged.empty() ? "" : ", ", judge.objective);
        if (!unjudged.empty())
            run.diagnostics.warning(entry.key_at, "asset." + entry.key,
                                    fmt::format("no check can judge its {}", unjudged));
    }
}

} // namespace recoverd::core::config
