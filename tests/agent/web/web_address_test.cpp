// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_address.hpp"

#include <catch2/catch_test_macros.hpp>

using recoverd::agent::normalized;
using recoverd::agent::WebAddress;

TEST_CASE("the prefix of every path is that of the external URL unless another one is said, and slashes end neither") {
    struct Row {
        WebAddress said;
        WebAddress expected;
    };
    const Row rows[] = {
        {{"", ""}, {"", ""}},
        {{"https://ops.example", ""}, {"https://ops.example", ""}},
        {{"https://ops.example/", ""}, {"https://ops.example", ""}},
        {{"https://ops.example/recoverd", ""}, {"https://ops.example/recoverd", "/recoverd"}},
        {{"https://ops.example:9754/a/b//", ""}, {"https://ops.example:9754/a/b", "/a/b"}},
        {{"https://ops.example?to=/x", ""}, {"https://ops.example?to=/x", ""}},
        {{"https://ops.example/recoverd/", "/"}, {"https://ops.example/recoverd", ""}},
        {{"https://ops.example/recoverd/", "/other/"}, {"https://ops.example/recoverd", "/other"}},
        {{"", "recoverd"}, {"", "/recoverd"}},
        {{"", "//recoverd//"}, {"", "/recoverd"}},
        {{"", "///"}, {"", ""}},
        {{"ops.example/recoverd", ""}, {"ops.example/recoverd", ""}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.said.external_url, row.said.route_prefix);
        const WebAddress made = normalized(row.said);
        CHECK(made.external_url == row.expected.external_url);
        CHECK(made.route_prefix == row.expected.route_prefix);
    }
}
