// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/backup_jobs.hpp"

#include "collectors/kubernetes/job_end.hpp"
#include "collectors/kubernetes/series.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::JobState;

core::RecoveryPoint point_of_run(const std::string& name, std::optional<Time> started, const JobEnd& end) {
    core::RecoveryPoint point;
    point.id = name;
    point.ended_at = end.at;
    // Whatever it copies, it holds what was there when it began.
    point.data_at = started.value_or(point.ended_at);
    if (started)
        point.duration = point.ended_at - *started;
    return point;
}

core::BackupJob failed_run(const std::string& name, std::optional<Time> started, const JobEnd& end) {
    core::BackupJob job;
    job.state = JobState::failed;
    job.started_at = started;
    job.ended_at = end.at;
    job.detail = fmt::format("{}: {}", name, end.why);
    return job;
}

bool runs_now(const core::RecoveryPoints& points) {
    return std::ranges::find(points.jobs, JobState::running, &core::BackupJob::state) != points.jobs.end();
}

/// Jobs are deleted after a while, those that passed perhaps before those that failed: the last success stays told.
void add_last_success(core::RecoveryPoints& points, const Ticks& ticks) {
    const auto listed = [&](const core::RecoveryPoint& point) { return point.ended_at >= *ticks.succeeded; };
    if (!ticks.succeeded || std::ranges::any_of(points.points, listed))
        return;
    core::RecoveryPoint point;
    point.id = core::config::format_time(*ticks.succeeded);
    point.ended_at = *ticks.succeeded;
    // When it began is not told; not before it was scheduled, if it is that run.
    point.data_at = ticks.scheduled ? std::min(*ticks.scheduled, *ticks.succeeded) : *ticks.succeeded;
    points.points.push_back(std::move(point));
}

/// What became of the last run, where no Job of it is listed.
void add_last_run(core::RecoveryPoints& points, const Ticks& ticks, std::optional<Time> newest_start, Time now) {
    if (!ticks.scheduled || ticks.succeeded >= ticks.scheduled)
        return;
    core::BackupJob job;
    job.started_at = ticks.scheduled;
    if (ticks.active > 0) {
        if (!runs_now(points))
            points.jobs.push_back(std::move(job));
        return;
    }
    if (newest_start >= ticks.scheduled || now - *ticks.scheduled <= kJustMade)
        return;
    job.state = JobState::failed;
    job.detail = fmt::format("last scheduled {}, last success {}, and its Job is gone",
                             core::config::format_time(*ticks.scheduled),
                             ticks.succeeded ? core::config::format_time(*ticks.succeeded) : "never");
    points.jobs.push_back(std::move(job));
}

} // namespace

void AllBackupJobs::read(const io::Json& job, const std::string& subject, const std::string& method) {
    const std::string name = clean(job["metadata"]["name"].text(), 100);
    BackupRuns& runs = series[subject];
    runs.points.method = method;
    const auto started = time_or_none(job["status"]["startTime"]);
    runs.newest_start = std::max(runs.newest_start, started);
    const auto end = end_of_job(job);
    const bool suspended = is_suspended(job);
    if (end && end->completed)
        runs.points.points.push_back(point_of_run(name, started, *end));
    else if (end)
        runs.points.jobs.push_back(failed_run(name, started, *end));
    else if (started && !suspended)
        runs.points.jobs.push_back({JobState::running, {}, started, {}, name});
}

const BackupRuns* AllBackupJobs::find(const std::string& subject) const {
    const auto found = series.find(subject);
    return found == series.end() ? nullptr : &found->second;
}

void report_backups(const std::map<std::string, BackupsOf>& all, Time now, std::vector<SubjectReport>& out) {
    for (const auto& [subject, backups] : all) {
        core::RecoveryPoints points = backups.runs != nullptr ? backups.runs->points : core::RecoveryPoints{};
        const std::string method = backups.runs != nullptr ? points.method : backups.method;
        if (backups.cronjob != nullptr) {
            add_last_success(points, *backups.cronjob);
            add_last_run(points, *backups.cronjob, backups.runs != nullptr ? backups.runs->newest_start : std::nullopt,
                         now);
        }
        finish(points, method);
        // A CronJob keeps three of its Jobs, and nobody knows how many backups: how far back they go is not told.
        points.oldest_at.reset();
        // Without its CronJob nobody knows how a Job ended that is gone.
        if (backups.cronjob == nullptr && subject.contains("/cronjob/"))
            points.tells_jobs = core::Told::not_told;
        out.push_back({.subject = subject, .location = {}, .evidence = {std::move(points)}, .failure = {}});
    }
}

} // namespace recoverd::collectors::kubernetes_parts
