// SPDX-License-Identifier: Apache-2.0
#include "core/engine/exercise_ends.hpp"

#include "core/engine/own_checks.hpp"
#include "core/rules/exercises.hpp"
#include "core/schedule.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace recoverd::core {

namespace {

/// Does its check still see this run? Whoever is told hears of its end; whoever looks has to see that it goes on. One
/// that was deleted ends nowhere.
bool goes_on(const Contributor& by, const Exercise& run) {
    if (run.outcome != ExerciseOutcome::started)
        return false;
    if (!by.check->looks())
        return true;
    return !by.seen->vanished_since && std::ranges::any_of(*by.seen->evidence, [&](const Evidence& evidence) {
        const auto* shown = std::get_if<Exercise>(&evidence);
        return shown && shown->outcome == ExerciseOutcome::started && shown->exercise == run.exercise &&
               shown->id == run.id;
    });
}

/// The same of any run of this exercise; the last one's where there are several.
std::optional<Time> runs_until(const AssetUnit& unit, const std::vector<Contributor>& contributors,
                               std::string_view exercise, Time now) {
    std::optional<Time> last;
    for (const Contributor& by : contributors) {
        if (!by.seen)
            continue;
        for (const Exercise& run : by.seen->exercises)
            if (run.exercise == exercise)
                last = std::max(last, runs_until(unit, by, run, now));
    }
    return last;
}

/// A run that ended longer ago is nothing that somebody waits to have validated: it is learned late, or for the first
/// time. Whoever looks finds it at its next look, for which it may have backed off.
Duration is_over_for(const Check& check) { return std::max(check.every, Schedule::kMaxBackOff) + check.timeout; }

/// Has this run just passed or failed? `known`: when the last one ended of which was known before, by whichever check,
/// and another one may tell of the same.
bool has_just_ended(const Contributor& by, const Exercise& run, std::optional<Time> known, Time now) {
    const auto ended = end_of(run);
    if (!ended || run.outcome == ExerciseOutcome::aborted || now - *ended > is_over_for(*by.check))
        return false;
    return !known || (*ended > *known && run.started_at.value_or(*ended) >= *known);
}

} // namespace

std::optional<Time> runs_until(const AssetUnit& unit, const Contributor& by, const Exercise& run, Time now) {
    const auto planned = std::ranges::find(unit.planned, run.exercise, &PlannedExercise::name);
    const Duration length = planned != unit.planned.end() ? planned->duration.value_or(kDay) : kDay;
    const Time until = run.started_at.value_or(by.seen->learned_at) + length;
    return goes_on(by, run) && now < until ? std::optional{until} : std::nullopt;
}

std::vector<std::string> just_ended(const AssetUnit& unit, const std::vector<Contributor>& contributors, Time now) {
    std::vector<std::string> names;
    for (const PlannedExercise& planned : unit.planned) {
        if (planned.validation.empty())
            continue;
        const auto last = unit.last_ends.find(planned.name);
        const auto known = last == unit.last_ends.end() ? std::nullopt : std::optional{last->second};
        // What is told of a validation is the exercise of one, and would begin the next for ever.
        if (std::ranges::any_of(contributors, [&](const Contributor& by) {
                return by.seen && !by.check->name.ends_with(kValidations) &&
                       std::ranges::any_of(by.seen->exercises, [&](const Exercise& run) {
                           return run.exercise == planned.name && has_just_ended(by, run, known, now);
                       });
            }))
            names.push_back(planned.name);
    }
    return names;
}

std::vector<std::string> take_ended(AssetUnit& unit, const std::vector<Contributor>& contributors, Time now,
                                    Time& revisit) {
    std::vector<std::string> ended;
    std::set<std::string> waiting;
    for (std::string& name : unit.just_ended) {
        if (const auto until = runs_until(unit, contributors, name, now)) {
            revisit = std::min(revisit, *until);
            waiting.insert(std::move(name));
        } else if (std::ranges::find(ended, name) == ended.end()) {
            ended.push_back(std::move(name));
        }
    }
    unit.just_ended.assign(waiting.begin(), waiting.end());
    return ended;
}

void keep_ends(const AssetUnit& unit, std::map<std::string, Time, std::less<>>& last_ends) {
    for (const PlannedExercise& planned : unit.planned)
        if (const auto known = unit.last_ends.find(planned.name);
            !planned.validation.empty() && known != unit.last_ends.end())
            last_ends.insert(*known);
}

} // namespace recoverd::core
