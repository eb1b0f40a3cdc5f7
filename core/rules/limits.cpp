// SPDX-License-Identifier: Apache-2.0
// From where on each rule finds a check's evidence bad, for those who draw it beside the figures.
#include "core/rules/backups.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/silences.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

/// The default in seconds; nothing where it depends on what was seen.
std::optional<double> fallback(const Check& check, const Asset* asset, RuleId id) {
    const auto promised = [&](std::optional<Duration> Objectives::* objective) {
        return asset ? asset->objectives.*objective : std::nullopt;
    };
    switch (id) {
    case RuleId::backup_too_old:
        return 2 * to_seconds(backup_interval(asset));
    case RuleId::backup_retention_short:
        return promised(&Objectives::retention) ? std::optional{to_seconds(backup_interval(asset))} : std::nullopt;
    case RuleId::pitr_window_short:
        return to_seconds(promised(&Objectives::pitr_window).value_or(kDay));
    case RuleId::evidence_missing:
        return to_seconds(silence_allowed(check));
    case RuleId::certificate_expiring: // a third of its life, when that is less
        return std::nullopt;
    default:
        return rule(id).over;
    }
}

bool is_asked(const Check& check, RuleId id) {
    switch (id) {
    case RuleId::backup_too_old:
    case RuleId::backup_stuck:
    case RuleId::backup_retention_short:
    case RuleId::backup_size_anomaly:
        return check.may_bring(EvidenceKind::recovery_points);
    case RuleId::pitr_lag_high:
    case RuleId::pitr_window_short:
    case RuleId::wal_archiving_failing:
        return check.may_bring(EvidenceKind::log_archive);
    case RuleId::replication_lag_high:
        return check.may_bring(EvidenceKind::replication);
    case RuleId::certificate_expiring:
        return check.may_bring(EvidenceKind::reachability);
    case RuleId::evidence_missing:
        return check.looks();
    default: // of an asset as a whole, or the same for every check
        return false;
    }
}

/// The lowest of the steps for all backup types.
std::optional<double> first_step(const RulePolicy& said, std::optional<double> by_default) {
    if (!said.enabled.value_or(true))
        return std::nullopt;
    std::optional<double> first;
    bool for_all = false;
    for (const Step& step : said.steps) {
        if (!step.backup_type.empty())
            continue;
        for_all = true;
        if (const auto over = step.over ? step.over : by_default)
            first = std::min(first.value_or(*over), *over);
    }
    return for_all ? first : by_default;
}

} // namespace

std::optional<double> first_threshold(const Check& check, const Asset* asset, RuleId id) {
    if (!is_asked(check, id))
        return std::nullopt;
    const bool own = !asset || asset->name == check.asset;
    const auto first = own ? first_step(check.policy[id], fallback(check, asset, id))
                           : first_step(asset->policy.overlaid(check.own_policy)[id], fallback(check, asset, id));
    if (!first || id != RuleId::pitr_window_short)
        return first;
    return *first - to_seconds(window_slack(asset, as_duration(*first)));
}

} // namespace recoverd::core
