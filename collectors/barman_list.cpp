// SPDX-License-Identifier: Apache-2.0
// What `barman -f json` says, versions 3.4 to 3.17. Numbers come as text, times as local text without a zone beside
// seconds since 1970: only those are read.
#include "collectors/barman.hpp"

#include "collectors/tool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace recoverd::collectors {

namespace {

using core::PointState;
using io::Json;

/// A number, also one that is written as text.
std::uint64_t natural(const Json& json) {
    if (!json.is_text())
        return json.natural();
    const std::string& text = json.text();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        json.bad("a number");
    return value;
}

Time unix_time(const Json& json) {
    const std::uint64_t seconds = natural(json);
    if (seconds > static_cast<std::uint64_t>(core::kNever.time_since_epoch() / std::chrono::seconds{1}))
        json.bad("a number of seconds since 1970");
    return core::from_unix_seconds(static_cast<std::int64_t>(seconds));
}

/// Barman's word for what the rules compare. What copies everything is whole, however it copies.
std::string type_of(const Json& backup) {
    if (!backup["backup_type"])
        return {};
    return backup["backup_type"].text() == "incremental" ? "incr" : "full";
}

/// Told from 3.14 on, the first that can encrypt a backup itself: null for one that is not.
core::Told encrypted(const Json& backup) {
    const Json& encryption = backup["encryption"];
    if (encryption.absent())
        return core::Told::not_told;
    return core::told(!encryption.null() && !encryption.text().empty() && encryption.text() != "none");
}

/// Why one cannot count on it when asking how far back one can go; empty when one can. KEEP:FULL has all WAL since.
std::string_view stands_apart(const Json& backup) {
    const Json& retention = backup["retention_status"];
    if (!retention)
        return {};
    if (retention.text() == "OBSOLETE")
        return "obsolete by Barman's retention policy: the next `barman cron` may delete it";
    if (retention.text() == "KEEP:STANDALONE")
        return "kept for ever, with no WAL but its own: nothing after its end can be reached from it";
    return {};
}

core::RecoveryPoint point_of(const Json& backup, const std::string& status) {
    core::RecoveryPoint point;
    point.id = backup["backup_id"].text();
    point.data_at = point.ended_at = unix_time(backup["end_time_timestamp"]);
    if (backup["size_bytes"])
        point.size_bytes = natural(backup["size_bytes"]);
    point.backup_type = type_of(backup);
    point.encrypted = encrypted(backup);
    point.detail = stands_apart(backup);
    // Barman lists its catalogue; it does not open the files.
    point.depth = core::Depth::listed;
    if (status == "WAITING_FOR_WALS") {
        point.state = PointState::incomplete;
        point.detail = "its WAL has not arrived: nothing can be restored from it yet";
    }
    return point;
}

core::BackupJob job_of(const Json& backup, core::JobState state) {
    core::BackupJob job;
    job.state = state;
    // Its start is told only in the name, in the zone of whoever made it.
    job.detail =
        fmt::format("barman backup {}{}", backup["backup_id"].text(), state == core::JobState::failed ? " failed" : "");
    return job;
}

/// Of one server, newest first as Barman lists them. There is one backup at a time: what began before a newer one that
/// is done, and is neither, was given up long ago.
core::RecoveryPoints points_of(const Json& backups) {
    core::RecoveryPoints points;
    points.method = "barman";
    points.tells_jobs = core::Told::yes;
    std::string newest_done;
    std::set<std::string> apart;
    std::vector<std::pair<std::string, core::BackupJob>> jobs;
    for (const Json& backup : backups.items()) {
        const std::string& status = backup["status"].text();
        const std::string& id = backup["backup_id"].text();
        if (status == "DONE" || status == "WAITING_FOR_WALS") {
            points.points.push_back(point_of(backup, status));
            if (!stands_apart(backup).empty())
                apart.insert(id);
            newest_done = std::max(newest_done, id);
        } else if (status == "STARTED" || status == "EMPTY" || status == "SYNCING") {
            // SYNCING: a passive node copies it. Of those that run nothing but their status is told.
            jobs.emplace_back(id, job_of(backup, core::JobState::running));
        } else if (status == "FAILED") {
            jobs.emplace_back(id, job_of(backup, core::JobState::failed));
        } else {
            backup["status"].bad("a status that Barman has");
        }
    }
    for (auto& [id, job] : jobs)
        if (id > newest_done)
            points.jobs.push_back(std::move(job));
    put_in_order(points, apart);
    keep_newest(points);
    return points;
}

/// What Barman reports besides servers: `_ERROR`, `_EXCEPTION` …
bool is_message(const std::string& key) { return key.starts_with('_'); }

std::optional<std::string> error_of(const Json& document) {
    for (const char* key : {"_EXCEPTION", "_ERROR"})
        if (const Json& errors = document[key])
            return errors.is_array() && errors[0] ? errors[0].text() : std::string{key};
    return std::nullopt;
}

/// Said by rules of their own, with the figures that were promised here rather than there.
bool is_said_elsewhere(const std::string& name) { return name == "failed_backups" || name == "backup_maximum_age"; }

core::Assertion no_verdict() {
    core::Assertion check;
    check.name = "check";
    check.expected = "OK";
    check.compare = core::Compare::verdict;
    return check;
}

} // namespace

Result<std::map<std::string, core::RecoveryPoints>> interpret_barman(const Json& list) {
    if (const auto error = error_of(list)) {
        const bool unknown = error->contains("Unknown server");
        return core::failed(unknown ? FailureKind::misconfigured : FailureKind::bad_answer,
                            fmt::format("barman: {}", shown(*error)));
    }
    std::map<std::string, core::RecoveryPoints> servers;
    for (const auto& [server, backups] : list.object())
        if (!is_message(server))
            servers.emplace(server, points_of(backups));
    return servers;
}

std::map<std::string, core::Assertion> interpret_barman_check(const Json& checks) {
    std::map<std::string, core::Assertion> servers;
    for (const auto& [server, results] : checks.object()) {
        if (is_message(server))
            continue;
        core::Assertion check = no_verdict();
        std::string failed;
        // Which there are depends on the version, and some are only there when they fail: they stand together in one.
        for (const auto& [name, result] : results.object()) {
            const std::string& status = result["status"].text();
            if (status != "OK" && status != "FAILED")
                result["status"].bad("OK or FAILED");
            if (status == "OK" || is_said_elsewhere(name))
                continue;
            const std::string hint = result["hint"] ? result["hint"].text() : "";
            failed += fmt::format("{}{}{}", failed.empty() ? "" : "; ", name, hint.empty() ? "" : ": " + hint);
        }
        if (results.object().empty())
            results.bad("the results of a check");
        check.verdict = core::told(failed.empty());
        check.actual = failed.empty() ? "OK" : "FAILED";
        check.detail = failed.empty() ? "" : fmt::format("barman check: {}", shown(failed));
        servers.emplace(server, std::move(check));
    }
    return servers;
}

core::Assertion barman_check_unknown(std::string detail) {
    core::Assertion check = no_verdict();
    check.detail = std::move(detail);
    return check;
}

std::optional<Failure> barman_failure(const io::Finished& finished, bool prefixed) {
    // 1 is also what `check` gives when something does not hold; then there is a document.
    if (finished.status == 0 || (finished.status == 1 && finished.out.starts_with('{')))
        return std::nullopt;
    const auto says = [&](std::string_view words) { return finished.err.contains(words); };
    const bool configuration =
        finished.status == 2 || says("please run barman as") || says("configured user") || says("configuration file");
    return tool_failure(finished, "barman", configuration ? FailureKind::misconfigured : FailureKind::bad_answer,
                        finished.err, prefixed);
}

} // namespace recoverd::collectors
