// SPDX-License-Identifier: Apache-2.0
#include "core/rules/threshold.hpp"
#include "core/rules/validations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace recoverd::core {

namespace {

void end(StepResult& step, StepState state, std::string detail, Time now) {
    step.state = state;
    step.ended_at = now;
    step.detail = std::move(detail);
}

bool looked_since(const StepView& view, Time began_at) { return view.looked_at && *view.looked_at >= began_at; }

/// Has this step been decided? Otherwise its check may be asked, and `out` says when to come back.
bool decide(const ValidationStep& plan, StepResult& step, const StepView& view, Time now, Advanced& made,
            Judgement& out) {
    if (step.state == StepState::waiting) {
        step.state = StepState::running;
        step.began_at = now;
        made.changed = true;
    }
    if (looked_since(view, step.began_at) && view.wrong.empty()) {
        end(step, StepState::passed, {}, now);
        return made.changed = true;
    }
    if (due(step.began_at + plan.within, now, out)) {
        end(step, StepState::failed,
            view.wrong.empty() ? fmt::format("was not looked at within {}", in_words(plan.within)) : view.wrong, now);
        return made.changed = true;
    }
    if (step.asked_at == Time{} || due(step.asked_at + kAskAgain, now, out)) {
        step.asked_at = now;
        out.look_again(now + kAskAgain);
        made.look.push_back(plan.check);
    }
    return false;
}

/// What became of a step; nullptr where nobody came to it, or not yet to its end.
const StepResult* decided_in(const std::vector<StepResult>& steps, const std::string& check) {
    const auto step = std::ranges::find(steps, check, &StepResult::check);
    const bool decided = step != steps.end() && (step->state == StepState::passed || step->state == StepState::failed);
    return decided ? &*step : nullptr;
}

/// The newest result of a step: of the run that goes on, once it is decided there.
const StepResult* result_of(const ValidationMemory& memory, const std::string& check) {
    for (const auto* run : {&memory.running, &memory.last})
        if (const StepResult* found = *run ? decided_in((*run)->steps, check) : nullptr)
            return found;
    return decided_in(memory.still_failed, check);
}

} // namespace

ValidationRun begin_validation(const Validation& validation, std::string cause, Time now) {
    ValidationRun run;
    run.id = fmt::format("{}-{}", validation.name, now.time_since_epoch().count());
    run.cause = std::move(cause);
    run.began_at = now;
    for (const ValidationStep& step : validation.steps)
        run.steps.push_back({.check = step.check});
    return run;
}

Advanced advance_validation(const Validation& validation, ValidationRun& run, std::span<const StepView> views, Time now,
                            Judgement& out) {
    Advanced made;
    bool stopped = false;
    for (std::size_t i = 0; i < run.steps.size() && i < validation.steps.size() && i < views.size(); ++i) {
        StepResult& step = run.steps[i];
        if (step.state == StepState::waiting && stopped)
            end(step, StepState::skipped, "left out: a step before it failed", now);
        else if (step.state <= StepState::running && !decide(validation.steps[i], step, views[i], now, made, out))
            return made;
        stopped = stopped || (step.state == StepState::failed && validation.steps[i].stop);
    }
    run.ended_at = now;
    made.changed = true;
    return made;
}

void abort_validation(ValidationRun& run, std::string why, Time now) {
    for (StepResult& step : run.steps)
        if (step.state <= StepState::running)
            end(step, StepState::skipped, why, now);
    run.aborted = std::move(why);
    run.ended_at = now;
}

void resume_validation(ValidationRun& run, Time now) {
    for (StepResult& step : run.steps)
        if (step.state == StepState::running) {
            step.began_at = now;
            step.asked_at = Time{};
        }
}

void end_run(const Validation& validation, ValidationMemory& memory) {
    std::vector<StepResult> still_failed;
    for (const ValidationStep& plan : validation.steps) {
        const StepResult* found = result_of(memory, plan.check);
        if (found && found->state == StepState::failed && !decided_in(memory.running->steps, plan.check))
            still_failed.push_back(*found);
    }
    memory.still_failed = std::move(still_failed);
    memory.last = std::exchange(memory.running, std::nullopt);
}

bool has_passed(const ValidationRun& run) {
    return run.ended_at && run.aborted.empty() &&
           std::ranges::all_of(run.steps, [](const StepResult& step) { return step.state == StepState::passed; });
}

Exercise exercise_of(const Validation& validation, const ValidationRun& run) {
    Exercise made;
    made.id = run.id;
    made.exercise = validation.name;
    made.started_at = run.began_at;
    made.ended_at = run.ended_at;
    made.outcome = has_passed(run)       ? ExerciseOutcome::passed
                   : run.aborted.empty() ? ExerciseOutcome::failed
                                         : ExerciseOutcome::aborted;
    const auto passed = std::ranges::count(run.steps, StepState::passed, &StepResult::state);
    made.message = fmt::format("{}: {} of {} steps passed", run.cause, passed, run.steps.size());
    for (const StepResult& step : run.steps)
        if (step.state == StepState::failed)
            made.message += fmt::format("; {}: {}", step.check, step.detail);
    if (!run.aborted.empty())
        made.message += "; given up: " + run.aborted;
    return made;
}

void judge_validation(const Validation& validation, const ValidationMemory& memory, Time now, Judgement& out) {
    for (const ValidationStep& plan : validation.steps) {
        const StepResult* step = result_of(memory, plan.check);
        if (!step || step->state != StepState::failed)
            continue;
        Finding made;
        made.identity.rule = RuleId::validation_failed;
        made.identity.asset = validation.asset;
        made.identity.check = plan.check;
        made.identity.exercise = validation.name;
        made.priority = made.raw_priority = plan.priority;
        made.hold = validation.policy.hold(RuleId::validation_failed);
        made.reason = fmt::format("failed {} ago, after {}: {}", in_words(now - step->ended_at),
                                  in_words(step->ended_at - step->began_at), step->detail);
        add(out, validation.policy, std::move(made));
    }
}

} // namespace recoverd::core
