// SPDX-License-Identifier: Apache-2.0
// Automated snapshots (Vault Enterprise): what Vault says of the last one. Which of them are still kept it does not
// say.
#include "collectors/collector.hpp"
#include "collectors/vault/parts.hpp"
#include "io/process.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::vault_parts {

namespace {

/// What has not happened yet is empty, or Go's zero time.
std::optional<Time> moment(const io::Json& json) {
    if (!json || json.text().empty() || json.text().starts_with("0001-01-01T"))
        return std::nullopt;
    return json.time();
}

std::string text_of(const io::Json& json) { return json ? json.text() : std::string{}; }

/// Vault lists errors line by line.
std::string words_of(const io::Json& error) {
    const std::string text = text_of(error);
    const std::string words = io::last_words(text);
    return words.empty() && !text.empty() ? "no words" : words;
}

core::RecoveryPoint point_of(const AutoSnapshot& snapshot) {
    core::RecoveryPoint point;
    const auto slash = snapshot.url.rfind('/');
    point.id = slash == std::string::npos ? snapshot.url : snapshot.url.substr(slash + 1);
    point.data_at = snapshot.started_at;
    point.ended_at = snapshot.ended_at;
    if (snapshot.ended_at >= snapshot.started_at)
        point.duration = snapshot.ended_at - snapshot.started_at;
    return point;
}

} // namespace

Result<core::RecoveryPoints> auto_snapshot_of(const std::string& name, const io::Json& answer, Cursor& cursor) {
    const io::Json& data = answer["data"];
    (void)data.object();
    const auto started = moment(data["last_snapshot_start"]);
    const auto ended = moment(data["last_snapshot_end"]);
    const std::string error = words_of(data["last_snapshot_error"]);
    core::RecoveryPoints points;
    points.method = "snapshot-auto";
    points.tells_jobs = core::Told::yes;
    // An end alone proves nothing: one that failed has an end too.
    if (started && ended && error.empty())
        cursor.auto_snapshots[name] = {*started, *ended, text_of(data["last_snapshot_url"])};
    else if (!error.empty())
        points.jobs.push_back({core::JobState::failed, {}, started, ended ? ended : started, error});
    if (const auto running = moment(data["snapshot_start"]); running && (!started || *running > *started))
        points.jobs.push_back({core::JobState::running, {}, running, {}, {}});
    if (const auto kept = cursor.auto_snapshots.find(name); kept != cursor.auto_snapshots.end()) {
        points.points.push_back(point_of(kept->second));
        points.count = 1;
    } else if (!error.empty()) {
        // That there is none at all would be more than is known.
        return core::failed(
            FailureKind::bad_answer,
            fmt::format("the last snapshot failed, and Vault does not tell of the one before: {}", error));
    }
    return points;
}

} // namespace recoverd::collectors::vault_parts
