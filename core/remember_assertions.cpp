// SPDX-License-Identifier: Apache-2.0
// Expectations that did not hold stay until they are known to hold again.
#include "core/assertion.hpp"
#include "core/remember_parts.hpp"

#include <algorithm>

namespace recoverd::core {

void remember_assertions(SubjectMemory& seen, const Assertions& assertions, const Learned& learned) {
    for (const Assertion& assertion : assertions.assertions) {
        const AssertionState state = state_of(assertion);
        const auto known = std::ranges::find(seen.failing_assertions, assertion.name, &FailingAssertion::name);
        if (state == AssertionState::holds && known != seen.failing_assertions.end())
            seen.failing_assertions.erase(known);
        if (state != AssertionState::fails)
            continue;
        const FailingAssertion failing{
            .name = assertion.name,
            .expected = assertion.expected,
            .actual = assertion.compare == Compare::verdict ? assertion.detail : assertion.actual.value_or(""),
            .priority = assertion.priority,
            .since = known != seen.failing_assertions.end() ? known->since : learned.looked_at};
        if (known != seen.failing_assertions.end())
            *known = failing;
        else
            seen.failing_assertions.push_back(failing);
    }
}

} // namespace recoverd::core
