// SPDX-License-Identifier: Apache-2.0
#include "tests/agent/commands/typed.hpp"
#include "tests/support/scripted_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using test::typed;

namespace {

/// What /api/v1/validations tells while the last run ended as `last` says.
std::string telling(const std::string& last) {
    return R"({"made_at":"2026-11-22T03:00:00Z","validations":[{"name":"recovery","last":)" + last + "}]}";
}

std::string run(const std::string& id, const std::string& state, const std::string& passed) {
    return R"({"id":")" + id + R"(","ended_at":"2026-11-22T03:00:00Z","passed":)" + passed +
           R"(,"steps":[{"check":"orders","state":")" + state +
           R"(","ended_at":"2026-11-22T03:00:00Z","detail":"as it is"}]})";
}

} // namespace

TEST_CASE("validate waits for the run that it started, and ends as that ended") {
    test::ScriptedServer server;
    const auto validate = [&] { return typed({"validate", "recovery", "--url", server.url("")}); };
    server.on("/api/v1/validate", test::says(202, R"({"started":"r2"})"));
    server.on("/api/v1/validations", test::says(200, telling(run("r2", "passed", "true"))));
    const auto good = validate();
    CHECK(good.code == 0);
    CHECK(good.out == "passed  orders: as it is\n");
    CHECK(server.got().front().body == R"({"validation":"recovery"})");
    server.on("/api/v1/validations", test::says(200, telling(run("r2", "failed", "false"))));
    CHECK(validate().code == 2);
    // One that ended before is not taken for it.
    server.on("/api/v1/validations", test::says(200, telling(run("r1", "passed", "true"))));
    const auto other = validate();
    CHECK(other.code == 3);
    CHECK_THAT(other.err, ContainsSubstring("no longer tells of run 'r2'"));
}

TEST_CASE("validate fails loudly when nothing was started") {
    test::ScriptedServer server;
    const auto validate = [&] { return typed({"validate", "recovery", "--url", server.url("")}); };
    server.on("/api/v1/validate", test::says(404, R"({"errors":["there is no validation 'recovery'"]})"));
    const auto unknown = validate();
    CHECK(unknown.code == 1);
    CHECK_THAT(unknown.err, ContainsSubstring("there is no validation"));
    server.on("/api/v1/validate", test::says(202, "{}"));
    CHECK(validate().code == 3);
    server.on("/api/v1/validate", test::hangs_up());
    CHECK(validate().code == 1);
    CHECK(typed({"validate"}).code == 64);
}
