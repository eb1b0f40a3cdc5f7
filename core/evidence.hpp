// SPDX-License-Identifier: Apache-2.0
// What a check can learn about a subject: eight kinds, whatever tool the facts came from.
// Nothing here is good or bad; that is for core/rules.
#pragma once

#include "core/names.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace recoverd::core {

/// An optional fact. "Not told" where an objective asks is a finding, never a yes.
enum class Told : std::uint8_t { not_told, no, yes };
template <>
struct Names<Told> {
    static constexpr std::array<std::string_view, 3> values{"not_told", "no", "yes"};
};
constexpr Told told(bool value) { return value ? Told::yes : Told::no; }

/// How deep a proof goes, in rising order. Never overstated: a file that exists proves almost nothing.
enum class Depth : std::uint8_t { exists, listed, checksummed, restored, queried, smoke_tested };
template <>
struct Names<Depth> {
    static constexpr std::array<std::string_view, 6> values{"exists",   "listed",  "checksummed",
                                                            "restored", "queried", "smoke_tested"};
};

// --- recovery_points -------------------------------------------------------------------------------------------

/// `good`: one could restore from it as far as its source tells. `bad`: its source reports errors in it, or its proof
/// failed. `incomplete`: not usable yet (still waiting for WAL, still finalising).
enum class PointState : std::uint8_t { good, bad, incomplete };
template <>
struct Names<PointState> {
    static constexpr std::array<std::string_view, 3> values{"good", "bad", "incomplete"};
};

struct RecoveryPoint {
    /// The source's own name of it (a label, a file name).
    std::string id;
    /// The moment its data is of: the start of a dump, the stop of a physical backup that is consistent there.
    Time data_at;
    /// When making it ended.
    Time ended_at;
    /// Bytes of what was backed up, before compression and deduplication.
    std::optional<std::uint64_t> size_bytes;
    /// Bytes that it takes where it is kept.
    std::optional<std::uint64_t> stored_bytes;
    std::optional<Duration> duration;
    /// full, diff, incr, or empty where the source knows no types.
    std::string backup_type;
    PointState state = PointState::good;
    /// Why it is bad or incomplete, in the source's words.
    std::string detail;
    /// How far it has been proven by looking at it.
    Depth depth = Depth::exists;
    Told encrypted = Told::not_told;
    std::optional<Time> kept_until;
    /// The ids it cannot be restored without (a differential's full).
    std::vector<std::string> needs;

    bool operator==(const RecoveryPoint&) const = default;
};

enum class JobState : std::uint8_t { running, failed };
template <>
struct Names<JobState> {
    static constexpr std::array<std::string_view, 2> values{"running", "failed"};
};

/// A backup job that is not a recovery point: running now, or ended without one.
struct BackupJob {
    JobState state = JobState::running;
    std::string backup_type;
    /// When it began; not told by sources that only show a lock.
    std::optional<Time> started_at;
    std::optional<Time> ended_at;
    std::string detail;

    bool operator==(const BackupJob&) const = default;
};

/// The points one could go back to.
struct RecoveryPoints {
    /// How they were made: pgbackrest, pg_dump, snapshot, file …; a short word from the collector.
    std::string method;
    /// Oldest first by `ended_at`; the newest 200 at most.
    std::vector<RecoveryPoint> points;
    /// How many there are, those left out of `points` included.
    std::uint64_t count = 0;
    /// `data_at` of the oldest good point, of all `count`; not told by sources that only hear of backups being made and
    /// do not see what is kept of them.
    std::optional<Time> oldest_at;
    std::vector<BackupJob> jobs;
    /// Does the source tell of running jobs at all? Then a job that was seen and left no point has failed.
    Told tells_jobs = Told::not_told;
    /// When what is backed up last changed, for sources that change rarely (state files, Git).
    std::optional<Time> source_changed_at;

    bool operator==(const RecoveryPoints&) const = default;
};

inline constexpr std::size_t kMaxPoints = 200;

// --- log_archive -----------------------------------------------------------------------------------------------

struct LogGap {
    std::string first;
    std::string last;
    std::uint64_t segments = 0;

    bool operator==(const LogGap&) const = default;
};

/// The continuous window between recovery points: a WAL archive, PITR, an append-only file.
struct LogArchive {
    /// Is archiving switched on at all?
    Told enabled = Told::not_told;
    /// The oldest moment one could go back to.
    std::optional<Time> oldest_at;
    /// The newest moment one could go back to: when nothing is waiting, the time of looking.
    std::optional<Time> newest_at;
    /// Was anything written since `newest_at` that is not safe yet?
    Told pending = Told::not_told;
    std::uint64_t pending_bytes = 0;
    std::uint64_t pending_segments = 0;
    /// Since when the oldest finished segment has been waiting.
    std::optional<Time> waiting_since;
    /// Since when archiving has been failing, with its last words.
    std::optional<Time> failing_since;
    std::string failing_detail;
    /// Newest segment: as the server says it archived it, or as the repository holds it (`holds`).
    std::string last_segment;
    /// Segments that are missing in the middle.
    std::vector<LogGap> gaps;
    /// The end of the oldest backup behind all gaps: from it on every moment can be restored. Nothing where there is
    /// none, or nobody knows.
    std::optional<Time> whole_since;
    /// True when this comes from the repository (what is there), false from the writer (what it says it did).
    bool from_repository = false;
    /// Which database it is of, so that writer and repository can be joined (PostgreSQL's system identifier).
    std::string system_id;

    bool operator==(const LogArchive&) const = default;
};

// --- replication -----------------------------------------------------------------------------------------------

enum class FollowerState : std::uint8_t { streaming, catching_up, missing };
template <>
struct Names<FollowerState> {
    static constexpr std::array<std::string_view, 3> values{"streaming", "catching_up", "missing"};
};

struct Follower {
    std::string name;
    FollowerState state = FollowerState::streaming;
    /// Was it named in the configuration as one that must follow?
    bool expected = false;
    std::optional<Duration> lag;
    std::optional<std::uint64_t> lag_bytes;
    /// A delay kept on purpose (recovery_min_apply_delay), to be taken off the lag before it is judged.
    std::optional<Duration> wanted_delay;

    bool operator==(const Follower&) const = default;
};

struct ReplicationSlot {
    std::string name;
    bool active = false;
    bool lost = false;
    std::optional<std::uint64_t> retained_bytes;
    /// The most it may hold back, as configured at the source.
    std::optional<std::uint64_t> limit_bytes;

    bool operator==(const ReplicationSlot&) const = default;
};

/// Who should follow, who does, how far behind; seen from either end.
struct Replication {
    /// primary, standby, leader …
    std::string role;
    std::string timeline;
    std::vector<Follower> followers;
    std::vector<ReplicationSlot> slots;

    bool operator==(const Replication&) const = default;
};

// --- exercise --------------------------------------------------------------------------------------------------

enum class ExerciseOutcome : std::uint8_t { started, passed, failed, aborted };
template <>
struct Names<ExerciseOutcome> {
    static constexpr std::array<std::string_view, 4> values{"started", "passed", "failed", "aborted"};
};

/// A planned proof that runs or ended: a restore test, a failover test, a drill.
struct Exercise {
    /// Names the run; a run has one start and one end.
    std::string id;
    /// restore-test, failover-test …
    std::string exercise;
    ExerciseOutcome outcome = ExerciseOutcome::started;
    std::optional<Time> started_at;
    std::optional<Time> ended_at;
    /// How deep the proof went; not told counts as `exists`.
    Depth depth = Depth::exists;
    /// What it measured: how much would have been lost, how long recovery took.
    std::optional<Duration> rpo;
    std::optional<Duration> rto;
    std::string link;
    std::string message;

    bool operator==(const Exercise&) const = default;
};

// --- reachability ----------------------------------------------------------------------------------------------

enum class ReachState : std::uint8_t { up, degraded, down };
template <>
struct Names<ReachState> {
    static constexpr std::array<std::string_view, 3> values{"up", "degraded", "down"};
};

struct Certificate {
    Time not_before;
    Time not_after;
    /// When its keeper means to have renewed it (cert-manager); an hour past it is a finding.
    std::optional<Time> renewal_at;
    /// Why it would not be trusted (wrong name, unknown issuer, expired), or empty.
    std::string fault;
    std::string subject;

    bool operator==(const Certificate&) const = default;
};

struct Reachability {
    /// host:port or URL without credentials and query.
    std::string target;
    ReachState state = ReachState::up;
    std::optional<Duration> latency;
    /// What is wrong when it is not up.
    std::string detail;
    std::optional<Certificate> certificate;

    bool operator==(const Reachability&) const = default;
};

// --- assertions ------------------------------------------------------------------------------------------------

/// How `expected` and `actual` of an assertion are compared. `verdict` is the one exception: a plug-in has
/// judged by itself, and says so.
enum class Compare : std::uint8_t { equal, at_least, at_most, verdict };
template <>
struct Names<Compare> {
    static constexpr std::array<std::string_view, 4> values{"equal", "at_least", "at_most", "verdict"};
};

/// Importance P1 (wake someone) to P4 (for information).
enum class Priority : std::uint8_t { p1, p2, p3, p4 };
template <>
struct Names<Priority> {
    static constexpr std::array<std::string_view, 4> values{"P1", "P2", "P3", "P4"};
};

struct Assertion {
    std::string name;
    std::string expected;
    /// Nothing means: could not be learned. Then the assertion neither holds nor fails.
    std::optional<std::string> actual;
    Compare compare = Compare::equal;
    /// Only for `verdict`: did the plug-in say it holds?
    Told verdict = Told::not_told;
    /// What the source asks for when it does not hold; the policy's otherwise.
    std::optional<Priority> priority;
    std::string detail;

    bool operator==(const Assertion&) const = default;
};

struct Assertions {
    std::vector<Assertion> assertions;

    bool operator==(const Assertions&) const = default;
};

// --- fingerprint -----------------------------------------------------------------------------------------------

/// May the value not change at all, or only not go back?
enum class Constancy : std::uint8_t { constant, rising };
template <>
struct Names<Constancy> {
    static constexpr std::array<std::string_view, 2> values{"constant", "rising"};
};

/// A value that may not change (a system identifier), or may not go back (a serial, a timeline).
struct Fingerprint {
    std::string name;
    std::string value;
    Constancy constancy = Constancy::constant;

    bool operator==(const Fingerprint&) const = default;
};

// --- measurement -----------------------------------------------------------------------------------------------

/// A number with a unit and thresholds that someone chose (not us).
struct Measurement {
    std::string name;
    double value = 0;
    /// seconds, bytes, ratio, transactions … or empty.
    std::string unit;
    /// Out of range outside [below, above]; either may be missing.
    std::optional<double> above;
    std::optional<double> below;
    /// Out of range inside instead (Nagios' `@`).
    bool inverted = false;
    std::optional<Priority> priority;

    bool operator==(const Measurement&) const = default;
};

/// By these a write canary tells which of its confirmed rows are gone, all in all since somebody forgot: the time in
/// which they were written, and how many.
inline constexpr std::string_view kCanaryLostSeconds = "canary_lost_seconds";
inline constexpr std::string_view kCanaryLostRows = "canary_lost_rows";

// ---------------------------------------------------------------------------------------------------------------

using Evidence =
    std::variant<RecoveryPoints, LogArchive, Replication, Exercise, Reachability, Assertions, Fingerprint, Measurement>;

/// The kinds, in the order of `Evidence`.
enum class EvidenceKind : std::uint8_t {
    recovery_points,
    log_archive,
    replication,
    exercise,
    reachability,
    assertions,
    fingerprint,
    measurement
};
template <>
struct Names<EvidenceKind> {
    static constexpr std::array<std::string_view, 8> values{"recovery_points", "log_archive",  "replication",
                                                            "exercise",        "reachability", "assertions",
                                                            "fingerprint",     "measurement"};
};
inline EvidenceKind kind_of(const Evidence& evidence) { return static_cast<EvidenceKind>(evidence.index()); }

} // namespace recoverd::core
