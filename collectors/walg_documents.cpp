// SPDX-License-Identifier: Apache-2.0
// WAL-G's documents, as versions 1.1 to 3.0 print them. How `wal-verify` ends says nothing: it exits with 0 while it
// reports a gap.
#include "collectors/tool.hpp"
#include "collectors/walg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace recoverd::collectors {

namespace {

using core::RecoveryPoint;
using io::Json;

/// What Go writes for no time at all is in the year 1.
constexpr Time kNoTime{};
/// The newest are told.
constexpr std::ptrdiff_t kMaxGaps = 100;

/// A delta's name ends with the segment in which the backup begins that it builds on: base_B_D_A.
std::optional<std::string> parent_segment(const std::string& name) {
    constexpr std::string_view kDelta = "_D_";
    const auto at = name.find(kDelta);
    return at != std::string::npos ? std::optional(name.substr(at + kDelta.size())) : std::nullopt;
}

/// Told by `backup-mark`: `delete` passes over it, and over no WAL behind it.
bool is_permanent(const Json& backup) { return backup["is_permanent"] && backup["is_permanent"].boolean(); }

RecoveryPoint point_of(const Json& backup) {
    RecoveryPoint point;
    point.id = backup["backup_name"].text();
    // `time` is when the storage got it, which copying to another one makes anew.
    const Time finished = backup["finish_time"] ? backup["finish_time"].time() : kNoTime;
    const Time started = backup["start_time"] ? backup["start_time"].time() : kNoTime;
    point.data_at = point.ended_at = finished > kNoTime ? finished : backup["time"].time();
    if (started > kNoTime && finished >= started)
        point.duration = finished - started;
    if (backup["uncompressed_size"])
        point.size_bytes = backup["uncompressed_size"].natural();
    if (backup["compressed_size"])
        point.stored_bytes = backup["compressed_size"].natural();
    // A backup is listed once its description was stored, which is written last.
    point.depth = core::Depth::listed;
    point.backup_type = parent_segment(point.id) ? "incr" : "full";
    if (is_permanent(backup))
        point.detail = "permanent: kept for ever, with no WAL but its own";
    return point;
}

/// What a delta builds on, by the segments in which the backups begin.
void tell_needs(std::vector<RecoveryPoint>& points, const std::map<std::string, std::string, std::less<>>& by_segment) {
    for (RecoveryPoint& point : points) {
        const auto segment = parent_segment(point.id);
        if (!segment)
            continue;
        const auto parent = by_segment.find(*segment);
        point.needs.push_back(parent != by_segment.end() ? parent->second : "base_" + *segment);
    }
}

/// The segment in which a backup begins: base_SEGMENT, base_SEGMENT_D_SEGMENT.
std::string first_segment(const RecoveryPoint& point) {
    constexpr std::size_t kSegment = 24;
    constexpr std::string_view kBase = "base_";
    return point.id.starts_with(kBase) ? point.id.substr(kBase.size(), kSegment) : std::string{};
}

/// Where all are permanent, WAL is only sure to lead on from the newest. The points are in order and whole.
void tell_begin(WalgBackups& seen, const std::set<std::string>& permanent) {
    seen.wal_from = seen.points.oldest_at;
    if (seen.points.points.empty())
        return;
    const RecoveryPoint& newest = seen.points.points.back();
    seen.newest_segment = first_segment(newest);
    if (permanent.size() < seen.points.points.size())
        return;
    seen.wal_from = newest.data_at;
    seen.wal_from_segment = seen.newest_segment;
}

/// On whatever timeline: behind its eight digits a name tells the position.
bool ends_before(const core::LogGap& gap, const std::string& segment) {
    constexpr std::size_t kTimeline = 8;
    return segment.size() > kTimeline && gap.last.size() == segment.size() &&
           gap.last.compare(kTimeline, std::string::npos, segment, kTimeline) < 0;
}

enum class Arrival : std::uint8_t { found, waiting, lost };

struct Range {
    core::LogGap segments;
    Arrival state = Arrival::found;
};

/// In order of their place in the WAL, as WAL-G lists them; each is of one timeline.
std::vector<Range> ranges_of(const Json& integrity) {
    std::vector<Range> ranges;
    const Json& details = integrity["details"];
    if (!details)
        return ranges;
    for (const Json& row : details.items()) {
        Range range{{row["start_segment"].text(), row["end_segment"].text(), row["segments_count"].natural()}};
        const std::string& status = row["status"].text();
        if (status == "MISSING_LOST")
            range.state = Arrival::lost;
        else if (status == "MISSING_DELAYED" || status == "MISSING_UPLOADING")
            range.state = Arrival::waiting;
        else if (status != "FOUND")
            row["status"].bad("a status that WAL-G has");
        ranges.push_back(std::move(range));
    }
    return ranges;
}

/// Behind the newest segment that arrived WAL-G calls lost whatever is more than it uploads at once
/// (WALG_UPLOAD_CONCURRENCY, 16 unless set), so also what a server that wrote much has yet to send. Where nothing ever
/// arrived, or a finished backup begins there (its end waits until its WAL was taken), it is lost indeed.
void set_waiting(std::vector<Range>& ranges, const std::string& newest_segment) {
    const auto newest_first = std::ranges::find(ranges.rbegin(), ranges.rend(), Arrival::found, &Range::state);
    const auto tail = newest_first.base();
    const bool holds_backup = std::any_of(tail, ranges.end(), [&](const Range& range) {
        return range.segments.first <= newest_segment && newest_segment <= range.segments.last;
    });
    if (newest_first == ranges.rend() || holds_backup)
        return;
    for (auto range = tail; range != ranges.end(); ++range)
        range->state = Arrival::waiting;
}

void tell_integrity(const Json& integrity, const WalgBackups& backups, WalgVerified& seen) {
    const std::string& status = integrity["status"].text();
    if (status != "OK" && status != "WARNING" && status != "FAILURE")
        integrity["status"].bad("OK, WARNING or FAILURE");
    std::vector<Range> ranges = ranges_of(integrity);
    if (status == "FAILURE" && std::ranges::find(ranges, Arrival::lost, &Range::state) == ranges.end())
        integrity["details"].bad("the segments that are lost");
    set_waiting(ranges, backups.newest_segment);
    if (!ranges.empty())
        seen.newest_written = ranges.back().segments.last;
    core::LogArchive& archive = seen.archive;
    for (Range& range : ranges) {
        if (range.state == Arrival::found) {
            archive.last_segment = std::max(archive.last_segment, range.segments.last);
        } else if (ends_before(range.segments, backups.wal_from_segment)) {
            continue;
        } else if (range.state == Arrival::lost) {
            archive.gaps.push_back(std::move(range.segments));
        } else {
            archive.pending = core::Told::yes;
            archive.pending_segments += range.segments.segments;
            if (seen.oldest_waiting.empty())
                seen.oldest_waiting = std::move(range.segments.first);
        }
    }
    std::ranges::sort(archive.gaps, {}, &core::LogGap::first);
    if (std::ssize(archive.gaps) > kMaxGaps)
        archive.gaps.erase(archive.gaps.begin(), archive.gaps.end() - kMaxGaps);
}

/// By the oldest backup behind all gaps. Names of segments sort by timeline, then by position.
std::optional<Time> whole_since(const std::vector<core::LogGap>& gaps, const std::vector<RecoveryPoint>& points) {
    const auto behind = std::ranges::find_if(
        points, [&](const RecoveryPoint& point) { return gaps.empty() || gaps.back().last < first_segment(point); });
    return behind != points.end() ? std::optional(behind->ended_at) : std::nullopt;
}

core::Assertion timeline_of(const Json& timeline) {
    core::Assertion made{.name = "timeline", .expected = "OK"};
    made.actual = timeline["status"].text();
    if (*made.actual != "OK" && *made.actual != "WARNING" && *made.actual != "FAILURE")
        timeline["status"].bad("OK, WARNING or FAILURE");
    made.compare = core::Compare::verdict;
    made.verdict = core::told(*made.actual != "FAILURE");
    const Json& details = timeline["details"];
    if (made.verdict == core::Told::no)
        made.detail = details ? fmt::format("wal-g wal-verify: the server is on timeline {}, the storage has {}",
                                            details["current_timeline_id"].natural(),
                                            details["highest_storage_timeline_id"].natural())
                              : "wal-g wal-verify: the timelines of server and storage differ";
    return made;
}

} // namespace

WalgBackups interpret_walg_backups(const Json& list) {
    WalgBackups seen;
    seen.points.method = "wal-g";
    std::map<std::string, std::string, std::less<>> by_segment;
    std::set<std::string> permanent;
    Time newest = kNoTime;
    for (const Json& backup : list.items()) {
        RecoveryPoint point = point_of(backup);
        if (is_permanent(backup))
            permanent.insert(point.id);
        if (backup["wal_file_name"])
            by_segment.emplace(backup["wal_file_name"].text(), point.id);
        if (const Json& id = backup["system_identifier"]; id && point.ended_at >= newest) {
            newest = point.ended_at;
            seen.system_id = std::to_string(id.natural());
        }
        seen.points.points.push_back(std::move(point));
    }
    tell_needs(seen.points.points, by_segment);
    put_in_order(seen.points, permanent);
    tell_begin(seen, permanent);
    keep_newest(seen.points);
    return seen;
}

WalgVerified interpret_walg_verify(const Json& verified, const WalgBackups& backups) {
    WalgVerified seen;
    seen.archive.from_repository = true;
    seen.archive.system_id = backups.system_id;
    seen.archive.oldest_at = backups.wal_from;
    tell_integrity(verified["integrity"], backups, seen);
    seen.archive.whole_since = whole_since(seen.archive.gaps, backups.points.points);
    seen.timeline = timeline_of(verified["timeline"]);
    return seen;
}

std::optional<core::Failure> walg_failure(const io::Finished& finished, bool prefixed) {
    if (finished.status == 0)
        return std::nullopt;
    return tool_failure(finished, "wal-g", FailureKind::bad_answer, finished.err, prefixed);
}

} // namespace recoverd::collectors
