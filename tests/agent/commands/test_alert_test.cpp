// SPDX-License-Identifier: Apache-2.0
#include "io/json.hpp"
#include "tests/agent/commands/typed.hpp"
#include "tests/support/scripted_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using test::Ended;
using test::typed;

namespace {

const std::string kPath = "/api/v2/alerts";

struct Configured {
    test::Folder folder;

    Ended send(const std::string& priority, const std::string& alertmanager) const {
        folder.write("recoverd.toml",
                     "instance = \"n1\"\n[check.a]\ncollector = \"exec\"\ncommand = [\"true\"]\n" + alertmanager);
        return typed({"test-alert", priority, "--config.file", folder.path("recoverd.toml")});
    }
};

} // namespace

TEST_CASE("a test alert needs a priority, a configuration and an Alertmanager") {
    const Configured configured;
    CHECK(typed({"test-alert"}).code == 64);
    CHECK(configured.send("P5", "").code == 64);
    const auto nobody = configured.send("P1", "");
    CHECK(nobody.code == 1);
    CHECK_THAT(nobody.err, ContainsSubstring("names no Alertmanager\nhint: "));
    CHECK(configured.send("P1", "[alertmanager]\nurl = 7\n").code == 1);
}

TEST_CASE("a test alert is sent to every Alertmanager, marked, with priority, severity and labels") {
    test::ScriptedServer one;
    test::ScriptedServer two;
    one.on(kPath, test::says(200, ""));
    two.on(kPath, test::says(200, ""));
    const auto ended =
        Configured{}.send("P2", "[alertmanager]\nurls = [\"" + one.url("") + "\", \"" + two.url("") +
                                    "\"]\nlabels = { team = \"platform\" }\nseverity = { P2 = \"page\" }\n"
                                    "auth = { basic = { username = \"u\", password = { env = \"PATH\" } } }\n");
    CHECK(ended.code == 0);
    CHECK(ended.out == one.url("") + ": took it\n" + two.url("") + ": took it\n");
    for (const test::ScriptedServer* server : {&one, &two}) {
        const auto got = server->got();
        REQUIRE(got.size() == 1);
        CHECK(got[0].header("authorization").starts_with("Basic "));
        const auto labels = io::Json::parse(got[0].body)[0]["labels"];
        CHECK(labels["alertname"].text() == "RecoverdTest");
        CHECK(labels["priority"].text() == "P2");
        CHECK(labels["severity"].text() == "page");
        CHECK(labels["team"].text() == "platform");
    }
}

TEST_CASE("the link of a test alert is that of a real one, whether or not a slash ends the URL") {
    for (const char* url : {"https://ops.example/recoverd", "https://ops.example/recoverd/"}) {
        CAPTURE(url);
        test::ScriptedServer server;
        server.on(kPath, test::says(200, ""));
        const Configured configured;
        configured.folder.write("recoverd.toml",
                                "[check.a]\ncollector = \"exec\"\ncommand = [\"true\"]\n[alertmanager]\nurls = [\"" +
                                    server.url("") + "\"]\n");
        const auto ended = typed(
            {"test-alert", "P3", "--web.external-url", url, "--config.file", configured.folder.path("recoverd.toml")});
        CHECK(ended.code == 0);
        const auto got = server.got();
        REQUIRE(got.size() == 1);
        CHECK(io::Json::parse(got[0].body)[0]["generatorURL"].text() == "https://ops.example/recoverd");
    }
}

TEST_CASE("one Alertmanager that does not take it is a failure, and the others are asked all the same") {
    test::ScriptedServer bad;
    test::ScriptedServer good;
    bad.on(kPath, test::says(500, "broken"));
    good.on(kPath, test::says(200, ""));
    const auto ended =
        Configured{}.send("P4", "[alertmanager]\nurls = [\"" + bad.url("") + "\", \"" + good.url("") + "\"]\n");
    CHECK(ended.code == 1);
    CHECK(ended.out == good.url("") + ": took it\n");
    CHECK_THAT(ended.err, ContainsSubstring(bad.url("") + ": did not take it: "));
}

TEST_CASE("an Alertmanager that does not answer is asked no longer than the configured timeout") {
    test::ScriptedServer slow;
    slow.on(kPath, test::after(core::Duration{60'000}, test::says(200, "")));
    const auto ended =
        Configured{}.send("P1", "[alertmanager]\ntimeout = \"200ms\"\nurls = [\"" + slow.url("") + "\"]\n");
    CHECK(ended.code == 1);
    CHECK_THAT(ended.err, ContainsSubstring("200ms"));
}
