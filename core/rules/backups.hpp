// SPDX-License-Identifier: Apache-2.0
// The rules about recovery points, one file each; rules/recovery_points.cpp asks them in turn.
#pragma once

#include "core/rules/view.hpp"

#include <string_view>

namespace recoverd::core {

/// How often a backup is promised; 1 h where nobody said.
Duration backup_interval(const Asset* asset);
/// How much shorter than `wanted` a continuous window may be: base backups set where it begins, so by one interval of
/// them, and by half of it at most.
Duration window_slack(const Asset* asset, Duration wanted);
/// When the asset of this subject began to exist, as far as anybody knows.
Time began(const SubjectView& view);

/// That backups are not encrypted, though this is promised, is an AssertionFailed of this name.
inline constexpr std::string_view kEncryption = "encryption";

/// The first backup of a subject: since when it is waited for, and by when it has to be there.
struct FirstBackup {
    Time since;
    Duration within;

    Time due_at() const { return since + within; }
};
/// An asset may be older than the agent, but nobody could report a backup before the agent was there.
FirstBackup first_backup(const Check& check, const Asset* asset, const SubjectMemory& seen);

/// When the points were listed.
Time listed_at(const SubjectView& view);

/// BackupTooOld.
void judge_backup_age(const SubjectView& view, const RecoveryPoints& points, Judgement& out);
/// BackupCorrupt, else BackupMissing.
void judge_backup_presence(const SubjectView& view, const RecoveryPoints& points, Judgement& out);
/// BackupFailed.
void judge_backup_failures(const SubjectView& view, const RecoveryPoints& points, Judgement& out);
/// BackupStuck.
void judge_backup_runs(const SubjectView& view, const RecoveryPoints& points, Judgement& out);
/// BackupSizeAnomaly.
void judge_backup_size(const SubjectView& view, const RecoveryPoints& points, Judgement& out);
/// BackupRetentionShort.
void judge_backup_retention(const SubjectView& view, const RecoveryPoints& points, Judgement& out);
/// AssertionFailed `encryption`, where backups must be encrypted.
void judge_backup_encryption(const SubjectView& view, const RecoveryPoints& points, Judgement& out);

} // namespace recoverd::core
