// SPDX-License-Identifier: Apache-2.0
#include "agent/web/go_duration.hpp"

#include <catch2/catch_test_macros.hpp>

using recoverd::agent::parse_go_duration;
using namespace std::chrono_literals;

TEST_CASE("a duration is read as Go reads it") {
    const std::pair<const char*, std::chrono::nanoseconds> cases[] = {
        {"0", 0s},
        {"0s", 0s},
        {"1s", 1s},
        {"250ms", 250ms},
        {"1.5h", 90min},
        {"1h30m", 90min},
        {"30m1h", 90min},
        {".25s", 250ms},
        {"2.s", 2s},
        {"1us", 1us},
        {"1\u00b5s", 1us},
        {"1\u03bcs", 1us},
        {"7ns", 7ns},
        {"1h2m3s4ms", 3723s + 4ms},
        {"2562047h", 2'562'047h},
    };
    for (const auto& [text, wanted] : cases) {
        INFO(text);
        CHECK(parse_go_duration(text) == wanted);
    }
}

TEST_CASE("what Go would not take, and what nobody means, is no duration") {
    for (const char* text : {"",
                             "1",
                             "10",
                             "1d",
                             "1w",
                             "1S",
                             "s",
                             ".s",
                             ".",
                             "1s ",
                             " 1s",
                             "-1s",
                             "+1s",
                             "1s2",
                             "1..5s",
                             "1e3s",
                             "2562048h",
                             "99999999999999999999s",
                             "2562047h99999m",
                             "\xff"}) {
        INFO(text);
        CHECK_FALSE(parse_go_duration(text));
    }
}
