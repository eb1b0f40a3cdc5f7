// SPDX-License-Identifier: Apache-2.0
// Jobs that make backups: a run that Completed is a recovery point, one that did not a failed job. What the backup is
// worth is not known here.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>

namespace recoverd::collectors::kubernetes_parts {

/// A Job that was just made is not listed yet, and clocks differ.
inline constexpr Duration kJustMade = std::chrono::minutes{1};

/// What a CronJob tells of its runs itself, which is kept for longer than they are.
struct Ticks {
    std::optional<Time> scheduled;
    /// API servers before 1.21 do not tell it.
    std::optional<Time> succeeded;
    std::size_t active = 0;
};

struct BackupRuns {
    core::RecoveryPoints points;
    /// Of all of them, whatever became of it.
    std::optional<Time> newest_start;
};

struct AllBackupJobs {
    /// By subject.
    std::map<std::string, BackupRuns> series;

    /// Throws BadDocument.
    void read(const io::Json& job, const std::string& subject, const std::string& method);
    /// Nothing when there is none.
    const BackupRuns* find(const std::string& subject) const;
};

/// One series: what is listed of it, and what its CronJob tells.
struct BackupsOf {
    const BackupRuns* runs = nullptr;
    const Ticks* cronjob = nullptr;
    std::string method;
};

void report_backups(const std::map<std::string, BackupsOf>& all, Time now, std::vector<SubjectReport>& out);

} // namespace recoverd::collectors::kubernetes_parts
