// SPDX-License-Identifier: Apache-2.0
#include "io/gzip.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

using namespace recoverd::io;

TEST_CASE("what was compressed comes back whole, however long it is") {
    for (const std::size_t length : {0U, 1U, 4095U, 4096U, 4097U, 1'000'000U}) {
        std::string text;
        for (std::size_t i = 0; text.size() < length; ++i)
            text += std::to_string(i * 7919);
        text.resize(length);
        CHECK(gunzip(gzip(text)) == text);
    }
}

TEST_CASE("what was cut off, or never compressed, is refused") {
    const std::string whole = gzip(std::string(10'000, 'x'));
    CHECK_THROWS_AS(gunzip(std::string_view{whole}.substr(0, whole.size() / 2)), std::runtime_error);
    CHECK_THROWS_AS(gunzip("plain text"), std::runtime_error);
    CHECK_THROWS_AS(gunzip(""), std::runtime_error);
}
