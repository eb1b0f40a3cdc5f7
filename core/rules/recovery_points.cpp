// SPDX-License-Identifier: Apache-2.0
#include "core/rules/backups.hpp"
#include "core/rules/rules.hpp"

#include <algorithm>

namespace recoverd::core {

Duration window_slack(const Asset* asset, Duration wanted) { return std::min(backup_interval(asset), wanted / 2); }

Duration backup_interval(const Asset* asset) {
    return asset != nullptr ? asset->objectives.backup_every.value_or(1h) : Duration{1h};
}

namespace {

Time beginning_of(const Asset* asset, const SubjectMemory& seen) {
    return asset != nullptr ? asset->objectives.since.value_or(seen.first_seen) : seen.first_seen;
}

} // namespace

Time began(const SubjectView& view) { return beginning_of(view.asset, view.seen); }

FirstBackup first_backup(const Check& check, const Asset* asset, const SubjectMemory& seen) {
    const Time since = beginning_of(asset, seen);
    return {check.looks() ? since : std::max(since, seen.first_seen),
            asset != nullptr ? asset->objectives.first_backup_within.value_or(kDay) : kDay};
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
