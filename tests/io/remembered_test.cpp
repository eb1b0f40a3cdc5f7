// SPDX-License-Identifier: Apache-2.0
#include "io/remembered.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::io;
using Row = std::vector<int>;

TEST_CASE("what was left is read, and what nobody understands is nothing") {
    const auto read = [](const Json& json) { return json["at"].integer(); };
    CHECK(read_remembered(R"({"at": 7})", read) == 7);
    for (const char* odd : {"", "{", "[]", R"({"at": "seven"})"})
        CHECK(read_remembered(odd, read) == 0);
}

TEST_CASE("a row that is thinned out keeps its ends, and every second one between") {
    const auto thinned = [](Row row) {
        thin_out(row);
        return row;
    };
    CHECK(thinned({}).empty());
    CHECK(thinned({1}) == Row{1});
    CHECK(thinned({1, 2}) == Row{1, 2});
    CHECK(thinned({1, 2, 3, 4, 5}) == Row{1, 3, 5});
    CHECK(thinned({1, 2, 3, 4, 5, 6}) == Row{1, 3, 5, 6});
}
