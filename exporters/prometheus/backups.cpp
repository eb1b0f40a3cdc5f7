// SPDX-License-Identifier: Apache-2.0
// Recovery points and the continuous window between them.
#include "core/rules/points.hpp"
#include "exporters/prometheus/families.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace recoverd::exporters::families {

namespace {

/// The newest usable point of each backup type; there are few types. A date from the future is not believed.
std::vector<const core::RecoveryPoint*> newest_good(const core::RecoveryPoints& points, core::Time looked_at) {
    std::vector<const core::RecoveryPoint*> newest;
    for (const core::RecoveryPoint& point : points.points) {
        if (point.data_at > looked_at + core::kClockTolerance || !core::usable(points, point))
            continue;
        const auto same =
            std::ranges::find_if(newest, [&](const auto* other) { return other->backup_type == point.backup_type; });
        if (same == newest.end())
            newest.push_back(&point);
        else if (point.data_at >= (*same)->data_at)
            *same = &point;
    }
    return newest;
}

void write_point(SeriesWriter& out, const SubjectSeries& subject, const std::string& method, const std::string& labels,
                 const core::RecoveryPoint& point) {
    using M = MetricId;
    if (out.seen_in_group(M::backup_last_success, labels))
        return;
    out.add(M::backup_last_success, labels, point.data_at);
    out.add(M::backup_last_end, labels, point.ended_at);
    if (point.size_bytes)
        out.add(M::backup_last_size, labels, *point.size_bytes);
    if (point.stored_bytes)
        out.add(M::backup_last_stored, labels, *point.stored_bytes);
    if (point.duration)
        out.add(M::backup_last_duration, labels, *point.duration);
    if (const auto change = core::size_change(subject.seen, method, point); change && std::isfinite(*change))
        out.add(M::backup_size_change, labels, *change);
}

} // namespace

void write_recovery_points(SeriesWriter& out, const SubjectSeries& subject, const core::RecoveryPoints& points) {
    using M = MetricId;
    const LabelText series = LabelText{subject.labels}.add("method", points.method);
    for (const core::RecoveryPoint* point :
         newest_good(points, subject.seen.learned_of(core::EvidenceKind::recovery_points))) {
        if (point->backup_type.empty())
            write_point(out, subject, points.method, series.text(), *point);
        else
            write_point(out, subject, points.method,
                        LabelText{series.text()}.add("backup_type", point->backup_type).text(), *point);
    }
    if (out.seen_in_group(M::backup_points, series.text()))
        return;
    out.add(M::backup_points, series.text(), points.count);
    if (points.oldest_at)
        out.add(M::backup_oldest, series.text(), *points.oldest_at);
    const auto running = static_cast<std::uint64_t>(
        std::ranges::count(points.jobs, core::JobState::running, [](const core::BackupJob& job) { return job.state; }));
    // Where nobody tells of jobs a 0 would claim that none runs.
    if (points.tells_jobs == core::Told::yes || running > 0)
        out.add(M::backup_running, series.text(), running);
}

void write_backup_history(SeriesWriter& out, const SubjectSeries& subject) {
    if (subject.seen.last_failed_job)
        out.add(MetricId::backup_last_failure, subject.labels, subject.seen.last_failed_job->at);
}

void write_log_archive(SeriesWriter& out, const SubjectSeries& subject, const core::LogArchive& archive) {
    using M = MetricId;
    if (archive.newest_at && !out.seen_in_group(M::pitr_newest, subject.labels))
        out.add(M::pitr_newest, subject.labels, *archive.newest_at);
    if (archive.oldest_at && !out.seen_in_group(M::pitr_oldest, subject.labels))
        out.add(M::pitr_oldest, subject.labels, *archive.oldest_at);
    if (archive.pending != core::Told::not_told && !out.seen_in_group(M::pitr_pending, subject.labels))
        out.add(M::pitr_pending, subject.labels, archive.pending_bytes);
}

} // namespace recoverd::exporters::families
