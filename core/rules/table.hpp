// SPDX-License-Identifier: Apache-2.0
// The one table of rules: name, policy key, default threshold and priority, runbook. Policy parsing, the reference,
// the shipped Prometheus rules and the runbooks are all checked against it.
#pragma once

#include "core/evidence.hpp"
#include "core/time.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace recoverd::core {

struct Identity;

enum class RuleId : std::uint8_t {
    backup_too_old,
    backup_missing,
    backup_failed,
    backup_corrupt,
    backup_stuck,
    backup_size_anomaly,
    backup_retention_short,
    pitr_lag_high,
    pitr_window_short,
    wal_archiving_failing,
    wal_archive_gap,
    replica_missing,
    replication_lag_high,
    replication_slot_retaining,
    restore_test_failed,
    restore_test_overdue,
    exercise_failed,
    exercise_overdue,
    exercise_too_long,
    assertion_failed,
    measurement_out_of_range,
    endpoint_down,
    endpoint_degraded,
    certificate_expiring,
    scenario_active,
    rto_exceeded,
    validation_failed,
    asset_uncovered,
    subject_vanished,
    evidence_missing,
    evidence_implausible,
    config_reload_failed,
    state_degraded,
    clock_skewed,
    recoverd_watchdog,
};

/// What the number in a policy's `over` means for a rule.
enum class Unit : std::uint8_t { none, duration, ratio, bytes, multiple };

struct Rule {
    RuleId id;
    /// The alert's name.
    std::string_view name;
    /// The policy's key.
    std::string_view key;
    Priority priority;
    Unit unit;
    /// The threshold when the policy says nothing, in seconds, bytes or as a ratio; nothing where it depends on the
    /// objective, which `when` then says.
    std::optional<double> over;
    /// How long it must hold before it fires.
    Duration hold;
    /// When it speaks, in words, for the reference.
    std::string_view when;
    /// What to do first, one sentence, for the alert's description.
    std::string_view first_step;
    /// What a single look cannot know of it, for `recoverd check`; empty when nothing.
    std::string_view needs_history = {};
};

/// Is it about the agent itself? No policy and no maintenance changes what that says.
constexpr bool is_about_agent(RuleId id) { return id >= RuleId::config_reload_failed; }

/// All rules, in the order of RuleId.
std::span<const Rule> rules();
const Rule& rule(RuleId id);
/// The rule with this policy key, or nullptr.
const Rule* find_rule_by_key(std::string_view key);
/// The kinds of evidence about a subject in which a rule finds something; none where it may be any, and of rules that
/// are about more than one subject.
std::span<const EvidenceKind> kinds_of(RuleId id);
/// Those in which something like this may be found: that backups are not encrypted is told by them, too.
std::span<const EvidenceKind> kinds_of(const Identity& found);

} // namespace recoverd::core
