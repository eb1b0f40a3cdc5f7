// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/fleet_oracle.hpp"

#include <fmt/format.h>

namespace recoverd::scenario {

namespace {

struct Firing {
    std::string priority;
    std::string description;
};

std::string label(const core::Labels& labels, const char* name) {
    const auto at = labels.find(name);
    return at == labels.end() ? std::string{} : at->second;
}

std::string wrong_words(const Expected& expected, const Firing& firing) {
    if (!expected.priorities.contains(firing.priority))
        return fmt::format("{} is {}, which should be {}: {}", expected.alert, firing.priority, expected.priorities,
                           firing.description);
    if (firing.priority == "P4" && !firing.description.contains(": scenario "))
        return fmt::format("{} is lowered by nothing: {}", expected.alert, firing.description);
    if (!expected.must)
        return {};
    for (const std::string& text : expected.says)
        if (!firing.description.contains(text))
            return fmt::format("{} does not say '{}': {}", expected.alert, text, firing.description);
    for (const std::string& text : expected.never_says)
        if (firing.description.contains(text))
            return fmt::format("{} says '{}': {}", expected.alert, text, firing.description);
    return {};
}

} // namespace

std::string name_of_alert(const core::Labels& labels) {
    std::string text;
    for (const char* name : {"alertname", "asset", "check", "scenario", "subject", "exercise"})
        if (const std::string value = label(labels, name); !value.empty())
            text += (text.empty() ? "" : " ") + value;
    return text;
}

std::string firing_words(const FakeAlertmanager& alertmanager) {
    std::string text;
    for (const auto& [labels, since] : alertmanager.firing())
        text += name_of_alert(labels) + " " + label(labels, "priority") + "; ";
    return text;
}

std::string Oracle::compare(const FakeAlertmanager& alertmanager, const std::vector<Expected>& expected) {
    count(expected);
    std::map<std::string, Firing> firing;
    for (const auto& [labels, since] : alertmanager.firing())
        if (!firing.emplace(name_of_alert(labels), Firing{label(labels, "priority"), alertmanager.description(labels)})
                 .second)
            return "fires twice: " + name_of_alert(labels);
    for (const Expected& one : expected) {
        const auto at = firing.find(one.alert);
        if (at == firing.end()) {
            if (one.must)
                return "not found in time: " + one.alert;
            continue;
        }
        if (std::string wrong = wrong_words(one, at->second); !wrong.empty())
            return wrong;
        firing.erase(at);
    }
    if (!firing.empty())
        return "a false alert, or one that is not over in time: " + firing.begin()->first + ": " +
               firing.begin()->second.description;
    return {};
}

void Oracle::count(const std::vector<Expected>& expected) {
    std::set<std::string> now;
    for (const Expected& one : expected) {
        now.insert(one.alert);
        if (!one.once)
            may_repeat_.insert(one.alert);
        if (!expected_before_.contains(one.alert))
            ++times_expected_[one.alert];
    }
    expected_before_ = std::move(now);
}

std::string Oracle::told_twice(const FakeAlertmanager& alertmanager) const {
    std::map<std::string, std::set<core::Time>> beginnings;
    for (const auto& [labels, since] : alertmanager.notified())
        beginnings[name_of_alert(labels)].insert(since);
    for (const auto& [alert, moments] : beginnings)
        if (const auto at = times_expected_.find(alert);
            !may_repeat_.contains(alert) && at != times_expected_.end() && moments.size() > at->second)
            return fmt::format("{} began {} times, {} of them for a reason", alert, moments.size(), at->second);
    return {};
}

} // namespace recoverd::scenario
