// SPDX-License-Identifier: Apache-2.0
#include "core/rules/backups.hpp"
#include "core/rules/rules.hpp"

namespace recoverd::core {

Duration backup_interval(const Asset* asset) {
    return asset != nullptr ? asset->objectives.backup_every.value_or(1h) : Duration{1h};
}

Time began(const SubjectView& view) {
    return view.asset != nullptr ? view.asset->objectives.since.value_or(view.seen.first_seen) : view.seen.first_seen;
}

Time listed_at(const SubjectView& view) { return view.seen.learned_of(EvidenceKind::recovery_points); }

void judge_recovery_points(const SubjectView& view, const RecoveryPoints& points, Judgement& out) {
    // Where there are none on purpose nobody waits for one; jobs that fail all the same are told.
    if (view.asset == nullptr || view.asset->objectives.backups) {
        judge_backup_presence(view, points, out);
        judge_backup_age(view, points, out);
        judge_backup_size(view, points, out);
    }
    judge_backup_failures(view, points, out);
    judge_backup_runs(view, points, out);
    judge_backup_retention(view, points, out);
    judge_backup_encryption(view, points, out);
}

} // namespace recoverd::core
