// SPDX-License-Identifier: Apache-2.0
// What must be remembered per check and subject so that rules can judge without looking: first seen, last good,
// streaks, recent sizes and durations. Rules read it; only core/remember.cpp writes it.
#pragma once

#include "core/report.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace recoverd::core {

/// A size or duration that was seen, to compare the next one with.
struct PastPoint {
    std::string id;
    std::string method;
    std::string backup_type;
    Time ended_at;
    std::optional<std::uint64_t> size_bytes;
    std::optional<Duration> duration;

    bool operator==(const PastPoint&) const = default;
};

/// A job that was seen running.
struct RunningJob {
    std::string backup_type;
    Time first_seen;

    bool operator==(const RunningJob&) const = default;
};

/// A job that ended without a recovery point.
struct FailedJob {
    Time at;
    std::string backup_type;
    std::string detail;

    bool operator==(const FailedJob&) const = default;
};

/// An expectation that did not hold when it was last known. It ends when it is known to hold, not when it is unknown.
struct FailingAssertion {
    std::string name;
    std::string expected;
    std::string actual;
    std::optional<Priority> priority;
    Time since;

    bool operator==(const FailingAssertion&) const = default;
};

/// An expectation that could not be learned when it was last asked, and since when nobody could, as long as somebody
/// was there to ask.
struct UnknownAssertion {
    std::string name;
    Time since;

    bool operator==(const UnknownAssertion&) const = default;
};

/// What a writer said it had archived, and when it said so first.
struct ArchivedMark {
    std::string segment;
    Time at;

    bool operator==(const ArchivedMark&) const = default;
};

struct PastFingerprint {
    std::string name;
    /// The value that counts.
    std::string value;
    Time since;
    /// What was seen instead, while it differs; empty while all is well.
    std::string broken_value;
    Time broken_since;

    bool operator==(const PastFingerprint&) const = default;
};

/// A kind of evidence that came in an answer which broke off, and when it came last.
struct HalfLearned {
    EvidenceKind kind = EvidenceKind::recovery_points;
    Time at;
    /// How long that run took.
    Duration took{0};

    bool operator==(const HalfLearned&) const = default;
};

/// Why nothing was learned for a time that is over.
struct PastFailure {
    /// As it was at the end.
    Failure failure;
    Time began_at;
    /// When something was learned again.
    Time ended_at;

    bool operator==(const PastFailure&) const = default;
};

inline constexpr std::size_t kMaxPastPoints = 50;
inline constexpr std::size_t kMaxMarks = 64;
/// So many that were seen before a check's options changed are waited for over a further change.
inline constexpr std::size_t kMaxSeenBefore = 1'000;

using EvidenceList = std::vector<Evidence>;

struct SubjectMemory {
    Time first_seen;
    Location location;
    /// What was last learned, and when. Never null.
    std::shared_ptr<const EvidenceList> evidence = std::make_shared<const EvidenceList>();
    Time learned_at;
    /// How long that run took.
    Duration learned_took{0};
    /// What came since then without the rest.
    std::vector<HalfLearned> half_learned;
    /// Why nothing could be learned of it since then, and since when.
    std::optional<Failure> failure;
    Time failing_since;
    /// Missing from a complete answer, since when.
    std::optional<Time> vanished_since;
    /// Is it missed by nobody then?
    bool passing = false;
    /// Since when somebody has been looking for it, where its silence was known before that of its check began to count
    /// anew.
    std::optional<Time> watched_since;

    // recovery_points
    /// Good points that ended, oldest first; kMaxPastPoints at most, of each type the newest.
    std::vector<PastPoint> past_points;
    /// Every good point that ended since then was seen: of lists that are cut off, each went on where the last one
    /// ended.
    std::optional<Time> points_known_since;
    /// `data_at` of the newest good point; kept when there is none any more.
    std::optional<Time> newest_good_at;
    /// The first change of a source that changes rarely which no good point holds; nothing while all is saved.
    std::optional<Time> unsaved_since;
    std::vector<RunningJob> running;
    std::optional<FailedJob> last_failed_job;

    // log_archive, from the writer: oldest first, thinned with age, kMaxMarks at most
    std::vector<ArchivedMark> archived;

    // reachability
    /// Probes in a row that were not up, were up, were down, were not down.
    unsigned bad_in_row = 0;
    unsigned good_in_row = 0;
    unsigned down_in_row = 0;
    unsigned not_down_in_row = 0;
    /// Since when the probes have said "down", or "not down", without a break: since the first bad one began, or the
    /// first good one ended.
    Time turned_at;
    /// The state after `failures` bad and `successes` good probes in a row.
    ReachState settled = ReachState::up;
    Time settled_since;

    // assertions
    std::vector<FailingAssertion> failing_assertions;
    std::vector<UnknownAssertion> unknown_assertions;

    // fingerprint
    std::vector<PastFingerprint> fingerprints;

    // exercise: per exercise the newest end, the newest that passed at depth >= restored, and those still running
    std::vector<Exercise> exercises;

    /// The run that told what is known of this kind.
    HalfLearned told(EvidenceKind kind) const {
        for (const HalfLearned& half : half_learned)
            if (half.kind == kind)
                return half;
        return {kind, learned_at, learned_took};
    }
    /// When that was: what was seen there is as of that moment.
    Time learned_of(EvidenceKind kind) const { return told(kind).at; }
    /// When it began: what came to be since then it may not have seen.
    Time asked_for(EvidenceKind kind) const { return told(kind).at - told(kind).took; }

    bool operator==(const SubjectMemory&) const = default;
};

/// What stays true of a subject though the options of its check were changed.
struct SeenBefore {
    Time first_seen;
    std::optional<Time> newest_good_at;

    bool operator==(const SeenBefore&) const = default;
};

struct CheckMemory {
    Time first_seen;
    /// Since when somebody has been looking without a break: the agent's start, unless its silence was known before, or
    /// since it is to look more often.
    Time watched_since;
    /// When the last run of whatever outcome looked; nothing before the first one.
    std::optional<Time> last_run;
    std::optional<Time> last_success;
    Duration last_took{0};
    /// Why the last run learned nothing, and since when that goes on.
    std::optional<Failure> failure;
    Time failing_since;
    /// The last one before that.
    std::optional<PastFailure> last_failure;
    using Subjects = std::map<std::string, SubjectMemory, std::less<>>;
    Subjects subjects;
    /// Those that were seen before its options were changed, and not since.
    std::map<std::string, SeenBefore, std::less<>> seen_before;
    std::string cursor;
    /// Subjects that were forgotten, and no look that was told so has answered since: the cursor may still hold what it
    /// knew of them, and a look that runs has seen them as they were.
    std::vector<std::string> forgotten;
    /// Runs that ended in each kind of failure since the agent first knew the check.
    std::array<std::uint64_t, Names<FailureKind>::values.size()> failures_total{};

    bool operator==(const CheckMemory&) const = default;
};

} // namespace recoverd::core
