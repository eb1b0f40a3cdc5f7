// SPDX-License-Identifier: Apache-2.0
// Jobs, by the CronJob that made them, and CronJobs.
#pragma once

#include "collectors/kubernetes/backup_jobs.hpp"

namespace recoverd::collectors::kubernetes_parts {

/// What Jobs stand for that do not say so themselves (annotations `recoverd/exercise` and `recoverd/depth`).
struct JobsAre {
    /// Empty: they are no exercises.
    std::string exercise;
    core::Depth depth = core::Depth::exists;
    /// How those that stand for no exercise make backups; empty: they make none.
    std::string backup;
};

/// The runs of one series: the newest that ended and the newest that goes on.
struct Runs {
    std::optional<core::Exercise> ended;
    std::optional<core::Exercise> running;
    bool of_cronjob = false;
};

struct CronJob : Ticks {
    bool suspended = false;
    /// Do its Jobs stand for exercises, or make backups (in this way)? Then they are told as such.
    bool exercise = false;
    std::string backup;
};

struct AllJobs {
    std::map<std::string, Runs> jobs;
    /// By subject.
    std::map<std::string, CronJob> cronjobs;
    AllBackupJobs backups;

    /// Throws BadDocument.
    void read_job(const io::Json& job, const JobsAre& are);
    void read_cronjob(const io::Json& object, const JobsAre& are);
    /// `whole`: no list of them that was asked for failed.
    void report(Time now, bool whole, std::vector<SubjectReport>& out) const;
};

} // namespace recoverd::collectors::kubernetes_parts
