// SPDX-License-Identifier: Apache-2.0
// Which saves there are to go back to.
//
// rdb_last_save_time alone proves nothing: it is the moment of the start when nothing was ever saved, a failed save
// leaves it as it was, and a full sync rewrites it on a replica that has saved nothing itself. rdb_last_bgsave_status
// is `ok` where nothing was ever tried. So a save counts that was counted, and that is remembered: after a restart the
// server knows nothing of the file it has just read.
#include "collectors/valkey/parts.hpp"

#include <algorithm>

namespace recoverd::collectors::vk {

namespace {

using core::BackupJob;
using core::Duration;
using core::JobState;
using core::Time;

// uptime_in_seconds counts whole seconds, from some moments after the process began.
constexpr Duration kStartTolerance{2'000};

bool status_ok(const Info& info) { return info.text("rdb_last_bgsave_status") == "ok"; }

/// rdb_saves (since 7.0) counts attempts, from their beginning: as long as the first one runs, and after it failed, the
/// time is still that of the start. Older servers tell of the last one in the background only, which may have been for
/// a replica.
bool saved_since_start(const Server& server, const Info& info, Time ended_at) {
    const bool as_at_start = ended_at <= server.started_at + server.ahead + kStartTolerance;
    if (const auto saves = info.natural("rdb_saves"))
        return *saves > 0 && (!as_at_start || (status_ok(info) && !info.flag("rdb_bgsave_in_progress")));
    return info.natural("rdb_last_bgsave_time_sec").has_value() && !as_at_start;
}

/// Did this server read its dataset from disk when it started? What it holds beyond the changes since must have been
/// there, where it does not say so.
bool loaded(const Server& server, const Info& info) {
    if (const auto keys = info.natural("rdb_last_load_keys_loaded"))
        return *keys + info.natural("rdb_last_load_keys_expired").value_or(0) > 0;
    return !server.replica && server.keys > info.natural("rdb_changes_since_last_save").value_or(server.keys);
}

/// Another process than at the last look: what was remembered holds only for the same machine's file, read again.
void meet(const Server& server, const Info& info, Cursor& cursor) {
    if (cursor.run_id == server.run_id)
        return;
    const bool restarted = cursor.looked_at && server.started_at + kStartTolerance >= *cursor.looked_at;
    // Whatever it has lost by that, it had nothing more of its primary before.
    const auto cut_off = restarted ? cursor.cut_off_at : std::nullopt;
    if (!restarted || !loaded(server, info))
        cursor = {};
    cursor.cut_off_at = cut_off;
    cursor.run_id = server.run_id;
    if (cursor.save)
        cursor.save->saves.reset();
}

Save read_save(const Info& info, Time ended_at) {
    Save save{.ended_at = ended_at, .data_at = ended_at};
    save.saves = info.natural("rdb_saves");
    // The file holds what was there when the process forked.
    if (const auto took = info.seconds("rdb_last_bgsave_time_sec"); took && status_ok(info)) {
        save.took = *took;
        save.data_at = ended_at - *took;
    }
    return save;
}

/// The size that the dataset had when it was saved, as far as a look shortly after shows it.
std::optional<std::uint64_t> dataset_bytes(const Server& server, const Info& info, const Cursor& cursor,
                                           const Save& save) {
    const bool just_now = cursor.looked_at && save.ended_at - server.ahead + kStartTolerance >= *cursor.looked_at;
    const bool unchanged = info.natural("rdb_changes_since_last_save") == 0U;
    return just_now || unchanged ? info.natural("used_memory_dataset") : std::nullopt;
}

void note_save(const Server& server, const Info& info, Cursor& cursor) {
    const auto told = info.natural("rdb_last_save_time");
    if (!told || *told > static_cast<std::uint64_t>(core::to_unix_seconds(core::kNever)))
        return;
    const Time ended_at = core::from_unix_seconds(static_cast<std::int64_t>(*told));
    if (!saved_since_start(server, info, ended_at))
        return;
    if (cursor.save && cursor.save->ended_at == ended_at) {
        cursor.save->saves = info.natural("rdb_saves");
        // A flush in the second of the last save leaves its time as it was.
        if (info.natural("rdb_changes_since_last_save") == 0U)
            cursor.save->dataset_bytes = info.natural("used_memory_dataset");
        return;
    }
    const bool synced =
        server.replica && cursor.save && cursor.save->saves && cursor.save->saves == info.natural("rdb_saves");
    if (synced)
        return;
    Save save = read_save(info, ended_at);
    save.dataset_bytes = dataset_bytes(server, info, cursor, save);
    cursor.save = save;
}

/// It is back in step, or was since the last look. What it saved meanwhile stays of the moment at which the link broke,
/// and what has come in now may have been written from then on; a save that began since the last look may hold that
/// already. One that was promoted instead has nobody to be behind.
void rejoin(const Server& server, Cursor& cursor, Time cut_off) {
    if (cursor.all_saved_at)
        cursor.all_saved_at = std::min(*cursor.all_saved_at, cut_off);
    if (cursor.save && cursor.looked_at && cursor.save->data_at - server.ahead < *cursor.looked_at)
        cursor.save->data_at = std::min(cursor.save->data_at, cut_off);
}

void note_link(const Server& server, const Info& info, Cursor& cursor, Time now) {
    const auto cut_off = cut_off_at(server, info, cursor, now);
    if (server.replica && cursor.cut_off_at && cut_off != cursor.cut_off_at)
        rejoin(server, cursor, *cursor.cut_off_at);
    cursor.cut_off_at = cut_off;
}

void add_jobs(const Info& info, Cursor& cursor, Time now, std::vector<BackupJob>& jobs) {
    // The same child writes the file of a full sync, and to the replica's socket at that.
    const auto followers = info.numbered("slave");
    const bool for_replica = std::ranges::any_of(followers, [](const std::string& follower) {
        const Parts parts = read_parts(follower);
        const auto state = parts.find("state");
        return state != parts.end() && state->second != "online";
    });
    if (info.flag("rdb_bgsave_in_progress") && !for_replica) {
        BackupJob job{.state = JobState::running, .backup_type = "rdb"};
        if (const auto running = info.seconds("rdb_current_bgsave_time_sec"))
            job.started_at = now - *running;
        jobs.push_back(std::move(job));
    }
    if (status_ok(info)) {
        cursor.save_failed_at.reset();
        return;
    }
    // When it failed is not told.
    if (!cursor.save_failed_at)
        cursor.save_failed_at = now;
    jobs.push_back({.state = JobState::failed,
                    .backup_type = "rdb",
                    .ended_at = cursor.save_failed_at,
                    .detail = "rdb_last_bgsave_status is err: the server's log has the cause"});
}

/// Do the changes that are counted come on top of what the save holds? They are counted from the time that the server
/// tells, which a full sync moves; after a restart from what it read, which is the append-only file where there is one.
bool counts_from_save(const Server& server, const Info& info, const Save& save) {
    const auto told = info.natural("rdb_last_save_time");
    if (told && core::to_unix_seconds(save.ended_at) == static_cast<double>(*told))
        return true;
    const bool before_start = save.ended_at < server.started_at + server.ahead + kStartTolerance;
    return before_start && !server.replica && !info.flag("aof_enabled");
}

/// The moment that the data of the save is of. A replica that is cut off and has nothing unsaved has saved all that it
/// had when the link broke, before that or after it.
Time moment_of(const Save& save, const Server& server, const Info& info, const Cursor& cursor) {
    if (!cursor.cut_off_at)
        return save.data_at;
    const bool all = info.natural("rdb_changes_since_last_save") == 0U && counts_from_save(server, info, save);
    return all ? *cursor.cut_off_at : std::min(save.data_at, *cursor.cut_off_at);
}

/// When the dataset last changed, as far as it matters: at the save when nothing changed since, else at the last look
/// at which nothing had. That of a primary that cannot be seen may have changed ever since.
std::optional<Time> changed_at(const Server& server, const Info& info, Cursor& cursor, Time now) {
    const auto changes = info.natural("rdb_changes_since_last_save");
    if (!cursor.save || !changes)
        return std::nullopt;
    const Time saved = moment_of(*cursor.save, server, info, cursor);
    if (!counts_from_save(server, info, *cursor.save))
        return saved + Duration{1};
    if (*changes == 0) {
        cursor.all_saved_at = now;
        return cursor.cut_off_at ? saved + Duration{1} : saved;
    }
    const Time unchanged = std::max(saved, cursor.all_saved_at.value_or(Time::min()));
    return std::min(unchanged, cursor.cut_off_at.value_or(unchanged)) + Duration{1};
}

} // namespace

core::RecoveryPoints interpret_saves(const Server& server, const Info& info, Cursor& cursor, Time now) {
    meet(server, info, cursor);
    note_save(server, info, cursor);
    note_link(server, info, cursor, now);
    core::RecoveryPoints points;
    points.method = "valkey";
    if (cursor.save)
        points.points.push_back({.id = "rdb",
                                 .data_at = moment_of(*cursor.save, server, info, cursor),
                                 .ended_at = cursor.save->ended_at,
                                 .size_bytes = cursor.save->dataset_bytes,
                                 .duration = cursor.save->took,
                                 .backup_type = "rdb"});
    add_jobs(info, cursor, now, points.jobs);
    points.source_changed_at = changed_at(server, info, cursor, now);
    points.count = points.points.size();
    if (cursor.save)
        points.oldest_at = points.points.front().data_at;
    return points;
}

} // namespace recoverd::collectors::vk
