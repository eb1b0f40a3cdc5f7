// SPDX-License-Identifier: Apache-2.0
// Paths of several requests: what breaks one, what is filled in, and what is told to nobody.
#include "collectors/all.hpp"
#include "collectors/http/steps.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace recoverd::collectors {

namespace {

using Catch::Matchers::ContainsSubstring;
using core::Reachability;
using core::ReachState;
using core::config::Array;
using core::config::Diagnostics;
using core::config::Entry;
using core::config::Node;
using core::config::Table;
using http_parts::Expression;
using http_parts::Filling;
using http_parts::Template;
using http_parts::Value;
using http_parts::Values;
using namespace std::chrono_literals;

constexpr auto kToken = "tok-3b9f2a77";

core::config::Position at(std::uint32_t line, std::uint32_t column) {
    return {std::make_shared<const std::string>("recoverd.toml"), line, column};
}
Entry entry(std::string key, auto value) { return {std::move(key), at(7, 3), Node{std::move(value), at(7, 9)}}; }
Entry entry(std::string key, const char* value) { return entry(std::move(key), std::string{value}); }

Node step(Table table) { return {std::move(table), at(5, 1)}; }
Table path(std::vector<Node> steps, Table more = {}) {
    more.push_back(entry("steps", Array{std::move(steps)}));
    return more;
}

/// Logs in, orders, looks at the order and takes it back.
Table checkout() {
    return path({step({entry("name", "login"), entry("url", "https://shop/login"), entry("verb", "POST"),
                       entry("body", R"({"user": "probe", "password": "{password}"})"),
                       entry("take", Table{entry("token", "/access/token")})}),
                 step({entry("name", "order"), entry("url", "https://shop/orders"), entry("verb", "POST"),
                       entry("headers", Table{entry("Authorization", "Bearer {token}")}),
                       entry("body", R"({"sku": "probe", "n": 1})"), entry("expect_status", std::int64_t{201}),
                       entry("take", Table{entry("id", "/order/id")})}),
                 step({entry("name", "look"), entry("url", "https://shop/orders/{id}?full=1"),
                       entry("headers", Table{entry("Authorization", "Bearer {token}")}),
                       entry("expect_json", Table{entry("/state", "placed")})}),
                 step({entry("name", "cancel"), entry("url", "https://shop/orders/{id}"), entry("verb", "DELETE"),
                       entry("headers", Table{entry("Authorization", "Bearer {token}")}),
                       entry("expect_status", std::int64_t{204})})},
                {entry("secrets", Table{entry("password", Table{entry("file", "/password")})})});
}

io::HttpAnswer answered(int status, std::string body = {}) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.latency = 12ms;
    return answer;
}

using Answer = core::Result<io::HttpAnswer>;

/// The shop of `checkout` while it is well.
Answer shop(const io::HttpRequest& request) {
    if (request.url.ends_with("/login"))
        return answered(200, fmt::format(R"({{"access": {{"token": "{}"}}}})", kToken));
    if (request.verb == "POST")
        return answered(201, R"({"order": {"id": 17}})");
    return request.verb == "DELETE" ? answered(204) : answered(200, R"({"state": "placed"})");
}

struct Played {
    Collected result;
    std::vector<io::HttpRequest> asked;
    Duration took{0};
};

Played play(const Table& options, std::function<Answer(const io::HttpRequest&)> server,
            std::function<bool(const std::string&)> hangs = {}) {
    asio::io_context ioc;
    test::FakeWorld world(ioc);
    world.secrets = {{"/password", "hunter2 \"quoted\""}, {"/token", "of the check"}};
    world.hangs = std::move(hangs);
    Played played;
    world.on_http = [&](const io::HttpRequest& request) {
        played.asked.push_back(request);
        return server(request);
    };
    const Duration began = world.timers().elapsed();
    played.result = test::look(ioc, world, "http", options, "", 10s, 0s);
    played.took = world.timers().elapsed() - began;
    return played;
}

Reachability seen(const Played& played) {
    REQUIRE(played.result);
    REQUIRE(played.result->subjects.size() == 1);
    REQUIRE(played.result->subjects[0].evidence.size() == 1);
    return std::get<Reachability>(played.result->subjects[0].evidence[0]);
}

/// What `checkout` comes to when one of its requests is answered otherwise.
Reachability broken(std::string_view verb, std::string_view path, Answer answer) {
    return seen(play(checkout(), [&](const io::HttpRequest& request) {
        return request.verb == verb && request.url.ends_with(path) ? answer : shop(request);
    }));
}

std::string header(const io::HttpRequest& request, std::string_view name) {
    for (const auto& [found, value] : request.headers)
        if (found == name)
            return value;
    return "(none)";
}

std::vector<std::string> mistakes(const Table& options) {
    Diagnostics diagnostics;
    http().compile(options, {"check.a", "collector 'http'", {}}, {}, diagnostics);
    std::vector<std::string> lines;
    for (const auto& diagnostic : diagnostics.all())
        lines.push_back(core::config::format(diagnostic));
    return lines;
}

/// What one step takes of an answer, by a second that says so in a header.
Reachability taking(Entry what, io::HttpAnswer answer, std::string* taken = nullptr) {
    const auto played = play(
        path({step({entry("name", "first"), entry("url", "http://shop/a"), entry("take", Table{std::move(what)})}),
              step({entry("name", "second"), entry("url", "http://shop/b"),
                    entry("headers", Table{entry("X-Taken", "{v}")})})}),
        [&](const io::HttpRequest& request) -> Answer { return request.url.ends_with("/a") ? answer : answered(200); });
    if (taken && played.asked.size() == 2)
        *taken = header(played.asked[1], "X-Taken");
    return seen(played);
}

/// The text of `text` with these values.
std::string filled(std::string text, Filling filling, std::map<std::string, std::string> with, bool bare = false) {
    Values values;
    for (auto& [name, value] : with)
        values[name] = Value{io::Secret{value}, bare};
    const auto out = Template{std::move(text)}.filled(filling, values);
    return out ? *out : "refused: " + out.error();
}

} // namespace

TEST_CASE("a path whose every step holds is up, with the latency of them all") {
    const auto played = play(checkout(), shop);
    CHECK(seen(played) == Reachability{.target = "https://shop/login", .state = ReachState::up, .latency = 48ms});
    REQUIRE(played.asked.size() == 4);
    CHECK(played.asked[0].body == R"({"user": "probe", "password": "hunter2 \"quoted\""})");
    CHECK(header(played.asked[0], "Content-Type") == "application/json");
    CHECK(header(played.asked[1], "Authorization") == fmt::format("Bearer {}", kToken));
    CHECK(played.asked[2].url == "https://shop/orders/17?full=1");
    CHECK(played.asked[3].url == "https://shop/orders/17");
    CHECK(played.asked[3].verb == "DELETE");
}

TEST_CASE("the step that broke is named, and none after it is played") {
    CHECK(broken("POST", "/orders", answered(500)).detail == "step 2 of 4 'order': expected status 201, found 500");
    CHECK(broken("POST", "/login", core::failed(FailureKind::refused, "POST https://shop/login: cannot connect")) ==
          Reachability{.target = "https://shop/login",
                       .state = ReachState::down,
                       .detail = "step 1 of 4 'login': POST https://shop/…: cannot connect"});
    CHECK(broken("GET", "?full=1", answered(200, R"({"state": "lost"})")).detail ==
          R"(step 3 of 4 'look': expected "placed" at '/state', found "lost")");
    CHECK(broken("DELETE", "/17", answered(200)).detail == "step 4 of 4 'cancel': expected status 204, found 200");

    const auto played = play(checkout(), [](const auto&) -> Answer { return answered(503); });
    CHECK(played.asked.size() == 1);
    CHECK(seen(played).state == ReachState::down);
}

TEST_CASE("a step whose server answers something wrong breaks the whole path: down, and not degraded") {
    CHECK(broken("GET", "?full=1", answered(200, R"({"state": "lost"})")).state == ReachState::down);
    CHECK_FALSE(broken("GET", "?full=1", answered(200, "{}")).latency);
}

TEST_CASE("a step whose answer lacks a header breaks the path, and what it took of that header is told to nobody") {
    const auto options =
        path({step({entry("name", "login"), entry("url", "http://shop/a"),
                    entry("expect_headers", Table{entry("X-Token", "/^tok-/"), entry("Server", "shop")}),
                    entry("take", Table{entry("token", Table{entry("header", "x-token")})})})});
    const auto seen_with = [&](std::string server, std::string token) {
        return seen(play(options, [&](const auto&) -> Answer {
            auto answer = answered(200);
            answer.headers = {{"x-token", token}, {"server", server}};
            return answer;
        }));
    };
    CHECK(seen_with("shop/1.2", kToken).state == ReachState::up);
    const auto wrong = seen_with("proxy", kToken);
    CHECK(wrong.state == ReachState::down);
    CHECK(wrong.detail == "step 1 of 1 'login': expected 'shop' in the header 'server', found a value without it");
    CHECK(seen_with("shop/1.2", "sorry").detail ==
          "step 1 of 1 'login': expected '/^tok-/' in the header 'x-token', found a value without it");
}

TEST_CASE("all steps share one deadline, and what hangs is the step that hung") {
    // The second takes what the first left of ten seconds, and no more.
    const auto hung = play(checkout(), shop, [](const std::string& asked) { return asked.ends_with("/orders"); });
    CHECK(hung.took <= 10s);
    CHECK(seen(hung).detail == "step 2 of 4 'order': no answer before the 10s for all steps had passed");

    asio::io_context ioc;
    test::FakeWorld world(ioc);
    world.latency = 4s;
    world.secrets = {{"/password", "x"}};
    world.on_http = shop;
    Diagnostics diagnostics;
    const auto compiled = http().compile(checkout(), {"check.a", "collector 'http'", {}}, {}, diagnostics);
    const Duration began = world.timers().elapsed();
    auto slow = test::run(ioc, world.timers(), compiled.collect({world, 10s, {}, world.timers().now(), "a"}));
    CHECK(world.timers().elapsed() - began <= 10s);
    CHECK(seen({std::move(slow), {}, {}}).detail ==
          "step 3 of 4 'look': no answer before the 10s for all steps had passed");
}

TEST_CASE("a path slower than allowed is degraded, however fast each step is") {
    Table options = checkout();
    options.push_back(entry("slow", "40ms"));
    const auto slow = seen(play(options, shop));
    CHECK(slow.state == ReachState::degraded);
    CHECK(slow.latency == 48ms);
    CHECK(slow.detail == "expected the 4 steps within 40ms, found them after 48ms");
}

TEST_CASE("nothing is sent a second time: what is not GET or HEAD never has a connection that was kept") {
    const auto played = play(checkout(), shop);
    for (const auto& request : played.asked) {
        CAPTURE(request.verb);
        CHECK(request.fresh_connection == (request.verb != "GET"));
    }
    const auto refused = play(checkout(), [](const io::HttpRequest& request) -> Answer {
        if (request.url.ends_with("/orders"))
            return core::failed(FailureKind::bad_answer, "the connection was closed without an answer");
        return shop(request);
    });
    CHECK(std::ranges::count(refused.asked, std::string{"https://shop/orders"}, &io::HttpRequest::url) == 1);
}

TEST_CASE("what was taken is told to nobody, wherever the other side puts it") {
    const std::string orders = "/orders";
    for (const auto& answer :
         {Answer{answered(500, kToken)},
          Answer{core::failed(FailureKind::bad_answer, fmt::format("GET https://shop/a/{0}?t={0}: no {0}", kToken))},
          Answer{core::failed(FailureKind::bad_answer, fmt::format("redirected by https://shop/ to '/x/{}'", kToken))},
          Answer{answered(201, fmt::format(R"({{"order": {{"id": {{"{}": 1}}}}}})", kToken))},
          Answer{answered(201, fmt::format("no JSON, {}", kToken))}}) {
        const auto down = broken("POST", orders, answer);
        CHECK(down.state == ReachState::down);
        CHECK_THAT(down.detail, ContainsSubstring("step 2 of 4 'order': "));
        CHECK_THAT(down.detail, !ContainsSubstring(kToken));
    }
    CHECK_THAT(broken("GET", "?full=1", answered(200, fmt::format(R"({{"state": "{}"}})", kToken))).detail,
               ContainsSubstring("found a value that was taken"));
    // 17 is the order's number: too short to be looked for in words, and in a URL nobody is told it.
    CHECK(broken("GET", "?full=1",
                 core::failed(FailureKind::unreachable, "GET https://shop/orders/17: cannot resolve 'shop'"))
              .detail == "step 3 of 4 'look': GET https://shop/…: cannot resolve 'shop'");
}

TEST_CASE("what a step takes and does not hold is told to nobody either") {
    const auto down =
        seen(play(path({step({entry("name", "login"), entry("url", "http://shop/a"),
                              entry("expect_json", Table{entry("/token", "other")}),
                              entry("take", Table{entry("token", "/token")})})}),
                  [](const auto&) -> Answer { return answered(200, fmt::format(R"({{"token": "{}"}})", kToken)); }));
    CHECK(down.detail == R"(step 1 of 1 'login': expected "other" at '/token', found a value that was taken)");
}

TEST_CASE("a secret that cannot be opened is a failure of the check, and nobody is asked") {
    Table options = checkout();
    std::get<Table>(options[0].node.value)[0].node = {Table{entry("file", "/missing")}, {}};
    const auto played = play(options, shop);
    REQUIRE_FALSE(played.result);
    CHECK(played.result.error().kind == FailureKind::misconfigured);
    CHECK(played.asked.empty());
}

TEST_CASE("not to know how to ask is a failure of the check, and names the step") {
    const auto played = play(checkout(), [](const io::HttpRequest& request) -> Answer {
        return request.verb == "GET" ? core::failed(FailureKind::misconfigured, "no ca_file") : shop(request);
    });
    REQUIRE_FALSE(played.result);
    CHECK(played.result.error().kind == FailureKind::misconfigured);
    CHECK(played.result.error().detail == "step 3 of 4 'look': no ca_file");
}

TEST_CASE("values are taken from JSON as what they are, and nothing else is one") {
    std::string taken;
    const auto from = [&](const std::string& body) {
        taken.clear();
        return taking(entry("v", "/a/0"), answered(200, body), &taken).detail;
    };
    CHECK(from(R"({"a": ["text"]})").empty());
    CHECK(taken == "text");
    CHECK(from(R"({"a": [18446744073709551615]})").empty());
    CHECK(taken == "18446744073709551615");
    CHECK(from(R"({"a": [-2.5]})").empty());
    CHECK(taken == "-2.5");
    CHECK(from(R"({"a": [true]})").empty());
    CHECK(taken == "true");
    const std::string expected = "step 1 of 2 'first': expected text or a number at '/a/0' for {v}, found ";
    CHECK(from(R"({"a": []})") == expected + "nothing");
    CHECK(from(R"([])") == expected + "nothing");
    CHECK(from(R"({"a": [null]})") == expected + "null");
    CHECK(from(R"({"a": [{"b": 1}]})") == expected + "an object");
    CHECK(from(R"({"a": [[1]]})") == expected + "an array");
    CHECK(from(R"({"a": [""]})") == "step 1 of 2 'first': expected a value for {v}, found an empty one");
    CHECK(from(R"({"a": [")" + std::string(8'192, 'x') + R"("]})").empty());
    CHECK(from(R"({"a": [")" + std::string(8'193, 'x') + R"("]})") ==
          "step 1 of 2 'first': expected a value for {v} of at most 8KiB, found a longer one");
    CHECK_THAT(from("<html>"), ContainsSubstring("step 1 of 2 'first': expected JSON"));
    auto cut = answered(200, R"({"a": ["x"]})");
    cut.cut = true;
    CHECK(taking(entry("v", "/a/0"), cut).detail == "step 1 of 2 'first': expected JSON, found a body beyond 12 bytes");
}

TEST_CASE("values are taken from headers and bodies by a regular expression") {
    std::string taken;
    auto answer = answered(201, "<form>\n<input name=\"csrf\" value=\"a b&c\">\n</form>");
    answer.headers.emplace_back("location", "https://shop/orders/17?x=1");
    const auto from = [&](Table what) {
        taken.clear();
        return taking(entry("v", std::move(what)), answer, &taken).detail;
    };
    CHECK(from({entry("header", "Location"), entry("match", "/orders/([0-9]+)")}).empty());
    CHECK(taken == "17");
    CHECK(from({entry("header", "LOCATION")}).empty());
    CHECK(taken == "https://shop/orders/17?x=1");
    CHECK(from({entry("match", "name=\"csrf\" value=\"([^\"]+)\"")}).empty());
    CHECK(taken == "a b&c");
    CHECK(from({entry("match", "^</?form>$")}).empty());
    CHECK(taken == "<form>");
    CHECK(from({entry("header", "X-Token")}) == "step 1 of 2 'first': expected a value for {v}, found an empty one");
    CHECK(from({entry("match", "token=(.*)")}) ==
          "step 1 of 2 'first': expected /token=(.*)/ in the body for {v}, found 48 bytes without it");
    CHECK(from({entry("match", "form|(x)")}) == "step 1 of 2 'first': expected a value for {v}, found an empty one");
}

TEST_CASE("an expression finds what lies anywhere in a long line, and its ends are those of the line") {
    const auto taking_id = Expression::parse("id=([0-9]+);", Expression::By::lines).value();
    for (const std::size_t at : {0U, 500U, 1'020U, 1'530U, 40'000U, 900'000U})
        CHECK(taking_id.first_in(std::string(at, 'x') + "id=4711;" + std::string(3'000, 'y')) == "4711");
    const auto whole = Expression::parse("^x+$", Expression::By::lines).value();
    CHECK_FALSE(whole.first_in(std::string(2'000, 'x') + "y"));
    CHECK_FALSE(whole.first_in("y" + std::string(2'000, 'x')));
    CHECK(whole.first_in("y\nxx\ny") == "xx");
}

TEST_CASE("a value cannot be more than a value, wherever it stands") {
    const std::string evil = "a/../b?c=\"d\"\r\nX-Evil: 1{e}#%";
    CHECK(filled("http://shop/o/{v}?q={v}", Filling::url, {{"v", evil}}) ==
          "http://shop/o/a%2F..%2Fb%3Fc%3D%22d%22%0D%0AX-Evil%3A%201%7Be%7D%23%25"
          "?q=a%2F..%2Fb%3Fc%3D%22d%22%0D%0AX-Evil%3A%201%7Be%7D%23%25");
    CHECK_THAT(filled("{v}", Filling::header, {{"v", evil}}), ContainsSubstring("refused: expected a value for {v}"));
    CHECK_THAT(filled("{v}", Filling::header, {{"v", std::string("a\0b", 3)}}), ContainsSubstring("refused"));
    CHECK(filled(R"({"a": "{v}"})", Filling::json, {{"v", "x\",\"admin\":true,\"y\":\"\r\n\\"}}) ==
          R"({"a": "x\",\"admin\":true,\"y\":\"\r\n\\"})");
    CHECK(filled("a={v}&b=1", Filling::form, {{"v", "x&b=2+ "}}) == "a=x%26b%3D2%2B%20&b=1");
    // A value is not looked through for variables.
    CHECK(filled("{a}{b}", Filling::header, {{"a", "{b}"}, {"b", "x"}}) == "{b}x");
}

TEST_CASE("outside a string, JSON gets a number as a number and text in quotes") {
    CHECK(filled(R"({"id": {v}, "t": "{v}"})", Filling::json, {{"v", "17"}}, true) == R"({"id": 17, "t": "17"})");
    CHECK(filled(R"({"id": {v}})", Filling::json, {{"v", "17, \"admin\": true"}}) ==
          R"({"id": "17, \"admin\": true"})");
    CHECK(filled(R"({"say \"{v}\"": {v}})", Filling::json, {{"v", "\""}}) == R"({"say \"\"\"": "\""})");
    CHECK(filled("[\"\xff{v}\"]", Filling::json, {{"v", "\xff"}}).size() > 4);
}

TEST_CASE("no value leads out of the path that was written") {
    for (const auto* value : {".", ".."}) {
        CHECK_THAT(filled("http://shop/orders/{v}/items", Filling::url, {{"v", value}}), ContainsSubstring("refused"));
        CHECK_THAT(filled("http://shop/orders/{v}", Filling::url, {{"v", value}}), ContainsSubstring("refused"));
        CHECK_THAT(filled("http://shop/orders?of={v}", Filling::url, {{"v", value}}), ContainsSubstring("?of=."));
    }
    CHECK_THAT(filled("http://shop/.{v}", Filling::url, {{"v", "."}}), ContainsSubstring("refused"));
    CHECK(filled("http://shop/{v}", Filling::url, {{"v", "..."}}) == "http://shop/...");
}

TEST_CASE("credentials of the check go to the server of the first step alone") {
    const auto played =
        play(path({step({entry("name", "a"), entry("url", "https://shop/a")}),
                   step({entry("name", "b"), entry("url", "https://shop:443/b")}),
                   step({entry("name", "c"), entry("url", "https://other/c")}),
                   step({entry("name", "d"), entry("url", "http://shop/d")})},
                  {entry("auth", Table{entry("bearer", Table{entry("file", "/token")})}),
                   entry("tls", Table{entry("ca_file", "/ca"), entry("cert_file", "/me"), entry("server_name", "s")})}),
             [](const auto&) -> Answer { return answered(200); });
    REQUIRE(played.asked.size() == 4);
    for (const auto& request : played.asked) {
        CAPTURE(request.url);
        const bool ours = request.url.starts_with("https://shop");
        CHECK(request.auth.bearer.empty() != ours);
        CHECK(request.tls.cert_file.empty() != ours);
        CHECK(request.tls.server_name.empty() != ours);
        CHECK(request.tls.ca_file == "/ca");
    }
}

TEST_CASE("steps may be paths at the server of the check's url, and share its headers") {
    const auto played = play(path({step({entry("name", "a"), entry("url", "/login")}),
                                   step({entry("name", "b"), entry("url", "/b?c=d"),
                                         entry("headers", Table{entry("accept", "text/plain")})})},
                                  {entry("url", "http://shop:8080/base?x"), entry("max_body", "4KiB"),
                                   entry("headers", Table{entry("Accept", "*/*"), entry("X-Probe", "yes")})}),
                             [](const auto&) -> Answer { return answered(200); });
    REQUIRE(played.asked.size() == 2);
    CHECK(played.asked[0].url == "http://shop:8080/login");
    CHECK(played.asked[1].url == "http://shop:8080/b?c=d");
    CHECK(header(played.asked[0], "Accept") == "*/*");
    CHECK(header(played.asked[1], "Accept") == "(none)");
    CHECK(header(played.asked[1], "accept") == "text/plain");
    CHECK(header(played.asked[1], "X-Probe") == "yes");
    CHECK(played.asked[1].max_body == 4096);
    CHECK(seen(played).target == "http://shop:8080/base");
}

TEST_CASE("of the certificates that were shown, the one that ends first is the evidence") {
    const auto days = [](int left) {
        auto answer = answered(200);
        answer.certificate = core::Certificate{.not_after = test::kStart + left * core::kDay};
        return answer;
    };
    const auto first = seen(play(path({step({entry("name", "a"), entry("url", "https://shop/60")}),
                                       step({entry("name", "b"), entry("url", "https://pay/9")}),
                                       step({entry("name", "c"), entry("url", "https://shop/30")})}),
                                 [&](const io::HttpRequest& request) -> Answer {
                                     return days(std::stoi(request.url.substr(request.url.rfind('/') + 1)));
                                 }));
    REQUIRE(first.certificate);
    CHECK(first.certificate->not_after == test::kStart + 9 * core::kDay);
}

TEST_CASE("a redirect is followed in a step unless it is what the step expects, to take from it") {
    const auto played = play(
        path(
            {step({entry("name", "a"), entry("url", "http://shop/a"), entry("expect_status", std::int64_t{303}),
                   entry("take", Table{entry("id", Table{entry("header", "location"), entry("match", "([0-9]+)$")})})}),
             step({entry("name", "b"), entry("url", "http://shop/b/{id}")})}),
        [](const io::HttpRequest& request) -> Answer {
            auto answer = answered(request.url.ends_with("/a") ? 303 : 200);
            answer.headers.emplace_back("location", "/orders/17");
            return answer;
        });
    CHECK(seen(played).state == ReachState::up);
    CHECK(played.asked[0].max_redirects == 0);
    CHECK(played.asked[1].max_redirects == 5);
    CHECK(played.asked[1].url == "http://shop/b/17");
}

TEST_CASE("a variable that no earlier step takes is a mistake, with its place and the one that was meant") {
    const auto misspelt = mistakes(
        path({step({entry("name", "a"), entry("url", "http://shop/a"), entry("take", Table{entry("token", "/t")})}),
              step({entry("name", "b"), entry("url", "http://shop/{tokn}")})}));
    REQUIRE(misspelt.size() == 1);
    CHECK_THAT(misspelt[0], ContainsSubstring("check.a.steps[1].url: no step before this one takes 'tokn'"));
    CHECK_THAT(misspelt[0], ContainsSubstring("recoverd.toml:7:9"));
    CHECK_THAT(misspelt[0], ContainsSubstring("hint: did you mean 'token'?"));
    // Its own step takes it from the answer: too late for the request.
    const auto own =
        mistakes(path({step({entry("name", "a"), entry("url", "http://shop/a"),
                             entry("headers", Table{entry("X", "{id}")}), entry("take", Table{entry("id", "/t")})})}));
    REQUIRE(own.size() == 1);
    CHECK_THAT(own[0], ContainsSubstring("hint: write take = { id = \"/json/pointer\" } in one"));
}

TEST_CASE("every mistake in steps is named") {
    const auto one = [](Table more) {
        Table table{entry("name", "a"), entry("url", "http://shop/a")};
        for (Entry& each : more) {
            std::erase_if(table, [&](const Entry& had) { return had.key == each.key; });
            table.push_back(std::move(each));
        }
        return mistakes(path({step(std::move(table))}));
    };
    const auto says = [&](Table more, const std::string& words) {
        const auto found = one(std::move(more));
        REQUIRE(found.size() == 1);
        CHECK_THAT(found[0], ContainsSubstring(words));
    };
    CHECK(one({}).empty());
    says({entry("url", "ftp://shop")}, "expected a URL such as");
    says({entry("url", "/a")}, "expected a whole URL, found a path");
    says({entry("url", "http://me:pw@shop/")}, "expected a URL without credentials");
    says({entry("name", "")}, "expected a name of 1 to 60 plain characters");
    says({entry("name", "it's")}, "expected a name of 1 to 60 plain characters");
    says({entry("ulr", "x")}, "did you mean 'url'?");
    says({entry("expect_status", "2xx")}, "check.a.steps[0].expect_status");
    says({entry("take", "x")}, "expected a table, found a string");
    says({entry("take", Table{entry("a-b", "/x")})}, "expected a variable of letters");
    says({entry("take", Table{entry("a", "x")})}, "expected a JSON pointer, found 'x'");
    says({entry("take", Table{entry("a", true)})}, "expected a JSON pointer or a table");
    says({entry("take", Table{entry("a", Table{})})}, "expected 'header' or 'match' or both");
    says({entry("take", Table{entry("a", Table{entry("match", "(")})})}, "expected a regular expression, found '('");
    says({entry("take", Table{entry("a", Table{entry("match", "(x)\\1")})})}, "invalid escape sequence: \\1");
    says({entry("take", Table{entry("a", Table{entry("mach", "x"), entry("header", "y")})})}, "did you mean 'match'?");

    const auto whole = [](Table more, std::vector<Node> steps) {
        return mistakes(path(std::move(steps), std::move(more)));
    };
    const Node good = step({entry("name", "a"), entry("url", "http://shop/a")});
    CHECK(whole({}, {}).size() == 1);
    CHECK(whole({}, std::vector<Node>(21, good)).size() == 1);
    CHECK_THAT(whole({}, {good, good}).at(0), ContainsSubstring("two steps have the name 'a'"));
    CHECK_THAT(whole({entry("verb", "POST")}, {good}).at(0), ContainsSubstring("expected 'verb' in a step"));
    CHECK(whole({}, {Node{std::string{"a"}, {}}}).size() == 1);
    CHECK(mistakes({entry("steps", "a")}).size() == 1);
    CHECK_THAT(mistakes({entry("url", "http://shop/"), entry("secrets", Table{})}).at(0),
               ContainsSubstring("expected steps that use them"));
    CHECK_THAT(whole({entry("secrets", Table{entry("p", "hunter2")})}, {good}).at(0),
               ContainsSubstring("expected a reference to a secret"));
}

TEST_CASE("an answer may not choose which server is asked next") {
    const auto chosen = mistakes(
        path({step({entry("name", "a"), entry("url", "http://shop/a"), entry("take", Table{entry("host", "/host")})}),
              step({entry("name", "b"), entry("url", "http://{host}/x")})}));
    REQUIRE(chosen.size() == 1);
    CHECK_THAT(chosen[0], ContainsSubstring("expected a server that is written out, found a variable"));
}

TEST_CASE("around a variable a body is JSON or a form, so that it is known how to write the value") {
    const auto with = [](std::string body, std::string type = {}) {
        Table second{entry("name", "b"), entry("url", "http://shop/b"), entry("verb", "POST"),
                     entry("body", std::move(body))};
        if (!type.empty())
            second.push_back(entry("headers", Table{entry("content-type", std::move(type))}));
        return mistakes(
            path({step({entry("name", "a"), entry("url", "http://shop/a"), entry("take", Table{entry("v", "/v")})}),
                  step(std::move(second))}));
    };
    CHECK(with(R"({"a": {v}, "b": ["{v}"]})").empty());
    CHECK(with("a={v}", "application/x-www-form-urlencoded").empty());
    CHECK(with("\"{v}\"", "application/json").empty());
    CHECK(with("plain").empty());
    CHECK_THAT(with("<a>{v}</a>").at(0), ContainsSubstring("expected JSON or a form around a variable"));
    CHECK_THAT(with(R"({"a": {v})").at(0), ContainsSubstring("expected JSON"));
    CHECK_THAT(with(R"({"a": "\{v}"})").at(0), ContainsSubstring("expected JSON"));
}

} // namespace recoverd::collectors
