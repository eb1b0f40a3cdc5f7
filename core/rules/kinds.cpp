// SPDX-License-Identifier: Apache-2.0
// In which evidence each rule finds something.
#include "core/finding.hpp"
#include "core/rules/backups.hpp"
#include "core/rules/table.hpp"

namespace recoverd::core {

namespace {

constexpr EvidenceKind kPoints[] = {EvidenceKind::recovery_points};
constexpr EvidenceKind kLog[] = {EvidenceKind::log_archive};
constexpr EvidenceKind kReplication[] = {EvidenceKind::replication};
constexpr EvidenceKind kExercise[] = {EvidenceKind::exercise};
constexpr EvidenceKind kReachability[] = {EvidenceKind::reachability};
constexpr EvidenceKind kExpectations[] = {EvidenceKind::assertions, EvidenceKind::fingerprint};
constexpr EvidenceKind kOfEncryption[] = {EvidenceKind::recovery_points, EvidenceKind::assertions};
constexpr EvidenceKind kMeasurement[] = {EvidenceKind::measurement};

} // namespace

std::span<const EvidenceKind> kinds_of(RuleId id) {
    switch (id) {
    case RuleId::backup_too_old:
    case RuleId::backup_missing:
    case RuleId::backup_failed:
    case RuleId::backup_corrupt:
    case RuleId::backup_stuck:
    case RuleId::backup_size_anomaly:
    case RuleId::backup_retention_short:
        return kPoints;
    case RuleId::pitr_lag_high:
    case RuleId::pitr_window_short:
    case RuleId::wal_archiving_failing:
    case RuleId::wal_archive_gap:
        return kLog;
    case RuleId::replica_missing:
    case RuleId::replication_lag_high:
    case RuleId::replication_slot_retaining:
        return kReplication;
    case RuleId::restore_test_failed:
    case RuleId::exercise_failed:
        return kExercise;
    case RuleId::endpoint_down:
    case RuleId::endpoint_degraded:
    case RuleId::certificate_expiring:
        return kReachability;
    case RuleId::assertion_failed:
        return kExpectations;
    case RuleId::measurement_out_of_range:
        return kMeasurement;
    default:
        return {};
    }
}

std::span<const EvidenceKind> kinds_of(const Identity& found) {
    if (found.rule == RuleId::assertion_failed && found.assertion == kEncryption)
        return kOfEncryption;
    return kinds_of(found.rule);
}

} // namespace recoverd::core
