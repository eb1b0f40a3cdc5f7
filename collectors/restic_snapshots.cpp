// SPDX-License-Identifier: Apache-2.0
// What `restic snapshots`, `check` and `list` say: 0.14 (plain words on stderr, status 1 for everything) to 0.18 (JSON
// there too, a status for each cause, and a summary in each snapshot).
#include "collectors/restic.hpp"

#include "collectors/restic_check.hpp"
#include "collectors/tool.hpp"
#include "core/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace recoverd::collectors {

namespace {

using io::Json;

/// More are no series that somebody watches: a path or a tag that changes with each backup, most likely.
constexpr std::size_t kMaxSeries = 1'000;
constexpr std::size_t kMaxSubject = 200;
/// restic itself takes a lock for stale that nobody has renewed for half an hour.
constexpr Duration kStaleAfter = std::chrono::minutes{30};
constexpr std::size_t kMaxLocks = 1'000;

std::string joined(const Json& list) {
    std::vector<std::string> words;
    for (const Json& word : list.items())
        words.push_back(word.text());
    std::ranges::sort(words);
    return fmt::format("{}", fmt::join(words, ","));
}

/// `HOST:/path,/other#tag,other`, of what tells the series apart. A label may not be of any length.
std::string subject_of(const Json& snapshot, ResticGroups groups) {
    std::string subject;
    if (groups.host)
        subject = snapshot["hostname"].text();
    if (groups.paths)
        subject += (subject.empty() ? "" : ":") + joined(snapshot["paths"]);
    if (groups.tags && snapshot["tags"])
        subject += (subject.empty() ? "" : "#") + joined(snapshot["tags"]);
    if (subject.size() > kMaxSubject) {
        const std::string rest =
            fmt::format("…{:08x}", static_cast<std::uint32_t>(core::stable_fraction(subject) * 0xFFFFFFFFU));
        std::size_t cut = kMaxSubject - rest.size();
        while (cut > 0 && (static_cast<unsigned char>(subject[cut]) & 0xC0U) == 0x80U)
            --cut;
        subject = subject.substr(0, cut) + rest;
    }
    return subject;
}

core::RecoveryPoint point_of(const Json& snapshot) {
    core::RecoveryPoint point;
    point.id = snapshot["short_id"] ? snapshot["short_id"].text() : snapshot["id"].text().substr(0, 8);
    // When it began, and all that restic before 0.17 tells.
    point.data_at = point.ended_at = snapshot["time"].time();
    // There is no repository without encryption.
    point.encrypted = core::Told::yes;
    if (const Json& summary = snapshot["summary"]) {
        // `time` can be set by hand; what it took is between these two.
        if (summary["backup_start"] && summary["backup_end"]) {
            const Time began = summary["backup_start"].time();
            const Time ended = summary["backup_end"].time();
            if (ended >= began) {
                point.duration = ended - began;
                point.ended_at = point.data_at + *point.duration;
            }
        }
        if (summary["total_bytes_processed"])
            point.size_bytes = summary["total_bytes_processed"].natural();
        if (summary["data_added_packed"])
            point.stored_bytes = summary["data_added_packed"].natural();
    }
    return point;
}

/// The line that says why: since 0.17 JSON {"message_type":"exit_error","code":…,"message":…}, before that the one that
/// begins with "Fatal:", which others may follow.
std::string why(const std::string& err) {
    const auto fatal = err.rfind("Fatal:");
    std::string line =
        fatal == std::string::npos ? io::last_words(err) : err.substr(fatal, err.find('\n', fatal) - fatal);
    if (const auto at = err.rfind("{\"message_type\":\"exit_error\""); at != std::string::npos) {
        const auto message =
            understood([&] { return Json::parse_lenient(err.substr(at, err.find('\n', at) - at))["message"].text(); });
        if (message)
            return *message;
    }
    return line;
}

/// By the statuses since 0.17, and by the words before.
FailureKind kind_of(int status, const std::string& words) {
    const auto says = [&](std::string_view text) { return words.contains(text); };
    constexpr int kNoRepository = 10;
    constexpr int kLocked = 11;
    constexpr int kWrongPassword = 12;
    if (status == kNoRepository || status == kWrongPassword || says("wrong password") ||
        says("unable to open config") || says("Please specify repository") || says("an empty password") ||
        says("unknown flag"))
        return FailureKind::misconfigured;
    if (status == kLocked || says("permission denied") || says("Access Denied") || says("403 Forbidden") ||
        says("unable to create lock"))
        return FailureKind::refused;
    if (says("connection refused") || says("no such host") || says("i/o timeout") || says("no route to host") ||
        says("connection reset") || says("connection lost") || says("connection timed out") || says("broken pipe"))
        return FailureKind::unreachable;
    return FailureKind::bad_answer;
}

} // namespace

Series interpret_restic(const Json& snapshots, ResticGroups groups) {
    Series series;
    std::set<std::string_view> ids;
    for (const Json& snapshot : snapshots.items()) {
        if (!ids.insert(snapshot["id"].text()).second)
            snapshot["id"].bad("each snapshot once");
        series[subject_of(snapshot, groups)].points.push_back(point_of(snapshot));
        if (series.size() > kMaxSeries)
            throw io::BadDocument(fmt::format("expected at most {} series of snapshots, found more", kMaxSeries));
    }
    for (auto& [subject, points] : series) {
        points.method = "restic";
        // A lock does not tell a backup from a restore, or from somebody who looks.
        points.tells_jobs = core::Told::no;
    }
    return series;
}

std::optional<Failure> restic_failure(const io::Finished& finished, bool prefixed) {
    if (finished.status == 0)
        return std::nullopt;
    const std::string_view unread = restic_complaints(finished.err).unread;
    const std::string words = unread.empty() ? why(finished.err) : std::string{unread};
    return tool_failure(finished, "restic", kind_of(finished.status.value_or(0), words), words, prefixed);
}

std::optional<Failure> restic_passed_over(std::string_view err) {
    // 0.14 "could not load snapshot ID: …", newer "Ignoring "ID": …", and of the folder of them "could not load
    // snapshots: …" (cmd/restic/find.go).
    const std::string_view line = line_that(err, [](std::string_view one) {
        return one.contains("could not load snapshot") || one.starts_with("Ignoring \"");
    });
    if (line.empty())
        return std::nullopt;
    return Failure{kind_of(0, std::string{line}),
                   fmt::format("restic passed over what it could not load: {}", shown(line))};
}

std::optional<std::string> restic_errors(const io::Finished& finished) {
    if (!finished.status || *finished.status == 0)
        return std::nullopt;
    const std::string_view damage = restic_complaints(finished.err).damage;
    if (damage.empty())
        return std::nullopt;
    return fmt::format("restic check: {}", shown(damage));
}

ResticLocks read_restic_locks(std::string_view listed, const ResticLocks& before, Time now) {
    ResticLocks locks;
    while (!listed.empty()) {
        const std::string_view line = listed.substr(0, listed.find('\n'));
        listed.remove_prefix(std::min(listed.size(), line.size() + 1));
        if (line.empty())
            continue;
        const bool name = line.size() == 64 && line.find_first_not_of("0123456789abcdef") == std::string_view::npos;
        if (!name)
            throw io::BadDocument(fmt::format("expected the names of locks, found '{}'", shown(line)));
        if (locks.size() == kMaxLocks)
            break;
        const auto known = before.find(std::string{line});
        locks.emplace(line, known == before.end() || known->second > now ? now : known->second);
    }
    return locks;
}

core::Assertion stale_locks(const ResticLocks& locks, Time now) {
    const auto stale = std::ranges::count_if(locks, [&](const auto& lock) { return now - lock.second >= kStaleAfter; });
    core::Assertion none;
    none.name = "stale_locks";
    none.expected = "0";
    none.actual = fmt::format("{}", stale);
    none.compare = core::Compare::at_most;
    none.priority = core::Priority::p3;
    if (stale > 0)
        none.detail = "left behind by a restic that died: prune and check wait for it until `restic unlock`";
    return none;
}

} // namespace recoverd::collectors
