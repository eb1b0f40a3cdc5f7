// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"
#include "core/rules/scenarios.hpp"
#include "core/rules/threshold.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace recoverd::core {

namespace {

/// Marks of the time that is left, said when they are passed.
constexpr int kMarks[] = {80, 50};

Priority one_higher(Priority priority) {
    return priority == Priority::p1 ? Priority::p1 : static_cast<Priority>(static_cast<int>(priority) - 1);
}

Finding finding(const Scenario& scenario, std::string_view group, RuleId id, std::string reason) {
    Finding made;
    made.identity.rule = id;
    made.identity.asset = scenario.asset;
    made.identity.scenario = scenario.name;
    made.identity.subject = group;
    made.priority = made.raw_priority = priority_of(scenario, id);
    made.reason = std::move(reason);
    made.hold = scenario.hold;
    return made;
}

/// ", 50 % of its rto of 5m is used up"; asks to be looked at again for the next mark.
std::string spent(Duration rto, Time began_at, Time now, Judgement& out) {
    std::string text;
    for (const int percent : kMarks)
        if (due(began_at + rto * percent / 100, now, out) && text.empty())
            text = fmt::format(", {} % of its rto of {} is used up", percent, in_words(rto));
    return text.empty() ? fmt::format(", its rto is {}", in_words(rto)) : text;
}

/// Ascending moments at which members came to be in this state.
std::vector<Time> moments(std::span<const Member> members, MemberState state) {
    std::vector<Time> found;
    for (const Member& member : members)
        if (member.state == state)
            found.push_back(member.since);
    std::ranges::sort(found);
    return found;
}

} // namespace

Priority priority_of(const Scenario& scenario, RuleId id) {
    const bool too_long = id == RuleId::rto_exceeded;
    return priority_of(scenario.policy, id, too_long ? one_higher(scenario.priority) : scenario.priority);
}

bool decides(const Scenario& scenario, const Identity& found) {
    const auto matches = [](const std::string& pattern, const std::string& text) {
        return pattern.empty() || glob_matches(pattern, text);
    };
    if (!scenario.decided_by(found.rule))
        return false;
    // What has neither is not asked for one: a port that is down is so whatever the canary beside it is called.
    switch (found.rule) {
    case RuleId::assertion_failed:
        return matches(scenario.assertion, found.assertion);
    case RuleId::measurement_out_of_range:
        return matches(scenario.measurement, found.measurement);
    default:
        return true;
    }
}

bool is_about(std::string_view found, std::string_view subject) {
    return found.empty() || subject.empty() || found == subject ||
           (found.starts_with(subject) && found[subject.size()] == '/');
}

std::string name_some(std::span<const std::string> names) {
    constexpr std::size_t kMost = 5;
    if (names.size() <= kMost)
        return fmt::format("{}", fmt::join(names, ", "));
    return fmt::format("{} and {} more", fmt::join(names.first(kMost), ", "), names.size() - kMost);
}

Decision decide(const Quorum& at_least, std::span<const Member> members, Time now) {
    Decision made;
    made.members = members.size();
    made.needed = at_least.of(members.size());
    for (const Member& member : members) {
        if (member.state == MemberState::down)
            made.down.push_back(member.name);
        if (member.state == MemberState::unknown)
            made.unknown.push_back(member.name);
    }
    std::ranges::sort(made.down);
    made.since = now;
    if (made.down.size() >= made.needed) {
        made.state = ScenarioState::active;
        made.since = moments(members, MemberState::down)[made.needed - 1];
    } else if (!members.empty() && made.down.size() + made.unknown.size() < made.needed) {
        made.state = ScenarioState::clear;
        // It ended when so many were up that what was left was too few.
        const auto up = moments(members, MemberState::up);
        const std::size_t enough = members.size() < made.needed ? 0 : members.size() - made.needed;
        if (enough < up.size())
            made.since = up[enough];
    }
    return made;
}

bool remember_outage(OutageHistory& history, const Decision& decision, Time now) {
    if (!history.running && decision.state == ScenarioState::active) {
        // What was down before the last outage ended was part of that one.
        const Time earliest = history.past.empty() ? Time::min() : *history.past.back().ended_at;
        history.running =
            Outage{std::clamp(decision.since, std::min(earliest, now), now), {}, name_some(decision.down)};
        return true;
    }
    if (history.running && decision.state == ScenarioState::clear) {
        Outage ended = *std::exchange(history.running, std::nullopt);
        ended.ended_at = std::clamp(decision.since, std::min(ended.began_at, now), now);
        history.past.push_back(std::move(ended));
        if (history.past.size() > kMaxOutages)
            history.past.erase(history.past.begin());
        return true;
    }
    return false;
}

void judge_scenario(const Scenario& scenario, std::string_view group, const OutageHistory& history,
                    const Decision& decision, Time now, Judgement& out) {
    if (!history.running)
        return;
    const Time began_at = history.running->began_at;
    std::string reason;
    if (decision.state == ScenarioState::active)
        reason = fmt::format("{} of {} down for {} ({} decide it): {}", decision.down.size(), decision.members,
                             in_words(now - began_at), decision.needed, name_some(decision.down));
    else
        reason = fmt::format("began {} ago with {}; whether it is over cannot be seen", in_words(now - began_at),
                             history.running->cause);
    if (!decision.unknown.empty())
        reason += fmt::format("; unknown: {}", name_some(decision.unknown));
    if (scenario.rto)
        reason += spent(*scenario.rto, began_at, now, out);
    add(out, scenario.policy, finding(scenario, group, RuleId::scenario_active, std::move(reason)));
    if (!scenario.rto || !due(began_at + *scenario.rto, now, out))
        return;
    Finding exceeded =
        finding(scenario, group, RuleId::rto_exceeded,
                fmt::format("has lasted {}, its rto is {}", in_words(now - began_at), in_words(*scenario.rto)));
    exceeded.hold = scenario.policy.hold(RuleId::rto_exceeded);
    add(out, scenario.policy, std::move(exceeded));
}

} // namespace recoverd::core
