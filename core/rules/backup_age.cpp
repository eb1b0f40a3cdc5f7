// SPDX-License-Identifier: Apache-2.0
// BackupTooOld: how much would be lost, by the newest point that could be restored.
#include "core/rules/backups.hpp"
#include "core/rules/points.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

/// From when the age of what would be lost counts.
struct Origin {
    Time from;
    /// What the reason says before the age.
    std::string what;
    std::string_view after = " old";
};

/// By when the newest good point of a type had ended that a cut list does not show: before the list, and not since the
/// last one that was seen, or not since when every point was seen.
Time left_the_list(const SubjectView& view, const RecoveryPoints& points, const std::string& type) {
    const RecoveryPoint& first = points.points.front();
    Time ended = view.seen.points_known_since.value_or(first.ended_at);
    for (const PastPoint& past : view.seen.past_points)
        if (past.method == points.method && serves_as(past.backup_type, type) && past.ended_at < first.ended_at)
            ended = std::max(ended, past.ended_at);
    return std::min(ended, first.data_at);
}

/// A type that is asked for and not among the points: as old as what was seen of it before the list was cut off; never
/// made, so counted from the beginning, when it is whole.
Origin origin_of_absent(const SubjectView& view, const RecoveryPoints& points, const std::string& type) {
    if (points.count > points.points.size() && !points.points.empty())
        return {left_the_list(view, points, type), fmt::format("newest good {} backup is more than", type)};
    return {view.seen.first_seen, fmt::format("no good {} backup for", type), ""};
}

/// Nothing when there is nothing to be old: no point at all (BackupMissing), or every change is saved.
std::optional<Origin> origin(const SubjectView& view, const RecoveryPoints& points, const std::string& type) {
    const std::string kind = type.empty() ? "" : type + " ";
    if (const RecoveryPoint* newest = newest_usable(points, listed_at(view), type); newest != nullptr) {
        if (!points.source_changed_at)
            return Origin{newest->data_at, fmt::format("newest good {}backup is", kind)};
        if (newest->data_at >= *points.source_changed_at)
            return std::nullopt;
        const Time unsaved = view.seen.unsaved_since.value_or(*points.source_changed_at);
        return Origin{std::max(newest->data_at, unsaved),
                      fmt::format("oldest change without a good {}backup is", kind)};
    }
    const bool only_future = std::ranges::any_of(points.points, [&](const RecoveryPoint& point) {
        return point.data_at > listed_at(view) + kClockTolerance && usable(points, point);
    });
    // Its date is not believed, so the last one that was goes on ageing.
    if (only_future)
        return Origin{view.seen.newest_good_at.value_or(view.seen.first_seen),
                      fmt::format("last credible {}backup is", kind)};
    if (!type.empty() && newest_usable(points, listed_at(view)) != nullptr)
        return origin_of_absent(view, points, type);
    return std::nullopt;
}

std::vector<Threshold> age_thresholds(const SubjectView& view) {
    const double fallback = 2 * to_seconds(backup_interval(view.asset));
    std::vector<Threshold> steps = thresholds(view.policy, RuleId::backup_too_old, fallback);
    // Asking for a weekly full takes nothing from what is asked of all types together.
    if (std::ranges::none_of(steps, [](const Threshold& step) { return step.backup_type.empty(); }))
        steps.push_back({fallback, rule(RuleId::backup_too_old).priority, {}});
    return steps;
}

} // namespace

void judge_backup_age(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    std::optional<Threshold> worst;
    std::string reason;
    for (const Threshold& step : age_thresholds(view)) {
        const auto since = origin(view, points, step.backup_type);
        if (!since || !crossed(std::span(&step, 1), since->from, view.now, out))
            continue;
        if (worst && worst->priority <= step.priority)
            continue;
        worst = step;
        reason = fmt::format("{} {}{}, {} allowed", since->what, in_words(view.now - since->from), since->after,
                             in_words(as_duration(step.over)));
    }
    if (worst)
        add(out, view.policy, make_finding(view, RuleId::backup_too_old, worst->priority, std::move(reason)));
}

} // namespace recoverd::core
