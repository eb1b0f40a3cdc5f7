// SPDX-License-Identifier: Apache-2.0
#include "core/engine/unseen.hpp"

#include "core/rules/silences.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string_view>
#include <utility>

namespace recoverd::core {

namespace {

bool is_silence(const Alert& alert) {
    return alert.state != AlertState::resolved && alert.finding.identity.rule == RuleId::evidence_missing;
}

} // namespace

std::string why_unseen(const CheckUnit& unit, const SubjectMemory& seen) {
    if (seen.failure)
        return fmt::format("{}: {}", name_of(seen.failure->kind), seen.failure->detail);
    if (seen.vanished_since)
        return "is gone";
    // Whoever is told hears of one subject at a time.
    if (unit.check->looks() && seen.learned_at < *unit.memory->last_success)
        return "was not seen by the last look";
    return {};
}

bool tells_of_silence(const Alerts& alerts) {
    return std::ranges::any_of(alerts, [](const auto& entry) {
        return is_silence(entry.second) && entry.second.finding.identity.subject.empty() &&
               entry.second.finding.identity.assertion.empty();
    });
}

void watch_anew(CheckMemory& memory, const Alerts& alerts, Time now) {
    if (tells_of_silence(alerts))
        return;
    std::set<std::pair<std::string_view, std::string_view>> told;
    for (const auto& [labels, alert] : alerts)
        if (const Identity& identity = alert.finding.identity; is_silence(alert))
            told.emplace(identity.subject, identity.assertion);
    for (auto& [name, seen] : memory.subjects) {
        if (told.contains({name, {}}))
            seen.watched_since = watched_since(memory, seen);
        else
            seen.watched_since.reset();
        for (UnknownAssertion& unknown : seen.unknown_assertions)
            if (!told.contains({name, unknown.name}))
                unknown.since = now;
    }
    memory.watched_since = now;
}

} // namespace recoverd::core
