// SPDX-License-Identifier: Apache-2.0
// Objectives that nothing can judge: said when the configuration is read, so that nobody finds out when it matters.
#include "core/config/compiling.hpp"

#include <algorithm>
#include <set>

namespace recoverd::core::config {

namespace {

/// Could a subject of this check belong to the asset?
bool may_concern(const Check& check, const std::string& asset) {
    const auto names = [&](std::string pattern) {
        constexpr std::string_view kSubject = "{subject}";
        if (const auto at = pattern.find(kSubject); at != std::string::npos)
            pattern.replace(at, kSubject.size(), "*");
        return glob_matches(pattern, asset);
    };
    return names(check.asset) ||
           std::ranges::any_of(check.asset_map, [&](const auto& entry) { return names(entry.second); }) ||
           std::ranges::any_of(check.subjects, [&](const SubjectOverride& over) { return names(over.asset); });
}

struct Judge {
    std::string_view objective;
    bool asked;
    std::vector<EvidenceKind> any_of;
};

std::vector<Judge> judges_of(const Objectives& objectives) {
    using enum EvidenceKind;
    return {
        {"backup_every", objectives.backup_every.has_value(), {recovery_points, log_archive}},
        {"rpo", objectives.rpo.has_value(), {recovery_points, log_archive, replication}},
        {"rto", objectives.rto.has_value(), {EvidenceKind::exercise}},
        {"retention", objectives.retention.has_value(), {recovery_points, log_archive}},
        {"restore_test_every", objectives.restore_test_every.has_value(), {EvidenceKind::exercise}},
        {"pitr_window", objectives.pitr_window.has_value(), {log_archive}},
        {"encryption", objectives.encryption.value_or(false), {recovery_points, assertions}},
    };
}

} // namespace

void warn_of_uncovered_assets(const Table& root, Compiling& run) {
    const Entry* section = find(root, "asset");
    for (const auto& [name, asset] : run.config.assets) {
        std::set<EvidenceKind> brought;
        for (const auto& check : run.config.checks)
            if (may_concern(*check, name))
                brought.insert(check->brings.begin(), check->brings.end());
        // Outcomes of an exercise come in from outside, without a check.
        if (std::ranges::any_of(run.config.exercises, [&](const auto& planned) { return planned.asset == name; }))
            brought.insert(EvidenceKind::exercise);
        std::string unjudged;
        for (const Judge& judge : judges_of(asset.objectives))
            if (judge.asked && std::ranges::none_of(judge.any_of, [&](auto kind) { return brought.contains(kind); }))
                unjudged += fmt::format("{}{}", unjudged.empty() ? "" : ", ", judge.objective);
        if (unjudged.empty())
            continue;
        const Entry* entry = section && section->node.table() ? find(*section->node.table(), name) : nullptr;
        run.diagnostics.warning(entry ? entry->key_at : Position{}, "asset." + name,
                                fmt::format("no check can judge its {}", unjudged));
    }
}

} // namespace recoverd::core::config
