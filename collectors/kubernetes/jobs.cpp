// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/jobs.hpp"

#include "collectors/kubernetes/expect.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::Exercise;
using core::ExerciseOutcome;

/// A Job has ended when, and only when, one of these two is True: FailureTarget and SuccessCriteriaMet come before, and
/// `failed` counts pods of Jobs that complete as well.
void read_end(const io::Json& status, Exercise& run) {
    for (const auto& [type, outcome] :
         {std::pair{"Complete", ExerciseOutcome::passed}, {"Failed", ExerciseOutcome::failed}}) {
        const io::Json& ended = condition(status["conditions"], type);
        if (text_or(ended["status"]) != "True")
            continue;
        run.outcome = outcome;
        // completionTime is set on success only.
        const io::Json& at = status["completionTime"] ? status["completionTime"] : ended["lastTransitionTime"];
        run.ended_at = at.time();
        run.message = outcome == ExerciseOutcome::failed ? why(ended) : std::string{};
        return;
    }
}

core::Depth depth_of(const io::Json& annotation, core::Depth otherwise) {
    if (!annotation)
        return otherwise;
    const auto depth = core::from_name<core::Depth>(annotation.text());
    if (!depth)
        annotation.bad("a depth of proof");
    return *depth;
}

void keep_newest(std::optional<Exercise>& kept, Exercise run, std::optional<Time> Exercise::* by) {
    if (!kept || kept.value().*by < run.*by)
        kept = std::move(run);
}

SubjectReport report_of(const std::string& subject, const Runs& runs, const bool* suspended) {
    SubjectReport report{.subject = subject, .location = {}, .evidence = {}, .failure = {}};
    core::Assertions assertions;
    if (suspended)
        assertions.assertions.push_back(expect("suspend", "false", *suspended ? "true" : "false"));
    for (const auto* run : {&runs.ended, &runs.running})
        if (*run && !(*run)->exercise.empty())
            report.evidence.emplace_back(**run);
    // Jobs of a CronJob that prove nothing are to come to their end nevertheless.
    if (runs.ended && runs.ended->exercise.empty() && runs.of_cronjob)
        assertions.assertions.push_back(expect("last_run", "Complete",
                                               runs.ended->outcome == ExerciseOutcome::passed ? "Complete" : "Failed",
                                               runs.ended->message));
    if (!assertions.assertions.empty())
        report.evidence.emplace_back(std::move(assertions));
    return report;
}

} // namespace

void AllJobs::read_job(const io::Json& job, const JobsAre& are) {
    const io::Json& metadata = job["metadata"];
    const io::Json& status = job["status"];
    const io::Json& owner = controller_of(job);
    const bool of_cronjob = text_or(owner["kind"]) == "CronJob";
    const io::Json& named = metadata["annotations"]["recoverd/exercise"];
    Exercise run;
    run.id = clean(metadata["uid"].text(), 64);
    run.exercise = named ? clean(named.text(), 63) : are.exercise;
    run.depth = depth_of(metadata["annotations"]["recoverd/depth"], are.depth);
    run.started_at = time_or_none(status["startTime"]);
    read_end(status, run);
    // One that nobody waits for comes and goes with its name; one that was never started is nothing yet.
    if ((!of_cronjob && run.exercise.empty()) || (!run.started_at && !run.ended_at))
        return;
    const std::string subject =
        of_cronjob ? subject_of(clean(metadata["namespace"].text(), 63), "cronjob", clean(owner["name"].text(), 253))
                   : subject_of(job, "job");
    Runs& runs = jobs[subject];
    runs.of_cronjob = of_cronjob;
    const bool suspended = job["spec"]["suspend"] && job["spec"]["suspend"].boolean();
    if (run.ended_at)
        keep_newest(runs.ended, std::move(run), &Exercise::ended_at);
    else if (!suspended)
        keep_newest(runs.running, std::move(run), &Exercise::started_at);
}

void AllJobs::read_cronjob(const io::Json& cronjob) {
    const io::Json& suspend = cronjob["spec"]["suspend"];
    cronjobs[subject_of(cronjob, "cronjob")] = suspend && suspend.boolean();
}

void AllJobs::report(std::vector<SubjectReport>& out) const {
    static const Runs kNone;
    for (const auto& [subject, runs] : jobs) {
        const auto cronjob = cronjobs.find(subject);
        out.push_back(report_of(subject, runs, cronjob == cronjobs.end() ? nullptr : &cronjob->second));
    }
    for (const auto& [subject, suspended] : cronjobs)
        if (!jobs.contains(subject))
            out.push_back(report_of(subject, kNone, &suspended));
}

} // namespace recoverd::collectors::kubernetes_parts
