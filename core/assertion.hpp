// SPDX-License-Identifier: Apache-2.0
// Does an expectation hold? The one place that compares: rules, metrics and pages ask here. Three answers, never two.
#pragma once

#include "core/evidence.hpp"

namespace recoverd::core {

enum class AssertionState : std::uint8_t { holds, fails, unknown };
template <>
struct Names<AssertionState> {
    static constexpr std::array<std::string_view, 3> values{"holds", "fails", "unknown"};
};

/// `at_least` and `at_most` compare numbers; what is no number is unknown, never a pass.
AssertionState state_of(const Assertion& assertion);

/// One that holds, since as things are nobody asks for it, and why. What failed goes on until it is known to hold: a
/// collector tells this of an expectation that it told of before and that has lost its reason.
Assertion not_asked(std::string name, std::string why);

} // namespace recoverd::core
