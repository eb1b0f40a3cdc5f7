// SPDX-License-Identifier: Apache-2.0
// Exercises and jobs that report themselves: a restore test, a drill, a backup script. This check never looks by
// itself. Outcomes are posted to the agent (`POST /api/v1/outcomes`, `recoverd outcome`), which turns each into a
// report of this check once it is on disk; `exercise` and `cadence` say what to expect, and the agent reads them from
// the configuration table. When nothing comes, the rules say so.
#include "collectors/all.hpp"

namespace recoverd::collectors {

namespace {

struct Options {
    std::string exercise;
    std::optional<Duration> cadence;
};

constexpr Option<Options> kOptions[] = {
    {"exercise", &Options::exercise, "the exercise whose outcomes are expected; left out for a job that makes backups"},
    {"cadence", &Options::cadence, "how often an outcome is expected; it is overdue a quarter later"},
};

/// Nothing was looked at: no subject was seen, and none was seen to be missing.
Task<Collected> collect(Options, Run) {
    Seen seen;
    seen.complete = false;
    co_return seen;
}

} // namespace

Kind outcome() {
    return kind<Options>({.name = "outcome",
                          .summary = "exercises and backup jobs that report themselves",
                          .brings = {EvidenceKind::exercise, EvidenceKind::recovery_points},
                          .access = "none: whoever runs the exercise posts its outcome to the agent",
                          // Never scheduled.
                          .every = Duration{0}},
                         kOptions, collect);
}

} // namespace recoverd::collectors
