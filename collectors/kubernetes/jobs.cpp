// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/jobs.hpp"

#include "collectors/kubernetes/expect.hpp"
#include "collectors/kubernetes/job_end.hpp"
#include "core/assertion.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::Exercise;
using core::ExerciseOutcome;

void read_end(const io::Json& job, Exercise& run) {
    const auto end = end_of_job(job);
    if (!end)
        return;
    run.outcome = end->completed ? ExerciseOutcome::passed : ExerciseOutcome::failed;
    run.ended_at = end->at;
    run.message = end->why;
}

/// Jobs of a CronJob that prove nothing are to come to their end nevertheless.
std::optional<core::Assertion> last_ended(const Runs& runs) {
    if (!runs.ended || !runs.ended->exercise.empty() || !runs.of_cronjob)
        return std::nullopt;
    return expect("last_run", "Complete", runs.ended->outcome == ExerciseOutcome::passed ? "Complete" : "Failed",
                  runs.ended->message);
}

/// Does what runs take longer than it may, as far as one can tell without its schedule? The next one was due when the
/// pause since the last success has passed again; where each makes a Job beside the others, they pile up.
bool hangs(const CronJob& cronjob, Time now) {
    const bool piled_up = cronjob.active > 2;
    const Time success = cronjob.succeeded.value_or(*cronjob.scheduled);
    const Duration pause = piled_up ? Duration{0} : *cronjob.scheduled - success;
    return now - (piled_up ? success : *cronjob.scheduled) > std::max(pause, core::kDay);
}

/// A Job that came to no good end is deleted after a while, and the one before it, which passed, stays.
std::optional<core::Assertion> last_run(const Runs& runs, const CronJob* cronjob, Time now) {
    auto ended = last_ended(runs);
    if (!cronjob || cronjob->exercise || !cronjob->backup.empty() || !cronjob->scheduled)
        return ended;
    const bool listed = ended && runs.ended->outcome == ExerciseOutcome::passed;
    // Jobs that passed may be kept for a shorter time than those that failed.
    const bool newer = cronjob->succeeded && (!ended || *cronjob->succeeded > runs.ended->ended_at);
    if (newer)
        ended = expect("last_run", "Complete", "Complete");
    const bool too_old_to_tell = !cronjob->succeeded && listed;
    if (too_old_to_tell || (ended && !listed && !newer))
        return ended;
    if (cronjob->succeeded >= cronjob->scheduled || (listed && runs.ended->ended_at >= cronjob->scheduled))
        return ended;
    const std::string words =
        fmt::format("last scheduled {}, last success {}", core::config::format_time(*cronjob->scheduled),
                    cronjob->succeeded ? core::config::format_time(*cronjob->succeeded) : "never");
    const bool active = cronjob->active > 0 || runs.running;
    if (!active && now - *cronjob->scheduled > kJustMade)
        return expect("last_run", "Complete", "missing", words);
    if (active && hangs(*cronjob, now))
        return expect("last_run", "Complete", std::nullopt, words + ", and it still runs");
    return ended;
}

SubjectReport report_of(const std::string& subject, const Runs& runs, const CronJob* cronjob, Time now, bool whole) {
    SubjectReport report{.subject = subject, .location = {}, .evidence = {}, .failure = {}};
    core::Assertions assertions;
    if (cronjob)
        assertions.assertions.push_back(expect("suspend", "false", cronjob->suspended ? "true" : "false"));
    for (const auto* run : {&runs.ended, &runs.running})
        if (*run && !(*run)->exercise.empty())
            report.evidence.emplace_back(**run);
    // Jobs are deleted once they have ended (ttlSecondsAfterFinished), and nobody else tells of this one.
    report.passing = cronjob == nullptr && !report.evidence.empty();
    if (auto last = last_run(runs, cronjob, now)) {
        // The list that could not be had may know of a later run, or that one left nothing.
        if (!whole && state_of(*last) == core::AssertionState::holds)
            last = expect("last_run", "Complete", std::nullopt, "its CronJob and its Jobs could not both be listed");
        assertions.assertions.push_back(std::move(*last));
    }
    if (!assertions.assertions.empty())
        report.evidence.emplace_back(std::move(assertions));
    return report;
}

} // namespace

void AllJobs::read_job(const io::Json& job, const JobsAre& are) {
    const io::Json& metadata = job["metadata"];
    const io::Json& owner = cronjob_of(job);
    const bool of_cronjob = static_cast<bool>(owner);
    const std::string subject =
        of_cronjob ? subject_of(clean(metadata["namespace"].text(), 63), "cronjob", clean(owner["name"].text(), 253))
                   : subject_of(job, "job");
    if (!are.backup.empty() && !metadata["annotations"]["recoverd/exercise"])
        return backups.read(job, subject, are.backup);
    Exercise run;
    run.id = clean(metadata["uid"].text(), 64);
    run.exercise = exercise_of(job, are.exercise);
    run.depth = depth_of(job, are.depth);
    run.started_at = time_or_none(job["status"]["startTime"]);
    read_end(job, run);
    // One that nobody waits for comes and goes with its name; one that was never started is nothing yet.
    if ((!of_cronjob && run.exercise.empty()) || (!run.started_at && !run.ended_at))
        return;
    Runs& runs = jobs[subject];
    runs.of_cronjob = of_cronjob;
    const bool suspended = is_suspended(job);
    if (run.ended_at)
        keep_newest(runs.ended, std::move(run), &Exercise::ended_at);
    else if (!suspended)
        keep_newest(runs.running, std::move(run), &Exercise::started_at);
}

void AllJobs::read_cronjob(const io::Json& object, const JobsAre& are) {
    const io::Json& spec = object["spec"];
    const io::Json& status = object["status"];
    CronJob& cronjob = cronjobs[subject_of(object, "cronjob")];
    cronjob.suspended = is_suspended(object);
    cronjob.exercise = !are.exercise.empty() || spec["jobTemplate"]["metadata"]["annotations"]["recoverd/exercise"];
    cronjob.backup = cronjob.exercise ? std::string{} : are.backup;
    cronjob.scheduled = time_or_none(status["lastScheduleTime"]);
    cronjob.succeeded = time_or_none(status["lastSuccessfulTime"]);
    cronjob.active = status["active"] ? status["active"].items().size() : 0;
}

void AllJobs::report(Time now, bool whole, std::vector<SubjectReport>& out) const {
    static const Runs kNone;
    std::map<std::string, BackupsOf> all;
    for (const auto& [subject, runs] : backups.series)
        all[subject].runs = &runs;
    for (const auto& [subject, cronjob] : cronjobs)
        if (!cronjob.backup.empty())
            all[subject] = {backups.find(subject), &cronjob, cronjob.backup};
    // Half of the lists may show fewer backups than there are.
    if (whole)
        report_backups(all, now, out);
    for (const auto& [subject, runs] : jobs) {
        const auto cronjob = cronjobs.find(subject);
        out.push_back(report_of(subject, runs, cronjob == cronjobs.end() ? nullptr : &cronjob->second, now, whole));
    }
    for (const auto& [subject, cronjob] : cronjobs)
        if (!jobs.contains(subject))
            out.push_back(report_of(subject, kNone, &cronjob, now, whole));
}

} // namespace recoverd::collectors::kubernetes_parts
