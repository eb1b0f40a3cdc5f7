// SPDX-License-Identifier: Apache-2.0
// Which findings a scenario explains, and which scenarios a wider one does.
#include "core/engine/explained.hpp"

#include "core/engine/engine.hpp"

#include <algorithm>
#include <utility>

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

/// The check and the subject behind the name of a member; no check for one that is not there any more.
std::pair<const CheckUnit*, std::string_view> parts_of(const ScenarioUnit& unit, std::string_view member) {
    for (const CheckUnit* check : unit.members) {
        if (!member.starts_with(check->name))
            continue;
        const std::string_view rest = member.substr(check->name.size());
        if (rest.empty() || rest[0] == '/')
            return {check, rest.empty() ? rest : rest.substr(1)};
    }
    return {nullptr, {}};
}

/// The node, zone or region of `wide` in which a member of `unit` stands; empty where nobody knows, and where `wide` is
/// of nothing that others stand in.
std::string place_of(const ScenarioUnit& unit, std::string_view member, const Scenario& wide) {
    if (wide.by != "node" && wide.by != "zone" && wide.by != "region")
        return {};
    const auto [check, subject] = parts_of(unit, member);
    if (!check)
        return {};
    const auto seen = check->memory.subjects.find(subject);
    const Location stands =
        stands_at(*check->check, seen == check->memory.subjects.end() ? Location{} : seen->second.location);
    if (!stands_in(wide.location, stands))
        return {};
    return group_of(wide, *check->check, subject, {}, stands).value_or("");
}

/// The wider scenarios that speak of the place in which a member stands, in words; and of one that it stood in before,
/// while they speak.
std::vector<std::string> places_in_words(const ScenarioUnit& unit, std::string_view member) {
    const auto before = unit.placed.find(member);
    std::vector<std::string> causes;
    for (const ScenarioUnit* wide : unit.explained_by) {
        const std::string place = place_of(unit, member, wide->scenario);
        for (const std::string& group : speaking(*wide)) {
            std::string cause = scenario_words(*wide, group);
            const bool stood =
                before != unit.placed.end() && std::ranges::find(before->second, cause) != before->second.end();
            if (stood || (!place.empty() && group == place))
                causes.push_back(std::move(cause));
        }
    }
    return causes;
}

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

/// Does something that this check sees belong to the group?
bool sees(const ScenarioUnit& unit, const CheckUnit& check, std::string_view group) {
    const auto belongs = [&](std::string_view subject, std::string_view asset, const Location& seen) {
        const auto found = group_of(unit.scenario, *check.check, subject, asset, stands_at(*check.check, seen));
        return found && *found == group;
    };
    if (check.memory.subjects.empty())
        return belongs({}, check.check->asset, {});
    std::size_t i = 0;
    return std::ranges::any_of(check.memory.subjects, [&](const auto& entry) {
        const std::size_t at = i++;
        return belongs(entry.first, at < check.subject_assets.size() ? check.subject_assets[at] : std::string_view{},
                       entry.second.location);
    });
}

/// Long enough for whatever decides it in this group to be found well, and to be believed.
Duration patience_of(const ScenarioUnit& unit, std::string_view group) {
    Duration longest{0};
    for (const CheckUnit* member : unit.members)
        if (sees(unit, *member, group))
            longest =
                std::max(longest, (member->check->every + member->check->timeout) * (member->check->successes + 1));
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
        const Time until = *history.past.back().ended_at + patience_of(unit, group);
        if (now >= until)
            return false;
        judgement.look_again(until);
        return true;
    }
    return false;
}

/// What `wide` says that is about all of this, in words; where several of its groups are so together, the first.
std::string about_all(const ScenarioUnit& wide, const ScenarioUnit& unit, std::span<const std::string> down) {
    const auto groups = speaking(wide);
    std::string first;
    for (const std::string& member : down) {
        const auto placed = unit.placed.find(member);
        const auto found = std::ranges::find_if(groups, [&](const std::string& group) {
            return std::ranges::binary_search(down_in(wide, group), member) ||
                   (placed != unit.placed.end() &&
                    std::ranges::find(placed->second, scenario_words(wide, group)) != placed->second.end());
        });
        if (found == groups.end())
            return {};
        if (first.empty())
            first = scenario_words(wide, *found);
    }
    return first;
}

/// The wider scenario that is about all that is down in this group, in words; empty for none.
std::string explained_by_wider(const ScenarioUnit& unit, const Finding& finding, Judgement& judgement, Time now) {
    const Identity& identity = finding.identity;
    std::string before = explained_before(unit, identity);
    const auto own = down_in(unit, identity.subject);
    for (const ScenarioUnit* wide : unit.explained_by) {
        // That it lasts too long is for the wider one to say, where that has a time of its own.
        const RuleId says = wide->scenario.rto ? identity.rule : RuleId::scenario_active;
        if (priority_of(wide->scenario, says) > finding.priority)
            continue;
        // What cannot be seen now (the agent has just begun) is explained by what explained it, while that lasts.
        if (own.empty()) {
            for (const std::string& group : speaking(*wide))
                if (scenario_words(*wide, group) == before)
                    return before;
        } else if (std::string cause = about_all(*wide, unit, own); !cause.empty()) {
            return cause;
        }
        if (is_just_over(*wide, before, judgement, now))
            return before;
    }
    return {};
}

} // namespace

void remember_places(ScenarioUnit& unit) {
    decltype(unit.placed) placed;
    if (!unit.explained_by.empty())
        for (const ScenarioGroup& group : unit.groups)
            for (const std::string& member : group.decision.down)
                if (auto causes = places_in_words(unit, member); !causes.empty())
                    placed.insert_or_assign(member, std::move(causes));
    unit.placed = std::move(placed);
}

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
