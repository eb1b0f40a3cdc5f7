// SPDX-License-Identifier: Apache-2.0
// Litmus' ChaosResults. One object serves run after run and tells no time: when its status was written last is known to
// the API server.
#include "collectors/kubernetes/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::ExerciseOutcome;

/// By what wrote a status; else when it was made, which is as old as it may be.
Time written_at(const io::Json& metadata) {
    std::optional<Time> written;
    if (const io::Json& managed = metadata["managedFields"])
        for (const io::Json& entry : managed.items())
            if (entry["fieldsV1"]["f:status"] && entry["time"])
                written = std::max(written, std::optional{entry["time"].time()});
    return written ? *written : metadata["creationTimestamp"].time();
}

/// A run that goes on is counted when it has ended: both are to bear one name.
std::string name_of_run(const io::Json& result, bool running) {
    const std::string uid = clean(result["metadata"]["uid"].text(), 64);
    const io::Json& history = result["status"]["history"];
    if (!history)
        return running ? uid + "/running"
                       : fmt::format("{}/{}", uid, written_at(result["metadata"]).time_since_epoch().count());
    return fmt::format("{}/{}", uid,
                       count_or_zero(history["passedRuns"]) + count_or_zero(history["failedRuns"]) +
                           count_or_zero(history["stoppedRuns"]) + (running ? 1 : 0));
}

/// The first probe that did not pass, as its name and verdict; empty when all did.
std::string not_passed(const io::Json& probes) {
    if (probes)
        for (const io::Json& probe : probes.items())
            if (const std::string verdict = text_or(probe["status"]["verdict"]); verdict != "Passed")
                return fmt::format("probe {} is {}", clean(text_or(probe["name"]), 100),
                                   verdict.empty() ? "not told" : clean(verdict, 40));
    return {};
}

std::string why_failed(const io::Json& status) {
    const io::Json& output = status["failureOutput"];
    const std::string code = clean(text_or(output["errorCode"]), 80);
    const std::string step = clean(text_or(output["failedStep"]));
    if (!code.empty() || !step.empty())
        return fmt::format("{}{}{}", code, code.empty() || step.empty() ? "" : ": ", step);
    // A text, "0" to "100" or "Awaited".
    const std::string share = clean(text_or(status["probeSuccessPercentage"]), 20);
    return share.empty() ? std::string{} : fmt::format("probe success {}%", share);
}

/// Nothing when it is not known.
std::optional<ExerciseOutcome> outcome_of(std::string_view phase, std::string_view verdict) {
    if (phase == "Running")
        return ExerciseOutcome::started;
    if (phase == "Stopped" || verdict == "Stopped")
        return ExerciseOutcome::aborted;
    if (verdict == "Fail" || verdict == "Error")
        return ExerciseOutcome::failed;
    if (phase == "Completed" && verdict == "Pass")
        return ExerciseOutcome::passed;
    return std::nullopt;
}

} // namespace

SubjectReport read_chaos_result(const io::Json& result, const std::string& exercise) {
    SubjectReport report{.subject = subject_of(result, "chaosresult"), .location = {}, .evidence = {}, .failure = {}};
    const io::Json& status = result["status"]["experimentStatus"];
    const io::Json& probes = result["status"]["probeStatuses"];
    const std::string phase = clean(text_or(status["phase"]), 40);
    const std::string verdict = clean(text_or(status["verdict"]), 40);
    const auto outcome = outcome_of(phase, verdict);
    const std::string doubt = outcome == ExerciseOutcome::passed ? not_passed(probes) : std::string{};
    if (!outcome || !doubt.empty()) {
        report.failure = {FailureKind::bad_answer,
                          fmt::format("how it ended is not known: phase {}, verdict {}{}{}",
                                      phase.empty() ? "not told" : phase, verdict.empty() ? "not told" : verdict,
                                      doubt.empty() ? "" : ", ", doubt)};
        return report;
    }
    core::Exercise run;
    run.outcome = *outcome;
    run.id = name_of_run(result, run.outcome == ExerciseOutcome::started);
    run.exercise = exercise_of(result, exercise);
    if (run.exercise.empty())
        run.exercise = clean(result["spec"]["experiment"].text(), 63);
    if (run.outcome != ExerciseOutcome::started)
        run.ended_at = written_at(result["metadata"]);
    if (run.outcome == ExerciseOutcome::failed)
        run.message = why_failed(status);
    if (run.outcome == ExerciseOutcome::passed && (!probes || probes.items().empty()))
        run.message = "without a probe: it says only that it ran";
    report.evidence.emplace_back(std::move(run));
    return report;
}

} // namespace recoverd::collectors::kubernetes_parts
