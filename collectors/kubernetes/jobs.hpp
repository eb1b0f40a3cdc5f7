// SPDX-License-Identifier: Apache-2.0
// Jobs, by the CronJob that made them, and CronJobs.
#pragma once

#include "collectors/kubernetes/words.hpp"

#include <map>

namespace recoverd::collectors::kubernetes_parts {

/// What Jobs stand for that do not say so themselves (annotations `recoverd/exercise` and `recoverd/depth`).
struct JobsAre {
    /// Empty: they are no exercises.
    std::string exercise;
    core::Depth depth = core::Depth::exists;
};

/// The runs of one series: the newest that ended and the newest that goes on.
struct Runs {
    std::optional<core::Exercise> ended;
    std::optional<core::Exercise> running;
    bool of_cronjob = false;
};

struct CronJob {
    bool suspended = false;
    /// Do its Jobs stand for exercises? Then they are told as such.
    bool exercise = false;
    std::optional<Time> scheduled;
    /// API servers before 1.21 do not tell it.
    std::optional<Time> succeeded;
    std::size_t active = 0;
};

struct AllJobs {
    std::map<std::string, Runs> jobs;
    /// By subject.
    std::map<std::string, CronJob> cronjobs;

    /// Throws BadDocument.
    void read_job(const io::Json& job, const JobsAre& are);
    void read_cronjob(const io::Json& object, const JobsAre& are);
    void report(Time now, std::vector<SubjectReport>& out) const;
};

} // namespace recoverd::collectors::kubernetes_parts
