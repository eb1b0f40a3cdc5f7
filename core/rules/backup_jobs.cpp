// SPDX-License-Identifier: Apache-2.0
// BackupFailed and BackupStuck: what became of the jobs.
#include "core/rules/backups.hpp"
#include "core/rules/points.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace recoverd::core {

namespace {

constexpr Duration kShortestStuck = 30min;

/// By nearest rank; `durations` is not empty.
Duration percentile95(std::vector<Duration> durations) {
    std::ranges::sort(durations);
    return durations[(durations.size() * 95 + 99) / 100 - 1];
}

/// How long a job of this type takes at most, usually. When the source does not tell what runs, it may be the slowest.
std::optional<Duration> usual_length(const SubjectMemory& seen, std::string_view type) {
    std::map<std::string_view, std::vector<Duration>> by_type;
    for (const PastPoint& past : seen.past_points)
        if (past.duration && (type.empty() || past.backup_type == type))
            by_type[past.backup_type].push_back(*past.duration);
    std::optional<Duration> longest;
    for (const auto& [name, durations] : by_type)
        longest = std::max(longest, std::optional(percentile95(durations)));
    return longest;
}

/// A job that was seen running may have ended since: until the next look is overdue, only what was seen counts.
Time next_look(const SubjectView& view) {
    return view.check.looks() ? listed_at(view) + view.check.every + view.check.timeout : listed_at(view);
}

std::string with_type(std::string_view type) { return type.empty() ? "" : fmt::format("{} ", type); }

} // namespace

void judge_backup_failures(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    if (!view.seen.last_failed_job)
        return;
    const FailedJob& failed = *view.seen.last_failed_job;
    std::optional<Time> good = view.asset_newest_good;
    if (const RecoveryPoint* own = newest_usable(points, listed_at(view)); own != nullptr)
        good = std::max(good, std::optional(std::max(own->data_at, own->ended_at)));
    if (good && *good >= failed.at)
        return;
    const std::string since =
        good ? fmt::format(", newest good one is {} old", in_words(view.now - *good)) : ", no good one so far";
    add(out, view.policy,
        make_finding(view, RuleId::backup_failed, priority_of(view.policy, RuleId::backup_failed),
                     fmt::format("{}backup {} ago failed{}: {}", with_type(failed.backup_type),
                                 in_words(view.now - failed.at), since,
                                 failed.detail.empty() ? "no reason told" : failed.detail)));
}

void judge_backup_runs(const SubjectView& view, const RecoveryPoints& /*points*/, Judgement& out) {
    std::optional<Threshold> worst;
    const RunningJob* stuck = nullptr;
    for (const RunningJob& job : view.seen.running) {
        const auto usual = usual_length(view.seen, job.backup_type);
        const Duration allowed = usual ? std::max(3 * *usual, kShortestStuck) : kDay;
        const auto steps = thresholds(view.policy, RuleId::backup_stuck, to_seconds(allowed));
        Judgement until_next_look;
        const auto over = due(next_look(view), view.now, out)
                              ? crossed(steps, job.first_seen, view.now, out)
                              : crossed(steps, job.first_seen, listed_at(view), until_next_look);
        if (over && (!worst || over->priority < worst->priority)) {
            worst = over;
            stuck = &job;
        }
    }
    if (worst)
        add(out, view.policy,
            make_finding(view, RuleId::backup_stuck, worst->priority,
                         fmt::format("{}backup has been running for {}, {} allowed", with_type(stuck->backup_type),
                                     in_words(view.now - stuck->first_seen), in_words(as_duration(worst->over)))));
}

} // namespace recoverd::core
