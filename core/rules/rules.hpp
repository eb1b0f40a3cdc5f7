// SPDX-License-Identifier: Apache-2.0
// All rules: one function per kind of evidence, and those about a check or an asset as a whole.
#pragma once

#include "core/rules/view.hpp"

namespace recoverd::core {

// About one subject, from the evidence last learned of it.
void judge_recovery_points(const SubjectView& view, const RecoveryPoints& points, Judgement& out);
void judge_log_archive(const SubjectView& view, const LogArchive& archive, Judgement& out);
void judge_replication(const SubjectView& view, const Replication& replication, Judgement& out);
void judge_exercises(const SubjectView& view, Judgement& out);
void judge_reachability(const SubjectView& view, const Reachability& reachability, Judgement& out);
void judge_assertions(const SubjectView& view, const Assertions& assertions, Judgement& out);
void judge_fingerprints(const SubjectView& view, Judgement& out);
void judge_measurement(const SubjectView& view, const Measurement& measurement, Judgement& out);
/// SubjectVanished, EvidenceMissing of one subject, EvidenceImplausible.
void judge_presence(const SubjectView& view, Judgement& out);

/// Everything about one subject.
void judge_subject(const SubjectView& view, Judgement& out);

/// EvidenceMissing of a whole check: nothing learned since `memory.last_success` (or since it was first seen).
void judge_silence(const Check& check, const CheckMemory& memory, Time now, Judgement& out);
/// For how long nothing may be learned before `EvidenceMissing`: clamp(3 × every, 5 min, 6 h), and never less
/// than 1.5 × every.
Duration silence_allowed(const Check& check);

/// From where on a rule about time or size finds what a check sees of an asset (nullptr: of none) bad, in seconds or as
/// a ratio: the lowest of its steps for all backup types. Nothing where it is switched off, cannot judge what the check
/// brings, or depends on what was seen.
std::optional<double> first_threshold(const Check& check, const Asset* asset, RuleId id);

/// RestoreTestOverdue, ExerciseOverdue, ExerciseTooLong, AssetUncovered.
void judge_asset(const AssetView& view, Judgement& out);

struct ExerciseDue {
    std::string exercise;
    Time due_at;

    bool operator==(const ExerciseDue&) const = default;
};
/// When the promised restore test ("restore-test") and each planned exercise is due next: its last pass (or when the
/// asset was first seen) plus its cadence, without the slack that the overdue rules give.
std::vector<ExerciseDue> exercises_due(const AssetView& view);

} // namespace recoverd::core
