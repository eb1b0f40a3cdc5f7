// SPDX-License-Identifier: Apache-2.0
// RestoreTestFailed, ExerciseFailed. What is overdue or takes too long is told by the plan and shows only over
// all checks of an asset: rules/asset.cpp.
#include "core/rules/exercises.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

bool is_restore_test(std::string_view exercise) { return exercise.starts_with("restore"); }

std::optional<Time> end_of(const Exercise& run) {
    return run.outcome == ExerciseOutcome::started ? std::nullopt : run.ended_at;
}

std::optional<Duration> length_of(const Exercise& run) {
    const auto ended = end_of(run);
    // Of a run that told only its start, that is its end as well.
    if (!ended || !run.started_at || *ended <= *run.started_at)
        return std::nullopt;
    return *ended - *run.started_at;
}

std::optional<Duration> recovery_time(const Exercise& run) { return run.rto ? run.rto : length_of(run); }

const Exercise* last_end(const SubjectMemory& seen, std::string_view exercise) {
    const Exercise* last = nullptr;
    for (const Exercise& run : seen.exercises)
        if (run.exercise == exercise && end_of(run) && (last == nullptr || *end_of(run) >= *end_of(*last)))
            last = &run;
    return last;
}

const Exercise* newest_run(const AssetView& view, const std::function<bool(const Exercise&)>& counts) {
    const auto at = [](const Exercise& run) { return end_of(run).value_or(run.started_at.value_or(Time::min())); };
    const Exercise* newest = nullptr;
    for (const Contributor& contributor : view.contributors) {
        if (contributor.seen == nullptr)
            continue;
        for (const Exercise& run : contributor.seen->exercises)
            if (counts(run) && (newest == nullptr || at(run) >= at(*newest)))
                newest = &run;
    }
    return newest;
}

const Exercise* newest_passed(const AssetView& view, const CountsByName& counts, Depth depth) {
    const Exercise* newest = nullptr;
    for (const Contributor& contributor : view.contributors) {
        if (contributor.seen == nullptr)
            continue;
        for (const Exercise& run : contributor.seen->exercises)
            if (run.outcome == ExerciseOutcome::passed && run.ended_at && run.depth >= depth && counts(run.exercise) &&
                (newest == nullptr || *run.ended_at > *newest->ended_at))
                newest = &run;
    }
    return newest;
}

namespace {

/// An asset may be older than the agent, but nobody could report a proof before the agent was there.
Time counted_from(const AssetView& view, const Exercise* passed) {
    if (passed != nullptr)
        return *passed->ended_at;
    return std::max(view.first_seen, view.asset.objectives.since.value_or(view.first_seen));
}

} // namespace

Time restore_test_due(const AssetView& view, Duration every) {
    return counted_from(view, newest_passed(view, any_exercise, Depth::restored)) + every;
}

Time exercise_due(const AssetView& view, const PlannedExercise& planned) {
    const Depth depth = is_restore_test(planned.name) ? Depth::restored : Depth::exists;
    const auto is_planned = [&](std::string_view exercise) { return exercise == planned.name; };
    return counted_from(view, newest_passed(view, is_planned, depth)) + planned.cadence;
}

namespace {

/// A Job or an experiment that comes and goes is not run again: how the next one of its name ended says how things
/// stand.
bool is_outlived(const SubjectView& view, const Exercise& run) {
    if (!view.seen.passing || view.last_ends == nullptr)
        return false;
    const auto last = view.last_ends->find(run.exercise);
    return last != view.last_ends->end() && last->second > *run.ended_at;
}

} // namespace

void judge_exercises(const SubjectView& view, Judgement& out) {
    for (const Exercise& run : view.seen.exercises) {
        const bool bad = run.outcome == ExerciseOutcome::failed || run.outcome == ExerciseOutcome::aborted;
        if (!bad || last_end(view.seen, run.exercise) != &run || is_outlived(view, run))
            continue;
        const RuleId id = is_restore_test(run.exercise) ? RuleId::restore_test_failed : RuleId::exercise_failed;
        Finding made =
            make_finding(view, id, priority_of(view.policy, id),
                         fmt::format("{} {} {} ago{}{}", run.exercise,
                                     run.outcome == ExerciseOutcome::failed ? "failed" : "was aborted",
                                     in_words(view.now - *run.ended_at), run.message.empty() ? "" : ": ", run.message));
        made.identity.exercise = run.exercise;
        add(out, view.policy, std::move(made));
    }
}

} // namespace recoverd::core
