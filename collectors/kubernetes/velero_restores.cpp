// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/velero_restores.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::Exercise;
using core::ExerciseOutcome;

/// Where nothing of the backup is selected a Restore is Completed as well. Numbers that are 0 are left out; old
/// versions count nothing.
bool restored_nothing(const io::Json& status) {
    return status["progress"] && count_or_zero(status["progress"]["itemsRestored"]) == 0;
}

/// Old versions say Completed whatever went wrong.
ExerciseOutcome outcome_of(const io::Json& status, std::string_view phase) {
    if (phase == "Failed" || phase == "PartiallyFailed" || phase == "FailedValidation")
        return ExerciseOutcome::failed;
    // All else is on its way, WaitingForPluginOperationsPartiallyFailed too.
    if (phase != "Completed")
        return ExerciseOutcome::started;
    const bool errors = count_or_zero(status["errors"]) > 0 || count_or_zero(status["restoreItemOperationsFailed"]) > 0;
    return errors || restored_nothing(status) ? ExerciseOutcome::failed : ExerciseOutcome::passed;
}

/// What is there already is not restored, and Velero warns of it. In other namespaces than the backup's nothing is.
core::Depth told_depth(const io::Json& restore) {
    const io::Json& mapping = restore["spec"]["namespaceMapping"];
    const bool elsewhere = mapping && !mapping.object().empty();
    return elsewhere || count_or_zero(restore["status"]["warnings"]) == 0 ? core::Depth::restored : core::Depth::listed;
}

/// "PartiallyFailed, 2 errors: …"; of one that passed how many warnings there were, if any.
std::string message_of(const io::Json& status, const std::string& phase, ExerciseOutcome outcome) {
    const std::uint64_t warnings = count_or_zero(status["warnings"]);
    if (outcome == ExerciseOutcome::passed)
        return warnings > 0 ? fmt::format("{} warnings: not all may be as it was backed up", warnings) : std::string{};
    if (outcome == ExerciseOutcome::started)
        return phase.empty() ? "New" : phase;
    std::string message = fmt::format("{}, {} errors", phase, count_or_zero(status["errors"]));
    if (const auto failed = count_or_zero(status["restoreItemOperationsFailed"]); failed > 0)
        message += fmt::format(", {} operations failed", failed);
    if (phase == "Completed" && restored_nothing(status))
        message += ", nothing was restored";
    const io::Json& invalid = status["validationErrors"];
    if (const std::string reason = clean(text_or(status["failureReason"])); !reason.empty())
        message += ": " + reason;
    else if (invalid && !invalid.items().empty())
        message += ": " + clean(invalid.items().front().text());
    return message;
}

} // namespace

void RestoreRuns::keep(Exercise run) {
    if (run.outcome == ExerciseOutcome::started)
        keep_newest(running, std::move(run), &Exercise::started_at);
    else
        keep_newest(ended, std::move(run), &Exercise::ended_at);
}

void AllRestores::read(const io::Json& restore, const std::string& exercise, core::Depth depth) {
    const io::Json& metadata = restore["metadata"];
    const io::Json& status = restore["status"];
    const std::string phase = clean(text_or(status["phase"]), 60);
    Exercise run;
    run.id = clean(metadata["uid"].text(), 64);
    run.exercise = exercise_of(restore, exercise.empty() ? "restore-test" : exercise);
    run.depth = depth_of(restore, depth > core::Depth::exists ? depth : told_depth(restore));
    run.outcome = outcome_of(status, phase);
    run.message = message_of(status, phase, run.outcome);
    // One that Velero does not take up waits since it was made.
    run.started_at =
        status["startTimestamp"] ? status["startTimestamp"].time() : time_or_none(metadata["creationTimestamp"]);
    // What was refused has no times. Untold, its end is as old as it may be.
    if (run.outcome != ExerciseOutcome::started)
        run.ended_at = status["completionTimestamp"] ? status["completionTimestamp"].time() : run.started_at;
    const RestoresOf of{clean(metadata["namespace"].text(), 63), clean(text_or(restore["spec"]["backupName"]), 253),
                        clean(text_or(restore["spec"]["scheduleName"]), 253), run.exercise};
    restores[of].keep(std::move(run));
}

void AllRestores::report(const SeriesOfBackups& series, bool backups_known, std::vector<SubjectReport>& out) const {
    std::map<std::pair<std::string, std::string>, RestoreRuns> told;
    for (const auto& [of, runs] : restores) {
        const auto known = series.find(fmt::format("{}/{}", of.of_namespace, of.backup));
        if (of.schedule.empty() && !backups_known)
            continue;
        // A backup that another cluster made bears the name of a Schedule as well, which may be that of one here.
        const std::string subject = known != series.end()  ? known->second
                                    : !of.schedule.empty() ? subject_of(of.of_namespace, "schedule", of.schedule)
                                                           : of.of_namespace + "/backup";
        RestoreRuns& all = told[{subject, of.exercise}];
        for (const auto* run : {&runs.ended, &runs.running})
            if (*run)
                all.keep(**run);
    }
    for (const auto& [of, runs] : told) {
        SubjectReport report{.subject = of.first, .location = {}, .evidence = {}, .failure = {}};
        for (const auto* run : {&runs.ended, &runs.running})
            if (*run)
                report.evidence.emplace_back(**run);
        out.push_back(std::move(report));
    }
}

} // namespace recoverd::collectors::kubernetes_parts
