// SPDX-License-Identifier: Apache-2.0
// What the engine judges, one after the other: a check, an asset, a target that several checks share, a scenario,
// a validation, the agent itself.
#pragma once

#include "core/lifecycle.hpp"
#include "core/memory.hpp"
#include "core/rules/readiness.hpp"
#include "core/rules/scenarios.hpp"
#include "core/validation.hpp"
#include "core/verdict.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace recoverd::core {

/// In the order in which units that are due together are judged: what a check shows, its asset is judged by.
enum class UnitKind : std::uint8_t { check, asset, target, scenario, validation, agent };

/// What one unit adds to the sums of a snapshot.
struct Counts {
    /// Pending and firing alerts, by priority.
    std::array<std::array<std::uint64_t, 4>, 2> alerts{};
    std::array<std::uint64_t, Names<VerdictState>::values.size()> verdicts{};
    /// Checks that are silent, have never learned anything yet, or of which a part is unknown, whoever tells of it and
    /// however it is lowered.
    std::uint64_t unknown = 0;
};

struct JudgedUnit {
    JudgedUnit(UnitKind unit_kind, std::string unit_name, std::uint64_t unit_order)
        : kind(unit_kind), name(std::move(unit_name)), order(unit_order) {}

    UnitKind kind;
    std::string name;
    /// Rises with creation, so that what is judged at one moment is judged in the same order everywhere.
    std::uint64_t order;
    Alerts alerts;
    /// What the last judgement found, after lowering.
    std::vector<Finding> findings;
    /// Its place in the queue.
    Time revisit = kNever;
    /// Changed since the store asked last; of what it keeps one by one.
    bool changed = false;
    Counts counted;
};

struct AssetUnit;
struct TargetUnit;
struct ScenarioUnit;
struct ScenarioSnapshot;
struct ValidationUnit;
struct ValidationSnapshot;

struct CheckUnit : JudgedUnit {
    using JudgedUnit::JudgedUnit;

    std::shared_ptr<const Check> check;
    /// Shared with what was published of it: it is replaced, never changed. Never null.
    std::shared_ptr<const CheckMemory> memory = std::make_shared<const CheckMemory>();
    /// False after a restart until the check ran again (or when it is not due yet): old evidence is not judged, and
    /// what was firing goes on.
    bool fresh = true;
    /// Does it bring anything about recovery, rather than only reachability and numbers?
    bool about_recovery = false;
    /// Came back with what it knew, and nothing was learned of it since.
    bool restored = false;
    /// Nothing is remembered of it, or its options were changed, since scenarios were configured last, so that what it
    /// told before and tells from now on may not be compared.
    bool begun_anew = false;
    /// Reports that came since the agent started.
    std::uint64_t reports = 0;
    /// In the order of `memory->subjects`; empty for none.
    std::vector<std::string> subject_assets;
    /// The same the other way round, where it sees several: of each asset what is seen of it, in order.
    std::map<const AssetUnit*, std::vector<const CheckMemory::Subjects::value_type*>> seen_of;
    std::set<AssetUnit*> assets;
    TargetUnit* target = nullptr;
    /// Those it helps to decide.
    std::vector<ScenarioUnit*> scenarios;
    /// Those which its canary tells what was lost.
    std::vector<ScenarioUnit*> canary_of;
    /// Those of which it is a step.
    std::vector<ValidationUnit*> validations;
    /// What its scenarios saw of it when it was judged last, as one number.
    std::size_t stance = 0;
    /// Its silence, whoever tells of it; mostly null, and then nothing is kept for it.
    std::unique_ptr<const Finding> silence;
    /// Does its target tell of it, for all the checks that share it?
    bool target_tells = false;
    /// Is it a probe that finds its target down?
    bool finds_down = false;
    std::size_t page = 0;
};

struct AssetUnit : JudgedUnit {
    using JudgedUnit::JudgedUnit;

    Asset asset;
    Time first_seen;
    /// Made from a subject, not there from the beginning.
    bool discovered = false;
    /// Then: as one that the configuration promises where it is seen, and not of a class?
    bool promised = false;
    /// Under which of the configurations that there were its class was laid over it last.
    std::uint64_t claimed_under = 0;
    std::set<CheckUnit*> members;
    std::vector<PlannedExercise> planned;
    Verdict verdict;
    /// The newest good recovery point of any member.
    std::optional<Time> newest_good;
    /// When each exercise ended last, whichever member brought it.
    std::map<std::string, Time, std::less<>> last_ends;
    /// Are they as of when all that was known before was taken up? What ended before that begins nothing.
    bool ends_known = false;
    /// Exercises of which a run has just ended, and whose validation is to begin once no other run of them goes on.
    std::vector<std::string> just_ended;
    /// An exercise that is running and, until when it may be taken to explain things.
    std::string running_exercise;
    Time running_until;
    std::size_t page = 0;
};

struct TargetUnit : JudgedUnit {
    using JudgedUnit::JudgedUnit;

    std::set<CheckUnit*> members;
    /// Until when a probe found it down, the last time one did.
    Time down_until;
};

/// What a scenario looked like in one of its groups when it was judged last.
struct ScenarioGroup {
    std::string name;
    Decision decision;
    /// Long enough for whatever decides it to be found well, and to be believed.
    Duration patience{0};

    bool operator==(const ScenarioGroup&) const = default;
};

struct ScenarioUnit : JudgedUnit {
    using JudgedUnit::JudgedUnit;

    struct Ready {
        AssetReadiness readiness;
        /// When it could be different though nothing arrives.
        Time revisit;

        bool operator==(const Ready&) const = default;
    };

    Scenario scenario;
    /// The checks that decide it, by name.
    std::vector<CheckUnit*> members;
    /// The one whose canary tells what was lost.
    const CheckUnit* canary = nullptr;
    OutageHistories outages;
    /// Those that have members or an outage, by name.
    std::vector<ScenarioGroup> groups;
    /// What is down in them: "check" or "check/subject", and the place of its group.
    std::map<std::string, std::size_t, std::less<>> down;
    /// While an outage goes on, of each member that other rules than those of probes decide: since when looks have
    /// found it well, believed or not.
    std::map<std::string, Time, std::less<>> well_since;
    /// The groups for which its alert speaks, so that what it explains need not; sorted.
    std::vector<std::string> speaks;
    /// Of each asset that it must be recovered from, as that was judged last.
    std::map<std::string, Ready, std::less<>> ready;
    /// All of them together, where it was asked for.
    std::optional<Readiness> readiness;
    /// What of it puts assets at risk.
    Unready unready;
    /// Wider ones, which may explain it.
    std::vector<const ScenarioUnit*> explained_by;
    /// Of what is down: those of them in whose place it stands, or stood while it was down, in words.
    std::map<std::string, std::vector<std::string>, std::less<>> placed;
    /// For snapshots; never null once it was judged.
    std::shared_ptr<const ScenarioSnapshot> published;
};

struct ValidationUnit : JudgedUnit {
    using JudgedUnit::JudgedUnit;

    Validation validation;
    ValidationMemory memory;
    /// For snapshots; never null once it was judged.
    std::shared_ptr<const ValidationSnapshot> published;
};

struct AgentUnit : JudgedUnit {
    AgentUnit() : JudgedUnit(UnitKind::agent, "agent", 0) {}

    /// The agent's own troubles, with their reasons.
    std::map<RuleId, std::string> troubles;
};

/// What the store kept of a check, until a configuration claims it.
struct RestoredCheck {
    std::string fingerprint;
    CheckMemory memory;
    Alerts alerts;
    std::optional<Time> due_at;
};

} // namespace recoverd::core
