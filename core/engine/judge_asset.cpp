// SPDX-License-Identifier: Apache-2.0
// What an asset's checks know of each other, and what all of them together say of it.
#include "core/engine/engine.hpp"
#include "core/engine/exercise_ends.hpp"
#include "core/engine/own_checks.hpp"
#include "core/engine/ready.hpp"
#include "core/rules/exercises.hpp"
#include "core/rules/points.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/validations.hpp"
#include "core/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace recoverd::core {

namespace {

/// Does it help to decide the asset's verdict? Of one that is not backed up whatever looks at it does.
bool tells_of(const CheckUnit& member, const AssetUnit& unit) {
    return member.about_recovery || !unit.asset.objectives.backups;
}

} // namespace

Scope scope_of(const AssetUnit& unit) {
    const bool anybody_looks =
        std::ranges::any_of(unit.members, [](const CheckUnit* member) { return member->check->looks(); });
    bool of_node = false;
    for (const CheckUnit* member : unit.members) {
        if (anybody_looks ? !member->check->looks() : is_own_check(member->name))
            continue;
        if (member->check->scope == Scope::cluster)
            return Scope::cluster;
        of_node = true;
    }
    return of_node ? Scope::node : Scope::cluster;
}

std::vector<Contributor> Engine::contributors_of(const AssetUnit& unit) const {
    std::vector<Contributor> contributors;
    for (const CheckUnit* member : unit.members) {
        if (!tells_of(*member, unit))
            continue;
        const auto add = [&](const CheckMemory::Subjects::value_type& entry) {
            contributors.push_back({member->check.get(), entry.first, &entry.second, member->memory.get()});
        };
        if (const auto at = member->seen_of.find(&unit); at != member->seen_of.end())
            for (const auto* entry : at->second)
                add(*entry);
        else if (member->seen_of.empty())
            for (const auto& entry : member->memory->subjects)
                add(entry);
        if (member->memory->subjects.empty())
            contributors.push_back({member->check.get(), {}, nullptr, member->memory.get()});
    }
    std::ranges::sort(contributors, {},
                      [](const Contributor& c) { return std::pair{std::string_view{c.check->name}, c.subject}; });
    return contributors;
}

/// Brings up to date what an asset's checks know of each other. When that changed, they are judged again.
void Engine::refresh(AssetUnit& unit, Time now) {
    std::optional<Time> newest_good;
    std::map<std::string, Time, std::less<>> last_ends;
    std::string running;
    Time running_until = kNever;
    const bool is_first = !std::exchange(unit.ends_known, true);
    const auto contributors = contributors_of(unit);
    for (const Contributor& contributor : contributors) {
        if (!contributor.seen)
            continue;
        newest_good = std::max(newest_good, newest_good_now(*contributor.seen));
        for (const Exercise& exercise : contributor.seen->exercises) {
            if (const auto ended = end_of(exercise)) {
                Time& last = last_ends.try_emplace(exercise.exercise, *ended).first->second;
                last = std::max(last, *ended);
            }
            const auto until = runs_until(unit, contributor, exercise, now);
            // A restore test runs beside what it proves, and explains nothing there.
            if (!until || is_restore_test(exercise.exercise))
                continue;
            running = exercise.exercise;
            running_until = std::min(running_until, *until);
        }
    }
    keep_ends(unit, last_ends);
    if (newest_good == unit.newest_good && last_ends == unit.last_ends && running == unit.running_exercise &&
        running_until == unit.running_until)
        return;
    const bool other_run = running != unit.running_exercise || running_until != unit.running_until;
    unit.newest_good = newest_good;
    if (!is_first && last_ends != unit.last_ends)
        std::ranges::move(just_ended(unit, contributors, now), std::back_inserter(unit.just_ended));
    unit.last_ends = std::move(last_ends);
    unit.running_exercise = running;
    unit.running_until = running_until;
    for (CheckUnit* member : unit.members) {
        mark(*member);
        // They are lowered by what runs as well, and nothing else of what is found need change.
        if (other_run)
            for (ScenarioUnit* scenario : member->scenarios)
                mark(*scenario);
    }
}

/// What the repositories of an asset hold, so that a server's claims can be held against it.
std::vector<HeldArchive> Engine::repositories_of(const AssetUnit& unit) const {
    std::vector<HeldArchive> repositories;
    for (const Contributor& contributor : contributors_of(unit)) {
        if (!contributor.seen)
            continue;
        for (const Evidence& evidence : *contributor.seen->evidence)
            if (const auto* archive = std::get_if<LogArchive>(&evidence); archive && archive->from_repository)
                repositories.push_back({archive, contributor.seen->asked_for(kind_of(evidence))});
    }
    return repositories;
}

/// Has assets judged again of which a scenario says something else than before.
void Engine::show_to_assets(const ScenarioUnit& unit, const std::vector<Finding>& found, const Unready& before) {
    const auto mark_asset = [&](std::string_view name) {
        if (const auto at = assets_.find(name); at != assets_.end())
            mark(*at->second);
    };
    if (unit.findings != found)
        mark_asset(unit.scenario.asset);
    const auto mark_changed = [&](const Unready& these, const Unready& others) {
        for (const auto& [name, why] : these)
            if (const auto at = others.find(name); at == others.end() || at->second != why)
                mark_asset(name);
    };
    mark_changed(before, unit.unready);
    mark_changed(unit.unready, before);
}

/// Of its checks, and of the scenarios and validations that are its own.
std::vector<Finding> Engine::found_of(const AssetUnit& unit, Time now) const {
    std::vector<Finding> findings;
    const auto take = [&](const JudgedUnit& from) {
        std::ranges::copy_if(from.findings, std::back_inserter(findings),
                             [&](const Finding& finding) { return finding.identity.asset == unit.name; });
    };
    for (const CheckUnit* member : unit.members) {
        take(*member);
        // Told by its target, or explained by an endpoint that is down: unseen all the same.
        if (member->silence && std::ranges::find(member->findings, member->silence->identity, &Finding::identity) ==
                                   member->findings.end()) {
            findings.push_back(*member->silence);
            findings.back().identity.asset = unit.name;
        }
    }
    for (const auto& [name, scenario] : scenarios_)
        take(*scenario);
    // By what they remember: after a start their turn comes after this.
    Judgement validated;
    for (const auto& [name, validation] : validations_)
        if (validation->validation.asset == unit.name)
            judge_validation(validation->validation, validation->memory, now, validated);
    std::ranges::move(validated.findings, std::back_inserter(findings));
    std::ranges::sort(findings, {}, &Finding::identity);
    return findings;
}

/// Why it could not be recovered from one scenario or another.
std::vector<std::string> Engine::unready_for(const AssetUnit& unit) const {
    std::vector<std::string> reasons;
    for (const auto& [name, scenario] : scenarios_)
        if (const auto why = scenario->unready.find(unit.name); why != scenario->unready.end())
            reasons.push_back(fmt::format("scenario {}: {}", name, why->second));
    return reasons;
}

void Engine::judge(AssetUnit& unit, Time now) {
    refresh(unit, now);
    const auto contributors = contributors_of(unit);
    auto findings = found_of(unit, now);
    const auto unready = unready_for(unit);
    const bool all_fresh = std::ranges::all_of(
        unit.members, [&](const CheckUnit* member) { return member->fresh || !tells_of(*member, unit); });
    // First, as they are reasons of the verdict: a run that reported that it passed may have broken a promise.
    Judgement promises;
    if (all_fresh)
        judge_promises({unit.asset, unit.first_seen, contributors, unit.planned, {}, now}, watched_by(unit), promises);
    std::ranges::copy(promises.findings, std::back_inserter(findings));
    const AssetView view{unit.asset, unit.first_seen, contributors, unit.planned, findings, now, unready};
    Time revisit = kNever;
    unit.verdict = judge_verdict(view, revisit);
    if (!all_fresh && unit.verdict.state < VerdictState::unknown) {
        unit.verdict.state = VerdictState::unknown;
        unit.verdict.reasons.insert(unit.verdict.reasons.begin(), "not looked at since the agent started");
    }
    if (!unit.running_exercise.empty())
        revisit = std::min(revisit, unit.running_until);
    const auto ended = take_ended(unit, contributors, now, revisit);
    if (all_fresh) {
        Judgement judgement;
        judgement.look_again(std::min(revisit, promises.revisit));
        core::judge_asset(view, judgement);
        std::ranges::move(promises.findings, std::back_inserter(judgement.findings));
        const Scope scope = scope_of(unit);
        move_own_checks(unit, scope);
        conclude(unit, std::move(judgement), nullptr, scope, now);
    } else {
        plan(unit, revisit);
    }
    recount(unit, &unit.verdict);
    publish(unit);
    for (const auto& [name, scenario] : scenarios_) {
        if (!is_asked(scenario->scenario, unit))
            continue;
        auto ready = judge_ready(scenario->scenario, unit, contributors, findings, now);
        if (const auto at = scenario->ready.find(unit.name); at != scenario->ready.end() && at->second == ready)
            continue;
        scenario->ready.insert_or_assign(unit.name, std::move(ready));
        mark(*scenario);
    }
    // Last: it may learn of the asset, and have it judged again.
    validate_ended(unit, ended, now);
}

} // namespace recoverd::core
