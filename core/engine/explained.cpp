// SPDX-License-Identifier: Apache-2.0
// Which findings a scenario explains, and which scenarios a wider one does.
#include "core/engine/explained.hpp"

#include "core/engine/engine.hpp"
#include "core/ongoing.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace recoverd::core {

namespace {

const ScenarioGroup* group_called(const ScenarioUnit& unit, std::string_view name) {
    const auto at = std::ranges::lower_bound(unit.groups, name, {}, &ScenarioGroup::name);
    return at == unit.groups.end() || at->name != name ? nullptr : &*at;
}

bool speaks(const ScenarioUnit& unit, std::string_view group) { return std::ranges::binary_search(unit.speaks, group); }

} // namespace

std::span<const std::string> down_in(const ScenarioUnit& unit, std::string_view group) {
    const ScenarioGroup* found = group_called(unit, group);
    return found ? found->decision.down : std::span<const std::string>{};
}

void note_speaking(ScenarioUnit& unit) {
    unit.speaks.clear();
    // One whose own asset is being worked on wakes nobody, so it may not hide what belongs to others; of a drill each
    // member is planned itself. What a wider one explains goes on to explain its own.
    const auto is_heard = [](const Finding& finding) {
        return finding.lowered_by.empty() || finding.lowered_by.starts_with("scenario ");
    };
    for (const auto& [labels, alert] : unit.alerts)
        if (alert.state == AlertState::firing && alert.finding.identity.rule == RuleId::scenario_active &&
            is_heard(alert.finding))
            unit.speaks.push_back(alert.finding.identity.subject);
    std::ranges::sort(unit.speaks);
}

std::string scenario_words(const ScenarioUnit& unit, std::string_view group) {
    std::string words = "scenario " + unit.name;
    if (!group.empty())
        words.append(" (").append(group).append(")");
    return words;
}

std::pair<CheckUnit*, std::string_view> parts_of(const ScenarioUnit& unit, std::string_view member) {
    const std::size_t slash = member.find('/');
    const std::string_view name = member.substr(0, slash);
    const auto at = std::ranges::lower_bound(unit.members, name, {}, &CheckUnit::name);
    if (at == unit.members.end() || (*at)->name != name)
        return {nullptr, {}};
    return {*at, slash == std::string_view::npos ? std::string_view{} : member.substr(slash + 1)};
}

std::optional<std::string_view> group_named(const ScenarioUnit& unit, std::string_view words) {
    const std::string whole = scenario_words(unit, {});
    if (!words.starts_with(whole))
        return std::nullopt;
    words.remove_prefix(whole.size());
    if (words.empty())
        return words;
    if (!words.starts_with(" (") || !words.ends_with(")"))
        return std::nullopt;
    return words.substr(2, words.size() - 3);
}

namespace {

/// Does it say this, in words?
bool says(const ScenarioUnit& unit, std::string_view words) {
    const auto group = group_named(unit, words);
    return group && speaks(unit, *group);
}

/// The node, zone or region of `wide` in which a member of `unit` stands; empty where nobody knows, and where `wide` is
/// of nothing that others stand in.
std::string place_of(const ScenarioUnit& unit, std::string_view member, const Scenario& wide) {
    if (wide.by != "node" && wide.by != "zone" && wide.by != "region")
        return {};
    const auto [check, subject] = parts_of(unit, member);
    if (!check)
        return {};
    const auto seen = check->memory->subjects.find(subject);
    const Location stands =
        stands_at(*check->check, seen == check->memory->subjects.end() ? Location{} : seen->second.location);
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
        if (before != unit.placed.end())
            std::ranges::copy_if(before->second, std::back_inserter(causes),
                                 [&](const std::string& cause) { return says(*wide, cause); });
        const std::string place = place_of(unit, member, wide->scenario);
        if (place.empty() || !speaks(*wide, place))
            continue;
        if (std::string cause = scenario_words(*wide, place); std::ranges::find(causes, cause) == causes.end())
            causes.push_back(std::move(cause));
    }
    return causes;
}

/// The groups in which something is down that a finding is about, by name.
std::set<std::string_view> groups_down(const ScenarioUnit& unit, const Identity& found) {
    std::set<std::string_view> groups;
    const auto add = [&](const auto& member) { groups.insert(unit.groups[member->second].name); };
    const auto add_called = [&](std::string_view name) {
        if (const auto at = unit.down.find(name); at != unit.down.end())
            add(at);
    };
    add_called(found.check);
    const std::string inside = found.check + "/";
    if (found.subject.empty())
        for (auto at = unit.down.lower_bound(inside); at != unit.down.end() && at->first.starts_with(inside); ++at)
            add(at);
    else
        for_each_subject_of(found.subject,
                            [&](std::string_view subject) { add_called(inside + std::string{subject}); });
    return groups;
}

/// Has the outage that this names ended a moment ago? Those who recover a little later than the first are still part of
/// it, and would wake somebody once more at its very end.
bool is_just_over(const ScenarioUnit& unit, const std::string& cause, Judgement& judgement, Time now) {
    const auto group = group_named(unit, cause);
    const auto at = group ? unit.outages.find(*group) : unit.outages.end();
    if (at == unit.outages.end() || at->second.running || at->second.past.empty())
        return false;
    const ScenarioGroup* known = group_called(unit, *group);
    const Time ended_at = *at->second.past.back().ended_at;
    const Time until = ended_at + (known ? known->patience : Duration{0});
    // An end that lies ahead was dated before the clock was set back: of how long ago nobody knows.
    if (now < ended_at || now >= until)
        return false;
    judgement.look_again(until);
    return true;
}

/// What `wide` says of this member, in words; empty for nothing.
std::string about(const ScenarioUnit& wide, const ScenarioUnit& unit, const std::string& member) {
    if (const auto at = wide.down.find(member); at != wide.down.end() && speaks(wide, wide.groups[at->second].name))
        return scenario_words(wide, wide.groups[at->second].name);
    const auto placed = unit.placed.find(member);
    if (placed == unit.placed.end())
        return {};
    const auto cause = std::ranges::find_if(placed->second, [&](const auto& words) { return says(wide, words); });
    return cause == placed->second.end() ? std::string{} : *cause;
}

/// What `wide` says that is about all of this, in words; where several of its groups are so together, the first.
std::string about_all(const ScenarioUnit& wide, const ScenarioUnit& unit, std::span<const std::string> down) {
    std::string first;
    for (const std::string& member : down) {
        std::string cause = about(wide, unit, member);
        if (cause.empty())
            return {};
        if (first.empty())
            first = std::move(cause);
    }
    return first;
}

/// The wider scenario that is about all that is down in this group, in words; empty for none.
std::string explained_by_wider(const ScenarioUnit& unit, const Finding& finding, const std::string& before,
                               Judgement& judgement, Time now) {
    const Identity& identity = finding.identity;
    const auto own = down_in(unit, identity.subject);
    for (const ScenarioUnit* wide : unit.explained_by) {
        // That it lasts too long is for the wider one to say, where that has a time of its own.
        const RuleId told = wide->scenario.rto ? identity.rule : RuleId::scenario_active;
        if (priority_of(wide->scenario, told) > finding.priority)
            continue;
        // What cannot be seen now (the agent has just begun) is explained by what explained it, while that lasts.
        if (own.empty()) {
            if (says(*wide, before))
                return before;
        } else if (std::string cause = about_all(*wide, unit, own); !cause.empty()) {
            return cause;
        }
        if (is_just_over(*wide, before, judgement, now))
            return before;
    }
    return {};
}

/// Does an outage of it go on that belongs to this drill, in words? Of a drill none speaks, the widest neither.
bool is_part_of(const ScenarioUnit& unit, const std::string& drill) {
    return !drill.empty() && std::ranges::any_of(unit.alerts, [&](const auto& entry) {
        const Finding& finding = entry.second.finding;
        return entry.second.state != AlertState::resolved && finding.identity.rule == RuleId::scenario_active &&
               finding.lowered_by == drill;
    });
}

/// That it holds in this group.
Identity identity_of(const ScenarioUnit& unit, std::string_view group) {
    Identity own{.rule = RuleId::scenario_active, .asset = unit.scenario.asset};
    own.scenario = unit.name;
    own.subject = group;
    return own;
}

} // namespace

const ScenarioUnit* explained_now(const ScenarioUnit& unit, std::string_view group) {
    const Alert* alert = Ongoing{unit.alerts}.find(identity_of(unit, group));
    if (!alert)
        return nullptr;
    const std::string& cause = alert->finding.lowered_by;
    auto wide = std::ranges::find_if(unit.explained_by, [&](const auto* one) { return says(*one, cause); });
    if (wide == unit.explained_by.end())
        wide = std::ranges::find_if(unit.explained_by, [&](const auto* one) { return is_part_of(*one, cause); });
    return wide == unit.explained_by.end() ? nullptr : *wide;
}

void remember_places(ScenarioUnit& unit) {
    decltype(unit.placed) placed;
    if (!unit.explained_by.empty())
        for (const ScenarioGroup& group : unit.groups)
            for (const std::string& member : group.decision.down)
                if (auto causes = places_in_words(unit, member); !causes.empty())
                    placed.insert_or_assign(member, std::move(causes));
    unit.placed = std::move(placed);
}

/// What cannot be seen now (the agent has just begun) belongs to what it belonged to, while that goes on.
std::string Engine::drill_before(const ScenarioUnit& unit, const ScenarioGroup& group, const Ongoing& before,
                                 Judgement& judgement, Time now) const {
    if (group.decision.unknown.empty())
        return {};
    const Alert* alert = before.find(identity_of(unit, group.name));
    if (!alert || alert->finding.lowered_by.empty())
        return {};
    for (const std::string& member : group.decision.unknown) {
        const auto [check, subject] = parts_of(unit, member);
        if (!check)
            continue;
        Identity found{.rule = unit.scenario.when.front(), .asset = asset_of(*check->check, subject)};
        found.check = check->name;
        found.subject = subject;
        // As good as the name of any that it takes: a pattern matches itself.
        found.assertion = unit.scenario.assertion;
        if (planned(found, judgement, now) == alert->finding.lowered_by)
            return alert->finding.lowered_by;
    }
    return {};
}

std::vector<std::string> Engine::drills(const ScenarioUnit& unit, Judgement& judgement, Time now) const {
    // Empty for a group in which something does not belong to anything.
    std::map<std::string_view, std::string> causes;
    for (const CheckUnit* check : unit.members)
        for (const Finding& finding : check->findings) {
            if (!decides(unit.scenario, finding.identity))
                continue;
            const auto groups = groups_down(unit, finding.identity);
            if (groups.empty())
                continue;
            const std::string cause = planned(finding.identity, judgement, now);
            for (const std::string_view group : groups)
                if (const auto [at, is_first] = causes.try_emplace(group, cause); !is_first && !at->second.empty())
                    at->second = cause;
        }
    std::vector<std::string> found;
    const Ongoing before{unit.alerts};
    for (const ScenarioGroup& group : unit.groups)
        if (group.decision.down.empty())
            found.push_back(drill_before(unit, group, before, judgement, now));
        else
            found.push_back(causes[group.name]);
    return found;
}

std::string Engine::explained(const Finding& finding, const std::string& before, Judgement& judgement, Time now) const {
    const Identity& identity = finding.identity;
    if (const auto at = scenarios_.find(identity.scenario); at != scenarios_.end())
        return explained_by_wider(*at->second, finding, before, judgement, now);
    const auto at = checks_.find(identity.check);
    if (at == checks_.end() || at->second->scenarios.empty())
        return {};
    for (const ScenarioUnit* unit : at->second->scenarios) {
        if (unit->scenario.priority > finding.priority || !decides(unit->scenario, identity))
            continue;
        // After a restart a check may be judged before the scenario has seen it again.
        if (says(*unit, before))
            return before;
        for (const std::string_view group : groups_down(*unit, identity))
            if (speaks(*unit, group))
                return scenario_words(*unit, group);
        if (is_just_over(*unit, before, judgement, now))
            return before;
    }
    return {};
}

} // namespace recoverd::core
