// SPDX-License-Identifier: Apache-2.0
// Which path answers whom, and what: routes, who may change something, and what browsers are told.
#include "exporters/page/history.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/status_page.hpp"
#include "exporters/web.hpp"
#include "io/json.hpp"
#include "io/percent.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <map>

using namespace recoverd;
using namespace recoverd::exporters;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

io::HttpIncoming request(std::string verb, std::string path) {
    io::HttpIncoming incoming;
    incoming.verb = std::move(verb);
    incoming.path = std::move(path);
    incoming.local = true;
    return incoming;
}

Web web(WebOptions options = {}, core::Snapshot snapshot = test::sample_snapshot()) {
    WebSources sources;
    auto shared = std::make_shared<const core::Snapshot>(std::move(snapshot));
    sources.snapshot = [shared] { return shared; };
    sources.facts = [] { return test::facts(); };
    sources.config = [] { return std::string{"[asset.a]\n"}; };
    sources.ready = [] { return true; };
    sources.history = [](core::HistoryOf of, const std::string& name, std::size_t most, const auto& then) {
        if (name == "broken")
            then(core::failed(core::FailureKind::refused, "disk <I/O> error"));
        else
            then(std::vector{core::Event{test::kNow - 3h,
                                         "alert",
                                         fmt::format("{} {} {}", name_of(of), name, most),
                                         "resolved",
                                         "it <was> old",
                                         {{"check", "dumps"}, {"priority", "P2"}}}});
    };
    sources.reload = [](const auto& done) { done("recoverd.toml:1:1: no"); };
    sources.outcome = [](const io::HttpIncoming&, const io::HttpReplier& later) { later({.status = 201}); };
    sources.forget = [](const io::HttpIncoming&, const io::HttpReplier& later) { later({.status = 200}); };
    sources.validate = [](const io::HttpIncoming&, const io::HttpReplier& later) { later({.status = 202}); };
    sources.look = [](const std::string& check, const io::HttpReplier& later) {
        if (check == "orders-backup")
            later({.status = 200, .body = "{}"});
        else
            later({.status = 404, .body = "{\"errors\":[\"there is no check '<b>'\"]}"});
    };
    sources.outcome_token = [] { return std::string{"secret"}; };
    return Web(std::move(sources), std::move(options));
}

io::HttpReply ask(Web& web, const io::HttpIncoming& incoming) {
    std::optional<io::HttpReply> reply;
    auto now = web(incoming, [&](io::HttpReply later) { reply = std::move(later); });
    return now ? *now : reply.value();
}

} // namespace

TEST_CASE("every asset and check has a page under its name, whatever that is") {
    Web site = web({}, test::hostile_snapshot());
    const core::Snapshot hostile = test::hostile_snapshot();
    const std::string page = status_page(hostile, test::facts());
    for (const auto& [kind, name] :
         {std::pair{"asset", hostile.assets[0].asset.name}, std::pair{"check", hostile.checks[0].check->name}}) {
        const std::string path = fmt::format("{}/{}", kind, page::path_part(name));
        CHECK_THAT(page, ContainsSubstring("href=\"" + path + "\""));
        CHECK(ask(site, request("GET", "/" + path)).status == 200);
        CHECK(ask(site, request("GET", fmt::format("/{}/nobody", kind))).status == 404);
        CHECK(ask(site, request("POST", "/" + path)).status == 405);
        CHECK(io::percent_decoded(page::path_part(name)) == name);
    }
    CHECK(page::path_part("..") == "%2E.");
    CHECK(io::percent_decoded("%") == "%");
    CHECK(io::percent_decoded("%4") == "%4");
    CHECK(io::percent_decoded("%zz%41") == "%zzA");
}

TEST_CASE("a page runs no script but its own, is never kept, and keeps itself up to date with and without it") {
    Web site = web();
    for (const char* path : {"/", "/asset/orders-db", "/check/orders-backup"}) {
        INFO(path);
        const auto reply = ask(site, request("GET", path));
        const std::map<std::string, std::string> headers{reply.headers.begin(), reply.headers.end()};
        CHECK_THAT(headers.at("Content-Security-Policy"), ContainsSubstring("default-src 'none'") &&
                                                              ContainsSubstring("script-src 'self'") &&
                                                              !ContainsSubstring("unsafe"));
        CHECK(headers.at("Cache-Control") == "no-store");
        CHECK_THAT(reply.body, ContainsSubstring("<noscript><meta http-equiv=\"refresh\" content=\"60\"></noscript>"));
        CHECK_THAT(reply.body, !ContainsSubstring(" style=") && !ContainsSubstring(" onclick="));
    }
    CHECK_THAT(ask(site, request("GET", "/page.js")).content_type, ContainsSubstring("text/javascript"));
    CHECK_THAT(ask(site, request("GET", "/page.css")).content_type, ContainsSubstring("text/css"));
}

TEST_CASE("every path of the table answers GET and HEAD, and says what it expects otherwise") {
    Web site = web();
    for (const Route& route : routes()) {
        // Where a name stands, one that is there.
        std::string path{route.path};
        if (const auto at = path.find("NAME"); at != std::string::npos)
            path.replace(at, 4, path.starts_with("/asset/") ? "orders-db" : "orders-backup");
        INFO(path);
        if (route.verb == "GET") {
            io::HttpIncoming asked = request("GET", path);
            asked.query = path == "/api/v1/history" ? "asset=orders-db" : "";
            CHECK(ask(site, asked).status == 200);
            asked.verb = "HEAD";
            CHECK(ask(site, asked).status == 200);
            CHECK(ask(site, request("POST", path)).status == 405);
        } else {
            CHECK(ask(site, request("GET", path)).status == 405);
        }
    }
    const auto lost = ask(site, request("GET", "/metric"));
    CHECK(lost.status == 404);
    CHECK_THAT(lost.body, ContainsSubstring("hint: ") && ContainsSubstring("/metrics"));
}

TEST_CASE("what happened stands on the page of whom it happened to, and in the API for whoever asks for one") {
    Web site = web();
    const std::string page = ask(site, request("GET", "/asset/orders-db")).body;
    CHECK_THAT(page, ContainsSubstring("asset orders-db 31</b> P2, dumps: it &lt;was&gt; old") &&
                         ContainsSubstring("2026-11-22T00:00:00Z"));
    CHECK_THAT(ask(site, request("GET", "/check/orders-backup")).body, ContainsSubstring("check orders-backup 31"));
    const auto get = [&](std::string query) {
        io::HttpIncoming asked = request("GET", "/api/v1/history");
        asked.query = std::move(query);
        return ask(site, asked);
    };
    const auto told = io::Json::parse(get("scenario=az%20down&limit=7").body);
    CHECK(told["scenario"].text() == "az down");
    CHECK(told["events"][0]["name"].text() == "scenario az down 7");
    CHECK(told["events"][0]["at"].text() == "2026-11-22T00:00:00Z");
    CHECK(told["events"][0]["labels"]["priority"].text() == "P2");
    for (const char* wrong : {"", "asset=", "asset", "asset=a&check=b", "node=x", "asset=a&limit=0",
                              "asset=a&limit=1001", "asset=a&limit=7x", "&", "limit=3"}) {
        INFO(wrong);
        CHECK(get(wrong).status == 400);
        CHECK_THAT(get(wrong).body, ContainsSubstring("expected ") && ContainsSubstring("/api/v1/history?asset=NAME"));
    }
    CHECK(get("asset=broken").status == 503);
    CHECK_THAT(get("asset=broken").body, ContainsSubstring("disk <I/O> error"));
}

TEST_CASE("of an agent that has stopped judging nobody waits for its history, and its pages are shown") {
    WebSources sources;
    auto snapshot = std::make_shared<const core::Snapshot>(test::sample_snapshot());
    sources.snapshot = [snapshot] { return snapshot; };
    sources.facts = [] { return test::facts(); };
    sources.is_stuck = [] { return true; };
    Web site{std::move(sources), {}};
    CHECK_THAT(ask(site, request("GET", "/asset/orders-db")).body,
               ContainsSubstring("it cannot be read now: recoverd has stopped judging") &&
                   ContainsSubstring("What is seen"));
    io::HttpIncoming asked = request("GET", "/api/v1/history");
    asked.query = "asset=orders-db";
    CHECK(ask(site, asked).status == 503);
}

TEST_CASE("a history that cannot be read is unknown, and the rest of the page stands") {
    const auto told = page::history(core::failed(core::FailureKind::timed_out, "the disk <hangs>"), "", test::kNow);
    CHECK_THAT(told, ContainsSubstring("unknown") && ContainsSubstring("the disk &lt;hangs&gt;"));
    const std::vector many(page::kMostEvents + 1, core::Event{test::kNow, "outcome", "drill", "passed", "", {}});
    const std::string long_one = page::history(many, "../api/v1/history?asset=a", test::kNow);
    CHECK_THAT(long_one, ContainsSubstring("href=\"../api/v1/history?asset=a\"") && ContainsSubstring("drill"));
    CHECK_THAT(page::history(std::vector<core::Event>{}, "", test::kNow), ContainsSubstring("no alert has fired"));
}

TEST_CASE("behind a route prefix only the prefix is served, but to probes, which know of none") {
    Web site = web({.route_prefix = "/recoverd/"});
    CHECK(ask(site, request("GET", "/recoverd/metrics")).status == 200);
    CHECK(ask(site, request("GET", "/metrics")).status == 404);
    CHECK(ask(site, request("GET", "/recoverdmetrics")).status == 404);
    CHECK(ask(site, request("GET", "/recoverd")).headers.front().second == "/recoverd/");
    for (const char* path : {"/-/healthy", "/-/ready"}) {
        CAPTURE(path);
        CHECK(ask(site, request("GET", path)).status == 200);
        CHECK(ask(site, request("HEAD", path)).status == 200);
        CHECK(ask(site, request("GET", fmt::format("/recoverd{}", path))).status == 200);
        CHECK(ask(site, request("POST", path)).status == 405);
    }
    CHECK(ask(site, request("POST", "/-/reload")).status == 404);
}

TEST_CASE("OpenMetrics comes only to those who ask for it") {
    Web site = web();
    auto incoming = request("GET", "/metrics");
    CHECK_THAT(ask(site, incoming).content_type, ContainsSubstring("text/plain; version=0.0.4"));
    incoming.headers = {{"accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}};
    CHECK_THAT(ask(site, incoming).content_type, ContainsSubstring("application/openmetrics-text"));
}

TEST_CASE("a reload is only taken when it was allowed, and tells what was wrong") {
    Web closed = web();
    CHECK(ask(closed, request("POST", "/-/reload")).status == 403);
    Web open = web({.lifecycle = true});
    const auto reply = ask(open, request("POST", "/-/reload"));
    CHECK(reply.status == 500);
    CHECK_THAT(reply.body, ContainsSubstring("recoverd.toml:1:1: no"));
    auto foreign = request("POST", "/-/reload");
    foreign.headers = {{"origin", "https://evil.example"}, {"host", "recoverd:9754"}};
    CHECK(ask(open, foreign).status == 403);
    foreign.headers = {{"origin", "null"}};
    CHECK(ask(open, foreign).status == 403);
}

TEST_CASE("outcomes, what to forget and what to validate come from this host, or with the token, and as JSON") {
    Web site = web();
    const auto [path, taken] =
        GENERATE(std::pair{std::string{"/api/v1/outcomes"}, 201}, std::pair{std::string{"/api/v1/forget"}, 200},
                 std::pair{std::string{"/api/v1/validate"}, 202},
                 std::pair{std::string{"/api/v1/checks/orders-backup/run"}, 200});
    auto outcome = request("POST", path);
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded"}) {
        outcome.headers = {{"content-type", type}};
        CHECK(ask(site, outcome).status == 415);
    }
    // Who says nothing means JSON, unless it is a page that has a browser send bytes without asking.
    outcome.headers = {{"host", "localhost"}};
    CHECK(ask(site, outcome).status == taken);
    outcome.headers.emplace_back("origin", "http://localhost");
    CHECK(ask(site, outcome).status == 415);
    outcome.headers = {{"content-type", "application/json"}};
    CHECK(ask(site, outcome).status == taken);
    outcome.local = false;
    CHECK(ask(site, outcome).status == 401);
    outcome.headers.emplace_back("authorization", "Bearer wrong!");
    CHECK(ask(site, outcome).status == 401);
    outcome.headers.back().second = "Bearer secret";
    CHECK(ask(site, outcome).status == taken);
}

TEST_CASE("what a proxy on this host hands on needs the token") {
    Web site = web();
    auto post = request("POST", "/api/v1/outcomes");
    const auto asked_with = [&](std::string name, std::string value) {
        post.headers = {{"content-type", "application/json"}};
        if (name != "host")
            post.headers.emplace_back("host", "127.0.0.1:9754");
        post.headers.emplace_back(std::move(name), std::move(value));
        return ask(site, post).status;
    };
    CHECK(asked_with("host", "127.0.0.1:9754") == 201);
    CHECK(asked_with("host", "[::1]:9754") == 201);
    CHECK(asked_with("host", "localhost") == 201);
    CHECK(asked_with("x-request-id", "7") == 201);
    for (const auto& [name, value] :
         {std::pair{"forwarded", "for=192.0.2.7"}, std::pair{"via", "1.1 edge"}, std::pair{"x-forwarded-for", "::1"},
          std::pair{"x-forwarded-host", "recoverd.example"}, std::pair{"x-real-ip", "127.0.0.1"},
          std::pair{"host", "recoverd.example"}, std::pair{"host", "127.0.0.1.example"}}) {
        INFO(name << ": " << value);
        CHECK(asked_with(name, value) == 401);
        post.headers.emplace_back("authorization", "Bearer secret");
        CHECK(ask(site, post).status == 201);
        post.headers.pop_back();
        post.user = "ada";
        CHECK(ask(site, post).status == 201);
        post.user.clear();
    }
    // Nor has its page a button.
    auto look = request("GET", "/check/orders-backup");
    look.headers = {{"host", "127.0.0.1:9754"}, {"x-forwarded-for", "192.0.2.7"}};
    CHECK_THAT(ask(site, look).body, !ContainsSubstring("<form"));
    // A page of ours may post with the token whatever handed it on, by a name that nobody can point here.
    post.headers = {{"content-type", "application/json"},
                    {"host", "192.0.2.1"},
                    {"origin", "https://192.0.2.1"},
                    {"x-forwarded-for", "192.0.2.7"}};
    CHECK(ask(site, post).status == 401);
    post.headers.emplace_back("authorization", "Bearer secret");
    CHECK(ask(site, post).status == 201);
}

TEST_CASE("behind a unix socket a client is one of this host, by whatever name it calls it") {
    Web site = web();
    auto post = request("POST", "/api/v1/outcomes");
    post.peer = "unix";
    const auto asked_by = [&](std::string host) {
        post.headers = {{"content-type", "application/json"}, {"host", std::move(host)}};
        return ask(site, post).status;
    };
    for (const char* host : {"unix", "localhost", "recoverd", "recoverd.example"}) {
        CAPTURE(host);
        CHECK(asked_by(host) == 201);
    }
    // A proxy that says for whom it asks, and a page that a browser has from elsewhere, are still none.
    post.headers.emplace_back("x-forwarded-for", "192.0.2.7");
    CHECK(ask(site, post).status == 401);
    post.headers = {{"content-type", "application/json"}, {"host", "evil.example"}, {"origin", "http://evil.example"}};
    CHECK(ask(site, post).status == 403);
    post.peer = "127.0.0.1";
    CHECK(asked_by("unix") == 401);
}

TEST_CASE("only a page of ours may post, by whatever name its browser reached us") {
    Web site = web();
    auto post = request("POST", "/api/v1/validate");
    struct Case {
        const char* host;
        const char* origin;
        const char* site;
        bool taken;
    };
    for (const Case& it : {Case{"localhost:9754", "http://localhost:9754", "same-origin", true},
                           Case{"127.0.0.1:9754", "http://127.0.0.1:9754", "", true},
                           Case{"[::1]:9754", "http://[::1]:9754", "same-origin", true},
                           // What test::facts() says people use.
                           Case{"127.0.0.1:9754", "https://recoverd.example", "same-origin", true},
                           Case{"127.0.0.1:9754", "https://recoverd.example.evil.example", "", false},
                           Case{"localhost:9754", "http://localhost:8000", "same-site", false},
                           Case{"localhost:9754", "", "cross-site", false}, Case{"localhost:9754", "null", "", false},
                           // A name that its owner pointed to this host.
                           Case{"evil.example:9754", "http://evil.example:9754", "same-origin", false},
                           Case{"127.0.0.1.evil.example", "http://127.0.0.1.evil.example", "same-origin", false}}) {
        INFO(it.host << " " << it.origin << " " << it.site);
        post.headers = {{"content-type", "application/json"}, {"host", it.host}};
        if (*it.origin)
            post.headers.emplace_back("origin", it.origin);
        if (*it.site)
            post.headers.emplace_back("sec-fetch-site", it.site);
        CHECK(ask(site, post).status == (it.taken ? 202 : 403));
    }
    // Who has proven to be a user is not taken for another by the name of the host.
    post.headers = {{"content-type", "application/json"}, {"host", "backup1"}, {"origin", "http://backup1"}};
    post.user = "ada";
    CHECK(ask(site, post).status == 202);
}

TEST_CASE("the button of a check's page leads back to it, and says in words why nothing was run") {
    Web site = web();
    auto press = request("POST", "/api/v1/checks/orders-backup/run");
    press.headers = {{"content-type", "application/x-www-form-urlencoded"}, {"host", "127.0.0.1:9754"}};
    // Any page can have a browser send a form: one that does not say whose it is, is nobody's.
    CHECK(ask(site, press).status == 415);
    press.headers.emplace_back("origin", "http://127.0.0.1:9754");
    const auto led = ask(site, press);
    CHECK(led.status == 303);
    CHECK(led.headers.front().second == "../../../../check/orders-backup");
    press.path = "/api/v1/checks/%3Cb%3E/run";
    const auto refused = ask(site, press);
    CHECK(refused.status == 404);
    CHECK_THAT(refused.content_type, ContainsSubstring("text/plain"));
    CHECK(refused.body == "there is no check '<b>'\n");
    for (const char* nowhere : {"/api/v1/checks//run", "/api/v1/checks/run", "/api/v1/checks/a/b/run"}) {
        press.path = nowhere;
        CHECK(ask(site, press).status == 404);
    }
    // Nothing else is taken from a form.
    press.path = "/api/v1/validate";
    CHECK(ask(site, press).status == 415);
}

TEST_CASE("a check's page has a button for those who may press it, where there is something to run") {
    Web site = web();
    auto look = request("GET", "/check/orders-backup");
    look.headers = {{"host", "localhost:9754"}};
    CHECK_THAT(ask(site, look).body, ContainsSubstring("action=\"../api/v1/checks/orders-backup/run\""));
    look.headers = {{"host", "evil.example"}};
    CHECK_THAT(ask(site, look).body, !ContainsSubstring("<form"));
    look.local = false;
    look.headers = {{"host", "10.0.0.1"}};
    CHECK_THAT(ask(site, look).body, !ContainsSubstring("<form"));
    look.user = "ada";
    CHECK_THAT(ask(site, look).body, ContainsSubstring("<form"));
    // Outcomes are told; there is nothing to look at.
    core::Snapshot told = test::empty_snapshot();
    core::Check outcomes = *test::sample_snapshot().checks[0].check;
    outcomes.every = 0s;
    told.checks.push_back(std::make_shared<const core::CheckSnapshot>(
        core::CheckSnapshot{.check = std::make_shared<const core::Check>(outcomes)}));
    Web other = web({}, std::move(told));
    CHECK_THAT(ask(other, look).body, ContainsSubstring("orders-backup") && !ContainsSubstring("<form"));
}
