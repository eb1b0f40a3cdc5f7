// SPDX-License-Identifier: Apache-2.0
#include "core/policy.hpp"

#include <algorithm>

namespace recoverd::core {

const RulePolicy& Policy::operator[](RuleId id) const {
    static const RulePolicy nothing_said;
    const auto at = std::ranges::lower_bound(said_, id, {}, &std::pair<RuleId, RulePolicy>::first);
    return at != said_.end() && at->first == id ? at->second : nothing_said;
}

RulePolicy& Policy::operator[](RuleId id) {
    auto at = std::ranges::lower_bound(said_, id, {}, &std::pair<RuleId, RulePolicy>::first);
    if (at == said_.end() || at->first != id)
        at = said_.emplace(at, id, RulePolicy{});
    return at->second;
}

Policy Policy::overlaid(const Policy& other) const {
    Policy merged = *this;
    for (const auto& [id, over] : other.said_) {
        if (!over.enabled && over.steps.empty() && !over.hold)
            continue;
        RulePolicy& into = merged[id];
        if (over.enabled)
            into.enabled = over.enabled;
        if (!over.steps.empty())
            into.steps = over.steps;
        if (over.hold)
            into.hold = over.hold;
        into.origin = over.origin;
    }
    return merged;
}

} // namespace recoverd::core
