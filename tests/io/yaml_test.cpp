// SPDX-License-Identifier: Apache-2.0
#include "io/yaml.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

using namespace recoverd::io;

TEST_CASE("YAML that is none, is too large or too deep says so") {
    CHECK_THROWS_AS(parse_yaml("a: [b"), BadDocument);
    CHECK_THROWS_AS(parse_yaml("a: 1\na: 2"), BadDocument);
    CHECK_THROWS_AS(parse_yaml("[a]: b"), BadDocument);
    CHECK_THROWS_AS(parse_yaml(std::string(2'000, 'x'), 1'000), BadDocument);
    std::string deep(40, '[');
    deep += std::string(40, ']');
    CHECK_THROWS_AS(parse_yaml(deep), BadDocument);
}

TEST_CASE("aliases that multiply themselves are cut off") {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = fmt::format("*a{}", i - 1);
        bomb +=
            fmt::format("a{}: &a{} [{}, {}, {}, {}, {}, {}]\n", i, i, before, before, before, before, before, before);
    }
    CHECK_THROWS_AS(parse_yaml(bomb), BadDocument);
}

TEST_CASE("YAML's values are texts, but for true, false and null without quotes") {
    const Json json = parse_yaml("a: true\nb: 'true'\nc: 12\nd: ~\ne:\nf: [x, {g: h}]\n");
    CHECK(json["a"].boolean());
    CHECK(json["b"].text() == "true");
    CHECK(json["c"].text() == "12");
    CHECK(json["d"].null());
    CHECK(json["e"].null());
    CHECK(json["f"][std::size_t{1}]["g"].text() == "h");
}
