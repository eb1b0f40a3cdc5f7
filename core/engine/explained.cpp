// SPDX-License-Identifier: Apache-2.0
// Which findings a scenario explains, and which scenarios a wider one does.
#include "core/engine/explained.hpp"

#include "core/engine/engine.hpp"

#include <algorithm>

namespace recoverd::core {

std::span<const std::string> down_in(const ScenarioUnit& unit, std::string_view group) {
    const auto at = std::ranges::find(unit.groups, group, &ScenarioGroup::name);
    return at == unit.groups.end() ? std::span<const std::string>{} : at->decision.down;
}

std::vector<std::string> speaking(const ScenarioUnit& unit) {
    std::vector<std::string> groups;
    for (const auto& [labels, alert] : unit.alerts)
        if (alert.state == AlertState::firing && alert.finding.identity.rule == RuleId::scenario_active)
            groups.push_back(alert.finding.identity.subject);
    return groups;
}

std::string scenario_words(const ScenarioUnit& unit, std::string_view group) {
    std::string words = "scenario " + unit.name;
    if (!group.empty())
        words.append(" (").append(group).append(")");
    return words;
}

namespace {

/// Is what a finding is about down in this group?
bool has_down(const ScenarioUnit& unit, std::string_view group, const Identity& found) {
    return std::ranges::any_of(down_in(unit, group), [&](std::string_view member) {
        if (!member.starts_with(found.check))
            return false;
        member.remove_prefix(found.check.size());
        return member.empty() || (member[0] == '/' && is_about(found.subject, member.substr(1)));
    });
}

/// What explained a finding of this unit when it was found last; empty for nothing.
std::string explained_before(const JudgedUnit& unit, const Identity& identity) {
    for (const auto& [labels, alert] : unit.alerts)
        if (alert.state != AlertState::resolved && alert.finding.identity == identity)
            return alert.finding.lowered_by;
    return {};
}

/// Long enough for whatever decides it to be found well, and to be believed.
Duration patience_of(const ScenarioUnit& unit) {
    Duration longest{0};
    for (const CheckUnit* member : unit.members)
        longest = std::max(longest, (member->check->every + member->check->timeout) * (member->check->successes + 1));
    return longest;
}

/// Has the outage that this names ended a moment ago? Those who recover a little later than the first are still part of
/// it, and would wake somebody once more at its very end.
bool is_just_over(const ScenarioUnit& unit, std::string_view cause, Judgement& judgement, Time now) {
    if (cause.empty())
        return false;
    for (const auto& [group, history] : unit.outages) {
        if (history.running || history.past.empty() || scenario_words(unit, group) != cause)
            continue;
        const Time until = *history.past.back().ended_at + patience_of(unit);
        if (now >= until)
            return false;
        judgement.look_again(until);
        return true;
    }
    return false;
}

/// The wider scenario that is about all that is down in this group, in words; empty for none.
std::string explained_by_wider(const ScenarioUnit& unit, const Finding& finding, Judgement& judgement, Time now) {
    std::string before = explained_before(unit, finding.identity);
    const auto own = down_in(unit, finding.identity.subject);
    for (const ScenarioUnit* wide : unit.explained_by) {
        if (wide->scenario.priority > finding.priority)
            continue;
        for (const std::string& group : speaking(*wide)) {
            const std::string cause = scenario_words(*wide, group);
            // What cannot be seen now (the agent has just begun) is explained by what explained it, while that lasts.
            if (own.empty() ? cause == before : std::ranges::includes(down_in(*wide, group), own))
                return cause;
        }
        if (is_just_over(*wide, before, judgement, now))
            return before;
    }
    return {};
}

} // namespace

/// The maintenance or exercise that all that is down in this group belongs to; empty when something does not.
std::string Engine::drilled(const ScenarioUnit& unit, const ScenarioGroup& group, Judgement& judgement,
                            Time now) const {
    std::string cause;
    for (const CheckUnit* check : unit.members)
        for (const Finding& finding : check->findings) {
            if (!decides(unit.scenario, finding.identity))
                continue;
            if (!has_down(unit, group.name, finding.identity))
                continue;
            cause = planned(finding.identity, judgement, now);
            if (cause.empty())
                return {};
        }
    return cause;
}

std::string Engine::explained(const Finding& finding, Judgement& judgement, Time now) const {
    const Identity& identity = finding.identity;
    if (const auto at = scenarios_.find(identity.scenario); at != scenarios_.end())
        return explained_by_wider(*at->second, finding, judgement, now);
    const auto at = checks_.find(identity.check);
    if (at == checks_.end() || at->second->scenarios.empty())
        return {};
    // After a restart a check may be judged before the scenario has seen it again.
    std::string before = explained_before(*at->second, identity);
    for (const ScenarioUnit* unit : at->second->scenarios) {
        if (unit->scenario.priority > finding.priority || !decides(unit->scenario, identity))
            continue;
        for (const std::string& group : speaking(*unit))
            if (const std::string cause = scenario_words(*unit, group);
                cause == before || has_down(*unit, group, identity))
                return cause;
        if (is_just_over(*unit, before, judgement, now))
            return before;
    }
    return {};
}

} // namespace recoverd::core
