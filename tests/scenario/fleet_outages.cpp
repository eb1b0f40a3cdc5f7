// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/fleet_outages.hpp"

#include "core/config/values.hpp"
#include "tests/scenario/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::scenario {

namespace {

const core::OutageHistory* measured(const core::Snapshot& snapshot, const Group& group) {
    for (const auto& scenario : snapshot.scenarios)
        if (scenario->scenario.name == group.scenario)
            for (const auto& shown : scenario->groups)
                if (shown.name == group.name)
                    return &shown.outages;
    return nullptr;
}

/// A probe that is under way when its port is closed, and finds it so, has begun so much before that, and so has the
/// outage: longer than any that is answered takes.
constexpr Duration kUnderWay{100};

/// Within one look at what was down, and never before it was so.
bool is_near(Time seen, Time truth, Duration look) { return seen >= truth && seen <= truth + look + kSlack; }

std::string in_words(Time began, std::optional<Time> ended) {
    using core::config::format_time;
    return fmt::format("from {} to {}", format_time(began), ended ? format_time(*ended) : "now");
}

/// What an outage says of its RTO once half of it is used up, and from when it does for sure.
void expect_marks(const Group& group, Time now, Expected& expected) {
    const Duration most = now - group.outages.back().began;
    // One that may have begun anew may have lasted for no time yet.
    const Duration least = group.may_flicker ? Duration{0} : most - group.look - kSlack;
    const auto after = [&](int percent) { return group.rto * percent / 100; };
    if (least >= after(80))
        expected.says.emplace_back("80 % of its rto");
    else if (least >= after(50) && most < after(80))
        expected.says.emplace_back("50 % of its rto");
    if (most < after(80))
        expected.never_says.emplace_back("80 % of its rto");
    if (most < after(50))
        expected.never_says.emplace_back("50 % of its rto");
}

} // namespace

std::string alert_of_port(int asset, int i) {
    return fmt::format("EndpointDown a{} {}", asset, Fleet::name(asset, "port", i));
}

std::string Group::alert(std::string_view name_of_rule) const {
    return fmt::format("{} {}{}{}", name_of_rule, scenario, name.empty() ? "" : " ", name);
}

bool Group::has(std::string_view port) const { return std::ranges::find(ports, port) != ports.end(); }

Outages::Outages(const Faults& faults) : faults_(faults) {
    constexpr Duration kFar = Fleet::every_of_port(Fleet::kPorts - 1);
    // A far port comes back first, and is seen up. That this was no mere good moment of a closed one only its second
    // look tells; before that, a nearer one comes back and is seen up twice. The outage is over by that one then, and
    // ended when it was first seen up, which is one look of its own before the far one's second at the latest: of what
    // the far one was at its first the agent cannot be sure yet.
    constexpr Duration kLater = kFar - Fleet::kEvery;
    groups_.push_back({"site", "", "P1", "P1", Fleet::kSiteRto, Fleet::kSiteNeeds, {}, kFar, kLater});
    for (int i = 0; i < Fleet::kPorts; ++i) {
        groups_.push_back({"zone",
                           fmt::format("z{}", i),
                           "P2",
                           "P1",
                           Fleet::kZoneRto,
                           Fleet::kZoneNeeds,
                           {},
                           Fleet::every_of_port(i)});
        for (int asset = 0; asset < Fleet::kAssets; ++asset) {
            groups_.back().ports.push_back(alert_of_port(asset, i));
            groups_.front().ports.push_back(alert_of_port(asset, i));
        }
    }
    for (int asset = 0; asset < Fleet::kAssets; ++asset) {
        groups_.push_back(
            {"service", fmt::format("a{}", asset), "P3", "P2", Fleet::kServiceRto, Fleet::kPorts, {}, kFar, kLater});
        for (int i = 0; i < Fleet::kPorts; ++i)
            groups_.back().ports.push_back(alert_of_port(asset, i));
    }
}

void Outages::follow(Time now) {
    for (Group& group : groups_) {
        std::size_t closed = 0;
        std::size_t known = 0;
        std::size_t possible = 0;
        std::size_t not_believed = 0;
        for (const std::string& port : group.ports)
            if (const Fault* fault = faults_.find(port)) {
                closed += fault->over ? 0 : 1;
                known += fault->must_fire(now) ? 1 : 0;
                possible += fault->may_fire(now) ? 1 : 0;
                not_believed += !fault->over && !fault->must_fire(now) ? 1 : 0;
            }
        const bool is_down = closed >= group.needed;
        if (is_down && !group.is_down())
            group.outages.push_back(
                {.began = now - kUnderWay, .ended = {}, .look = group.look, .end_later = group.end_later});
        if (!is_down && group.is_down())
            group.outages.back().ended = now;
        group.must_speak = known >= group.needed;
        group.may_speak = possible >= group.needed;
        // One that came back is believed to be closed still while others are found to be: they may be enough with it,
        // too few without it a moment later, and enough again with the next.
        const bool in_parts = possible > closed && not_believed > 0;
        group.may_flicker = group.may_speak && (group.may_flicker || in_parts);
        if (group.must_speak)
            group.outages.back().must_be_known = true;
        if (group.is_down() && in_parts)
            group.outages.back().in_parts = true;
        if (group.may_speak)
            group.may_have_spoken = now;
    }
}

bool Outages::may_close(std::string_view port) const {
    return std::ranges::none_of(groups_, [&](const Group& group) { return group.may_speak && group.has(port); });
}

std::vector<Expected> Outages::expected(Time now) const {
    std::vector<Expected> all;
    for (const Group& group : groups_) {
        if (!group.may_speak)
            continue;
        all.push_back({.alert = group.alert("ScenarioActive"),
                       .must = group.must_speak,
                       .priorities = priorities_of(group, group.priority, now),
                       .once = !group.may_flicker});
        // One port may be held to be closed still when the last of the others is: for a moment all seem to be.
        if (group.outages.empty())
            continue;
        expect_marks(group, now, all.back());
        const Time began = group.outages.back().began;
        if (now >= began + group.rto)
            all.push_back(
                {.alert = group.alert("RtoExceeded"),
                 .must = group.must_speak && !group.may_flicker && now >= began + group.look + group.rto + kSlack,
                 .priorities = priorities_of(group, group.rto_priority, now),
                 .once = !group.may_flicker});
    }
    return all;
}

bool Outages::may_explain(const Group& group, Time now) const {
    // Those that come back after it are part of it for as long as they need to look, and to be believed.
    return now < stale_until_ || (group.may_have_spoken && now < *group.may_have_spoken + 4 * group.look);
}

std::string Outages::priorities_of(const Fault& port, Time now) const {
    bool must_be_lowered = false;
    bool may_be_lowered = false;
    for (const Group& group : groups_) {
        // A scenario never hides what is worse than itself.
        if (group.priority > port.priority || !group.has(port.alert))
            continue;
        must_be_lowered = must_be_lowered || (group.must_speak && port.must_fire(now));
        may_be_lowered = may_be_lowered || may_explain(group, now);
    }
    return must_be_lowered ? "P4" : may_be_lowered ? port.priority + " P4" : port.priority;
}

std::string Outages::priorities_of(const Group& group, const std::string& own, Time now) const {
    if (&group == &site())
        return own;
    if (group.must_speak && site().must_speak)
        return "P4";
    return may_explain(site(), now) ? own + " P4" : own;
}

std::string Outages::mismeasured(const core::Snapshot& snapshot) {
    for (Group& group : groups_) {
        if (group.measured == group.outages.size() || group.is_down() || group.may_speak)
            continue;
        const TrueOutage& truth = group.outages.back();
        group.measured = group.outages.size();
        if (!truth.must_be_known || truth.in_parts)
            continue;
        const std::string what =
            fmt::format("{} {} lasted {}", group.scenario, group.name, in_words(truth.began, truth.ended));
        const core::OutageHistory* history = measured(snapshot, group);
        if (history == nullptr || history->past.empty() || history->running)
            return what + ", and was not measured";
        const core::Outage& seen = history->past.back();
        if (!is_near(seen.began_at, truth.began, truth.look) ||
            !is_near(*seen.ended_at, *truth.ended, truth.look + truth.end_later))
            return fmt::format("{}, and was measured {}", what, in_words(seen.began_at, seen.ended_at));
    }
    return {};
}

std::vector<TrueOutage> Outages::of_zones() const {
    std::vector<TrueOutage> all;
    for (const Group& group : groups_)
        if (group.scenario == "zone")
            all.insert(all.end(), group.outages.begin(), group.outages.end());
    return all;
}

} // namespace recoverd::scenario
