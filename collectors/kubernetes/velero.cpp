// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/objects.hpp"
#include "collectors/kubernetes/series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::PointState;

/// Of the phases only Completed is a success.
std::optional<PointState> point_state(std::string_view phase) {
    if (phase == "Completed")
        return PointState::good;
    if (phase == "PartiallyFailed")
        return PointState::bad;
    // All is read, and not all of it is where it shall be.
    if (phase.starts_with("WaitingForPluginOperations") || phase.starts_with("Finalizing"))
        return PointState::incomplete;
    return std::nullopt;
}

/// Since 1.12 each snapshot of CSI is an operation of its backup, which says how it ended. 1.12.0 and 1.12.1 count
/// those that are ready before they are, and never again (velero#7047).
bool all_operations_ended_well(const io::Json& status) {
    const auto begun = count_or_zero(status["backupItemOperationsAttempted"]);
    return begun > 0 && count_or_zero(status["backupItemOperationsCompleted"]) == begun;
}

/// How many of what was begun is missing, in words; empty when nothing is.
std::string missing_in(const io::Json& status) {
    const auto missing = [&](const char* begun, const char* done) {
        return count_or_zero(status[begun]) > count_or_zero(status[done])
                   ? fmt::format("{} of {} volume snapshots", count_or_zero(status[done]), count_or_zero(status[begun]))
                   : std::string{};
    };
    if (std::string of_csi = missing("csiVolumeSnapshotsAttempted", "csiVolumeSnapshotsCompleted");
        !of_csi.empty() && !all_operations_ended_well(status))
        return of_csi;
    if (std::string native = missing("volumeSnapshotsAttempted", "volumeSnapshotsCompleted"); !native.empty())
        return native;
    if (const auto failed = count_or_zero(status["backupItemOperationsFailed"]); failed > 0)
        return fmt::format("{} operations failed", failed);
    return {};
}

core::RecoveryPoint point_of(const io::Json& backup, PointState state) {
    const io::Json& status = backup["status"];
    core::RecoveryPoint point;
    point.id = clean(backup["metadata"]["name"].text(), 253);
    // Not creationTimestamp: one that was found in the bucket is made anew as an object.
    point.data_at = status["startTimestamp"].time();
    point.ended_at = time_or_none(status["completionTimestamp"]).value_or(point.data_at);
    if (status["completionTimestamp"])
        point.duration = point.ended_at - point.data_at;
    point.kept_until = time_or_none(status["expiration"]);
    point.state = state;
    const std::string missing = missing_in(status);
    if (state == PointState::good && !missing.empty())
        point.state = PointState::bad;
    if (point.state != PointState::good)
        point.detail = fmt::format("{}, {} errors{}{}", clean(status["phase"].text(), 60),
                                   count_or_zero(status["errors"]), missing.empty() ? "" : ", ", missing);
    return point;
}

core::BackupJob job_of(const io::Json& backup, bool failed) {
    const io::Json& status = backup["status"];
    core::BackupJob job;
    job.state = failed ? core::JobState::failed : core::JobState::running;
    job.started_at = time_or_none(status["startTimestamp"]);
    if (failed)
        job.ended_at = status["completionTimestamp"] ? status["completionTimestamp"].time()
                                                     : backup["metadata"]["creationTimestamp"].time();
    job.detail =
        fmt::format("{}: {}", clean(backup["metadata"]["name"].text(), 100), clean(text_or(status["phase"]), 60));
    if (status["failureReason"])
        job.detail += ": " + clean(status["failureReason"].text());
    return job;
}

/// Velero makes objects of backups that it finds in a location: these are younger than what they tell of.
bool was_found(const io::Json& backup) {
    const auto made = time_or_none(backup["metadata"]["creationTimestamp"]);
    const auto began = time_or_none(backup["status"]["startTimestamp"]);
    return made && began && *made > *began;
}

/// NAMESPACE/backup, other than the Schedule of that name.
bool is_by_hand(std::string_view subject) { return subject.substr(subject.find('/')) == "/backup"; }

/// Told so that it is not missed where it was a series before.
SubjectReport by_hand(const std::string& subject, const core::RecoveryPoints& points) {
    core::Measurement count;
    count.name = "backups_by_hand";
    count.value = static_cast<double>(points.points.size());
    return {.subject = subject, .location = {}, .evidence = {std::move(count)}, .failure = {}, .passing = true};
}

/// A backup has said Completed of itself all the same (velero#6212).
void spoil(core::RecoveryPoints& points, const std::string& of_namespace,
           const std::map<std::string, UnsavedVolumes>& unsaved) {
    for (core::RecoveryPoint& point : points.points) {
        const auto found = unsaved.find(of_namespace + point.id);
        if (found == unsaved.end() || point.state != PointState::good)
            continue;
        point.state = PointState::bad;
        point.detail = fmt::format("Completed, but {} of its volumes not: {} (PodVolumeBackup)", found->second.count,
                                   found->second.phase);
    }
}

} // namespace

void AllVelero::read_backup(const io::Json& backup) {
    const io::Json& metadata = backup["metadata"];
    const std::string by = text_or(metadata["labels"]["velero.io/schedule-name"]);
    const std::string of_namespace = clean(metadata["namespace"].text(), 63);
    const std::string phase = text_or(backup["status"]["phase"]);
    const std::string subject =
        by.empty() ? of_namespace + "/backup" : subject_of(of_namespace, "schedule", clean(by, 253));
    const std::string name = fmt::format("{}/{}", of_namespace, clean(metadata["name"].text(), 253));
    const std::string location = clean(text_or(backup["spec"]["storageLocation"]), 253);
    const VeleroSeries of{subject, location.empty() ? location : fmt::format("{}/{}", of_namespace, location),
                          was_found(backup)};
    series_of[name] = of;
    core::RecoveryPoints& points = series[of];
    if (const auto state = point_state(phase))
        points.points.push_back(point_of(backup, *state));
    else if (phase != "Deleting")
        points.jobs.push_back(job_of(backup, phase.starts_with("Failed")));
}

void AllVelero::read_schedule(const io::Json& schedule) {
    const auto expect = [](std::string name, std::string expected, std::string actual) {
        core::Assertion assertion;
        assertion.name = std::move(name);
        assertion.expected = std::move(expected);
        assertion.actual = std::move(actual);
        return assertion;
    };
    const io::Json& paused = schedule["spec"]["paused"];
    const std::string subject = subject_of(schedule, "schedule");
    const std::string location = clean(text_or(schedule["spec"]["template"]["storageLocation"]), 253);
    schedule_locations[subject] =
        location.empty() ? location
                         : fmt::format("{}/{}", clean(schedule["metadata"]["namespace"].text(), 63), location);
    core::Assertions& assertions = schedules[subject];
    assertions.assertions.push_back(expect("paused", "false", paused && paused.boolean() ? "true" : "false"));
    if (const std::string phase = clean(text_or(schedule["status"]["phase"]), 40); !phase.empty() && phase != "New")
        assertions.assertions.push_back(expect("phase", "Enabled", phase));
}

void AllVelero::read_volume(const io::Json& volume) {
    const std::string phase = clean(text_or(volume["status"]["phase"]), 40);
    // The label is cut off where the name is longer than a label may be.
    const io::Json& owner = controller_of(volume);
    const bool owned = text_or(owner["kind"]) == "Backup";
    const io::Json& name = owned ? owner["name"] : volume["metadata"]["labels"]["velero.io/backup-name"];
    const std::string backup = clean(text_or(name), 253);
    // One that was cancelled, or never begun, is as little there as one that failed.
    if (phase == "Completed" || backup.empty())
        return;
    UnsavedVolumes& unsaved =
        unsaved_volumes[fmt::format("{}/{}", clean(volume["metadata"]["namespace"].text(), 63), backup)];
    ++unsaved.count;
    unsaved.phase = phase.empty() ? "New" : phase;
}

std::optional<Failure> AllVelero::why_out_of_reach(const core::RecoveryPoints& points,
                                                   const std::string& of_namespace) const {
    const auto newest_first = points.points | std::views::reverse;
    const auto newest = std::ranges::find(newest_first, PointState::good, &core::RecoveryPoint::state);
    if (newest == newest_first.end())
        return std::nullopt;
    const auto of = series_of.find(of_namespace + newest->id);
    const auto found = of == series_of.end() ? locations.end() : locations.find(of->second.location);
    if (found == locations.end() || found->second.wrong.empty())
        return std::nullopt;
    return Failure{FailureKind::unreachable,
                   fmt::format("its backups are in {}, which is {}", found->first, found->second.wrong)};
}

std::string AllVelero::subject_in(const VeleroSeries& one) const {
    const auto schedule = schedule_locations.find(one.subject);
    // What was made here stays its Schedule's where that puts the next ones elsewhere.
    if (!one.found || one.location.empty() || schedule == schedule_locations.end())
        return one.subject;
    const std::string own = schedule->second.empty()
                                ? default_location(std::string_view{one.subject}.substr(0, one.subject.find('/')))
                                : schedule->second;
    if (own.empty() || own == one.location)
        return one.subject;
    return fmt::format("{}@{}", one.subject, one.location.substr(one.location.find('/') + 1));
}

bool AllVelero::is_beside_schedule(std::string_view subject) const {
    if (!is_by_hand(subject))
        return false;
    const std::string all = subject_of(subject.substr(0, subject.find('/')), "schedule", "");
    const auto first = schedules.lower_bound(all);
    return first != schedules.end() && first->first.starts_with(all);
}

void AllVelero::report_series(const VeleroLists& lists, std::vector<SubjectReport>& out) const {
    std::map<std::string, core::RecoveryPoints> all;
    for (const auto& [of, points] : series) {
        core::RecoveryPoints& together = all[subject_in(of)];
        together.points.insert(together.points.end(), points.points.begin(), points.points.end());
        together.jobs.insert(together.jobs.end(), points.jobs.begin(), points.jobs.end());
    }
    // A schedule without a backup has none, and that is to be said.
    for (const auto& [subject, assertions] : schedules)
        all[subject];
    for (auto& [subject, points] : all) {
        if (is_by_hand(subject) && !lists.schedules_known)
            continue;
        if (is_beside_schedule(subject)) {
            out.push_back(by_hand(subject, points));
            continue;
        }
        const std::string of_namespace = subject.substr(0, subject.find('/') + 1);
        spoil(points, of_namespace, unsaved_volumes);
        finish(points, "velero");
        SubjectReport report{.subject = subject, .location = {}, .evidence = {}, .failure = {}};
        // The backups may be as good as ever, but nobody knows; what was known of them ages.
        report.failure = why_out_of_reach(points, of_namespace);
        if (!report.failure)
            report.evidence.emplace_back(std::move(points));
        out.push_back(std::move(report));
    }
}

void AllVelero::report(const VeleroLists& lists, std::vector<SubjectReport>& out) const {
    if (lists.backups_known && lists.volumes_known)
        report_series(lists, out);
    std::vector<SubjectReport> restored;
    SeriesOfBackups subjects;
    for (const auto& [backup, of] : series_of)
        subjects[backup] = subject_in(of);
    restores.report(subjects, lists.backups_known, restored);
    // The Restores of backups that were made by hand are deleted with them, and nobody makes them again.
    for (SubjectReport& report : restored) {
        report.passing = is_beside_schedule(report.subject);
        out.push_back(std::move(report));
    }
    for (const auto& [subject, assertions] : schedules)
        out.push_back({.subject = subject, .location = {}, .evidence = {assertions}, .failure = {}});
    report_locations(lists, out);
}

} // namespace recoverd::collectors::kubernetes_parts
