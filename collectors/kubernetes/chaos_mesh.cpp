// SPDX-License-Identifier: Apache-2.0
// Experiments of Chaos Mesh. Their conditions have no times, AllRecovered is True before anything was hit as well, and
// one that hits once never recovers: the records of its targets tell more.
#include "collectors/kubernetes/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::ExerciseOutcome;

/// They are desired to Run for ever, since there is nothing to take back.
constexpr std::array<std::string_view, 5> kOneShot{"pod-kill", "container-kill", "ec2-restart", "node-reset",
                                                   "vm-restart"};
/// Targets are chosen at once.
constexpr Duration kChosen = std::chrono::minutes{1};
/// Until its targets are mended one that is deleted stays.
constexpr Duration kDeleted = std::chrono::minutes{10};

/// What became of its targets.
struct Targets {
    std::size_t all = 0;
    std::size_t hit = 0;
    /// Mended, or never hit.
    std::size_t whole = 0;
    std::optional<Time> last_hit;
    std::optional<Time> last_mended;
    /// The last words of one that could not be hit, and of one that could not be mended.
    std::string not_hit;
    std::string not_mended;
};

void read_events(const io::Json& record, bool hit, bool whole, Targets& targets) {
    if (!record["events"])
        return;
    std::string words;
    bool applying = true;
    for (const io::Json& event : record["events"].items()) {
        const bool succeeded = event["type"].text() == "Succeeded";
        applying = event["operation"].text() == "Apply";
        words = succeeded ? std::string{} : clean(text_or(event["message"]));
        auto& last = applying ? targets.last_hit : targets.last_mended;
        if (succeeded)
            last = std::max(last, std::optional{event["timestamp"].time()});
    }
    if (!words.empty() && applying && !hit)
        targets.not_hit = words;
    if (!words.empty() && !applying && !whole)
        targets.not_mended = words;
}

Targets targets_of(const io::Json& records) {
    Targets targets;
    if (!records)
        return targets;
    for (const io::Json& record : records.items()) {
        const bool hit = count_or_zero(record["injectedCount"]) > 0;
        // "Not Injected/Wait" is on its way.
        const bool whole = record["phase"].text() == "Not Injected";
        ++targets.all;
        targets.hit += hit ? 1 : 0;
        targets.whole += whole ? 1 : 0;
        read_events(record, hit, whole, targets);
    }
    return targets;
}

void end(core::Exercise& run, ExerciseOutcome outcome, std::optional<Time> at, std::string message = {}) {
    run.outcome = outcome;
    // Untold, it is as old as it may be.
    run.ended_at = at ? at : run.started_at;
    run.message = std::move(message);
}

/// "pod-kill", "network-delay", "stress-chaos"
std::string name_of_kind(std::string_view kind, const std::string& action) {
    const std::string stem{kind.substr(0, kind.size() - std::string_view{"chaos"}.size())};
    if (action.empty())
        return stem + "-chaos";
    return kind == "podchaos" ? action : fmt::format("{}-{}", stem, action);
}

std::string missed(const Targets& targets) {
    return fmt::format("{} of {} targets were hit{}{}", targets.hit, targets.all, targets.not_hit.empty() ? "" : ": ",
                       targets.not_hit);
}

void judge(const io::Json& experiment, bool one_shot, const Targets& targets, Time now, ChaosRun& made) {
    const io::Json& status = experiment["status"];
    const std::string desired = text_or(status["experiment"]["desiredPhase"]);
    core::Exercise& run = made.run;
    if (desired != "Run" && desired != "Stop")
        made.failure = not_begun();
    else if (is_true(experiment, "Paused") && !one_shot)
        // It is stopped then, and goes on later.
        run.message = "paused";
    else if (targets.all == 0) {
        if (desired == "Stop" || now - *run.started_at > kChosen)
            end(run, ExerciseOutcome::failed, std::nullopt, "it found no target");
    } else if (one_shot && targets.hit == targets.all)
        end(run, ExerciseOutcome::passed, targets.last_hit);
    else if (desired == "Run")
        run.message = targets.hit < targets.all ? missed(targets) : std::string{};
    else if (!is_true(experiment, "AllRecovered") || targets.whole < targets.all)
        run.message = fmt::format("{} of {} targets are mended", targets.whole, targets.all);
    else if (targets.hit < targets.all)
        end(run, ExerciseOutcome::failed, targets.last_mended, missed(targets));
    else
        end(run, ExerciseOutcome::passed, targets.last_mended);
}

std::string stuck(const io::Json& experiment, const Targets& targets, Time now) {
    if (!targets.not_mended.empty())
        return targets.not_mended;
    const auto deleted = time_or_none(experiment["metadata"]["deletionTimestamp"]);
    if (deleted && now - *deleted > kDeleted)
        return fmt::format("it is being deleted, and {} of {} targets are mended", targets.whole, targets.all);
    return {};
}

} // namespace

ChaosRun begun_run(const io::Json& object, std::string subject, const std::string& exercise) {
    const io::Json& metadata = object["metadata"];
    const io::Json& owner = controller_of(object);
    ChaosRun made;
    made.subject = std::move(subject);
    if (text_or(owner["kind"]) == "Schedule")
        made.schedule = subject_of(clean(metadata["namespace"].text(), 63), "schedule.chaos-mesh.org",
                                   clean(owner["name"].text(), 253));
    made.run.id = clean(metadata["uid"].text(), 64);
    made.run.exercise = exercise_of(object, exercise);
    made.named = static_cast<bool>(metadata["annotations"]["recoverd/exercise"]);
    return made;
}

Failure not_begun() { return {FailureKind::bad_answer, "Chaos Mesh has not begun it: does its controller run?"}; }

std::optional<ChaosRun> AllChaos::read_experiment(const io::Json& experiment, std::string_view kind,
                                                  const std::string& exercise, Time now) {
    const io::Json& metadata = experiment["metadata"];
    // A Workflow deletes what it made once it is over, and tells of all of it.
    if (metadata["labels"]["chaos-mesh.org/workflow"])
        return std::nullopt;
    const std::string action = clean(text_or(experiment["spec"]["action"]), 40);
    const bool one_shot = std::ranges::find(kOneShot, action) != kOneShot.end();
    ChaosRun made = begun_run(experiment, subject_of(experiment, kind), exercise);
    if (made.run.exercise.empty())
        made.run.exercise = name_of_kind(kind, action);
    made.run.started_at = metadata["creationTimestamp"].time();
    const Targets targets = targets_of(experiment["status"]["experiment"]["containerRecords"]);
    judge(experiment, one_shot, targets, now, made);
    made.stuck = stuck(experiment, targets, now);
    return made;
}

} // namespace recoverd::collectors::kubernetes_parts
