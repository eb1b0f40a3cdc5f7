// SPDX-License-Identifier: Apache-2.0
// The pieces of interpret_postgresql, one per file beside this one. Nobody else includes it.
#pragma once

#include "collectors/checksum_failures.hpp"
#include "collectors/pg_rows.hpp"
#include "collectors/postgresql.hpp"
#include "core/evidence.hpp"

#include <optional>

namespace recoverd::collectors::pg {

/// The statements' places in the answer.
enum Table : std::size_t {
    server_table,
    archiver_table,
    followers_table,
    receiver_table,
    slots_table,
    settings_table,
    ages_table,
    checksums_table,
    table_count
};

/// Who we asked, and where its log stands. Positions are bytes of WAL since its beginning.
struct Server {
    int version = 0;
    bool in_recovery = false;
    std::string system_id;
    std::string user;
    /// Eight hexadecimal digits; empty on a standby.
    std::string timeline;
    std::uint64_t segment_size = 0;
    /// Which transactions have ended: changes whenever one that wrote does.
    std::string horizon;
    std::optional<std::uint64_t> insert_position;
    std::optional<std::uint64_t> flush_position;
    std::optional<std::uint64_t> receive_position;
    std::optional<std::uint64_t> replay_position;
    std::optional<core::Duration> replay_age;
    /// How far its clock is ahead of ours; below zero when it is behind.
    core::Duration clock_ahead{0};
    std::uint64_t checkpoint_timeline = 0;
    /// Is its primary_conninfo set? Nothing: may not be known.
    std::optional<bool> streams;
    bool may_read_stats = false;
    bool may_read_settings = false;
    bool exclusive_backup = false;
};
Server read_server(const io::PgAnswer& answer, core::Time now);
/// A moment that the server dated, on our clock.
std::optional<core::Time> on_our_clock(const Server& server, std::optional<core::Time> theirs);

struct Setting {
    std::string shown;
    std::string raw;
};
using Settings = std::map<std::string, Setting, std::less<>>;
Settings read_settings(const io::PgTable& table);

/// A horizon that was seen: first when the log stood at `first_position`, last at `at` and `last_position`.
struct Sighting {
    std::string horizon;
    std::uint64_t first_position = 0;
    std::uint64_t last_position = 0;
    core::Time at;

    bool operator==(const Sighting&) const = default;
};

/// A position up to which a standby had received the log at `at`, and that it had not replayed yet.
struct Received {
    std::uint64_t position = 0;
    core::Time at;

    bool operator==(const Received&) const = default;
};

/// What is remembered from run to run, as JSON in `Seen::cursor`. By the server's clock.
struct Cursor {
    std::string system_id;
    std::string timeline;
    /// Everything before this position is archived.
    std::uint64_t archived_until = 0;
    /// The newest horizon of which everything is archived.
    std::optional<Sighting> safe;
    /// Younger ones, oldest first.
    std::vector<Sighting> unsafe;
    std::string last_segment;
    std::optional<core::Time> failing_since;
    /// Of a standby: what it has still to replay, oldest first, and when it was looked at last.
    std::vector<Received> unreplayed;
    std::optional<core::Time> looked_at;
    /// Of a standby: when its primary wrote the newest transaction that it was seen to have replayed. It forgets that
    /// itself when it is started.
    std::optional<core::Time> replayed_at;
    /// Of this server on this timeline: after a failover another one may answer, with damage of its own.
    ChecksumFailures checksums;

    bool operator==(const Cursor&) const = default;
};
/// An empty one for text that is no cursor (an older agent's).
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

/// Nothing where this server archives nothing because that is its primary's business. `now` is the server's; what comes
/// of it is by our clock.
std::optional<core::LogArchive> interpret_archive(const Server& server, const io::PgTable& archiver, Cursor& cursor,
                                                  core::Time now);
/// Was the archive's state directory closed to us? Then waiting segments remain unseen.
bool archive_status_hidden(const Server& server, const io::PgTable& archiver);

/// `unknown`: why nobody can tell how far behind the server that we are asking is.
struct Replicating {
    core::Replication replication;
    std::optional<core::Failure> unknown;
};
Replicating interpret_replication(const PostgresqlExpected& expected, const Server& server, const Settings& settings,
                                  const io::PgAnswer& answer, Cursor& cursor, core::Time now);

/// The standby we are asking, as it sees itself.
struct Standby {
    core::Follower follower;
    std::optional<core::Failure> unknown;
};
Standby interpret_standby(const PostgresqlExpected& expected, const Server& server, const Settings& settings,
                          const io::PgTable& receiver, Cursor& cursor, core::Time now);

core::Assertions interpret_assertions(const PostgresqlExpected& expected, const Server& server,
                                      const Settings& settings, const io::PgTable& checksums, Cursor& cursor);

/// The value of `<name>…</name>` in an XML fragment of query_to_xml, whose values here are numbers and file names.
std::optional<std::string> xml_value(const std::string& xml, std::string_view name);

} // namespace recoverd::collectors::pg
