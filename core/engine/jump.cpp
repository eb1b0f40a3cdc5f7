// SPDX-License-Identifier: Apache-2.0
#include "core/clock.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/unseen.hpp"
#include "core/rules/validations.hpp"

namespace recoverd::core {

void Engine::clock_jumped(Duration by) {
    move_by(start_, by);
    const auto move = [&](JudgedUnit& unit) {
        move_by(unit.alerts, by);
        note_change(unit);
    };
    for (auto& [name, unit] : checks_) {
        // What was reported to us has the date that its reporter gave it, and nobody looks at it again.
        if (unit->check->looks())
            edit_memory(*unit, [&](CheckMemory& memory) { move_by(memory, by); });
        move(*unit);
        publish(*unit);
    }
    for (auto& [name, unit] : assets_) {
        move_by(unit->first_seen, by);
        move(*unit);
        publish(*unit);
    }
    for (auto& [name, unit] : targets_) {
        move_by(unit->down_until, by);
        move(*unit);
    }
    for (auto& [name, unit] : scenarios_) {
        unit->ready.clear();
        for (auto& [member, since] : unit->well_since)
            move_by(since, by);
        for (auto& [group, history] : unit->outages) {
            if (history.running)
                move_by(history.running->began_at, by);
            // Of the clock by which the canary's next look is dated.
            for (auto* told : {&history.told, &history.early})
                if (*told) {
                    move_by((*told)->at, by);
                    move_by((*told)->since, by);
                }
            if (!history.unseen.empty() && !history.unseen.back().to)
                move_by(history.unseen.back().from, by);
        }
        move(*unit);
    }
    for (auto& [name, unit] : validations_) {
        if (unit->memory.running) {
            move_by(unit->memory.running->began_at, by);
            for (StepResult& step : unit->memory.running->steps)
                for (Time* at : {&step.began_at, &step.ended_at, &step.asked_at})
                    move_by(*at, by);
        }
        move(*unit);
    }
    move(agent_);
    judge_all_again();
}

void Engine::resumed(Time now) {
    // Of what was pending nobody saw that it held meanwhile, as after a start.
    const auto go_on = [&](JudgedUnit& unit) {
        take_up(unit.alerts, now);
        note_change(unit);
    };
    for (auto& [name, unit] : checks_) {
        if (unit->check->looks() && !(unit->target && tells_of_silence(unit->target->alerts)))
            edit_memory(*unit, [&](CheckMemory& memory) { watch_anew(memory, unit->alerts, now); });
        go_on(*unit);
    }
    for (auto& [name, unit] : assets_)
        go_on(*unit);
    for (auto& [name, unit] : targets_)
        go_on(*unit);
    for (auto& [name, unit] : scenarios_)
        go_on(*unit);
    for (auto& [name, unit] : validations_) {
        if (unit->memory.running)
            resume_validation(*unit->memory.running, now);
        go_on(*unit);
    }
    go_on(agent_);
    judge_all_again();
}

} // namespace recoverd::core
