// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/fake_alertmanager.hpp"

#include "io/json.hpp"

#include <algorithm>

namespace recoverd::scenario {

namespace {

bool is_watchdog(const core::Labels& labels) { return labels.at("alertname") == "RecoverdWatchdog"; }

} // namespace

core::Result<io::HttpAnswer> FakeAlertmanager::answer(const io::HttpRequest& request) {
    if (away)
        return core::failed(core::FailureKind::unreachable, "connection refused");
    const io::Json posted = io::Json::parse(request.body);
    for (const io::Json& alert : posted.items()) {
        core::Labels labels;
        for (const auto& [name, value] : alert["labels"].object())
            labels.emplace(name, value.text());
        // What is over is told without one.
        const io::Json& description = alert["annotations"]["description"];
        const Held held{alert["startsAt"].time(), alert["endsAt"].time(), description ? description.text() : ""};
        if (held.ends_at > timers_.now() && !is_watchdog(labels))
            notified_.emplace(labels, held.starts_at);
        held_[labels] = held;
    }
    io::HttpAnswer answer;
    answer.status = 200;
    return answer;
}

std::map<core::Labels, core::Time> FakeAlertmanager::firing() const {
    std::map<core::Labels, core::Time> found;
    for (const auto& [labels, held] : held_)
        if (held.ends_at > timers_.now() && !is_watchdog(labels))
            found.emplace(labels, held.starts_at);
    return found;
}

std::string FakeAlertmanager::description(const core::Labels& labels) const {
    const auto at = held_.find(labels);
    return at == held_.end() ? std::string{} : at->second.description;
}

bool FakeAlertmanager::watched() const {
    return std::ranges::any_of(
        held_, [&](const auto& entry) { return is_watchdog(entry.first) && entry.second.ends_at > timers_.now(); });
}

} // namespace recoverd::scenario
