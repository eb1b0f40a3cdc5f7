// SPDX-License-Identifier: Apache-2.0
// Scenarios: which checks decide which, what is an outage now, and what it explains.
#include "core/rules/scenarios.hpp"
#include "core/clock.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/explained.hpp"
#include "core/engine/members.hpp"
#include "core/engine/ready.hpp"
#include "core/ongoing.hpp"
#include "core/rules/losses.hpp"

#include <algorithm>
#include <functional>
#include <span>

namespace recoverd::core {

namespace {

/// A scenario that only checks of one node decide is another one on each node.
Scope scope_of(const ScenarioUnit& unit) {
    const auto of_node = [](const CheckUnit* member) { return member->check->scope == Scope::node; };
    return !unit.members.empty() && std::ranges::all_of(unit.members, of_node) ? Scope::node : Scope::cluster;
}

/// The first look that finds all well ends an outage, whichever rule the last one was that had to be believed. When no
/// outage goes on nobody asks.
void note_well(ScenarioUnit& unit, const std::map<std::string, GroupMembers, std::less<>>& groups) {
    decltype(unit.well_since) well;
    if (std::ranges::any_of(unit.outages, [](const auto& entry) { return entry.second.running.has_value(); }))
        for (const auto& [name, group] : groups)
            for (const Member& member : group.members)
                if (member.well_at)
                    well.emplace(member.name, well_since(unit, member.name, *member.well_at));
    unit.well_since = std::move(well);
}

/// Decides each of its groups: those that have members, and those whose outage goes on without.
void decide_groups(ScenarioUnit& unit, Time now) {
    auto groups = members_of(unit);
    note_well(unit, groups);
    for (const auto& [name, history] : unit.outages)
        groups.try_emplace(name);
    const bool all_seen = std::ranges::all_of(unit.members, [](const CheckUnit* member) {
        return member->fresh && member->memory->last_success.has_value();
    });
    unit.groups.clear();
    unit.down.clear();
    for (const auto& [name, group] : groups) {
        Decision decision = decide(unit.scenario.at_least, group.members, now);
        // Whoever decided it left the configuration, or stands elsewhere now: nothing of it is left to be down.
        if (group.members.empty() && all_seen)
            decision.state = ScenarioState::clear;
        for (const std::string& member : decision.down)
            unit.down.emplace(member, unit.groups.size());
        unit.groups.push_back({name, std::move(decision), group.patience});
    }
}

/// Has the agent begun, and nobody looked yet?
bool awaits_looks(const ScenarioUnit& unit) {
    return std::ranges::any_of(unit.members, [](const CheckUnit* member) { return !member->fresh; });
}

/// Of what was found from `first` on what was found before: it goes on as it is. Nothing is told by its age alone, and
/// what is pending waits for the next look with the time that it has held.
void keep_as_told(const Alerts& alerts, std::vector<Finding>& findings, std::size_t first) {
    const Ongoing before{alerts};
    const auto from = findings.begin() + static_cast<std::ptrdiff_t>(first);
    findings.erase(std::remove_if(from, findings.end(),
                                  [&](const Finding& finding) { return before.find(finding.identity) == nullptr; }),
                   findings.end());
    for (std::size_t i = first; i < findings.size(); ++i)
        if (const Alert& alert = *before.find(findings[i].identity); alert.state == AlertState::pending)
            findings[i].hold = kNever - alert.since;
}

} // namespace

void Engine::restore_scenario(const std::string& name, OutageHistories outages, Alerts alerts) {
    take_up(alerts, start_);
    for (auto& [group, history] : outages)
        if (history.running)
            keep_before(history.running->began_at, start_);
    restored_scenarios_[name] = {std::move(outages), std::move(alerts)};
}

/// A canary that begins anew knows nothing of what was lost before: that it tells of no loss says nothing. Another one
/// in its place is known by its name.
void Engine::forget_told(ScenarioUnit& unit) {
    for (auto& [group, history] : unit.outages) {
        history.told.reset();
        history.early.reset();
    }
}

void Engine::configure_scenarios() {
    for (auto& [name, unit] : checks_) {
        unit->scenarios.clear();
        unit->canary_of.clear();
        // Whatever they saw of it may be another check's.
        unit->stance = 0;
    }
    drop_scenarios_without_configuration();
    for (const Scenario& scenario : config_->scenarios) {
        auto& unit = scenarios_[scenario.name];
        if (!unit) {
            unit = std::make_unique<ScenarioUnit>(UnitKind::scenario, scenario.name, next_order_++);
            if (const auto at = restored_scenarios_.find(scenario.name); at != restored_scenarios_.end()) {
                unit->outages = std::move(at->second.first);
                unit->alerts = std::move(at->second.second);
                restored_scenarios_.erase(at);
                recount(*unit, nullptr);
            }
        }
        unit->scenario = scenario;
        unit->ready.clear();
        unit->members.clear();
        unit->explained_by.clear();
        for (const auto& [name, check] : checks_) {
            if (!decides(scenario, *check->check))
                continue;
            unit->members.push_back(check.get());
            check->scenarios.push_back(unit.get());
        }
        // Checks are judged before it, and ask how long an outage that is just over explains what is still down.
        if (unit->groups.empty())
            for (const auto& [group, seen] : members_of(*unit))
                unit->groups.push_back({group, {}, seen.patience});
        const auto canary = checks_.find(scenario.canary);
        unit->canary = canary == checks_.end() ? nullptr : canary->second.get();
        if (unit->canary) {
            canary->second->canary_of.push_back(unit.get());
            if (unit->canary->begun_anew)
                forget_told(*unit);
        }
        note_change(*unit);
    }
    for (auto& [name, unit] : checks_)
        unit->begun_anew = false;
    for (const auto& [name, wide] : scenarios_) {
        std::vector<std::string> open = wide->scenario.explains;
        while (!open.empty()) {
            const auto at = scenarios_.find(open.back());
            open.pop_back();
            if (at == scenarios_.end() ||
                std::ranges::find(at->second->explained_by, wide.get()) != at->second->explained_by.end())
                continue;
            at->second->explained_by.push_back(wide.get());
            const auto& further = at->second->scenario.explains;
            open.insert(open.end(), further.begin(), further.end());
        }
    }
}

void Engine::drop_scenarios_without_configuration() {
    std::erase_if(scenarios_, [&](const auto& entry) {
        if (std::ranges::find(config_->scenarios, entry.first, &Scenario::name) != config_->scenarios.end())
            return false;
        ScenarioUnit& unit = *entry.second;
        retire(unit);
        std::erase(changes_.scenarios, &unit);
        changes_.dropped_scenarios.push_back(unit.name);
        return true;
    });
}

/// Begins and ends the outage of a group, and starts what an end or a beginning brings about.
void Engine::follow_outage(ScenarioUnit& unit, const std::string& group, const Decision& decision, Time now) {
    auto& history = unit.outages[group];
    const bool turned = remember_outage(history, decision, now);
    if (turned)
        validate_after(unit, group, !history.running, now);
    if (follow_promises(unit, history, decision.state, turned, now) || turned)
        note_change(unit);
    if (auto told = unit.canary ? told_by_canary(*unit.canary->memory) : std::nullopt) {
        told->by = unit.canary->name;
        if (remember_loss(history, *told))
            note_change(unit);
    }
}

void Engine::judge_group(ScenarioUnit& unit, const ScenarioGroup& group, const std::string& drill, Judgement& judgement,
                         Time now) {
    follow_outage(unit, group.name, group.decision, now);
    const std::size_t found = judgement.findings.size();
    judge_scenario(unit.scenario, group.name, unit.outages[group.name], group.decision, now, judgement);
    if (group.decision.state == ScenarioState::unknown && awaits_looks(unit))
        keep_as_told(unit.alerts, judgement.findings, found);
    for (std::size_t i = found; i < judgement.findings.size() && !drill.empty(); ++i) {
        judgement.findings[i].priority = Priority::p4;
        judgement.findings[i].lowered_by = drill;
    }
}

void Engine::judge(ScenarioUnit& unit, Time now) {
    const auto explained = explains(unit);
    const auto found = unit.findings;
    decide_groups(unit, now);
    Judgement judgement;
    const auto planned = drills(unit, judgement, now);
    for (std::size_t i = 0; i < unit.groups.size(); ++i)
        judge_group(unit, unit.groups[i], planned[i], judgement, now);
    remember_places(unit);
    unit.readiness.reset();
    if (!unit.scenario.recovers.empty())
        unit.readiness = readiness_of(unit, judgement, now);
    std::erase_if(unit.outages, [](const auto& entry) {
        const OutageHistory& history = entry.second;
        return !history.running && history.past.empty() && !history.told && history.unseen.empty();
    });
    conclude(unit, std::move(judgement), nullptr, scope_of(unit), now);
    publish(unit);
    show_to_assets(unit, found, std::exchange(unit.unready, unready(unit.readiness)));
    const auto explains_now = explains(unit);
    if (explains_now == explained)
        return;
    for (CheckUnit* member : touched(unit, explained, explains_now))
        mark(*member);
    for (const auto& [name, other] : scenarios_)
        if (std::ranges::find(other->explained_by, &unit) != other->explained_by.end())
            mark(*other);
}

/// Of thousands of assets one or another is judged all the time: the others stay as they were.
Readiness Engine::readiness_of(ScenarioUnit& unit, Judgement& judgement, Time now) const {
    std::vector<AssetReadiness> assets;
    for (const auto& [name, asset] : assets_) {
        if (!is_asked(unit.scenario, *asset))
            continue;
        auto at = unit.ready.find(name);
        if (at == unit.ready.end() || at->second.revisit <= now)
            at = unit.ready
                     .insert_or_assign(
                         name, judge_ready(unit.scenario, *asset, contributors_of(*asset), found_of(*asset, now), now))
                     .first;
        judgement.look_again(at->second.revisit);
        assets.push_back(at->second.readiness);
    }
    return sum_up(std::move(assets));
}

void Engine::show_to_scenarios(CheckUnit& unit) {
    for (ScenarioUnit* scenario : unit.canary_of)
        mark(*scenario);
    if (unit.scenarios.empty())
        return;
    std::size_t stance = unit.findings.size();
    const auto mix = [&](const auto& value) {
        stance = stance * 31 + std::hash<std::decay_t<decltype(value)>>{}(value);
    };
    for (const Finding& finding : unit.findings) {
        mix(static_cast<int>(finding.identity.rule));
        for (const std::string* part :
             {&finding.identity.subject, &finding.identity.assertion, &finding.identity.measurement})
            mix(*part);
    }
    mix(unit.memory->failure.has_value());
    mix(unit.memory->last_success.has_value());
    for (const auto& [subject, seen] : unit.memory->subjects) {
        mix(seen.failure.has_value() || seen.vanished_since.has_value());
        mix(seen.turned_at.time_since_epoch().count());
        for (const std::string* part :
             {&subject, &seen.location.node, &seen.location.zone, &seen.location.region, &seen.location.role})
            mix(*part);
    }
    if (std::exchange(unit.stance, stance) == stance)
        return;
    for (ScenarioUnit* scenario : unit.scenarios)
        mark(*scenario);
}

/// A check that would wait for minutes, because it learned nothing while all was down, would have the outage last as
/// long.
bool Engine::is_awaited(std::string_view check) const {
    const auto at = checks_.find(check);
    return at != checks_.end() && std::ranges::any_of(at->second->scenarios, [&](const ScenarioUnit* unit) {
               return is_out(*unit, *at->second);
           });
}

const ScenarioUnit* Engine::scenario(std::string_view name) const {
    const auto at = scenarios_.find(name);
    return at == scenarios_.end() ? nullptr : at->second.get();
}

void Engine::publish(ScenarioUnit& unit) {
    auto made = std::make_shared<ScenarioSnapshot>();
    made->scenario = unit.scenario;
    made->readiness = unit.readiness;
    for (const ScenarioGroup& group : unit.groups) {
        const auto history = unit.outages.find(group.name);
        made->groups.push_back(
            {group.name, group.decision, history == unit.outages.end() ? OutageHistory{} : history->second});
    }
    made->alerts = listed(unit.alerts);
    unit.published = std::move(made);
}

} // namespace recoverd::core
