// SPDX-License-Identifier: Apache-2.0
// Schedules and Workflows of Chaos Mesh, and what all of its runs come to.
#include "collectors/kubernetes/chaos.hpp"
#include "collectors/kubernetes/expect.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::Exercise;
using core::ExerciseOutcome;

std::string workflow_subject(const io::Json& object, const io::Json& name) {
    return subject_of(clean(object["metadata"]["namespace"].text(), 63), "workflow.chaos-mesh.org",
                      clean(name.text(), 253));
}

/// For these a deadline is the time that they are given, not the time that they take.
bool ends_by_itself(const io::Json& node) {
    const std::string type = text_or(node["spec"]["type"]);
    if (type == "StatusCheck")
        return text_or(node["spec"]["statusCheck"]["mode"]) != "Continuous";
    return type == "Task" || type == "Serial" || type == "Parallel";
}

/// What a subject has to tell.
struct OfSubject {
    /// By exercise: the newest that ended and the newest that goes on.
    std::map<std::string, std::pair<std::optional<Exercise>, std::optional<Exercise>>> runs;
    std::optional<Failure> failure;
    bool cleanup = false;
    std::string stuck;
    const ChaosSchedule* schedule = nullptr;
};

bool is_workflow(const ChaosRun& made) { return made.subject.contains("/workflow.chaos-mesh.org/"); }

void add(const ChaosRun& made, OfSubject& told) {
    if (made.failure) {
        told.failure = made.failure;
        return;
    }
    told.cleanup |= !is_workflow(made);
    if (!made.stuck.empty())
        told.stuck = made.stuck;
    Exercise run = made.run;
    if (told.schedule && !made.named && !told.schedule->exercise.empty())
        run.exercise = told.schedule->exercise;
    auto& [ended, running] = told.runs[run.exercise];
    auto& kept = run.outcome == ExerciseOutcome::started ? running : ended;
    const auto by = run.outcome == ExerciseOutcome::started ? &Exercise::started_at : &Exercise::ended_at;
    if (!kept || (*kept).*by < run.*by)
        kept = std::move(run);
}

bool counts(const ChaosRun& made, const std::map<std::string, ChaosSchedule>& schedules, const ChaosLists& lists) {
    return (made.named || lists.schedules_known) && (!lists.selected || schedules.contains(made.schedule));
}

/// That a Workflow is accomplished does not say that all of it was.
void judge_nodes(const ChaosNodes& nodes, Exercise& run) {
    if (run.outcome != ExerciseOutcome::passed)
        return;
    if (!nodes.aborted.empty()) {
        run.outcome = ExerciseOutcome::aborted;
        run.message = nodes.aborted + " was aborted";
    } else if (!nodes.cut_off.empty()) {
        run.outcome = ExerciseOutcome::failed;
        run.message = nodes.cut_off + " did not end within its deadline";
    }
}

SubjectReport report_of(const std::string& subject, const OfSubject& told) {
    SubjectReport report{.subject = subject, .location = {}, .evidence = {}, .failure = told.failure};
    for (const auto& [exercise, runs] : told.runs)
        for (const auto* run : {&runs.first, &runs.second})
            if (*run)
                report.evidence.emplace_back(**run);
    // Whoever ran it deletes it, to end it or afterwards.
    report.passing = !told.schedule && !report.evidence.empty();
    core::Assertions assertions;
    if (told.schedule)
        assertions.assertions.push_back(expect("paused", "false", told.schedule->paused ? "true" : "false"));
    if (told.cleanup)
        assertions.assertions.push_back(expect("cleanup", "ok", told.stuck.empty() ? "ok" : "stuck", told.stuck));
    if (!assertions.assertions.empty())
        report.evidence.emplace_back(std::move(assertions));
    return report;
}

} // namespace

ChaosRun AllChaos::read_workflow(const io::Json& workflow, const std::string& exercise) {
    const io::Json& metadata = workflow["metadata"];
    const io::Json& status = workflow["status"];
    ChaosRun made = begun_run(workflow, workflow_subject(workflow, metadata["name"]), exercise);
    if (made.run.exercise.empty())
        made.run.exercise = clean((made.schedule.empty() ? metadata : controller_of(workflow))["name"].text(), 63);
    made.run.started_at = time_or_none(status["startTime"]);
    if (!made.run.started_at) {
        made.failure = not_begun();
    } else if (is_true(workflow, "Accomplished")) {
        made.run.outcome = ExerciseOutcome::passed;
        made.run.ended_at = time_or_none(status["endTime"]).value_or(*made.run.started_at);
    }
    if (made.run.ended_at && text_or(metadata["annotations"]["workflow.chaos-mesh.org/abort"]) == "true") {
        made.run.outcome = ExerciseOutcome::aborted;
        made.run.message = "it was aborted";
    }
    return made;
}

void AllChaos::read_schedule(const io::Json& schedule) {
    const io::Json& annotations = schedule["metadata"]["annotations"];
    schedules[subject_of(schedule, "schedule.chaos-mesh.org")] = {
        .paused = text_or(annotations["experiment.chaos-mesh.org/pause"]) == "true",
        .exercise = exercise_of(schedule, {}),
        .of_workflows = text_or(schedule["spec"]["type"]) == "Workflow"};
}

void AllChaos::read_node(const io::Json& node) {
    const std::string name = clean(node["metadata"]["name"].text(), 100);
    ChaosNodes& all = nodes[workflow_subject(node, node["spec"]["workflowName"])];
    if (is_true(node, "Aborted"))
        all.aborted = name;
    if (is_true(node, "DeadlineExceed") && ends_by_itself(node))
        all.cut_off = name;
}

void AllChaos::report(const ChaosLists& lists, std::vector<SubjectReport>& out) const {
    std::map<std::string, OfSubject> all;
    for (const auto& [subject, schedule] : schedules)
        all[subject].schedule = &schedule;
    for (const auto& [resource, made] : runs)
        for (ChaosRun run : made) {
            // What bears no labels of its own is of a selected Schedule, or of somebody else.
            if ((lists.selected || !run.schedule.empty()) && !counts(run, schedules, lists))
                continue;
            if (is_workflow(run)) {
                const auto found = nodes.find(run.subject);
                if (found != nodes.end())
                    judge_nodes(found->second, run.run);
                else if (!lists.nodes_known && run.run.outcome == ExerciseOutcome::passed)
                    run.failure = {FailureKind::bad_answer, "how its nodes ended is not known"};
            }
            add(run, all[run.schedule.empty() ? run.subject : run.schedule]);
        }
    for (auto& [subject, told] : all) {
        // What was stuck may be gone, by force even: then there is nothing left that could be mended.
        if (told.schedule && !told.schedule->of_workflows && lists.experiments_known && !told.failure)
            told.cleanup = true;
        out.push_back(report_of(subject, told));
    }
}

} // namespace recoverd::collectors::kubernetes_parts
