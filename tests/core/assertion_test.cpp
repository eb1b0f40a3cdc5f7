// SPDX-License-Identifier: Apache-2.0
#include "core/assertion.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;

namespace {

Assertion expecting(std::string expected, std::optional<std::string> actual, Compare compare = Compare::equal) {
    return {.name = "x", .expected = std::move(expected), .actual = std::move(actual), .compare = compare};
}

} // namespace

TEST_CASE("an expectation whose actual value could not be learned is unknown, not failed") {
    CHECK(state_of(expecting("on", std::nullopt)) == AssertionState::unknown);
    CHECK(state_of(expecting("3", "many", Compare::at_least)) == AssertionState::unknown);
    CHECK(state_of(expecting("3", "", Compare::at_most)) == AssertionState::unknown);
    CHECK(state_of(expecting("3", "nan", Compare::at_most)) == AssertionState::unknown);
}

TEST_CASE("expectations compare text as text and numbers as numbers") {
    CHECK(state_of(expecting("on", "on")) == AssertionState::holds);
    CHECK(state_of(expecting("on", "off")) == AssertionState::fails);
    CHECK(state_of(expecting("1", "1.0")) == AssertionState::holds);
    CHECK(state_of(expecting("10", "9", Compare::at_least)) == AssertionState::fails);
    CHECK(state_of(expecting("10", "10", Compare::at_least)) == AssertionState::holds);
    CHECK(state_of(expecting("10", "11", Compare::at_most)) == AssertionState::fails);
}

TEST_CASE("whole numbers beyond 2^53 are told apart") {
    CHECK(state_of(expecting("7507672962298572862", "7507672962298572863")) == AssertionState::fails);
    CHECK(state_of(expecting("7507672962298572862", "07507672962298572862")) == AssertionState::holds);
    CHECK(state_of(expecting("9007199254740992", "9007199254740993", Compare::at_most)) == AssertionState::fails);
    CHECK(state_of(expecting("18446744073709551615", "18446744073709551614", Compare::at_least)) ==
          AssertionState::fails);
}

TEST_CASE("a plug-in's own verdict counts only when it gave one") {
    Assertion assertion = expecting("", std::nullopt, Compare::verdict);
    CHECK(state_of(assertion) == AssertionState::unknown);
    assertion.verdict = Told::yes;
    CHECK(state_of(assertion) == AssertionState::holds);
    assertion.verdict = Told::no;
    CHECK(state_of(assertion) == AssertionState::fails);
}
