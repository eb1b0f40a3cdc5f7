// SPDX-License-Identifier: Apache-2.0
// Expectations that did not hold stay until they are known to hold again; those that are unknown, until they are known.
#include "core/assertion.hpp"
#include "core/remember_parts.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

void remember_unknown(SubjectMemory& seen, const std::string& name, bool unknown, Time looked_at) {
    const auto known = std::ranges::find(seen.unknown_assertions, name, &UnknownAssertion::name);
    if (!unknown && known != seen.unknown_assertions.end())
        seen.unknown_assertions.erase(known);
    else if (unknown && known == seen.unknown_assertions.end())
        seen.unknown_assertions.push_back({name, looked_at});
}

} // namespace

void remember_assertions(SubjectMemory& seen, const Assertions& assertions, const Learned& learned) {
    for (const Assertion& assertion : assertions.assertions) {
        const AssertionState state = state_of(assertion);
        remember_unknown(seen, assertion.name, state == AssertionState::unknown, learned.looked_at);
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

void forget_untold_assertions(SubjectMemory& seen, const EvidenceList& told) {
    std::erase_if(seen.unknown_assertions, [&](const UnknownAssertion& unknown) {
        return std::ranges::none_of(told, [&](const Evidence& evidence) {
            const auto* assertions = std::get_if<Assertions>(&evidence);
            return assertions && std::ranges::find(assertions->assertions, unknown.name, &Assertion::name) !=
                                     assertions->assertions.end();
        });
    });
}

} // namespace recoverd::core
