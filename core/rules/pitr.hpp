// SPDX-License-Identifier: Apache-2.0
// The rules about the log between backups, one file each; rules/log_archive.cpp asks them in turn.
#pragma once

#include "core/rules/view.hpp"

namespace recoverd::core {

/// WalArchiveGap.
void judge_archive_gap(const SubjectView& view, const LogArchive& archive, Judgement& out);

} // namespace recoverd::core
