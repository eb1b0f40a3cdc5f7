// SPDX-License-Identifier: Apache-2.0
// Compiling with made-up surroundings: what files cannot say easily, and that no tree of values, however wrong, does
// harm. What is said about wrong files is in tests/agent/config.
#include "tests/core/config/made_up.hpp"
#include "tests/core/config/tree.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <limits>

using namespace recoverd::core;
using namespace recoverd::core::config;

namespace {

/// A document in which everything there is stands once.
Node whole_document() {
    const Node step = table({entry("over", text("2h")), entry("priority", text("P2")), entry("for", text("1m"))});
    const Node policy = table({entry("backup_too_old", list({step})), entry("backup_missing", node(false))});
    const Node labels = table({entry("team", text("data"))});
    return table({
        entry("instance", text("${HOME}")),
        entry("asset", table({entry("a", table({entry("class", text("gold")), entry("rpo", text("1h")),
                                                entry("since", node(Time{})), entry("labels", labels),
                                                entry("policy", policy)}))})),
        entry("class", table({entry("gold", table({entry("encryption", node(true)), entry("labels", labels)}))})),
        entry("defaults", table({entry("every", text("1h")), entry("tcp", table({entry("argv", list({text("x")}))}))})),
        entry("policy", policy),
        entry(
            "check",
            table({entry("one", table({entry("collector", text("tcp")), entry("asset", text("a")),
                                       entry("address", text("{name}:1")), entry("labels", labels),
                                       entry("token", table({entry("env", text("TOKEN"))})),
                                       entry("location", table({entry("zone", text("a"))})),
                                       entry("for_each", list({table({entry("name", text("x"))})}))})),
                   entry("two", table({entry("collector", text("dump")), entry("timeout", text("5s")),
                                       entry("failures", node(std::int64_t{2})), entry("discover", node(true)),
                                       entry("class", text("gold")), entry("asset_map", table({entry("s", text("a"))})),
                                       entry("subject",
                                             list({table({entry("match", text("*")), entry("policy", policy)})}))})),
                   entry("three", table({entry("collector", text("tcp")), entry("targets_file", text("t.json"))}))})),
        entry("exercise", list({table({entry("name", text("restore")), entry("asset", text("a")),
                                       entry("cadence", text("7d")), entry("duration", text("1h"))})})),
        entry("maintenance", list({table({entry("assets", list({text("a")})), entry("from", node(Time{})),
                                          entry("to", text("2026-12-01T00:00:00Z"))})})),
        entry("alertmanager",
              table({entry("urls", list({text("http://a")})), entry("labels", labels),
                     entry("severity", table({entry("P1", text("page"))})), entry("interval", text("1m"))})),
    });
}

/// Every node of a tree, what is inside before what holds it: putting a node back makes those inside anew.
void collect(Node& root, std::vector<Node*>& out) {
    if (auto* array = std::get_if<Array>(&root.value))
        for (Node& item : *array)
            collect(item, out);
    else if (auto* entries = std::get_if<Table>(&root.value))
        for (Entry& inside : *entries)
            collect(inside.node, out);
    out.push_back(&root);
}

std::vector<Node> odd_values() {
    return {node(true),
            node(std::int64_t{-1}),
            node(std::numeric_limits<std::int64_t>::max()),
            node(std::numeric_limits<double>::quiet_NaN()),
            text(""),
            text("${"),
            text("{subject}"),
            text("292277026596y"),
            text(std::string(3, '\0')),
            node(Time::max()),
            list({}),
            list({node(false), text("x")}),
            table({}),
            table({entry("", table({entry("", list({}))}))})};
}

} // namespace

TEST_CASE("a document in which everything stands once has no mistake") {
    const Compilation made = compiled(whole_document());
    CHECK(said(made).empty());
    const Config& config = *made.config;
    CHECK(config.instance == "/root");
    REQUIRE(config.checks.size() == 4);
    CHECK(made.options.size() == 4);
    CHECK(config.checks[0]->name == "one-x");
    CHECK(config.checks[0]->target == "x:1");
    CHECK(std::any_cast<std::string>(made.options[0]) == "x:1");
    CHECK(config.checks[0]->probes);
    CHECK(config.checks[1]->asset == "{subject}");
    CHECK(config.checks[1]->discover_class == "gold");
    CHECK(config.checks[2]->name == "three-a_1");
    CHECK(config.assets.at("a").objectives.encryption == true);
}

TEST_CASE("whatever stands in whatever place, compiling ends and says the same each time") {
    Node root = whole_document();
    std::vector<Node*> places;
    collect(root, places);
    REQUIRE(places.size() > 80);
    std::size_t refused = 0;
    for (Node* place : places) {
        const Node kept = *place;
        for (const Node& odd : odd_values()) {
            *place = odd;
            const Compilation made = compiled(root);
            refused += made.diagnostics.has_mistakes() ? 1 : 0;
            REQUIRE(made.options.size() == made.config->checks.size());
            REQUIRE(said(made) == said(compiled(root)));
        }
        *place = kept;
    }
    // Nearly everything is a mistake nearly everywhere; a reader that swallows all would be found here.
    CHECK(refused > places.size() * odd_values().size() * 3 / 4);
}

TEST_CASE("any entry may be missing, and any may stand twice") {
    Node root = whole_document();
    std::vector<Node*> places;
    collect(root, places);
    for (Node* place : places) {
        const Node kept = *place;
        const auto* entries = kept.table();
        for (std::size_t i = 0; entries && i < entries->size(); ++i) {
            auto& changed = std::get<Table>(place->value);
            changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
            REQUIRE(compiled(root).config);
            *place = kept;
            std::get<Table>(place->value).push_back((*entries)[i]);
            REQUIRE(compiled(root).config);
            *place = kept;
        }
    }
}

TEST_CASE("a mistake in a default is told once, however many checks have it") {
    const auto file = std::make_shared<const std::string>("f.toml");
    Node every = text("often");
    every.at = {file, 2, 9};
    std::vector<Entry> checks;
    for (int i = 0; i < 100; ++i)
        checks.push_back(entry(fmt::format("c{}", i), table({entry("collector", text("tcp"))})));
    CHECK(said(compiled(table({entry("defaults", table({entry("every", every)})), entry("check", table(checks))}))) ==
          "f.toml:2:9: check.c0.every: expected a duration such as '90s', '1h30m' or '7d', found 'often'\n");
}

TEST_CASE("a thousand references to what is not there are each told, and the first of them what was meant") {
    std::vector<Entry> checks;
    for (int i = 0; i < 1'000; ++i)
        checks.push_back(entry(
            fmt::format("c{}", i),
            table({entry("collector", text("tcp")), entry("address", text("x:1")), entry("asset", text("order"))})));
    const Compilation made =
        compiled(table({entry("asset", table({entry("orders", table({}))})), entry("check", table(checks))}));
    const auto& told = made.diagnostics.all();
    CHECK(std::ranges::count_if(told, [](const Diagnostic& one) { return one.message.contains("no asset 'order'"); }) ==
          1'000);
    const auto hinted =
        std::ranges::count_if(told, [](const Diagnostic& one) { return one.hint.contains("'orders'"); });
    CHECK(hinted > 1);
    CHECK(hinted < 100);
}

TEST_CASE("a dollar that is no variable stays, and a doubled one protects") {
    for (const auto& [written, expected] : std::vector<std::pair<std::string, std::string>>{
             {"a${HOME}b${HOME}", "a/rootb/root"},
             {"$HOME ${} ${1} ${a-b} ${", "$HOME ${} ${1} ${a-b} ${"},
             {"$${HOME}", "${HOME}"},
             {"${HOME}$${HOME}", "/root${HOME}"},
             {"$1${HOME}", "$1/root"},
         }) {
        INFO(written);
        const auto made = compiled(table({entry(
            "check", table({entry("c", table({entry("collector", text("tcp")), entry("address", text(written))}))}))}));
        CHECK(said(made).empty());
        CHECK(made.config->checks.at(0)->target == expected);
    }
}

TEST_CASE("a password that somebody wrote into an address is used, but neither shown nor kept") {
    for (const auto& [written, expected] : std::vector<std::pair<std::string, std::string>>{
             {"postgres://me:hunter2@db/x?a=b@c", "postgres://me:***@db/x?a=b@c"},
             {"http://:hunter2@db", "http://:***@db"},
             {"http://h/a?b=c&token=hunter2&d=e", "http://h/a?b=c&token=***&d=e"},
             {"https://h?X-Amz-Signature=hunter2#top", "https://h?X-Amz-Signature=***#top"},
             {"https://h/?API_KEY=hunter2;'x", "https://h/?API_KEY=***"},
             {"curl https://h/?sig=hunter2 https://i/?auth=hunter2", "curl https://h/?sig=*** https://i/?auth=***"},
             {"https://h/#access_token=hunter2", "https://h/#access_token=***"},
             {"/login?secret=hunter2", "/login?secret=***"},
             {"http://h/a?page=1&key", "http://h/a?page=1&key"},
             {"http://db:80/a@b", "http://db:80/a@b"},
             {"http://me@db:80", "http://me@db:80"},
             {"host=db password=hunter2 user=me", "host=db password=*** user=me"},
             {"password='hunter2 x'", "password=***'"},
             {"password=", "password=***"},
         }) {
        INFO(written);
        const auto made = compiled(table({entry(
            "check", table({entry("c", table({entry("collector", text("tcp")), entry("address", text(written))}))}))}));
        CHECK(made.config->checks.at(0)->target == written);
        CHECK(made.origins.at("check.c").at(1).value == "\"" + expected + "\"");
        CHECK(!made.config->checks.at(0)->fingerprint.contains("hunter2"));
    }
}

TEST_CASE("what lets in by a query is not shown either where the server comes from the environment") {
    const auto made = compiled(
        table({entry("check", table({entry("c", table({entry("collector", text("tcp")),
                                                       entry("address", text("${HOME}/a?token=hunter2"))}))}))}));
    CHECK(made.config->checks.at(0)->target == "/root/a?token=hunter2");
    CHECK(made.origins.at("check.c").at(1).value == "\"${HOME}/a?token=***\"");
    CHECK(!made.config->checks.at(0)->fingerprint.contains("hunter2"));
}
