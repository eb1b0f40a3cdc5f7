// SPDX-License-Identifier: Apache-2.0
// What the writer's side says about its WAL archive: what waits, what fails, and whether anything was written that a
// crash would take along.
//
// Neither the archiver's statistics nor .ready files nor segment numbers show a row that was written into the segment
// that is still being filled, and with archive_timeout = 0 it may stay there for weeks. An idle server looks the same,
// and its byte lag is not zero either. So the transaction horizon is compared with its value at a position
// that is archived by now: whatever had ended when the log stood there is safe. Rolled-back transactions, autovacuum's
// ANALYZE and somebody's heartbeat count as written: the horizon does not tell them apart.
#include "collectors/postgresql/parts.hpp"
#include "io/remembered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors::pg {

namespace {

using core::LogArchive;
using core::Time;
using core::told;
using core::Told;

// With an archiver that is stuck for days every run adds one; thinned out, they only lose precision.
constexpr std::size_t kMaxSightings = 64;

// SizeOfXLogLongPHD, the same in all versions.
constexpr std::uint64_t kSegmentHeader = 40;

/// Where a segment named `…TTTTTTTTLLLLLLLLSSSSSSSS…` begins; `.backup` and `.partial` names begin the same way.
std::optional<std::uint64_t> segment_start(std::string_view name, std::uint64_t segment_size) {
    if (name.size() < 24)
        return std::nullopt;
    const auto hex = [&](std::size_t from) -> std::optional<std::uint64_t> {
        std::uint64_t value = 0;
        const auto [stop, error] = std::from_chars(name.data() + from, name.data() + from + 8, value, 16);
        if (error != std::errc{} || stop != name.data() + from + 8)
            return std::nullopt;
        return value;
    };
    const auto log = hex(8);
    const auto segment = hex(16);
    if (!hex(0) || !log || !segment)
        return std::nullopt;
    return (*log << 32U) + *segment * segment_size;
}

/// Segments that are finished and not archived.
struct Waiting {
    std::uint64_t count = 0;
    std::optional<std::uint64_t> first_start;
    std::optional<Time> since;
};

/// Nothing when we may not look.
std::optional<Waiting> read_waiting(const Row& row, std::uint64_t segment_size) {
    const auto& xml = row.text("waiting");
    if (!xml)
        return std::nullopt;
    // Read as a row of its own, with the same care.
    io::PgTable table;
    table.columns = {"count", "since"};
    table.rows = {{xml_value(*xml, "count"), xml_value(*xml, "since")}};
    const Row values(table, 0);
    Waiting waiting;
    waiting.count = values.natural("count").value_or(0);
    waiting.since = values.time("since");
    waiting.first_start = segment_start(xml_value(*xml, "first").value_or(""), segment_size);
    return waiting;
}

/// The position up to which everything is archived; 0 when nothing tells.
std::uint64_t archived_until(const Server& server, const Row& row, const std::optional<Waiting>& waiting,
                             const Cursor& cursor) {
    if (waiting && waiting->first_start)
        return *waiting->first_start;
    if (waiting && waiting->count == 0 && server.flush_position)
        return *server.flush_position - *server.flush_position % server.segment_size;
    const auto& last = row.text("last_archived_wal");
    const auto start = last ? segment_start(*last, server.segment_size) : std::nullopt;
    // A .backup file is named after the segment its backup began in, which was archived before it.
    if (!start || !last->starts_with(server.timeline))
        return cursor.archived_until;
    return std::max(cursor.archived_until, *start + server.segment_size);
}

/// Puts what was seen now into the cursor, and says whether anything was written that is not archived.
Told written_since(const Server& server, std::uint64_t archived, Cursor& cursor, Time now) {
    // Right after a switch the position stands behind the header of a segment that holds no record yet.
    const std::uint64_t offset = *server.insert_position % server.segment_size;
    const std::uint64_t position = *server.insert_position - (offset <= kSegmentHeader ? offset : 0);
    const auto saw_again = [&](Sighting& sighting) {
        sighting.last_position = position;
        sighting.at = now;
    };
    if (cursor.safe && cursor.safe->horizon == server.horizon) {
        saw_again(*cursor.safe);
        cursor.unsafe.clear();
        return Told::no;
    }
    if (!cursor.unsafe.empty() && cursor.unsafe.back().horizon == server.horizon)
        saw_again(cursor.unsafe.back());
    else
        cursor.unsafe.push_back({server.horizon, position, position, now});
    while (!cursor.unsafe.empty() && cursor.unsafe.front().first_position <= archived) {
        cursor.safe = std::move(cursor.unsafe.front());
        cursor.unsafe.erase(cursor.unsafe.begin());
    }
    if (cursor.unsafe.empty())
        return Told::no;
    if (cursor.unsafe.size() > kMaxSightings)
        io::thin_out(cursor.unsafe);
    // Something ended after the log stood beyond what is archived: certainly lost in a crash. When the archive caught
    // up in between (all we know of lies before it), the change may have come before or after; the next one will tell.
    const bool after_safe = cursor.safe && cursor.safe->last_position >= archived;
    return after_safe || cursor.unsafe.size() > 1 ? Told::yes : Told::not_told;
}

/// Where nobody looked for hours the archive went past all that was seen before, and tells better than that how far
/// one could go back. Kept, or the next look would go back to what was seen. Only while what is not archived is seen
/// for the first time: of what was seen before its moment is known.
void catch_up(const Row& row, const LogArchive& archive, Cursor& cursor, Time now) {
    const auto last_archived = row.time("last_archived_time");
    if (!cursor.safe || !last_archived || cursor.safe->last_position >= cursor.archived_until ||
        cursor.unsafe.size() > 1)
        return;
    // When a file was archived says little about how old its content is while older ones wait, or did because the
    // archiver failed.
    const bool dated = archive.pending_segments == 0 || archive.waiting_since;
    const auto last_failed = row.time("last_failed_time");
    if (dated && (!last_failed || *last_failed < cursor.safe->at))
        cursor.safe->at =
            std::max(cursor.safe->at, std::min({now, *last_archived, archive.waiting_since.value_or(now)}));
}

/// The newest moment one could go back to; `archive` is complete but for it.
std::optional<Time> newest_at(const LogArchive& archive, const Cursor& cursor, std::optional<Time> last_archived,
                              Time now) {
    if (archive.pending == Told::no)
        return now;
    if (cursor.safe)
        return cursor.safe->at;
    // When a file was archived says little about how old its content is while older ones wait.
    if (last_archived && archive.waiting_since)
        return std::min(*last_archived, *archive.waiting_since);
    if (last_archived || cursor.unsafe.size() < 2)
        return last_archived;
    // Statistics that were reset name no moment; what changed after this one is not archived, so it is none too early.
    return cursor.unsafe.front().at;
}

void read_failing(const Row& row, const std::optional<Waiting>& waiting, LogArchive& archive, Cursor& cursor) {
    const auto failed = row.time("last_failed_time");
    const auto archived = row.time("last_archived_time");
    // failed_count and last_failed_wal stay as they are after recovery.
    if (!failed || (archived && *archived >= *failed) || (waiting && waiting->count == 0)) {
        cursor.failing_since.reset();
        return;
    }
    if (!cursor.failing_since) {
        // Seen for the first time, maybe hours late: it has failed at most since the oldest segment waits, and not
        // before the last success.
        Time since = archive.waiting_since.value_or(*failed);
        if (archived)
            since = std::max(since, *archived);
        cursor.failing_since = std::min(since, *failed);
    }
    archive.failing_since = cursor.failing_since;
    archive.failing_detail =
        fmt::format("the archiver failed on {}, {} times since its statistics began",
                    row.text("last_failed_wal").value_or("a segment"), row.text("failed_count").value_or("some"));
}

/// Keeps the newest whole segment that was ever named: `.backup` and `.history` names, and statistics that were reset,
/// name none.
void read_last_segment(const Row& row, LogArchive& archive, Cursor& cursor) {
    const auto& last = row.text("last_archived_wal");
    if (last && last->size() == 24 && *last > cursor.last_segment)
        cursor.last_segment = *last;
    archive.last_segment = cursor.last_segment;
}

/// What was written and is not archived.
void read_backlog(const Server& server, const Row& row, const std::optional<Waiting>& waiting, LogArchive& archive,
                  Cursor& cursor, Time now) {
    cursor.archived_until = archived_until(server, row, waiting, cursor);
    const std::uint64_t backlog =
        cursor.archived_until == 0 ? 0
                                   : *server.insert_position - std::min(*server.insert_position, cursor.archived_until);
    if (!waiting)
        archive.pending_segments = backlog / server.segment_size;
    const bool seen_before = !cursor.unsafe.empty() && cursor.unsafe.back().horizon == server.horizon;
    archive.pending = written_since(server, cursor.archived_until, cursor, now);
    // A segment that waits holds nothing new when all that was written is safe (somebody switched an idle log).
    if (archive.pending == Told::not_told && archive.pending_segments > 0)
        archive.pending = Told::yes;
    // An idle server has a backlog of some hundred bytes that nobody would miss.
    if (archive.pending == Told::yes)
        archive.pending_bytes = backlog;
    if (archive.pending != Told::no && !seen_before)
        catch_up(row, archive, cursor, now);
}

/// All of it by the server's clock, `now` as well, and so is what the cursor keeps: ours may jump from look to look.
std::optional<LogArchive> by_its_clock(const Server& server, const io::PgTable& archiver, Cursor& cursor, Time now) {
    const Row row = only_row(archiver, "archiver");
    const std::string mode = row.text("mode").value_or("");
    if (cursor.system_id != server.system_id || cursor.timeline != server.timeline)
        cursor = {.system_id = server.system_id, .timeline = server.timeline};
    LogArchive archive;
    archive.system_id = server.system_id;
    archive.enabled = told(mode != "off");
    // On a standby `on` waits for its promotion; only `always` archives there.
    if (server.in_recovery && mode != "always")
        return std::nullopt;
    if (mode == "off") {
        cursor = {.system_id = server.system_id, .timeline = server.timeline, .checksums = cursor.checksums};
        return archive;
    }
    const auto waiting = read_waiting(row, server.segment_size);
    if (waiting) {
        archive.pending_segments = waiting->count;
        archive.waiting_since = waiting->count > 0 ? waiting->since : std::nullopt;
    }
    read_failing(row, waiting, archive, cursor);
    if (row.flag("nothing_to_run") == true)
        archive.failing_detail = "archive_command is empty: segments pile up until it is set";
    read_last_segment(row, archive, cursor);
    if (server.insert_position)
        read_backlog(server, row, waiting, archive, cursor, now);
    archive.newest_at = newest_at(archive, cursor, row.time("last_archived_time"), now);
    return archive;
}

} // namespace

bool archive_status_hidden(const Server& server, const io::PgTable& archiver) {
    // Before 12 only superusers could look, and nobody should be asked to give us that.
    return server.version >= 120'000 && !only_row(archiver, "archiver").text("waiting");
}

std::optional<LogArchive> interpret_archive(const Server& server, const io::PgTable& archiver, Cursor& cursor,
                                            Time now) {
    auto archive = by_its_clock(server, archiver, cursor, now);
    if (archive)
        for (auto* at : {&archive->newest_at, &archive->waiting_since, &archive->failing_since})
            *at = on_our_clock(server, *at);
    return archive;
}

} // namespace recoverd::collectors::pg
