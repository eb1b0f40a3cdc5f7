// SPDX-License-Identifier: Apache-2.0
// The pieces of interpret_valkey, one per file beside this one. Nobody else includes it.
#pragma once

#include "collectors/valkey.hpp"
#include "core/evidence.hpp"

#include <map>

namespace recoverd::collectors::vk {

/// `field:value` lines, of INFO and of CLUSTER INFO. Read leniently: versions add and drop fields. Accessors throw
/// io::BadDocument, naming the field, for values of another type than they should have.
class Info {
  public:
    explicit Info(std::string_view text);

    /// Nothing when there is no such field.
    std::optional<std::string> find(std::string_view field) const;
    /// Whole and not negative; nothing for -1, which means "never" or "not known" wherever it stands, and when there is
    /// no such field.
    std::optional<std::uint64_t> natural(std::string_view field) const;
    std::optional<core::Duration> seconds(std::string_view field) const;
    bool flag(std::string_view field) const;
    /// Those that no version does without.
    std::string text(std::string_view field) const;
    /// Fields of this name and a number behind it (slave0, db15), in the server's order.
    std::vector<std::string> numbered(std::string_view prefix) const;

  private:
    std::map<std::string, std::string, std::less<>> fields_;
};

/// Parts of `name=value,name=value`.
using Parts = std::map<std::string, std::string, std::less<>>;
Parts read_parts(std::string_view text);

/// Of a number in the parts, as Info::natural.
std::optional<std::uint64_t> natural(const Parts& parts, std::string_view name);

/// Who answered.
struct Server {
    bool sentinel = false;
    bool cluster = false;
    bool replica = false;
    std::string run_id;
    core::Time started_at;
    /// How far its clock is ahead of ours; 0 when it does not tell the time.
    core::Duration ahead{0};
    std::uint64_t keys = 0;
};
Server read_server(const Info& info, core::Time now);

/// A save that was seen to succeed.
struct Save {
    /// As rdb_last_save_time said, by the server's clock.
    core::Time ended_at;
    core::Time data_at;
    std::optional<core::Duration> took;
    std::optional<std::uint64_t> dataset_bytes;
    /// rdb_saves then.
    std::optional<std::uint64_t> saves;

    bool operator==(const Save&) const = default;
};

/// How far a primary's stream of changes had come at `at`.
struct Offset {
    std::uint64_t position = 0;
    core::Time at;

    bool operator==(const Offset&) const = default;
};

/// What is remembered from run to run, as JSON in `Seen::cursor`.
struct Cursor {
    std::string run_id;
    std::optional<core::Time> looked_at;
    std::optional<Save> save;
    /// The last look at which nothing was unsaved.
    std::optional<core::Time> all_saved_at;
    /// Since when rdb_last_bgsave_status has been err.
    std::optional<core::Time> save_failed_at;
    /// Since when the append-only file has been there, when it was last known to be written, since when it has not
    /// been.
    std::optional<core::Time> aof_since;
    std::optional<core::Time> aof_written_at;
    std::optional<core::Time> aof_failing_since;
    /// Of a replica that is not in step with its primary: up to when it was, as far as was seen.
    std::optional<core::Time> cut_off_at;
    /// Of a primary, oldest first; positions of another replication id mean nothing.
    std::string replication_id;
    std::vector<Offset> offsets;

    bool operator==(const Cursor&) const = default;
};
/// An empty one for text that is no cursor (an older agent's).
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

/// Nothing for a primary, and for a replica whose link is up. `cursor` is of the last look.
std::optional<core::Time> cut_off_at(const Server& server, const Info& info, const Cursor& cursor, core::Time now);

/// RDB and AOF as points one could go back to, and the saves that run or failed. Notes in the cursor whether it is cut
/// off, which the append-only file is judged by as well.
core::RecoveryPoints interpret_saves(const Server& server, const Info& info, Cursor& cursor, core::Time now);

/// The append-only file as the log that leads on from there; and as a point itself, which needs no other.
core::LogArchive interpret_append_only(const Info& info, Cursor& cursor, core::RecoveryPoints& points, core::Time now);

core::Replication interpret_replication(const ValkeyExpected& expected, const Server& server, const Info& info,
                                        Cursor& cursor, core::Time now);

/// Role, persistence, and the settings that were asked for. `replies` are those to valkey_commands.
core::Assertions interpret_assertions(const ValkeyExpected& expected, const Server& server, const Info& info,
                                      const std::vector<io::RespValue>& replies);

/// The state of the cluster as this member sees it.
void add_cluster(const Info& cluster, core::Assertions& assertions);

/// What is asked of a sentinel about the masters that its INFO names.
std::vector<io::RespCommand> sentinel_commands(const Info& info);
/// Each master a subject.
core::Seen interpret_sentinel(const ValkeyExpected& expected, const Info& info,
                              const std::vector<io::RespValue>& replies);

/// Settings that have to be asked for: INFO does not tell them.
std::vector<std::string> asked_settings(const ValkeyExpected& expected);

/// Why there is no reply.
core::Failure refusal(const std::string& error);
/// The reply's text; throws io::BadDocument for anything else, errors included.
const std::string& text_of(const io::RespValue& reply, std::string_view what);

/// Adds those that must follow and do not, and says of the others whether they must. `judged`: is this the place to
/// miss somebody at?
void expect_followers(const std::vector<std::string>& expected, bool judged, std::vector<core::Follower>& followers);

} // namespace recoverd::collectors::vk
