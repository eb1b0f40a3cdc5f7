// SPDX-License-Identifier: Apache-2.0
// Bodies that are taken as they come.
#include "io/http_once.hpp"

#include "tests/support/scripted_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using test::endless;
using test::redirects;
using test::says;
using test::ScriptedServer;

TEST_CASE("a body is taken as it comes, and is not kept besides") {
    ScriptedServer server;
    const std::string body(3'000'000, 'x');
    server.on("/x", says(200, body));
    std::string taken;
    std::size_t pieces = 0;
    const auto answer = io::http_once({.url = server.url("/x"), .max_body = 4'000'000}, [&](std::string_view bytes) {
        taken += bytes;
        ++pieces;
        return true;
    });
    REQUIRE(answer);
    CHECK(answer->body.empty());
    CHECK(taken == body);
    CHECK(pieces > 1);
}

TEST_CASE("only what came with status 200 is taken: an error's body is the answer's") {
    ScriptedServer server;
    server.on("/x", says(500, "broken"));
    server.on("/from", redirects(server.url("/x"), 307));
    bool called = false;
    for (const std::string path : {"/x", "/from"}) {
        const auto answer = io::http_once({.url = server.url(path)}, [&](std::string_view) { return called = true; });
        REQUIRE(answer);
        CHECK(answer->status == 500);
        CHECK(answer->body == "broken");
    }
    CHECK_FALSE(called);
}

TEST_CASE("who cannot take any more ends the exchange, and so does a body that is too large") {
    ScriptedServer server;
    server.on("/x", endless());
    std::size_t taken = 0;
    auto answer = io::http_once({.url = server.url("/x"), .max_body = 100'000'000}, [&](std::string_view bytes) {
        taken += bytes.size();
        return taken < 100'000;
    });
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == core::FailureKind::bad_answer);
    CHECK_THAT(answer.error().detail, ContainsSubstring("could not be kept"));
    taken = 0;
    answer = io::http_once({.url = server.url("/x"), .max_body = 200'000}, [&](std::string_view bytes) {
        taken += bytes.size();
        return true;
    });
    REQUIRE_FALSE(answer);
    CHECK_THAT(answer.error().detail, ContainsSubstring("a larger one"));
    CHECK(taken <= 200'000);
}
