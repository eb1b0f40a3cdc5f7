// SPDX-License-Identifier: Apache-2.0
// The code of CONTRIBUTING.md, which shows what stands between the marks; contributing_test.cpp compares.
#include "tests/collectors/contributing_example.hpp"

#include "core/config/values.hpp"

#include <algorithm>
#include <map>

namespace recoverd::collectors {

// [ask]
namespace {

struct Options {
    std::string repository;
    SecretRef password;
};

constexpr Option<Options> kOptions[] = {
    {"repository", &Options::repository, "USER@REALM@HOST:DATASTORE, as proxmox-backup-client takes it",
     Need::required},
    {"password", &Options::password, "of that user, or of its API token"},
};

Task<Collected> collect(Options options, Run run) {
    const auto password = co_await run.world.secret(options.password);
    if (!password)
        co_return std::unexpected(password.error());
    io::Command command;
    command.argv = {"proxmox-backup-client", "snapshot", "list", "--output-format", "json"};
    command.env = {{"PBS_REPOSITORY", options.repository}, {"PBS_PASSWORD_FD", "0"}};
    command.input = password->reveal();
    command.timeout = run.timeout;
    const auto finished = co_await run.world.run(std::move(command));
    if (!finished)
        co_return std::unexpected(finished.error());
    if (finished->status != 0)
        co_return core::failed(FailureKind::bad_answer,
                               "proxmox-backup-client failed: " + io::last_words(finished->err));
    co_return interpret_proxmox_backup(io::Json::parse(finished->out));
}

} // namespace
// [/ask]

// [interpret]
namespace {

core::RecoveryPoint point_of(const io::Json& snapshot) {
    core::RecoveryPoint point;
    // Of the start; when it ended is not told.
    point.data_at = point.ended_at = snapshot["backup-time"].unix_time();
    point.id = core::config::format_time(point.data_at);
    // A snapshot that is still being written has no size yet.
    if (snapshot["size"])
        point.size_bytes = snapshot["size"].natural();
    else
        point.state = core::PointState::incomplete;
    if (const io::Json& verified = snapshot["verification"]["state"]) {
        // A verification reads every chunk and compares its digest.
        if (verified.text() == "ok")
            point.depth = core::Depth::checksummed;
        else
            point.state = core::PointState::bad;
        point.detail = "verification: " + verified.text();
    }
    return point;
}

SubjectReport report_of(std::string group, core::RecoveryPoints points) {
    points.method = "proxmox-backup";
    points.count = points.points.size();
    std::ranges::sort(points.points, {}, &core::RecoveryPoint::ended_at);
    const auto good = std::ranges::find(points.points, core::PointState::good, &core::RecoveryPoint::state);
    if (good != points.points.end())
        points.oldest_at = good->data_at;
    if (points.points.size() > core::kMaxPoints)
        points.points.erase(points.points.begin(), points.points.end() - core::kMaxPoints);
    return {.subject = std::move(group), .evidence = {std::move(points)}};
}

} // namespace

Seen interpret_proxmox_backup(const io::Json& snapshots) {
    std::map<std::string, core::RecoveryPoints> groups;
    for (const io::Json& snapshot : snapshots.items()) {
        const std::string group = snapshot["backup-type"].text() + "/" + snapshot["backup-id"].text();
        groups[group].points.push_back(point_of(snapshot));
    }
    Seen seen;
    for (auto& [group, points] : groups)
        seen.subjects.push_back(report_of(group, std::move(points)));
    return seen;
}
// [/interpret]

// [describe]
Kind proxmox_backup() {
    return kind<Options>({.name = "proxmox_backup",
                          .summary = "snapshots in a datastore of Proxmox Backup Server",
                          .brings = {EvidenceKind::recovery_points},
                          .access = "proxmox-backup-client, and a user with the role DatastoreAudit",
                          .resource = Resource::process,
                          .every = std::chrono::minutes{5}},
                         kOptions, collect);
}
// [/describe]

} // namespace recoverd::collectors
