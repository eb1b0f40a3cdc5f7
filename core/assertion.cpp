// SPDX-License-Identifier: Apache-2.0
#include "core/assertion.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace recoverd::core {

namespace {

/// Wide enough for every whole number of 64 bits: to a double 7507672962298572862 and …863 are the same.
std::optional<long double> as_number(std::string_view text) {
    long double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

AssertionState answer(bool holds) { return holds ? AssertionState::holds : AssertionState::fails; }

} // namespace

AssertionState state_of(const Assertion& assertion) {
    if (assertion.compare == Compare::verdict)
        return assertion.verdict == Told::not_told ? AssertionState::unknown : answer(assertion.verdict == Told::yes);
    if (!assertion.actual)
        return AssertionState::unknown;
    const std::string& actual = *assertion.actual;
    const auto expected_number = as_number(assertion.expected);
    const auto actual_number = as_number(actual);
    if (assertion.compare == Compare::equal)
        return answer(actual == assertion.expected ||
                      (expected_number && actual_number && *expected_number == *actual_number));
    if (!expected_number || !actual_number)
        return AssertionState::unknown;
    return answer(assertion.compare == Compare::at_least ? *actual_number >= *expected_number
                                                         : *actual_number <= *expected_number);
}

Assertion not_asked(std::string name, std::string why) {
    return {.name = std::move(name), .expected = "not asked", .actual = "not asked", .detail = std::move(why)};
}

} // namespace recoverd::core
