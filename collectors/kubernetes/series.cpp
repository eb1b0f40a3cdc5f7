// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/series.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::PointState;

std::string series_of(const io::Json& object, std::string_view kind, const io::Json& name) {
    return subject_of(clean(object["metadata"]["namespace"].text(), 63), kind, clean(name.text(), 253));
}

/// What CloudNativePG made before it knew other methods is in an object store.
bool in_object_store(const io::Json& backup) {
    const io::Json& method = backup["status"]["method"] ? backup["status"]["method"] : backup["spec"]["method"];
    return !method || method.text().empty() || method.text() == "barmanObjectStore";
}

/// A Backup stays as an object when the store has deleted its data. Of those beyond the window the newest is kept: by
/// it one reaches the window's beginning.
void expire(core::RecoveryPoints& points, const std::set<std::string>& stored, Duration retention, Time now) {
    const auto beyond = [&](const core::RecoveryPoint& point) {
        return stored.contains(point.id) && point.ended_at < now - retention;
    };
    std::optional<Time> kept;
    for (const core::RecoveryPoint& point : points.points)
        if (beyond(point))
            kept = std::max(kept, std::optional{point.ended_at});
    for (core::RecoveryPoint& point : points.points)
        if (beyond(point) && point.ended_at < *kept) {
            point.state = PointState::bad;
            point.detail = "older than its cluster's retentionPolicy: what it names may be deleted";
        }
}

} // namespace

void finish(core::RecoveryPoints& points, std::string_view method) {
    points.method = method;
    points.tells_jobs = core::Told::yes;
    points.count = points.points.size();
    std::ranges::sort(points.points, {}, &core::RecoveryPoint::ended_at);
    for (const core::RecoveryPoint& point : points.points)
        if (point.state == PointState::good && (!points.oldest_at || point.data_at < *points.oldest_at))
            points.oldest_at = point.data_at;
    if (points.points.size() > core::kMaxPoints)
        points.points.erase(points.points.begin(), points.points.end() - static_cast<std::ptrdiff_t>(core::kMaxPoints));
}

void AllSeries::read_backup(const io::Json& backup) {
    const io::Json& status = backup["status"];
    const std::string phase = clean(text_or(status["phase"]), 60);
    const std::string subject = series_of(backup, "cluster", backup["spec"]["cluster"]["name"]);
    core::RecoveryPoints& points = series[subject];
    points.method = "cnpg";
    const io::Json& by = backup["metadata"]["labels"]["cnpg.io/scheduled-backup"];
    if (by && phase != "completed" && phase != "failed")
        unfinished.insert(series_of(backup, "scheduledbackup", by));
    if (phase == "completed") {
        core::RecoveryPoint point;
        point.id = clean(backup["metadata"]["name"].text(), 253);
        point.ended_at = point.data_at = status["stoppedAt"].time();
        if (status["startedAt"])
            point.duration = point.ended_at - status["startedAt"].time();
        if (in_object_store(backup))
            stored[subject].insert(point.id);
        points.points.push_back(std::move(point));
        return;
    }
    core::BackupJob job;
    // walArchivingFailing waits for the archive, and "invalid backup definition" for somebody: neither is a backup.
    const bool failed = phase == "failed" || phase == "walArchivingFailing" || phase.starts_with("invalid");
    job.state = failed ? core::JobState::failed : core::JobState::running;
    job.started_at = time_or_none(status["startedAt"]);
    if (failed)
        job.ended_at =
            status["stoppedAt"] ? status["stoppedAt"].time() : backup["metadata"]["creationTimestamp"].time();
    job.detail =
        fmt::format("{}: {}{}{}", clean(backup["metadata"]["name"].text(), 100), phase.empty() ? "not begun" : phase,
                    status["error"] ? ": " : "", clean(text_or(status["error"])));
    points.jobs.push_back(std::move(job));
}

void AllSeries::read_cluster(const io::Json& cluster, Time now) {
    const std::string subject = subject_of(cluster, "cluster");
    series[subject].method = "cnpg";
    clusters[subject] = read_postgres_cluster(cluster, now);
}

void AllSeries::forget_backups() {
    unfinished.clear();
    stored.clear();
    for (auto& [subject, points] : series) {
        points = {};
        points.method = "cnpg";
    }
}

void AllSeries::report(Time now, bool selected, std::vector<SubjectReport>& out) const {
    for (const auto& [subject, read] : series) {
        const auto cluster = clusters.find(subject);
        if (selected && cluster == clusters.end())
            continue;
        core::RecoveryPoints points = read;
        const auto in_store = stored.find(subject);
        if (cluster != clusters.end() && cluster->second.retention && in_store != stored.end())
            expire(points, in_store->second, *cluster->second.retention, now);
        finish(points, read.method);
        out.push_back({.subject = subject, .location = {}, .evidence = {std::move(points)}, .failure = {}});
    }
}

void AllSeries::report_clusters(bool backups_known, std::vector<SubjectReport>& out) const {
    for (const auto& [subject, cluster] : clusters) {
        const auto& jobs = series.at(subject).jobs;
        const bool failed = std::ranges::find(jobs, core::JobState::failed, &core::BackupJob::state) != jobs.end();
        out.push_back(report_of_cluster(subject, cluster, backups_known && failed));
    }
}

} // namespace recoverd::collectors::kubernetes_parts
