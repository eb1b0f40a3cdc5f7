// SPDX-License-Identifier: Apache-2.0
// What recovery points leave behind: sizes and durations to compare with, the newest good moment, since when none was
// missed, and jobs that were seen running.
#include "core/remember_parts.hpp"
#include "core/rules/points.hpp"

#include <algorithm>
#include <map>

namespace recoverd::core {

namespace {

/// Over the limit, the types with the most points give their oldest: hourly incrementals must not push the weekly full
/// out.
void trim(std::vector<PastPoint>& past) {
    std::map<std::string, std::size_t> kept;
    for (const PastPoint& point : past)
        ++kept[point.backup_type];
    std::map<std::string, std::size_t> dropped;
    for (std::size_t over = past.size(); over > kMaxPastPoints; --over) {
        const auto most = std::ranges::max_element(kept, {}, [](const auto& entry) { return entry.second; });
        --most->second;
        ++dropped[most->first];
    }
    std::erase_if(past, [&](const PastPoint& point) {
        std::size_t& left = dropped[point.backup_type];
        return left > 0 && left-- > 0;
    });
}

void keep_past(SubjectMemory& seen, const RecoveryPoints& points, Time looked_at) {
    std::vector<PastPoint>& past = seen.past_points;
    for (const RecoveryPoint& point : points.points) {
        if (point.state != PointState::good || point.ended_at > looked_at + kClockTolerance)
            continue;
        const PastPoint kept{.id = point.id,
                             .method = points.method,
                             .backup_type = point.backup_type,
                             .ended_at = point.ended_at,
                             .size_bytes = point.size_bytes,
                             .duration = point.duration};
        // A file that is written anew every night keeps its name: only name and end together tell points apart.
        const auto same = [&](const PastPoint& p) {
            return p.ended_at == kept.ended_at && p.id == kept.id && p.method == kept.method;
        };
        if (const auto known = std::ranges::find_if(past, same); known != past.end())
            *known = kept;
        else
            past.insert(std::ranges::upper_bound(past, kept.ended_at, {}, &PastPoint::ended_at), kept);
    }
    trim(past);
}

void keep_unsaved(SubjectMemory& seen, const RecoveryPoints& points, const RecoveryPoint* newest) {
    if (!points.source_changed_at || (newest != nullptr && newest->data_at >= *points.source_changed_at))
        seen.unsaved_since.reset();
    else if (!seen.unsaved_since || (newest != nullptr && newest->data_at >= *seen.unsaved_since))
        seen.unsaved_since = points.source_changed_at;
}

/// The newest end of a point, whatever its state: a job that left a bad one did not vanish without leaving any.
std::optional<Time> newest_end(const RecoveryPoints& points, Time looked_at) {
    std::optional<Time> newest;
    for (const RecoveryPoint& point : points.points)
        if (point.ended_at <= looked_at + kClockTolerance)
            newest = std::max(newest, std::optional(point.ended_at));
    return newest;
}

/// The points of the last look, if they were made the same way.
const RecoveryPoints* points_before(const SubjectMemory& seen, const RecoveryPoints& points) {
    for (const Evidence& evidence : *seen.evidence)
        if (const auto* before = std::get_if<RecoveryPoints>(&evidence); before && before->method == points.method)
            return before;
    return nullptr;
}

/// A whole list misses nothing. One that is cut off may have been cut while nobody looked, unless it still shows what
/// ended before the last look.
void keep_known_since(SubjectMemory& seen, const RecoveryPoints& points, Time looked_at) {
    if (points.points.empty())
        return;
    const Time begins = points.points.front().ended_at;
    const RecoveryPoints* before = points_before(seen, points);
    const auto last = before != nullptr ? newest_end(*before, looked_at) : std::nullopt;
    if (!last || (points.count > points.points.size() && begins > *last))
        seen.points_known_since = begins;
    else
        seen.points_known_since = std::min(begins, seen.points_known_since.value_or(before->points.front().ended_at));
}

/// Did a point end since the last look? Its end may lie before the moment at which its job was first seen running:
/// tools write whole seconds, and list a point only some time after the end they give it.
bool left_a_point(const SubjectMemory& seen, const RecoveryPoints& points, const Learned& learned) {
    const RecoveryPoints* before = points_before(seen, points);
    return before != nullptr && newest_end(points, learned.looked_at) > newest_end(*before, learned.looked_at);
}

/// Since when a job of which the source tells no start has been running, as far as one can tell. A point that ended
/// since the last look may be its own (tools expire old ones under the same lock): then it is the tail of that run.
Time seen_since(const BackupJob& job, std::optional<Time> ended, const Learned& learned) {
    if (job.started_at)
        return std::min(*job.started_at, learned.looked_at);
    const Time last_look = learned.learned_before.value_or(learned.looked_at - learned.check.every);
    return ended && *ended > last_look ? std::min(*ended, learned.looked_at) : learned.looked_at;
}

/// Is `job` the one that was seen before? One that began after `before` was first seen, or goes on after a point ended,
/// is the next.
bool same_run(const RunningJob& before, const BackupJob& job, std::optional<Time> ended) {
    if (before.backup_type != job.backup_type)
        return false;
    if (job.started_at)
        return *job.started_at <= before.first_seen;
    return !ended || *ended <= before.first_seen;
}

/// Did the last look show this failed job already? What came between two that fail in the same words, a good one above
/// all, is seen by the first not being shown any more.
bool shown_before(const SubjectMemory& seen, const RecoveryPoints& points, const BackupJob& job) {
    const auto same = [&](const BackupJob& past) {
        return past.state == JobState::failed && past.backup_type == job.backup_type && past.detail == job.detail;
    };
    const RecoveryPoints* before = points_before(seen, points);
    return before != nullptr && std::ranges::any_of(before->jobs, same);
}

void note_failure(SubjectMemory& seen, FailedJob failed) {
    if (!seen.last_failed_job || failed.at > seen.last_failed_job->at)
        seen.last_failed_job = std::move(failed);
}

void keep_jobs(SubjectMemory& seen, const RecoveryPoints& points, const Learned& learned) {
    const auto ended = newest_end(points, learned.looked_at);
    std::vector<RunningJob> running;
    for (const BackupJob& job : points.jobs) {
        if (job.state == JobState::failed) {
            // Untold when: as new as the first look that showed it, and no newer with every further one.
            if (job.ended_at || job.started_at || !shown_before(seen, points, job))
                note_failure(seen, {job.ended_at ? *job.ended_at : job.started_at.value_or(learned.looked_at),
                                    job.backup_type, job.detail});
            continue;
        }
        const auto before =
            std::ranges::find_if(seen.running, [&](const RunningJob& past) { return same_run(past, job, ended); });
        running.push_back(
            {job.backup_type, before != seen.running.end() ? before->first_seen : seen_since(job, ended, learned)});
    }
    if (points.tells_jobs == Told::yes && !left_a_point(seen, points, learned))
        for (const RunningJob& before : seen.running)
            if (std::ranges::find(running, before) == running.end() && (!ended || *ended < before.first_seen))
                note_failure(seen, {before.first_seen, before.backup_type, "was seen running and left no backup"});
    seen.running = std::move(running);
}

} // namespace

void remember_points(SubjectMemory& seen, const RecoveryPoints& points, const Learned& learned) {
    const RecoveryPoint* newest = newest_usable(points, learned.looked_at);
    if (newest != nullptr)
        seen.newest_good_at = newest->data_at;
    keep_past(seen, points, learned.looked_at);
    keep_known_since(seen, points, learned.looked_at);
    keep_unsaved(seen, points, newest);
    keep_jobs(seen, points, learned);
}

} // namespace recoverd::core
