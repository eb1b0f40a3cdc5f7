// SPDX-License-Identifier: Apache-2.0
#include "core/engine/unseen.hpp"

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

} // namespace recoverd::core
