// SPDX-License-Identifier: Apache-2.0
// Validations: started by the end of an outage or an exercise, or by whoever asks, driven by what checks find, told as
// exercises.
#include "core/rules/validations.hpp"
#include "core/assertion.hpp"
#include "core/clock.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/explained.hpp"
#include "core/engine/own_checks.hpp"
#include "core/engine/unseen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace recoverd::core {

namespace {

/// Is anybody to be told what could not be learned of this subject?
bool tells_of_missing(const CheckUnit& unit, std::string_view subject) {
    const auto at = std::ranges::find(unit.assets, asset_of(*unit.check, subject), &AssetUnit::name);
    const Asset* asset = at == unit.assets.end() ? nullptr : &(*at)->asset;
    return policy_of(*unit.check, subject, asset).enabled(RuleId::evidence_missing);
}

/// An expectation of which this look learned nothing.
const Assertion* undecided(const Evidence& evidence) {
    const auto* all = std::get_if<Assertions>(&evidence);
    if (!all)
        return nullptr;
    const auto open = std::ranges::find(all->assertions, AssertionState::unknown, state_of);
    return open == all->assertions.end() ? nullptr : &*open;
}

/// What keeps one look from being a good one, long before any rule calls it a finding: what could not be seen, and what
/// a probe said that may still be a hiccup.
std::string doubt_about(const std::string& name, const SubjectMemory& seen, const CheckUnit& unit) {
    const auto said = [&](std::string_view what, std::string_view detail) {
        return fmt::format("{}{}{}{}{}", name, name.empty() ? "" : ": ", what, detail.empty() ? "" : ": ", detail);
    };
    if (const std::string why = why_unseen(unit, seen); !why.empty())
        return said(why, {});
    for (const Evidence& evidence : *seen.evidence) {
        if (const auto* reach = std::get_if<Reachability>(&evidence); reach && reach->state != ReachState::up)
            return said(name_of(reach->state), reach->detail);
        // Where nobody hears of that, nobody could end the step's failure either.
        if (const Assertion* open = undecided(evidence); open && tells_of_missing(unit, name))
            return said(open->name + " could not be learned", open->detail);
    }
    return {};
}

std::string doubt_about(const CheckUnit& unit) {
    if (unit.memory->subjects.empty())
        return "it found nothing";
    for (const auto& [name, seen] : unit.memory->subjects)
        if (std::string doubt = doubt_about(name, seen, unit); !doubt.empty())
            return doubt;
    return {};
}

/// What a step has to know of a check.
StepView view_of(const CheckUnit& unit) {
    StepView view;
    const CheckMemory& memory = *unit.memory;
    if (memory.last_success && unit.fresh)
        view.looked_at = *memory.last_success - memory.last_took;
    if (!unit.findings.empty()) {
        const Finding& finding = unit.findings.front();
        view.wrong = fmt::format("{}: {}", rule(finding.identity.rule).name, finding.reason);
    } else if (memory.failure) {
        view.wrong = fmt::format("{}: {}", name_of(memory.failure->kind), memory.failure->detail);
    } else if (memory.last_success) {
        view.wrong = doubt_about(unit);
    }
    return view;
}

} // namespace

void Engine::restore_validation(const std::string& name, ValidationMemory memory, Alerts alerts) {
    take_up(alerts, start_);
    if (memory.running)
        resume_validation(*memory.running, start_);
    restored_validations_[name] = {std::move(memory), std::move(alerts)};
}

void Engine::configure_validations(Time now) {
    for (auto& [name, unit] : checks_)
        unit->validations.clear();
    drop_validations_without_configuration();
    for (const Validation& validation : config_->validations) {
        auto& unit = validations_[validation.name];
        if (!unit) {
            unit = std::make_unique<ValidationUnit>(UnitKind::validation, validation.name, next_order_++);
            if (const auto at = restored_validations_.find(validation.name); at != restored_validations_.end()) {
                unit->memory = std::move(at->second.first);
                unit->alerts = std::move(at->second.second);
                restored_validations_.erase(at);
                recount(*unit, nullptr);
            }
        }
        // Steps that are run are those that were there when it began.
        if (unit->memory.running && !std::ranges::equal(unit->memory.running->steps, validation.steps, {},
                                                        &StepResult::check, &ValidationStep::check))
            abort_validation(*unit->memory.running, "its steps were changed", now);
        unit->validation = validation;
        for (const ValidationStep& step : validation.steps)
            if (const auto at = checks_.find(step.check); at != checks_.end())
                at->second->validations.push_back(unit.get());
        note_change(*unit);
    }
}

void Engine::drop_validations_without_configuration() {
    std::erase_if(validations_, [&](const auto& entry) {
        if (std::ranges::find(config_->validations, entry.first, &Validation::name) != config_->validations.end())
            return false;
        ValidationUnit& unit = *entry.second;
        retire(unit);
        std::erase(changes_.validations, &unit);
        changes_.dropped_validations.push_back(unit.name);
        return true;
    });
}

Engine::Begun Engine::begin_validation(std::string_view name, std::string cause, Time now) {
    const auto at = validations_.find(name);
    if (at == validations_.end())
        return Begun::unknown;
    ValidationUnit& unit = *at->second;
    if (unit.memory.running)
        return Begun::running_already;
    unit.memory.running = core::begin_validation(unit.validation, std::move(cause), now);
    note_change(unit);
    mark(unit);
    return Begun::yes;
}

namespace {

constexpr std::string_view kIsOver = " is over";

/// Did it begin after an outage of a scenario that `begins` is not, and does not explain over whatever detour? Then
/// what begins now is nothing that it validates.
bool is_after_another(const ValidationRun& run, const ScenarioUnit& begins, const auto& scenarios) {
    if (!run.cause.ends_with(kIsOver))
        return false;
    const std::string_view words = std::string_view{run.cause}.substr(0, run.cause.size() - kIsOver.size());
    return std::ranges::any_of(scenarios, [&](const auto& entry) {
        const ScenarioUnit& unit = *entry.second;
        return group_named(unit, words) && unit.name != begins.name &&
               std::ranges::find(unit.explained_by, &begins) == unit.explained_by.end();
    });
}

} // namespace

void Engine::validate_after(const ScenarioUnit& scenario, const std::string& group, bool over, Time now) {
    // While another of its groups is down, that would fail it. It begins when the last one is up.
    if (over &&
        std::ranges::any_of(scenario.outages, [](const auto& entry) { return entry.second.running.has_value(); }))
        return;
    const std::string words = scenario_words(scenario, group);
    const ScenarioUnit* wide = over ? explained_now(scenario, group) : nullptr;
    for (auto& [name, unit] : validations_) {
        const auto follows = [&](const std::string& one) {
            return std::ranges::find(unit->validation.after, one) != unit->validation.after.end();
        };
        // A part of a wider outage that goes on: the end of that one begins it.
        if (!follows(scenario.name) || (wide && follows(wide->name)))
            continue;
        // Whatever was validated so far was before this.
        if (unit->memory.running && (over || !is_after_another(*unit->memory.running, scenario, scenarios_)))
            give_up(*unit, words + (over ? " is over, too" : " holds again"), now);
        if (over)
            begin_validation(name, words + std::string{kIsOver}, now);
    }
}

void Engine::give_up(ValidationUnit& unit, std::string why, Time now) {
    if (!unit.memory.running)
        return;
    abort_validation(*unit.memory.running, std::move(why), now);
    conclude_run(unit, now);
}

void Engine::validate_ended(const AssetUnit& unit, const std::vector<std::string>& ended, Time now) {
    for (const std::string& name : ended) {
        const auto planned = std::ranges::find(unit.planned, name, &PlannedExercise::name);
        if (planned == unit.planned.end())
            continue;
        // Where agents of the other scope have its checks, it is theirs.
        const auto at = validations_.find(planned->validation);
        if (at == validations_.end())
            continue;
        const std::string words = "exercise " + name;
        give_up(*at->second, words + " is over, too", now);
        begin_validation(at->first, words + std::string{kIsOver}, now);
    }
}

void Engine::judge(ValidationUnit& unit, Time now) {
    Judgement judgement;
    if (unit.memory.running) {
        std::vector<StepView> views;
        for (const ValidationStep& step : unit.validation.steps) {
            const auto at = checks_.find(step.check);
            views.push_back(at == checks_.end() ? StepView{{}, "nobody here has such a check"} : view_of(*at->second));
        }
        Advanced made;
        if (!unit.memory.running->ended_at)
            made = advance_validation(unit.validation, *unit.memory.running, views, now, judgement);
        for (std::string& check : made.look)
            changes_.run_now.push_back(std::move(check));
        if (made.changed || !made.look.empty())
            note_change(unit);
        if (unit.memory.running->ended_at)
            conclude_run(unit, now);
    }
    judge_validation(unit.validation, unit.memory, now, judgement);
    conclude(unit, std::move(judgement), nullptr, scope_of_steps(unit.validation), now);
    publish(unit);
}

/// One that only a node can run is another one on each node.
Scope Engine::scope_of_steps(const Validation& validation) const {
    bool of_node = false;
    for (const ValidationStep& step : validation.steps) {
        const auto at = checks_.find(step.check);
        if (at == checks_.end())
            continue;
        if (at->second->check->scope == Scope::cluster)
            return Scope::cluster;
        of_node = true;
    }
    return of_node ? Scope::node : Scope::cluster;
}

/// A run has ended: it is the last one now, and an exercise of its asset.
void Engine::conclude_run(ValidationUnit& unit, Time now) {
    end_run(unit.validation, unit.memory);
    note_change(unit);
    mark(unit);
    const std::string check = own_check(unit.validation.asset, kValidations, now);
    if (check.empty())
        return;
    Seen seen;
    seen.complete = false;
    seen.subjects.push_back({unit.name, {}, {exercise_of(unit.validation, *unit.memory.last)}, {}});
    learn(check, {now, Duration{0}, std::move(seen)}, now);
}

void Engine::show_to_validations(CheckUnit& unit) {
    for (ValidationUnit* validation : unit.validations)
        if (validation->memory.running)
            mark(*validation);
}

const ValidationUnit* Engine::validation(std::string_view name) const {
    const auto at = validations_.find(name);
    return at == validations_.end() ? nullptr : at->second.get();
}

void Engine::publish(ValidationUnit& unit) {
    auto made = std::make_shared<ValidationSnapshot>();
    made->validation = unit.validation;
    made->memory = unit.memory;
    made->alerts = listed(unit.alerts);
    unit.published = std::move(made);
}

} // namespace recoverd::core
