// SPDX-License-Identifier: Apache-2.0
#include "core/engine/unseen.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

std::string why_unseen(const CheckUnit& unit, const SubjectMemory& seen) {
    if (seen.failure)
        return fmt::format("{}: {}", name_of(seen.failure->kind), seen.failure->detail);
    if (seen.vanished_since)
        return "is gone";
    // Whoever is told hears of one subject at a time.
    if (unit.check->looks() && seen.learned_at < *unit.memory.last_success)
        return "was not seen by the last look";
    return {};
}

bool tells_of_silence(const Alerts& alerts) {
    return std::ranges::any_of(alerts, [](const auto& entry) {
        return entry.second.state != AlertState::resolved &&
               entry.second.finding.identity.rule == RuleId::evidence_missing;
    });
}

} // namespace recoverd::core
