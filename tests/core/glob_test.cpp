// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"

#include <catch2/catch_test_macros.hpp>

using recoverd::core::glob_matches;

TEST_CASE("a glob matches whole names, with stars anywhere") {
    CHECK(glob_matches("orders-*", "orders-db"));
    CHECK(glob_matches("orders-*", "orders-"));
    CHECK(glob_matches("*", ""));
    CHECK(glob_matches("*/repo?", "a/b/repo1"));
    CHECK(glob_matches("a*b*c", "aXbYbZc"));
    CHECK_FALSE(glob_matches("orders", "orders-db"));
    CHECK_FALSE(glob_matches("?", ""));
    CHECK_FALSE(glob_matches("", "x"));
    CHECK_FALSE(glob_matches("a*b", "ac"));
}

TEST_CASE("a glob of many stars against a long name that does not match ends soon") {
    CHECK_FALSE(glob_matches("*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
}
