// SPDX-License-Identifier: Apache-2.0
#include "core/policy.hpp"

namespace recoverd::core {

Policy Policy::overlaid(const Policy& other) const {
    Policy merged = *this;
    for (std::size_t i = 0; i < kRuleCount; ++i) {
        const RulePolicy& over = other.rules_[i];
        RulePolicy& into = merged.rules_[i];
        if (over.enabled)
            into.enabled = over.enabled;
        if (!over.steps.empty())
            into.steps = over.steps;
        if (over.hold)
            into.hold = over.hold;
        if (over.enabled || !over.steps.empty() || over.hold)
            into.origin = over.origin;
    }
    return merged;
}

}  // namespace recoverd::core
