// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/commands/typed.hpp"
#include "tests/support/scripted_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using test::typed;

TEST_CASE("forget fails loudly unless the daemon says that it forgot") {
    test::ScriptedServer server;
    const auto forget = [&] { return typed({"forget", "dumps/users", "--url", server.url("/prefix/")}); };
    server.on("/prefix/api/v1/forget", test::says(404, R"({"errors":["no check sees a subject 'dumps/users'"]})"));
    const auto unknown = forget();
    CHECK(unknown.code == 1);
    CHECK(unknown.out.empty());
    CHECK_THAT(unknown.err, ContainsSubstring("no check sees a subject") && ContainsSubstring("hint: "));
    server.on("/prefix/api/v1/forget", test::says(503, R"({"errors":["not on disk"]})"));
    CHECK(forget().code == 1);
    server.on("/prefix/api/v1/forget", test::hangs_up());
    CHECK(forget().code == 1);
    CHECK(typed({"forget"}).code == 64);
    server.on("/prefix/api/v1/forget", test::says(200, R"({"forgotten":1})"));
    const auto done = forget();
    CHECK(done.code == 0);
    CHECK(done.out == "forgot 'dumps/users'\n");
    CHECK(server.got().back().body == R"({"subject":"dumps/users"})");
}
