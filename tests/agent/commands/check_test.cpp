// SPDX-License-Identifier: Apache-2.0
// `recoverd check` with real programs and servers as what it looks at.
#include "io/json.hpp"
#include "tests/agent/commands/typed.hpp"
#include "tests/support/scripted_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <filesystem>

using namespace recoverd;
using Catch::Matchers::ContainsSubstring;
using test::Ended;
using test::typed;

namespace {

struct Configured {
    test::Folder folder;
    std::string text;

    /// A plug-in that ends with `status`.
    void plugin(const std::string& name, int status, const std::string& more = {}) {
        text += "[check." + name + "]\ncollector = \"exec\"\ncommand = [\"sh\", \"-c\", \"touch '" + folder.path(name) +
                "'; echo said " + name + "; exit " + std::to_string(status) + "\"]\n" + more + "\n";
    }
    /// A plug-in that prints this line of JSON.
    void tells(const std::string& name, const std::string& json) {
        text += "[check." + name + "]\ncollector = \"exec\"\nformat = \"json\"\ncommand = [\"echo\", '" + json + "']\n";
    }
    Ended check(std::vector<std::string> words = {}) const {
        folder.write("recoverd.toml", text);
        words.insert(words.begin(), {"check", "--config.file", folder.path("recoverd.toml")});
        return typed(std::move(words));
    }
    bool ran(const std::string& name) const { return std::filesystem::exists(folder.path(name)); }
};

} // namespace

TEST_CASE("the exit code is that of the worst, and what is unknown is worse than P3 and better than P2") {
    Configured checks;
    const std::pair<int, int> added[] = {{0, 0}, {1, 1}, {3, 3}, {2, 2}};
    for (const auto& [status, expected] : added) {
        checks.plugin("plugin" + std::to_string(status), status);
        CHECK(checks.check().code == expected);
    }
    CHECK(checks.check({"--output", "json"}).code == 2);
    CHECK(checks.check({"--output", "nagios"}).code == 2);
}

TEST_CASE("a check that learns nothing is unknown, with its reason, never good") {
    Configured checks;
    checks.text = "[check.gone]\ncollector = \"exec\"\ncommand = [\"/no/such/program\"]\n";
    const auto ended = checks.check();
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("unknown gone\n") && ContainsSubstring("/no/such/program"));
}

TEST_CASE("what to do about a failure stands on a line of its own, or behind it where there is but one") {
    Configured checks;
    checks.text = "[check.pods]\ncollector = \"kubernetes\"\nwatch = [\"pods\"]\n";
    CHECK_THAT(checks.check().out, ContainsSubstring("\n        hint: outside of a cluster"));
    CHECK_THAT(checks.check({"--output", "nagios"}).out, ContainsSubstring(" hint: outside of a cluster"));
}

TEST_CASE("an expectation that one look does not learn is unknown, never good") {
    Configured checks;
    checks.tells("bucket",
                 R"({"kind": "assertions", "assertions": [{"name": "lock", "expected": "on", "detail": "501"}]})");
    const auto ended = checks.check();
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("unknown bucket\n") && ContainsSubstring("lock could not be learned: 501"));
}

TEST_CASE("a subject of which nothing is told is unknown, never good") {
    Configured checks;
    // The evidence stands a level too deep.
    checks.tells("dump", R"({"subject": "orders", "evidence": {"kind": "measurement", "name": "lag", "value": 3}})");
    const auto ended = checks.check();
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("unknown dump\n") &&
                              ContainsSubstring("orders: it was seen, and nothing was told of it"));
}

TEST_CASE("a check that hangs is ended by its timeout, and the others are told of") {
    Configured checks;
    checks.plugin("good", 0);
    checks.text += "[check.hangs]\ncollector = \"exec\"\ncommand = [\"sleep\", \"600\"]\ntimeout = \"300ms\"\n";
    const auto ended = checks.check();
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("good    good\n") && ContainsSubstring("timed_out"));
}

TEST_CASE("one probe decides whether an endpoint is down") {
    test::ScriptedServer server;
    server.on("/up", test::says(200, "fine"));
    server.on("/down", test::says(503, "no"));
    Configured checks;
    checks.text = "[check.web]\ncollector = \"http\"\nurl = \"" + server.url("/up") + "\"\n";
    CHECK(checks.check().code == 0);
    checks.text = "[check.web]\ncollector = \"http\"\nurl = \"" + server.url("/down") + "\"\n";
    const auto ended = checks.check();
    CHECK(ended.code == 2);
    CHECK_THAT(ended.out, ContainsSubstring("P2 EndpointDown"));
}

TEST_CASE("an asset whose backups no check sees is unknown") {
    Configured checks;
    checks.plugin("plugin", 0, "asset = \"orders\"");
    checks.text += "[asset.orders]\n";
    const auto ended = checks.check();
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("unknown orders") && ContainsSubstring("no check looks at"));
}

TEST_CASE("an asset that cannot be recovered is never good, and as bad as its findings are") {
    Configured checks;
    checks.text = "[asset.orders]\n[check.dump]\nasset = \"orders\"\ncollector = \"exec\"\nformat = \"json\"\n"
                  "command = [\"echo\", '{\"subject\":\"\",\"kind\":\"recovery_points\",\"method\":\"dump\"}']\n";
    const auto ended = checks.check();
    CHECK(ended.code == 1);
    CHECK_THAT(ended.out, ContainsSubstring("\nP3            dump\n        P3 BackupMissing: no backup at all") &&
                              ContainsSubstring("\nunrecoverable orders  unrecoverable\n"
                                                "        unrecoverable dump: no usable backup\n"));
    const auto json = io::Json::parse(checks.check({"--output", "json"}).out);
    CHECK(json["assets"][0]["state"].text() == "unrecoverable");
    CHECK(checks.check({"--output", "nagios"}).out.contains("\nunrecoverable orders: dump: no usable backup\n"));
    checks.text.replace(0, checks.text.find('\n'),
                        "[asset.orders]\npolicy = { backup_missing = { priority = \"P2\" } }");
    CHECK(checks.check().code == 2);
    checks.text.replace(0, checks.text.find("\n[check"), "[asset.orders]\npolicy = { backup_missing = false }");
    CHECK(checks.check().code == 1);
}

TEST_CASE("only what is named is run, by check or by asset") {
    Configured checks;
    checks.plugin("one", 0, "asset = \"orders\"");
    checks.plugin("two", 2);
    checks.text += "[asset.orders]\n";
    CHECK(checks.check({"two"}).code == 2);
    CHECK_FALSE(checks.ran("one"));
    CHECK(checks.check({"one"}).code == 0);
    CHECK(checks.check({"orders"}).code == 3);
}

TEST_CASE("an asset is looked at by every check that may see it, by whatever it names it") {
    Configured checks;
    checks.plugin("mapped", 0, "asset_map = { main = \"orders\" }");
    checks.plugin("chosen", 0, "[[check.chosen.subject]]\nmatch = \"main\"\nasset = \"orders\"");
    checks.plugin("patterned", 0, "asset = \"ord{subject}\"");
    checks.plugin("other", 0, "asset = \"stock\"");
    checks.plugin("another-pattern", 0, "asset = \"sto{subject}\"");
    checks.plugin("nobodys", 0);
    checks.text += "[asset.orders]\n[asset.stock]\n";
    checks.check({"orders"});
    for (const char* name : {"mapped", "chosen", "patterned"}) {
        CAPTURE(name);
        CHECK(checks.ran(name));
    }
    for (const char* name : {"other", "another-pattern", "nobodys"}) {
        CAPTURE(name);
        CHECK_FALSE(checks.ran(name));
    }
}

TEST_CASE("an asset that is there where a node sees it is unknown where that sees nothing of it") {
    Configured checks;
    checks.plugin("mapped", 0, "scope = \"node\"\nasset_map = { main = \"orders\" }");
    checks.text += "[asset.orders]\n";
    const auto ended = checks.check({"--scope", "node", "orders"});
    CHECK(ended.code == 3);
    CHECK(checks.ran("mapped"));
    CHECK_THAT(ended.out, ContainsSubstring("nothing of it was seen here"));
    CHECK(checks.check({"--scope", "node"}).code == 0);
}

TEST_CASE("an unknown name is wrong usage, and nothing is run") {
    Configured checks;
    checks.plugin("orders", 0);
    const auto ended = checks.check({"order", "orders", "x"});
    CHECK(ended.code == 64);
    CHECK(ended.err == "recoverd: there is no check and no asset 'order'\nhint: did you mean 'orders'?\n"
                       "recoverd: there is no check and no asset 'x'\n");
    CHECK_FALSE(checks.ran("orders"));
}

TEST_CASE("nothing to look at is unknown: no check of this scope, or only what reports itself") {
    Configured checks;
    checks.plugin("cluster-wide", 0, "scope = \"cluster\"");
    CHECK(checks.check({"--scope", "node"}).code == 3);
    CHECK_FALSE(checks.ran("cluster-wide"));
    Configured reports;
    reports.text = "[asset.orders]\n[check.told]\nasset = \"orders\"\ncollector = \"outcome\"\nexercise = \"drill\"\n";
    const auto ended = reports.check();
    CHECK(ended.code == 3);
    CHECK_THAT(ended.out, ContainsSubstring("reported to the daemon"));
}

TEST_CASE("mistakes in the configuration are told, and are unknown to a plug-in") {
    Configured checks;
    checks.text = "[check.a]\ncollector = \"exek\"\n";
    const auto ended = checks.check({"--output", "nagios"});
    CHECK(ended.code == 3);
    CHECK_THAT(ended.err, ContainsSubstring("recoverd.toml:2:"));
    CHECK_THAT(ended.out, ContainsSubstring("RECOVERD UNKNOWN"));
}

TEST_CASE("JSON tells state, troubles, evidence, and what a single look cannot judge") {
    Configured checks;
    checks.plugin("major", 2);
    const auto ended = checks.check({"--output", "json"});
    const auto json = io::Json::parse(ended.out);
    CHECK(json["exit_code"].integer() == 2);
    const auto& check = json["checks"][0];
    CHECK(check["name"].text() == "major");
    CHECK(check["state"].text() == "P2");
    CHECK_FALSE(check["troubles"][0]["reason"].text().empty());
    CHECK_FALSE(check["subjects"][0]["evidence"].items().empty());
    const io::Json& later = json["needs_history"];
    for (const char* rule :
         {"SubjectVanished", "BackupRetentionShort", "PitrWindowShort", "PitrLagHigh", "AssetUncovered"}) {
        CAPTURE(rule);
        CHECK_FALSE(later[rule].text().empty());
    }
    // Of one answer it shows whether that contradicts itself.
    CHECK_FALSE(static_cast<bool>(later["EvidenceImplausible"]));
}

TEST_CASE("for Nagios the first line says it all, and no text is taken for performance data") {
    Configured checks;
    checks.plugin("good", 0);
    checks.text += "[check.bars]\ncollector = \"exec\"\ncommand = [\"sh\", \"-c\", \"echo 'a | b=1'; exit 2\"]\n";
    const auto ended = checks.check({"--output", "nagios"});
    CHECK(ended.out.starts_with(
        "RECOVERD CRITICAL - 2 checks, 1 good, 1 P1 or P2 | checks=2 assets=0 minor=0 unknown=0 major=1\n"));
    CHECK(std::ranges::count(ended.out, '|') == 1);
}

TEST_CASE("for Nagios the first line says why it is not good where only an asset is not") {
    Configured checks;
    checks.plugin("plugin", 0, "asset = \"orders\"");
    checks.text += "[asset.orders]\n";
    CHECK(checks.check({"--output", "nagios"})
              .out.starts_with("RECOVERD UNKNOWN - 1 check, 1 good; 1 asset not good, the worst unknown | checks=1 "
                               "assets=1 minor=0 unknown=1 major=0\n"));
}
