// SPDX-License-Identifier: Apache-2.0
// BackupCorrupt and BackupMissing: is there anything to restore from? One of them speaks, never both.
#include "core/rules/backups.hpp"
#include "core/rules/points.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>

namespace recoverd::core {

namespace {

/// The newest point that is not still being made.
const RecoveryPoint* newest_finished(const RecoveryPoints& points) {
    const auto newest_first = points.points | std::views::reverse;
    const auto found = std::ranges::find_if(
        newest_first, [](const RecoveryPoint& point) { return point.state != PointState::incomplete; });
    return found != newest_first.end() ? &*found : nullptr;
}

std::string why_corrupt(const RecoveryPoints& points, const RecoveryPoint& point) {
    if (point.state == PointState::bad)
        return fmt::format("newest backup {} is bad: {}", point.id,
                           point.detail.empty() ? "its source reports errors" : point.detail);
    for (const std::string& id : point.needs) {
        const auto needed = std::ranges::find(points.points, id, &RecoveryPoint::id);
        if (needed == points.points.end())
            return fmt::format("newest backup {} needs {}, which is not there", point.id, id);
        if (needed->state != PointState::good)
            return fmt::format("newest backup {} needs {}, which is {}{}{}", point.id, id, name_of(needed->state),
                               needed->detail.empty() ? "" : ": ", needed->detail);
    }
    return fmt::format("newest backup {} needs others that are not usable", point.id);
}

std::string why_missing(const RecoveryPoints& points) {
    const auto unfinished = std::ranges::count(points.points, PointState::incomplete, &RecoveryPoint::state);
    if (unfinished > 0)
        return fmt::format("no usable backup, {} unfinished", unfinished);
    return points.points.empty() ? "no backup at all" : "no usable backup";
}

void judge_missing(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    constexpr RuleId kId = RuleId::backup_missing;
    const std::string why = why_missing(points);
    const auto found = [&](Priority priority, const std::string& more) {
        add(out, view.policy, make_finding(view, kId, priority_of(view.policy, kId, priority), why + more));
    };
    if (view.asset_newest_good)
        return found(Priority::p3, fmt::format(" here; elsewhere the newest good one is {} old",
                                               in_words(view.now - *view.asset_newest_good)));
    if (view.seen.newest_good_at)
        return found(Priority::p1,
                     fmt::format(", the last good one was of {} ago", in_words(view.now - *view.seen.newest_good_at)));
    const FirstBackup first = first_backup(view.check, view.asset, view.seen);
    const bool late = due(first.due_at(), view.now, out);
    found(late ? Priority::p2 : Priority::p3, fmt::format(" for {}, the first one is due within {}",
                                                          in_words(view.now - first.since), in_words(first.within)));
}

} // namespace

void judge_backup_presence(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    const RecoveryPoint* finished = newest_finished(points);
    const bool corrupt =
        finished != nullptr && !usable(points, *finished) && view.policy.enabled(RuleId::backup_corrupt);
    if (corrupt)
        add(out, view.policy,
            make_finding(view, RuleId::backup_corrupt, priority_of(view.policy, RuleId::backup_corrupt),
                         why_corrupt(points, *finished)));
    else if (std::ranges::none_of(points.points, [&](const RecoveryPoint& p) { return usable(points, p); }))
        judge_missing(view, points, out);
}

} // namespace recoverd::core
