// SPDX-License-Identifier: Apache-2.0
// Which WAL segments an archive should hold, and which of them it does not; learned over several runs, directory by
// directory, because an archive may hold millions. Pure: listings come in, gaps come out.
#pragma once

#include "core/evidence.hpp"
#include "io/json.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::collectors {

/// A place in the WAL: timeline, and number of the segment since the beginning of the database.
struct WalSegment {
    std::uint32_t timeline = 0;
    std::uint64_t number = 0;

    auto operator<=>(const WalSegment&) const = default;
};

/// How many segments share the middle eight digits of their names: 256 of 16 MiB. A power of two.
inline constexpr std::uint64_t kDefaultSegmentsPerLog = 256;
/// Of 1 MiB, the smallest there are.
inline constexpr std::uint64_t kMaxSegmentsPerLog = 4'096;

/// The segment that the first 24 characters of `name` are the name of, or nothing.
std::optional<WalSegment> wal_segment(std::string_view name, std::uint64_t per_log = kDefaultSegmentsPerLog);
std::string wal_name(WalSegment segment, std::uint64_t per_log = kDefaultSegmentsPerLog);

/// A backup as far as its WAL goes.
struct WalBackup {
    std::string start;
    std::string stop;
    /// LSN of the start ("0/2000028"); not told before pgBackRest 2.38.
    std::string start_lsn;
    core::Time ended_at;
    bool good = true;
};

/// Does an archive that ends there hold the segment in which the backup ended? Without it nothing can be recovered from
/// that backup. Names of segments are as they follow each other.
inline bool is_held(const WalBackup& backup, std::string_view last_segment) {
    return !backup.stop.empty() && backup.stop <= last_segment;
}

/// How many segments share a log number, as names and LSNs of backups tell; 256 where they do not.
std::uint64_t segments_per_log(const std::vector<WalBackup>& backups);

/// Where a timeline ended and the next one began: a line of a .history file.
struct WalSwitch {
    std::uint32_t timeline = 0;
    std::uint64_t lsn = 0;

    bool operator==(const WalSwitch&) const = default;
};
/// The lines of `00000003.history`, oldest timeline first. Throws io::BadDocument.
std::vector<WalSwitch> read_history(std::string_view text);

/// Segments of one timeline, both ends included.
struct WalRange {
    std::uint32_t timeline = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    bool operator==(const WalRange&) const = default;
};
inline WalSegment first_of(const WalRange& range) { return {range.timeline, range.first}; }
inline WalSegment last_of(const WalRange& range) { return {range.timeline, range.last}; }

/// What a listing of an archive's directory ("15-1") holds.
struct WalDirectories {
    /// Sixteen digits each: timeline and log number.
    std::set<std::string, std::less<>> names;
    /// Timelines whose .history file is there.
    std::set<std::uint32_t> histories;
};
WalDirectories read_wal_directories(const io::Json& listing);
/// The whole segments in a listing of one of those directories, with the time each was stored: no .partial, no
/// .backup, no file that is still being written or is empty.
std::map<WalSegment, core::Time> read_wal_listing(const io::Json& listing, std::uint64_t per_log);

/// A set of segments, as ranges.
class WalRanges {
  public:
    void add(const WalRange& range);
    void remove(const WalRange& range);
    bool covers(const WalRange& range) const;
    /// The parts of the set that lie in `range`, oldest first.
    std::vector<WalRange> within(const WalRange& range) const;
    std::vector<WalRange> all() const;

  private:
    /// First segment of each range, and the number of its last one. Neighbours are always merged.
    std::map<WalSegment, std::uint64_t> ranges_;
};

/// What must be there to go from the oldest of `backups` to `newest`, across the timelines that `history` (that of the
/// newest timeline) leads through.
struct WalPlan {
    /// Oldest first.
    std::vector<WalRange> ranges;
    /// A .history file without which the newest timeline cannot be reached from an older backup, or empty.
    std::string missing_history;
    /// The timeline of the newest good backup, where the newest one does not go on from that: it left the backup's
    /// before that ended, or never was on it. Then the ranges lead where nobody wants to go.
    std::optional<std::uint32_t> astray;
};
WalPlan plan_wal(const std::vector<WalBackup>& backups, WalSegment newest, const std::vector<WalSwitch>& history,
                 std::uint64_t per_log);

/// What is known of one archive. Kept between runs as the check's cursor.
class WalScan {
  public:
    /// Everything known is forgotten when it is of another archive.
    void begin(std::string archive_id, std::uint64_t per_log);
    /// The segments that must be there, and the directories that are. What is known of others is forgotten.
    void expect(std::vector<WalRange> ranges, std::set<std::string, std::less<>> directories);
    /// The directories to list now: the newest, those in which a hole may go on, those not seen whole yet (newest
    /// first), those with holes, and a few of the others in turn, so that what somebody deletes later is found too.
    std::vector<std::string> wanted(std::size_t most);
    /// `segments`: what read_wal_listing found in `directory`.
    void listed(const std::string& directory, const std::map<WalSegment, core::Time>& segments, core::Time now);

    /// Missing segments, oldest first. Never those that may still be on their way: asynchronous archiving stores out
    /// of order, so a gap counts once a later segment has been there for two minutes.
    std::vector<WalRange> gaps() const;
    /// Those of gaps() that may be larger by now: what lies beside them was not looked at since they came.
    std::vector<WalRange> unsure() const;
    /// The newest segment that this run saw.
    std::optional<WalSegment> newest() const;
    /// When the last segment was stored that can be reached from `from` without a gap; nothing when this run did
    /// not list the directory where that is.
    std::optional<core::Time> reachable_until(WalSegment from) const;

    /// Was every directory looked at that holds what must be there?
    bool whole() const;
    void write(io::JsonWriter& out) const;
    /// Throws io::BadDocument.
    void read(const io::Json& json);

  private:
    struct Part {
        std::string directory;
        WalRange range;
    };
    /// What is expected, cut along existing directories; what no directory could hold goes to `nowhere`.
    std::vector<Part> parts(std::vector<WalRange>* nowhere = nullptr) const;
    /// The segments that are expected right before and behind, over a promotion too.
    struct Ends {
        std::optional<WalSegment> before;
        std::optional<WalSegment> behind;
    };
    Ends beside(const WalRange& range) const;
    /// What must be looked at before unsure() holes are sure.
    std::set<WalSegment> unseen_ends() const;
    bool is_seen(const std::optional<WalSegment>& segment) const;
    /// Its directory counts as not seen whole.
    void look_again(const std::optional<WalSegment>& segment);

    std::string archive_id_;
    std::uint64_t per_log_ = kDefaultSegmentsPerLog;
    std::vector<WalRange> ranges_;
    std::set<std::string, std::less<>> directories_;
    WalRanges seen_;
    WalRanges missing_;
    /// Times of what this run listed.
    std::map<WalSegment, core::Time> times_;
    /// The newest segment that has been there for a while.
    WalSegment settled_;
    /// The directory that was chosen for a second look last.
    std::string again_;
};

/// With repo-retention-archive below repo-retention-full, pgBackRest keeps of old backups only the WAL that each needs
/// by itself: a hole that is exactly what lies between two backups, after nothing but such holes, is no loss. Where a
/// promotion lies between them that is a hole in each timeline. The index of the backup from which on the archive is
/// meant to be continuous; `expected`: all that would be there, had nothing been expired. A hole that is `unsure` may
/// turn out to be all that lies between two backups, and counts as that.
std::size_t window_begin(const std::vector<WalBackup>& backups, const std::vector<WalRange>& gaps,
                         const std::vector<WalRange>& expected, std::uint64_t per_log,
                         const std::vector<WalRange>& unsure = {});

} // namespace recoverd::collectors
