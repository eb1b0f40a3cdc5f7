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

} // namespace recoverd::core
