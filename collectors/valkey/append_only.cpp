// SPDX-License-Identifier: Apache-2.0
// The append-only file. How soon what is written to it survives a power failure is for appendfsync, which INFO does not
// tell (`settings` may demand a value); with `no`, an error of the disk may never show.
#include "collectors/valkey/parts.hpp"

#include <algorithm>

namespace recoverd::collectors::vk {

namespace {

using core::Told;

/// One that was just switched on holds nothing until its first rewrite has ended.
bool complete(const Info& info, const Cursor& cursor) {
    const bool first = info.flag("aof_rewrite_in_progress") && !info.natural("aof_last_rewrite_time_sec");
    return cursor.aof_since || !first;
}

void add_point(const Cursor& cursor, core::RecoveryPoints& points) {
    // Made once, and as new as its last write ever since.
    points.points.push_back(
        {.id = "aof", .data_at = *cursor.aof_written_at, .ended_at = *cursor.aof_since, .backup_type = "aof"});
    std::ranges::stable_sort(points.points, {}, &core::RecoveryPoint::ended_at);
    points.count = points.points.size();
    points.oldest_at = std::min(points.oldest_at.value_or(*cursor.aof_written_at), *cursor.aof_written_at);
    // What no save holds is in it, and what the primary took in since the link broke is not.
    if (points.source_changed_at && cursor.cut_off_at)
        points.source_changed_at = std::max(*points.source_changed_at, *cursor.cut_off_at + core::Duration{1});
}

} // namespace

core::LogArchive interpret_append_only(const Info& info, Cursor& cursor, core::RecoveryPoints& points, core::Time now) {
    core::LogArchive log;
    log.enabled = core::told(info.flag("aof_enabled"));
    if (log.enabled == Told::no || !complete(info, cursor)) {
        cursor.aof_since.reset();
        cursor.aof_written_at.reset();
        cursor.aof_failing_since.reset();
        return log;
    }
    if (info.text("aof_last_write_status") == "ok") {
        cursor.aof_since = cursor.aof_since.value_or(now);
        cursor.aof_written_at = now;
        cursor.aof_failing_since.reset();
        // What its primary took in since it was cut off nobody here knows.
        log.pending = cursor.cut_off_at ? Told::not_told : Told::no;
    } else {
        cursor.aof_failing_since = cursor.aof_failing_since.value_or(now);
        log.pending = Told::yes;
        log.failing_since = cursor.aof_failing_since;
        log.failing_detail = "aof_last_write_status is err: the server's log has the cause";
    }
    if (cursor.aof_written_at && cursor.cut_off_at)
        cursor.aof_written_at = std::min(*cursor.aof_written_at, *cursor.cut_off_at);
    log.newest_at = cursor.aof_written_at;
    if (cursor.aof_since && cursor.aof_written_at)
        add_point(cursor, points);
    return log;
}

} // namespace recoverd::collectors::vk
