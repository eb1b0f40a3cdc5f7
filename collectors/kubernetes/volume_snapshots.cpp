// SPDX-License-Identifier: Apache-2.0
// Beside what the two say of themselves: CSI's external-provisioner restores from no snapshot that is being deleted or
// bound to none, and from no content that is not there, of another snapshot or without a handle (getSnapshotSource).
#include "collectors/kubernetes/volume_snapshots.hpp"

#include "collectors/kubernetes/series.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::PointState;

/// Not told is not ready.
bool says_ready(const io::Json& status) { return status["readyToUse"] && status["readyToUse"].boolean(); }

std::string error_in(const io::Json& status) { return clean(text_or(status["error"]["message"])); }

core::BackupJob unfinished_snapshot(const io::Json& snapshot, const std::string& name) {
    const std::string error = error_in(snapshot["status"]);
    core::BackupJob job;
    // It is tried again and again; whether one that waits will come is not told.
    job.state = error.empty() ? core::JobState::running : core::JobState::failed;
    job.started_at = time_or_none(snapshot["metadata"]["creationTimestamp"]);
    if (!error.empty())
        job.ended_at = time_or_none(snapshot["status"]["error"]["time"]);
    job.detail = name + (error.empty() ? "" : ": " + error);
    return job;
}

/// As it says itself.
core::RecoveryPoint snapshot_point(const io::Json& status, const std::string& name, bool is_bound) {
    core::RecoveryPoint point;
    point.id = name;
    point.data_at = point.ended_at = status["creationTime"].time();
    const bool ready = says_ready(status);
    // What is bound to no content holds nothing.
    if (!ready || !is_bound) {
        const std::string error = error_in(status);
        point.state = PointState::incomplete;
        point.detail = !error.empty() ? error : !ready ? "not ready to use" : "bound to no VolumeSnapshotContent";
    }
    return point;
}

bool is_of(const SnapshotContent& content, const BoundSnapshot& snapshot) {
    return content.of_namespace == snapshot.of_namespace && content.name == snapshot.name &&
           content.uid == snapshot.uid;
}

} // namespace

void AllSnapshots::read(const io::Json& snapshot) {
    const io::Json& claim = snapshot["spec"]["source"]["persistentVolumeClaimName"];
    // One that was imported is of no claim that is here.
    if (!claim)
        return;
    const io::Json& metadata = snapshot["metadata"];
    const io::Json& status = snapshot["status"];
    BoundSnapshot one;
    one.of_namespace = clean(metadata["namespace"].text(), 63);
    one.name = clean(metadata["name"].text(), 253);
    one.uid = clean(metadata["uid"].text(), 63);
    one.subject = subject_of(one.of_namespace, "persistentvolumeclaim", clean(claim.text(), 253));
    core::RecoveryPoints& points = series[one.subject];
    points.method = "volumesnapshot";
    // Nobody restores from one that is being deleted, and its content goes before it does.
    if (metadata["deletionTimestamp"])
        return;
    if (!status["creationTime"]) {
        points.jobs.push_back(unfinished_snapshot(snapshot, one.name));
        return;
    }
    const std::string content = clean(text_or(status["boundVolumeSnapshotContentName"]), 253);
    one.point = points.points.size();
    points.points.push_back(snapshot_point(status, one.name, !content.empty()));
    if (!content.empty())
        bound.emplace(content, std::move(one));
}

void AllSnapshots::read_content(const io::Json& content) {
    const std::string name = clean(content["metadata"]["name"].text(), 253);
    if (!bound.contains(name))
        return;
    const io::Json& of = content["spec"]["volumeSnapshotRef"];
    const io::Json& status = content["status"];
    SnapshotContent& kept = contents[name];
    kept.of_namespace = clean(text_or(of["namespace"]), 63);
    kept.name = clean(text_or(of["name"]), 253);
    kept.uid = clean(text_or(of["uid"]), 63);
    kept.fault = error_in(status);
    if (kept.fault.empty() && !says_ready(status))
        kept.fault = "not ready to use";
    if (kept.fault.empty() && text_or(status["snapshotHandle"]).empty())
        kept.fault = "it names no snapshot of its storage";
}

SpoiledSnapshots AllSnapshots::spoiled(const SpoiledSnapshots& before) const {
    SpoiledSnapshots all;
    for (const auto& [name, snapshot] : bound) {
        const auto content = contents.find(name);
        const core::RecoveryPoint& point = series.at(snapshot.subject).points.at(snapshot.point);
        const std::string named = "its VolumeSnapshotContent " + name;
        if (content == contents.end())
            all[snapshot.uid] = {named + " is missing", !before.contains(snapshot.uid)};
        else if (!is_of(content->second, snapshot))
            all[snapshot.uid] = {named + " is bound to another VolumeSnapshot", false};
        // Of one that is not ready it says so itself.
        else if (point.state == PointState::good && !content->second.fault.empty())
            all[snapshot.uid] = {fmt::format("{}: {}", named, content->second.fault), false};
    }
    return all;
}

void AllSnapshots::report(const SpoiledSnapshots& wrong, bool held, std::vector<SubjectReport>& out) const {
    std::map<std::string, core::RecoveryPoints> all = series;
    for (const auto& [name, snapshot] : bound) {
        core::RecoveryPoint& point = all.at(snapshot.subject).points.at(snapshot.point);
        if (const auto found = wrong.find(snapshot.uid); found != wrong.end()) {
            point.state = found->second.doubtful ? PointState::incomplete : PointState::bad;
            point.detail = found->second.detail;
        } else if (!held && point.state == PointState::good) {
            point.detail = "not held against its VolumeSnapshotContent, which may not be listed";
        }
    }
    for (auto& [subject, points] : all) {
        finish(points, "volumesnapshot");
        out.push_back({.subject = subject, .location = {}, .evidence = {std::move(points)}, .failure = {}});
    }
}

} // namespace recoverd::collectors::kubernetes_parts
