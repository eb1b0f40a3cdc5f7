// SPDX-License-Identifier: Apache-2.0
#include "core/config/options.hpp"

#include <catch2/catch_test_macros.hpp>

#include <array>

using namespace recoverd::core;
using namespace recoverd::core::config;

namespace {

struct Options {
    std::string stanza = "main";
    bool deep = false;
    std::int64_t retries = 2;
    double ratio = 0.5;
    Duration grace{60'000};
    Size min_size{1024};
    SecretRef password;
    std::vector<std::string> command{"pgbackrest"};
    Labels headers;
    std::optional<Time> since;
    std::optional<Duration> limit;
};

constexpr Option<Options> kOptions[] = {
    {"stanza", &Options::stanza, "the stanza", Need::required, "main|orders"},
    {"deep", &Options::deep, "look deeper"},
    {"retries", &Options::retries, "how often"},
    {"ratio", &Options::ratio, "how much"},
    {"grace", &Options::grace, "how long"},
    {"min_size", &Options::min_size, "how large"},
    {"password", &Options::password, "its secret"},
    {"command", &Options::command, "argv"},
    {"headers", &Options::headers, "sent along"},
    {"since", &Options::since, "since when"},
    {"limit", &Options::limit, "at most"},
};

struct ReadBack {
    Options options;
    std::vector<std::string> messages;
};

ReadBack read_back(Table table) {
    static const auto file = std::make_shared<const std::string>("f.toml");
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        table[i].key_at = {file, i + 1, 1};
        table[i].node.at = {file, i + 1, 9};
    }
    Diagnostics diagnostics;
    static constexpr std::string_view kOthers[] = {"every"};
    ReadBack back;
    back.options =
        read_options<Options>(table, {"check.x", "collector 'demo'", {file, 1, 1}}, kOptions, kOthers, diagnostics);
    for (const auto& diagnostic : diagnostics.all())
        back.messages.push_back(format(diagnostic));
    return back;
}

Entry entry(std::string key, auto value) { return {std::move(key), {}, {std::move(value), {}}}; }
Entry text(std::string key, std::string value) { return entry(std::move(key), std::move(value)); }
Entry stanza() { return text("stanza", "main"); }

using Messages = std::vector<std::string>;

} // namespace

TEST_CASE("every type of option is read into its member") {
    const auto [options, messages] =
        read_back({text("stanza", "orders"), entry("deep", true), entry("retries", std::int64_t{5}),
                   entry("ratio", std::int64_t{1}), text("grace", "5m"), text("min_size", "1KiB"),
                   entry("password", Table{text("credential", "db")}),
                   entry("command", Array{Node{std::string{"a"}, {}}}), entry("headers", Table{text("X-A", "b")}),
                   text("since", "2025-03-01"), text("limit", "1s"), text("every", "belongs to somebody else")});
    CHECK(messages.empty());
    CHECK(options.stanza == "orders");
    CHECK(options.deep);
    CHECK(options.retries == 5);
    CHECK(options.ratio == 1.0);
    CHECK(options.grace == 5min);
    CHECK(options.min_size.bytes == 1024);
    CHECK(options.password == SecretRef{SecretRef::Source::credential, "db"});
    CHECK(options.command == std::vector<std::string>{"a"});
    CHECK(options.headers == Labels{{"X-A", "b"}});
    CHECK(options.since == Time{std::chrono::sys_days{std::chrono::year{2025} / 3 / 1}});
    CHECK(options.limit == 1s);
}

TEST_CASE("an unknown key is a mistake that names the nearest known one") {
    CHECK(read_back({stanza(), text("stanzza", "x")}).messages ==
          Messages{"f.toml:2:1: check.x: unknown key 'stanzza' for collector 'demo'\nhint: did you mean 'stanza'?"});
    CHECK(read_back({stanza(), text("min-size", "1B")}).messages ==
          Messages{"f.toml:2:1: check.x: unknown key 'min-size' for collector 'demo'\nhint: did you mean 'min_size'?"});
}

TEST_CASE("a missing required key is said where the table begins") {
    CHECK(read_back({}).messages == Messages{"f.toml:1:1: check.x: missing key 'stanza' for collector 'demo'"});
}

TEST_CASE("all mistakes of a table are told, not the first") {
    CHECK(read_back({entry("stanza", true), text("deep", "yes"), text("retries", "1"), text("ratio", "half"),
                     text("grace", "soon"), entry("min_size", std::int64_t{-1}), text("limit", "1"),
                     text("since", "yesterday"), entry("headers", Table{entry("A", true)})})
              .messages ==
          Messages{
              "f.toml:1:9: check.x.stanza: expected a string, found a boolean",
              "f.toml:2:9: check.x.deep: expected true or false, found a string",
              "f.toml:3:9: check.x.retries: expected an integer, found a string",
              "f.toml:4:9: check.x.ratio: expected a number, found a string",
              "f.toml:5:9: check.x.grace: expected a duration such as '90s', '1h30m' or '7d', found 'soon'",
              "f.toml:6:9: check.x.min_size: expected a size such as '512B', '1.5MB' or '10GiB', found an integer",
              "f.toml:7:9: check.x.limit: expected a duration such as '90s', '1h30m' or '7d', found '1'",
              "f.toml:8:9: check.x.since: expected a time such as '2026-11-22T03:00:00Z', found 'yesterday'",
              "check.x.headers.A: expected a string, found a boolean",
          });
}

TEST_CASE("a duration written as a number is told its unit") {
    CHECK(read_back({stanza(), entry("grace", std::int64_t{90})}).messages ==
          Messages{"f.toml:2:9: check.x.grace: expected a duration such as '90s', '1h30m' or '7d', found an integer\n"
                   "hint: a duration has a unit: \"90s\""});
}

TEST_CASE("a secret written in the open is refused and not repeated") {
    const auto messages = read_back({stanza(), text("password", "hunter2")}).messages;
    REQUIRE(messages.size() == 1);
    CHECK(messages[0] == "f.toml:2:9: check.x.password: expected a reference to a secret, found a string\n"
                         "hint: write { file = \"/path\" }, { env = \"NAME\" } or { credential = \"name\" }");
}

TEST_CASE("a reference to a secret names one source, and a credential is no path") {
    CHECK(read_back({stanza(), entry("password", Table{})}).messages.size() == 1);
    CHECK(read_back({stanza(), entry("password", Table{text("env", "A"), text("file", "b")})}).messages.size() == 1);
    CHECK(read_back({stanza(), entry("password", Table{text("credential", "../../etc/shadow")})}).messages.size() == 1);
    CHECK(read_back({stanza(), entry("password", Table{text("env", "")})}).messages.size() == 1);
    CHECK(read_back({stanza(), entry("password", Table{text("fil", "b")})}).messages ==
          Messages{"check.x.password: unknown key 'fil' for a secret\nhint: did you mean 'file'?"});
}

TEST_CASE("a value outside the choices is told the choices and the nearest") {
    CHECK(read_back({text("stanza", "order")}).messages ==
          Messages{"f.toml:1:9: check.x.stanza: expected one of main, orders, found 'order'\n"
                   "hint: did you mean 'orders'?"});
}

TEST_CASE("a table of options documents itself, defaults as TOML has them") {
    const auto infos = describe_options<Options>(kOptions);
    REQUIRE(infos.size() == std::size(kOptions));
    CHECK(infos[0].type == "string");
    CHECK(infos[0].default_text == "\"main\"");
    CHECK(infos[0].need == Need::required);
    CHECK(infos[3].default_text == "0.5");
    CHECK(infos[4].default_text == "\"1m\"");
    CHECK(infos[5].default_text == "\"1KiB\"");
    CHECK(infos[6].default_text.empty());
    CHECK(infos[7].default_text == "[\"pgbackrest\"]");
    CHECK(infos[9].type == "time");
    CHECK(infos[10].default_text.empty());
}

TEST_CASE("nearest suggests slips of the hand and nothing that is merely as short") {
    static constexpr std::string_view kWords[] = {"stanza", "rpo", "backup_too_old", "timeout"};
    CHECK(nearest("stnaza", kWords) == "stanza");
    CHECK(nearest("RPO", kWords) == "rpo");
    CHECK(nearest("backup-to-old", kWords) == "backup_too_old");
    CHECK(nearest("x", kWords).empty());
    CHECK(nearest("P5", std::array<std::string_view, 2>{"P1", "P2"}).empty());
    CHECK(nearest("verb", kWords).empty());
    CHECK(nearest("", kWords).empty());
}

TEST_CASE("a warning says that it is one, and a place without a line is left out") {
    CHECK(format({Severity::warning, {}, "asset.a", "no check", {}}) == "warning: asset.a: no check");
    const auto file = std::make_shared<const std::string>("a.toml");
    CHECK(format({Severity::mistake, {file, 0, 0}, {}, "cannot be read", {}}) == "a.toml: cannot be read");
}

TEST_CASE("canonical text is the same wherever and in whatever order a tree was written") {
    const Node one{Table{text("b", "x\"y"), entry("a", Array{Node{std::int64_t{1}, {}}, Node{1.0, {}}})}, {}};
    Node two{Table{entry("a", Array{Node{std::int64_t{1}, {}}, Node{1.0, {}}}), text("b", "x\"y")}, {nullptr, 7, 7}};
    CHECK(canonical(one) == canonical(two));
    CHECK(canonical(one) == R"({ a = [1, 1.0], b = "x\"y" })");
    std::get<Table>(two.value)[0].node.value = std::string{"1"};
    CHECK(canonical(one) != canonical(two));
}
