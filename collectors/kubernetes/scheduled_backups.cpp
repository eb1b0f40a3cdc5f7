// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/scheduled_backups.hpp"

#include "collectors/kubernetes/expect.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::config::format_time;

/// The operator wakes up when one is due; another replica of it takes over within a minute.
constexpr Duration kPunctual = std::chrono::minutes{10};

/// Nothing as long as no Backup was made: when the first one is due is only in the schedule, and that the cluster has
/// none is told of the cluster.
std::optional<core::Assertion> next_backup(const std::string& subject, const ScheduledBackup& schedule,
                                           const PostgresLists& lists, Time now) {
    const auto answer = [](std::optional<std::string> actual, std::string detail) {
        return expect("next_backup", "ahead", std::move(actual), std::move(detail));
    };
    if (!schedule.error.empty())
        return answer("failing", schedule.error);
    if (!schedule.looked_at)
        return answer(std::nullopt, "CloudNativePG never looked at it: does its operator run?");
    if (!schedule.next)
        return std::nullopt;
    const std::string times = fmt::format("due {}, last one scheduled {}", format_time(*schedule.next),
                                          schedule.scheduled ? format_time(*schedule.scheduled) : "never");
    // It waits for the one before it, however long that takes; that one is a job of the cluster.
    if (now - *schedule.next <= kPunctual || lists.postgres.unfinished.contains(subject))
        return answer("ahead", times);
    if (!lists.backups_known)
        return answer(std::nullopt, times + "; whether it waits for a Backup that runs is not known");
    return answer("overdue", times);
}

} // namespace

void AllScheduledBackups::read(const io::Json& object) {
    const io::Json& spec = object["spec"];
    const io::Json& status = object["status"];
    ScheduledBackup& schedule = schedules[subject_of(object, "scheduledbackup")];
    schedule.cluster = subject_of(clean(object["metadata"]["namespace"].text(), 63), "cluster",
                                  clean(text_or(spec["cluster"]["name"]), 253));
    schedule.suspended = is_suspended(object);
    schedule.scheduled = time_or_none(status["lastScheduleTime"]);
    schedule.looked_at = status["lastCheckTime"] ? status["lastCheckTime"].time() : schedule.scheduled;
    schedule.next = time_or_none(status["nextScheduleTime"]);
    schedule.error = clean(text_or(status["error"]));
}

void AllScheduledBackups::report(const PostgresLists& lists, Time now, std::vector<SubjectReport>& out) const {
    for (const auto& [subject, schedule] : schedules) {
        const bool there = lists.postgres.clusters.contains(schedule.cluster);
        // They need not bear the labels of their cluster.
        if (lists.selected && lists.clusters_known && !there)
            continue;
        core::Assertions assertions;
        assertions.assertions.push_back(expect("suspend", "false", schedule.suspended ? "true" : "false"));
        if (lists.clusters_known)
            assertions.assertions.push_back(
                expect("cluster", "there", there ? "there" : "missing", "of " + schedule.cluster));
        // When the next one would have been says nothing of one that is suspended.
        if (!schedule.suspended)
            if (auto next = next_backup(subject, schedule, lists, now))
                assertions.assertions.push_back(std::move(*next));
        out.push_back({.subject = subject, .location = {}, .evidence = {std::move(assertions)}, .failure = {}});
    }
}

} // namespace recoverd::collectors::kubernetes_parts
