// SPDX-License-Identifier: Apache-2.0
// The configuration after it was compiled: what must be recoverable, how we find out, what is bad.
// Immutable; a reload makes a new one.
#pragma once

#include "core/labels.hpp"
#include "core/policy.hpp"
#include "core/report.hpp"
#include "core/scenario.hpp"
#include "core/validation.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace recoverd::core {

/// What was promised for an asset. A missing value was not promised, and no rule asks for it.
struct Objectives {
    std::optional<Duration> backup_every;
    std::optional<Duration> rpo;
    std::optional<Duration> rto;
    std::optional<Duration> retention;
    std::optional<Duration> restore_test_every;
    std::optional<Duration> pitr_window;
    /// How long a new asset may be without its first backup.
    std::optional<Duration> first_backup_within;
    /// Must backups be encrypted?
    std::optional<bool> encryption;
    /// When it began to exist; else when it was first seen.
    std::optional<Time> since;
    /// Are there backups of it? Where there are none on purpose nobody looks for a recovery point.
    bool backups = true;

    bool operator==(const Objectives&) const = default;
};

struct Asset {
    std::string name;
    std::string description;
    std::string asset_class;
    Objectives objectives;
    Labels labels;
    Policy policy;
    /// What agents of the other scope are shown of it, alone or as well, so that nobody misses it here. `exercise`:
    /// they are told of its proofs, and judge them. Empty where one agent sees all of it.
    std::vector<EvidenceKind> elsewhere;
    /// Is it there for agents of the other scope only where they see it, so that there may be none that does?
    bool may_be_nowhere = false;

    bool is_elsewhere(EvidenceKind kind) const { return std::ranges::find(elsewhere, kind) != elsewhere.end(); }
    /// Do they see that by which its verdict is decided?
    bool is_seen_elsewhere() const {
        if (objectives.backups)
            return is_elsewhere(EvidenceKind::recovery_points);
        return std::ranges::any_of(elsewhere, [](EvidenceKind kind) { return kind != EvidenceKind::exercise; });
    }

    bool operator==(const Asset&) const = default;
};

/// Which part of a configuration an agent runs: its node's own checks, or the cluster's.
enum class Scope : std::uint8_t { node, cluster };
template <>
struct Names<Scope> {
    static constexpr std::array<std::string_view, 2> values{"node", "cluster"};
};
constexpr Scope the_other(Scope scope) { return scope == Scope::node ? Scope::cluster : Scope::node; }

/// `[[check.NAME.subject]]`: what is different for the subjects that match.
struct SubjectOverride {
    /// A glob over the subject's name.
    std::string match;
    std::string asset;
    Policy policy;

    bool operator==(const SubjectOverride&) const = default;
};

/// One configured collector, on a schedule.
struct Check {
    std::string name;
    /// An asset's name; may hold `{subject}`; empty when it belongs to none.
    std::string asset;
    std::string collector;
    /// Zero: see `looks`.
    Duration every{60'000};
    Duration timeout{30'000};
    /// Probes in a row before something counts as down, and as up again.
    unsigned failures = 3;
    unsigned successes = 2;
    Labels labels;
    Scope scope = Scope::cluster;
    Location location;
    /// Already merged with everything that stands above it.
    Policy policy;
    /// What the check itself says, for subjects whose asset is another one than `asset`.
    Policy own_policy;
    std::vector<SubjectOverride> subjects;
    std::map<std::string, std::string> asset_map;
    /// Make assets of this class out of subjects.
    bool discover = false;
    std::string discover_class;
    /// What it looks at, when several checks may look at the same: host:port or URL without credentials.
    std::string target;
    /// The kinds of evidence its collector can bring.
    std::vector<EvidenceKind> brings;
    /// Does not reaching the target count as evidence (`down`) rather than as a failure?
    bool probes = false;
    /// Canonical text of the compiled options. Equal text: the check keeps its memory and its schedule.
    std::string fingerprint;

    /// Does it look by itself? Otherwise it is told (outcomes), whenever something happens: its silence says nothing.
    bool looks() const { return every > Duration{0}; }
    bool may_bring(EvidenceKind kind) const { return std::ranges::find(brings, kind) != brings.end(); }

    bool operator==(const Check&) const = default;
};

/// `[[exercise]]`: a proof that is due again and again.
struct PlannedExercise {
    std::string name;
    std::string asset;
    Duration cadence{0};
    /// How long it may take; nothing: as long as it likes, unless the policy says.
    std::optional<Duration> duration;
    /// Scenarios that it must leave alone: none may hold while it runs …
    std::vector<std::string> keeps;
    /// … for this long or longer at a time.
    Duration downtime{0};
    /// Whose agents hear of its runs, where a check waits for them; those of the cluster where checks of both do.
    std::optional<Scope> told_in;
    /// Begun when a run of it has ended; empty for none.
    std::string validation;

    bool operator==(const PlannedExercise&) const = default;
};

/// Findings in scope are lowered to P4 and say why; evidence is still kept.
struct Maintenance {
    /// Globs over asset names; both lists empty: everything.
    std::vector<std::string> assets;
    std::vector<std::string> checks;
    Time from;
    Time to;
    std::string reason;

    bool operator==(const Maintenance&) const = default;
};

/// Everything that rules and lifecycle need to know.
struct Config {
    std::map<std::string, Asset, std::less<>> assets;
    /// Assets that are there only once a check has seen a subject of theirs: the agents of other nodes may see them
    /// instead, and only who does can judge them. In none of the maps twice.
    std::map<std::string, Asset, std::less<>> where_seen;
    std::vector<std::shared_ptr<const Check>> checks;
    std::vector<PlannedExercise> exercises;
    std::vector<Maintenance> maintenance;
    std::vector<Scenario> scenarios;
    std::vector<Validation> validations;
    /// Labels on every alert.
    Labels alert_labels;
    /// The `severity` label of each priority.
    std::array<std::string, 4> severity{"critical", "critical", "warning", "info"};
    /// On everything of scope node, and on the watchdog.
    std::string instance;
    /// For discovered assets: a class's objectives and policy.
    std::map<std::string, Asset, std::less<>> classes;
    std::string runbook_base;
    std::string dashboard_url;
};

/// Does `text` match `pattern`, in which `*` stands for any run and `?` for one character?
bool glob_matches(std::string_view pattern, std::string_view text);
/// The asset that a subject of this check belongs to; empty for none.
std::string asset_of(const Check& check, std::string_view subject);
/// The policy that counts for a subject: the check's, and over it what is said for subjects that match.
Policy policy_of(const Check& check, std::string_view subject, const Asset* asset);

} // namespace recoverd::core
