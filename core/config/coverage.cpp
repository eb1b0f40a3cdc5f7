// SPDX-License-Identifier: Apache-2.0
// Objectives that nothing can judge: said when the configuration is read, so that nobody finds out when it matters.
#include "core/config/compiling.hpp"

#include <algorithm>
#include <set>

namespace recoverd::core::config {

namespace {

using Kinds = std::set<EvidenceKind>;

/// What is brought for whom. Most checks name their asset; only patterns have to be tried one by one.
class Brought {
  public:
    /// By all checks, or only by those that look instead of being told.
    Brought(const Config& config, bool by_looking) {
        for (const auto& check : config.checks) {
            if (by_looking && !check->looks())
                continue;
            add(check->asset, check->brings);
            for (const auto& [subject, asset] : check->asset_map)
                add(asset, check->brings);
            for (const SubjectOverride& over : check->subjects)
                add(over.asset, check->brings);
        }
        // Outcomes of an exercise come in from outside, without a check.
        for (const PlannedExercise& planned : config.exercises)
            by_name_[planned.asset].insert(EvidenceKind::exercise);
    }

    Kinds for_asset(const std::string& asset) const {
        const auto named = by_name_.find(asset);
        Kinds kinds = named == by_name_.end() ? Kinds{} : named->second;
        for (const auto& [pattern, brings] : by_pattern_)
            if (glob_matches(pattern, asset))
                kinds.insert(brings.begin(), brings.end());
        return kinds;
    }

  private:
    void add(std::string asset, const std::vector<EvidenceKind>& brings) {
        constexpr std::string_view kSubject = "{subject}";
        const auto at = asset.find(kSubject);
        if (at != std::string::npos)
            asset.replace(at, kSubject.size(), "*");
        auto& kinds = (at == std::string::npos ? by_name_ : by_pattern_)[asset];
        kinds.insert(brings.begin(), brings.end());
    }

    std::map<std::string, Kinds> by_name_;
    std::map<std::string, Kinds> by_pattern_;
};

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

} // namespace

void warn_of_uncovered_assets(const Table& root, Compiling& run) {
    const Entry* section = find(root, "asset");
    if (!section)
        return;
    const Brought brought{run.config, false};
    const Brought seen{run.config, true};
    for (const Entry& entry : *section->node.table()) {
        const Kinds of_all = brought.for_asset(entry.key);
        const Kinds of_those_who_look = seen.for_asset(entry.key);
        std::string unjudged;
        for (const Judge& judge : judges_of(run.config.assets.find(entry.key)->second.objectives)) {
            const Kinds& kinds = judge.by_looking ? of_those_who_look : of_all;
            if (judge.asked && std::ranges::none_of(judge.any_of, [&](auto kind) { return kinds.contains(kind); }))
                unjudged += fmt::format("{}{}", unjudged.empty() ? "" : ", ", judge.objective);
        }
        if (!unjudged.empty())
            run.diagnostics.warning(entry.key_at, "asset." + entry.key,
                                    fmt::format("no check can judge its {}", unjudged));
    }
}

} // namespace recoverd::core::config
