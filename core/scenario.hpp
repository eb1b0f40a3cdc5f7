// SPDX-License-Identifier: Apache-2.0
// A failure mode (a pod, a node, a zone, a database's primary …), decided from many checks, and the outages it brings:
// the interval during which it holds is the measured recovery time.
#pragma once

#include "core/labels.hpp"
#include "core/policy.hpp"
#include "core/report.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::core {

/// How many of a group's members must be down.
struct Quorum {
    enum class Kind : std::uint8_t { all, count, percent };
    Kind kind = Kind::all;
    /// Members, or percent of them (1–100).
    std::uint64_t value = 0;

    /// Of so many members; at least one.
    std::size_t of(std::size_t members) const;

    bool operator==(const Quorum&) const = default;
};

/// `[[scenario]]`.
struct Scenario {
    std::string name;
    std::string description;
    /// Whose labels its alerts carry; empty for none.
    std::string asset;
    Priority priority = Priority::p2;
    /// How long it may last.
    std::optional<Duration> rto;
    /// How much may be lost by it: of what is left to recover from it, and by its canary. 0 is of its canary alone.
    std::optional<Duration> rpo;
    /// How long it must hold before its alert fires. Its outage is counted from the beginning all the same.
    Duration hold{0};

    // Whose findings decide it: globs, of which one must match; an empty list matches everything.
    std::vector<std::string> checks;
    std::vector<std::string> assets;
    std::vector<std::string> subjects;
    /// Globs over the labels of a check; all must match.
    Labels labels;
    /// Globs over where a subject stands; empty for anywhere.
    Location location;
    /// Rules of which a finding means that a member is down.
    std::vector<RuleId> when{RuleId::endpoint_down};
    /// Globs over the name of what `assertion_failed` and `measurement_out_of_range` found; empty for any. Of what
    /// other rules find they ask nothing.
    std::string assertion;
    std::string measurement;

    /// Apart for each value of this: node, zone, region, role, asset, subject, or a label. Empty: once, over all.
    std::string by;
    Quorum at_least;
    /// The check whose write canary tells what an outage lost; empty for none.
    std::string canary;
    /// Narrower scenarios that this one explains, and what they explain.
    std::vector<std::string> explains;

    // Could it be recovered from? Globs over the assets that must be; none: not asked.
    std::vector<std::string> recovers;
    /// Globs over assertions that must hold of each of them (object lock, versioning …).
    std::vector<std::string> needs;
    /// Globs over exercises: the newest pass of the first of them that has one proves how long it takes, however deep
    /// it looked. None: whatever restored the asset last.
    std::vector<std::string> proven_by;
    /// How far back one must be able to go.
    std::optional<Duration> back;
    /// Globs over where that stands which is left to recover from; empty for anywhere.
    Location recover_from;
    Policy policy;

    /// Do findings decide it at all? One that nobody can detect (ransomware) is only asked for its readiness.
    bool is_decided() const {
        return recovers.empty() || !checks.empty() || !assets.empty() || !subjects.empty() || !labels.empty() ||
               location != Location{};
    }
    /// Does a finding of this rule mean that something is down?
    bool decided_by(RuleId id) const { return std::ranges::find(when, id) != when.end(); }

    bool operator==(const Scenario&) const = default;
};

struct Check;

/// May findings of this check decide the scenario, as far as its name, its labels and what it brings say?
bool decides(const Scenario& scenario, const Check& check);
/// Is a probe that finds something down all by which findings of this check can decide it?
bool is_decided_by_probes(const Scenario& scenario, const Check& check);
/// Does this subject of such a check count? `stands`: where it stands, or else its check.
bool counts(const Scenario& scenario, const Check& check, std::string_view subject, std::string_view asset,
            const Location& stands);
/// The group it counts in; nothing when `by` says nothing of it. By subject that is "check/subject", or the check where
/// it has none: two checks may see something of the same name.
std::optional<std::string> group_of(const Scenario& scenario, const Check& check, std::string_view subject,
                                    std::string_view asset, const Location& stands);
/// Does that lie in a place whose parts are globs, or empty for any?
bool stands_in(const Location& place, const Location& stands);
/// Must an asset of this name be recoverable from it?
bool recovers(const Scenario& scenario, std::string_view asset);
/// Where a subject stands: what was seen of it, and what its check says where nothing was.
Location stands_at(const Check& check, const Location& seen);

/// Writes that had been confirmed and are gone.
struct Loss {
    /// The time in which they were written.
    Duration time{0};
    std::uint64_t rows = 0;

    bool operator==(const Loss&) const = default;
};

struct Outage {
    Time began_at;
    /// Nothing while it goes on.
    std::optional<Time> ended_at;
    /// What was down when it began, in words.
    std::string cause;
    /// What it lost, as the scenario's canary tells; nothing where none has told yet.
    std::optional<Loss> lost;

    bool operator==(const Outage&) const = default;
};

/// Did it last, or has it lasted by `now`, for all of its scenario's time or longer?
inline bool exceeds(const Outage& outage, Duration rto, Time now) {
    return outage.ended_at.value_or(now) - outage.began_at >= rto;
}

/// Did it lose more than may be? Of a promise of 0 that is any row. Not as long as no canary has told.
inline bool lost_more(const Outage& outage, Duration rpo) {
    return outage.lost && (outage.lost->time > rpo || (rpo == Duration{0} && outage.lost->rows > 0));
}

/// What a write canary said when it looked: all that is gone since somebody forgot, or what came on top of it.
struct CanaryTold {
    Time at;
    Loss loss;
    /// Since when it has told without beginning anew: of what was lost before it knows nothing. Nothing where an older
    /// release told: always.
    Time since;
    /// The check that told; empty where an older release did.
    std::string by;

    bool operator==(const CanaryTold&) const = default;
};

/// A time in which nobody could see whether a scenario held.
struct Unseen {
    /// When it was seen last.
    Time from;
    /// Nothing while it goes on.
    std::optional<Time> to;

    bool operator==(const Unseen&) const = default;
};

/// What is remembered of one group of a scenario.
struct OutageHistory {
    std::optional<Outage> running;
    /// Oldest first, kMaxOutages at most.
    std::vector<Outage> past;
    /// What the canary said last, all in all.
    std::optional<CanaryTold> told;
    /// A loss that it saw while nothing was known to be down: of the next outage, should that have begun before.
    std::optional<CanaryTold> early;
    /// Oldest first, kMaxOutages at most, of which the last may go on; kept where an exercise leaves the scenario
    /// alone.
    std::vector<Unseen> unseen;

    bool operator==(const OutageHistory&) const = default;
};

inline constexpr std::size_t kMaxOutages = 50;

/// By group; "" when a scenario has but one.
using OutageHistories = std::map<std::string, OutageHistory, std::less<>>;

} // namespace recoverd::core
