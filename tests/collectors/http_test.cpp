// SPDX-License-Identifier: Apache-2.0
#include "collectors/http/expectations.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace recoverd::collectors {

namespace {

using Catch::Matchers::ContainsSubstring;
using core::Reachability;
using core::ReachState;
using core::config::Array;
using core::config::Node;
using core::config::Table;
using namespace std::chrono_literals;
using test::entry;

io::HttpAnswer answered(int status, std::string body = {}) {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.latency = 12ms;
    return answer;
}

HttpExpectations expecting_json(std::string pointer, Node value) {
    HttpExpectations expected;
    expected.json.emplace_back(std::move(pointer), std::move(value));
    return expected;
}

struct Checked {
    Collected result;
    io::HttpRequest asked;
};

/// One run of the collector with these options.
Checked probe(const Table& options, core::Result<io::HttpAnswer> answer) {
    asio::io_context ioc;
    test::FakeWorld world(ioc);
    world.secrets["/token"] = "s3cret";
    Checked checked;
    world.on_http = [&](const io::HttpRequest& request) {
        checked.asked = request;
        return answer;
    };
    checked.result = test::look(ioc, world, "http", options, "", 10s, 0s);
    return checked;
}

Reachability seen(const Checked& checked) {
    REQUIRE(checked.result);
    REQUIRE(checked.result->complete);
    REQUIRE(checked.result->subjects.size() == 1);
    REQUIRE(checked.result->subjects[0].evidence.size() == 1);
    return std::get<Reachability>(checked.result->subjects[0].evidence[0]);
}

std::vector<std::string> mistakes(const Table& options) { return test::mistakes("http", options); }

} // namespace

TEST_CASE("an endpoint that answers is up, with its latency") {
    const auto up = seen(probe({entry("url", "https://db1:8443/health?token=x")}, answered(204)));
    CHECK(up == Reachability{.target = "https://db1:8443/health", .state = ReachState::up, .latency = 12ms});
}

TEST_CASE("not reaching an endpoint is evidence that it is down, in the words of what failed") {
    using enum FailureKind;
    for (const auto kind : {unreachable, timed_out, refused, bad_answer}) {
        const auto down = seen(probe({entry("url", "http://db1/")}, core::failed(kind, "no luck")));
        CHECK(down == Reachability{.target = "http://db1/", .state = ReachState::down, .detail = "no luck"});
    }
}

TEST_CASE("not to know how to ask is a failure of the check, not an outage of the endpoint") {
    const auto unread = probe({entry("url", "http://db1/")}, core::failed(FailureKind::misconfigured, "no ca_file"));
    REQUIRE_FALSE(unread.result);
    CHECK(unread.result.error().kind == FailureKind::misconfigured);

    const auto no_secret =
        probe({entry("url", "http://db1/"), entry("auth", Table{entry("bearer", Table{entry("file", "/missing")})})},
              answered(200));
    REQUIRE_FALSE(no_secret.result);
    CHECK(no_secret.result.error().kind == FailureKind::misconfigured);
    CHECK(no_secret.asked.url.empty()); // nobody was asked without the credentials
}

TEST_CASE("a status that is not expected is down, whatever the body says") {
    HttpExpectations expected;
    CHECK(interpret_http(expected, answered(200)).state == ReachState::up);
    for (const int status : {199, 301, 401, 404, 500, 503}) {
        const auto down = interpret_http(expected, answered(status, R"({"status":"ok"})"));
        CHECK(down.state == ReachState::down);
        CHECK(down.detail == "expected status 200-299, found " + std::to_string(status));
        CHECK(down.latency == 12ms); // it did answer
    }
    expected.status = parse_status_ranges("200,300-399").value();
    CHECK(interpret_http(expected, answered(302)).state == ReachState::up);
    CHECK(interpret_http(expected, answered(201)).detail == "expected status 200, 300-399, found 201");
}

TEST_CASE("statuses are read as numbers, ranges and lists, and nothing else") {
    CHECK(parse_status_ranges("200-399,404") == std::vector{StatusRange{200, 399}, StatusRange{404, 404}});
    for (const auto* text : {"", "2xx", "20", "2000", "200-", "-200", "399-200", "200,", "200 - 299", "600", "099"}) {
        INFO(text);
        CHECK_FALSE(parse_status_ranges(text));
    }
}

TEST_CASE("a body without the expected text is degraded") {
    HttpExpectations expected;
    expected.body = BodyPattern::parse("all good").value();
    CHECK(interpret_http(expected, answered(200, "<p>all good</p>")).state == ReachState::up);
    const auto wrong = interpret_http(expected, answered(200, "maintenance"));
    CHECK(wrong.state == ReachState::degraded);
    CHECK(wrong.detail == "expected 'all good' in the body, found 11 bytes without it");
    CHECK(interpret_http(expected, answered(200, "")).state == ReachState::degraded);
}

TEST_CASE("a body may be matched by a regular expression") {
    const auto found = [](const char* pattern, const std::string& body) {
        return BodyPattern::parse(pattern).value().found_in(body);
    };
    CHECK(found("/^ok [0-9]+$/", "ok 17"));
    CHECK_FALSE(found("/^ok [0-9]+$/", "not ok 17"));
    CHECK_FALSE(found("/OK/", "ok"));
    CHECK(found("/OK/i", "ok"));
    CHECK(found("/a.b/", std::string("x\0a\nb", 5)));
    // A path is a piece of text, not an expression.
    CHECK(found("/api", "see /api/v1"));
    // Bytes that are no text match no letter, and break nothing.
    CHECK_FALSE(found("/a.b/", "a\xff"
                               "b"));
    CHECK(found("/b/", "a\xff"
                       "b"));
    CHECK(BodyPattern::parse("/(unclosed/").error() ==
          "expected a regular expression, found '/(unclosed/': missing ): (unclosed");
    CHECK(BodyPattern::parse(R"(/(a)\1/)").error() ==
          R"(expected a regular expression, found '/(a)\1/': invalid escape sequence: \1)");
}

TEST_CASE("a hostile body does not overflow the stack of a regular expression") {
    const auto pattern = BodyPattern::parse("/(a|b)*c/").value();
    CHECK_FALSE(pattern.found_in(std::string(200'000, 'a')));
}

TEST_CASE("a hostile body takes no longer than it is long") {
    // A minute each where the time grows with the square of the text.
    CHECK_FALSE(BodyPattern::parse("/([a-z]+)=([0-9]+)/").value().found_in(std::string(1'000'000, 'a')));
    CHECK_FALSE(BodyPattern::parse("/(a?){30}a{30}b/").value().found_in(std::string(100'000, 'a')));
}

TEST_CASE("headers are judged by their names in any case, each value by itself") {
    const auto state = [](const char* name, const char* pattern) {
        auto answer = answered(200, "body");
        answer.headers = {{"content-type", "application/json; charset=utf-8"},
                          {"set-cookie", "a=1; Secure"},
                          {"set-cookie", "b=2; HttpOnly"},
                          {"x-empty", ""}};
        const auto checked =
            probe({entry("url", "http://db1/"), entry("expect_headers", Table{entry(name, pattern)})}, answer);
        return seen(checked).state;
    };
    CHECK(state("Content-Type", "application/json") == ReachState::up);
    CHECK(state("CONTENT-TYPE", "/^application/json(;|$)/") == ReachState::up);
    CHECK(state("content-type", "/UTF-8$/i") == ReachState::up);
    // The case of a value counts.
    CHECK(state("Content-Type", "Application/JSON") == ReachState::degraded);
    CHECK(state("Content-Type", "text/html") == ReachState::degraded);
    CHECK(state("Content-Type", "/^json/") == ReachState::degraded);
    // One of several values is enough, but what it must hold may not be pieced together from two.
    CHECK(state("Set-Cookie", "a=1") == ReachState::up);
    CHECK(state("Set-Cookie", "b=2; HttpOnly") == ReachState::up);
    CHECK(state("Set-Cookie", "/a=1.*b=2/") == ReachState::degraded);
    // Whatever it holds, it has to be there.
    CHECK(state("X-Empty", "") == ReachState::up);
    CHECK(state("X-Empty", "/./") == ReachState::degraded);
    CHECK(state("X-Missing", "") == ReachState::degraded);
    CHECK(state("X-Missing", "/.*/") == ReachState::degraded);
}

TEST_CASE("a wrong header is named with what was expected, and its value is told to nobody") {
    const auto detail = [](const char* pattern, std::vector<std::pair<std::string, std::string>> headers) {
        HttpExpectations expected;
        expected.headers.emplace_back("set-cookie", BodyPattern::parse(pattern).value());
        auto answer = answered(200);
        answer.headers = std::move(headers);
        return interpret_http(expected, answer).detail;
    };
    CHECK(detail("Secure", {}) == "expected 'Secure' in the header 'set-cookie', found no such header");
    CHECK(detail("", {{"server", "x"}}) == "expected the header 'set-cookie', found no such header");
    CHECK(detail("Secure", {{"set-cookie", "s=hunter2"}}) ==
          "expected 'Secure' in the header 'set-cookie', found a value without it");
    CHECK(detail("/; *Secure/", {{"set-cookie", "s=hunter2"}, {"set-cookie", "t=2"}}) ==
          "expected '/; *Secure/' in the header 'set-cookie', found 2 values without it");
    CHECK(detail("Secure", {{"set-cookie", "s=1; Secure"}}).empty());
}

TEST_CASE("of a status that is not expected, no header makes anything better") {
    const Table options{entry("url", "http://db1/"), entry("expect_headers", Table{entry("Server", "x")})};
    auto answer = answered(503);
    answer.headers = {{"server", "x"}};
    CHECK(seen(probe(options, answer)).state == ReachState::down);
}

TEST_CASE("JSON is judged by what its pointers name") {
    const std::string body = R"({"status":"ok","replicas":3,"ratio":0.5,"ready":true,"a/b":{"":"x"},"list":[{"n":1}]})";
    const auto state = [&](std::string pointer, Node value) {
        return interpret_http(expecting_json(std::move(pointer), std::move(value)), answered(200, body)).state;
    };
    CHECK(state("/status", {std::string{"ok"}, {}}) == ReachState::up);
    CHECK(state("/replicas", {std::int64_t{3}, {}}) == ReachState::up);
    CHECK(state("/ratio", {0.5, {}}) == ReachState::up);
    CHECK(state("/ready", {true, {}}) == ReachState::up);
    CHECK(state("/a~1b/", {std::string{"x"}, {}}) == ReachState::up);
    CHECK(state("/list/0/n", {std::int64_t{1}, {}}) == ReachState::up);
    // No value is bent until it fits.
    CHECK(state("/replicas", {std::string{"3"}, {}}) == ReachState::degraded);
    CHECK(state("/ready", {std::string{"true"}, {}}) == ReachState::degraded);
    CHECK(state("/ready", {std::int64_t{1}, {}}) == ReachState::degraded);
    CHECK(state("/missing", {std::string{"ok"}, {}}) == ReachState::degraded);
    CHECK(state("/list/7/n", {std::int64_t{1}, {}}) == ReachState::degraded);
}

TEST_CASE("a wrong value in JSON names its place, what was expected and what was found") {
    const auto expected = expecting_json("/status", {std::string{"ok"}, {}});
    CHECK(interpret_http(expected, answered(200, R"({"status":"failing"})")).detail ==
          R"(expected "ok" at '/status', found "failing")");
    CHECK(interpret_http(expected, answered(200, "{}")).detail == R"(expected "ok" at '/status', found nothing)");
    CHECK_THAT(interpret_http(expected, answered(200, R"({"status":")" + std::string(9'000, 'x') + R"("})")).detail,
               ContainsSubstring("xxx"));
    CHECK(interpret_http(expected, answered(200, R"({"status":")" + std::string(9'000, 'x') + R"("})")).detail.size() <
          200);
}

TEST_CASE("a body that is no JSON where JSON is expected is degraded, not a failure to look") {
    const auto expected = expecting_json("/status", {std::string{"ok"}, {}});
    for (const auto* body : {"", "<html>", R"({"status":"ok")", "[1,2"}) {
        const auto wrong = interpret_http(expected, answered(200, body));
        CHECK(wrong.state == ReachState::degraded);
        CHECK_THAT(wrong.detail, ContainsSubstring("expected JSON"));
    }
    auto cut = answered(200, R"({"status":"ok"})");
    cut.cut = true;
    CHECK(interpret_http(expected, cut).state == ReachState::degraded);
}

TEST_CASE("a long body is no outage where nobody expects anything of it") {
    const auto checked = probe({entry("url", "http://db1/")}, answered(200));
    CHECK(checked.asked.cut_body);
    auto cut = answered(200, std::string(100, 'x'));
    cut.cut = true;
    CHECK(interpret_http({}, cut).state == ReachState::up);
}

TEST_CASE("an answer slower than allowed is degraded") {
    HttpExpectations expected;
    expected.slow = 2s;
    auto answer = answered(200);
    answer.latency = 2s;
    CHECK(interpret_http(expected, answer).state == ReachState::up);
    answer.latency = 2300ms;
    const auto slow = interpret_http(expected, answer);
    CHECK(slow.state == ReachState::degraded);
    CHECK(slow.latency == 2300ms);
    CHECK_THAT(slow.detail, ContainsSubstring("expected an answer within 2s"));
}

TEST_CASE("the certificate is part of the evidence, and of a distrusted one the fault as well") {
    auto answer = answered(200);
    answer.certificate = core::Certificate{.not_after = test::kStart + 30 * core::kDay, .subject = "db1"};
    CHECK(interpret_http({}, answer).certificate == answer.certificate);

    auto distrusted = answered(0);
    distrusted.certificate = core::Certificate{.not_after = test::kStart - 1h, .fault = "certificate has expired"};
    const auto down = interpret_http({}, distrusted);
    CHECK(down.state == ReachState::down);
    CHECK(down.detail == "the certificate is not trusted: certificate has expired");
    CHECK(down.certificate == distrusted.certificate);
    CHECK_FALSE(down.latency);
}

TEST_CASE("what is asked is what the options say") {
    const auto checked = probe({entry("url", "https://db1/"), entry("verb", "POST"), entry("body", "ping"),
                                entry("headers", Table{entry("Accept", "text/plain")}), entry("fresh_connection", true),
                                entry("proxy", "http://proxy:3128"), entry("max_body", "4KiB"),
                                entry("tls", Table{entry("ca_file", "/ca.pem"), entry("server_name", "db.internal")}),
                                entry("auth", Table{entry("bearer", Table{entry("file", "/token")})})},
                               answered(200));
    const auto& asked = checked.asked;
    CHECK(asked.verb == "POST");
    CHECK(asked.body == "ping");
    CHECK(asked.headers == std::vector<std::pair<std::string, std::string>>{{"Accept", "text/plain"}});
    CHECK(asked.fresh_connection);
    CHECK(asked.proxy == "http://proxy:3128");
    CHECK(asked.max_body == 4096);
    CHECK(asked.tls == io::TlsOptions{.ca_file = "/ca.pem", .server_name = "db.internal"});
    CHECK(asked.auth.bearer.reveal() == "s3cret");
    CHECK(asked.want_certificate);
    CHECK(asked.timeout <= 10s);
    CHECK_FALSE(probe({entry("url", "http://db1/")}, answered(200)).asked.want_certificate);
}

TEST_CASE("redirects are followed unless a redirect is what is expected") {
    CHECK(probe({entry("url", "http://db1/")}, answered(200)).asked.max_redirects == 5);
    CHECK(probe({entry("url", "http://db1/"), entry("expect_status", std::int64_t{204})}, answered(204))
              .asked.max_redirects == 5);
    CHECK(probe({entry("url", "http://db1/"), entry("expect_status", "200-399")}, answered(302)).asked.max_redirects ==
          0);
    const auto list = probe({entry("url", "http://db1/"),
                             entry("expect_status", Array{{std::int64_t{308}, {}}, {std::string{"401-403"}, {}}})},
                            answered(402));
    CHECK(list.asked.max_redirects == 0);
    CHECK(seen(list).state == ReachState::up);
}

TEST_CASE("every mistake in the options is named") {
    CHECK(mistakes({}).size() == 1);
    CHECK(mistakes({entry("url", "db1/health")}).size() == 1);
    CHECK(mistakes({entry("url", "http://me:hunter2@db1/")}) ==
          std::vector<std::string>{"expected a URL without credentials, found some in it"});
    const auto many = mistakes({entry("url", "http://db1/"), entry("expect_status", "2xx"), entry("expect_body", "/(/"),
                                entry("expect_json", Table{entry("status", "ok")}),
                                entry("tls", Table{entry("nonsense", true)}), entry("auth", Table{})});
    CHECK(many.size() == 5);
    CHECK(mistakes({entry("url", "http://db1/"), entry("expect_json", Table{entry("/a", Table{})})}).size() == 1);
    CHECK(mistakes({entry("url", "http://db1/"), entry("expect_json", true)}).size() == 1);
    CHECK(mistakes({entry("url", "http://db1/"), entry("expect_status", Array{})}).size() == 1);
    CHECK(mistakes({entry("url", "http://db1/"), entry("expect_status", true)}).size() == 1);
    CHECK(mistakes({entry("url", "http://db1/"), entry("expect_headers", "Server")}) ==
          std::vector<std::string>{"expected a table, found a string"});
    CHECK(mistakes({entry("url", "http://db1/"),
                    entry("expect_headers", Table{entry("", "x"), entry("Server: x", "x"), entry("a", std::int64_t{1}),
                                                  entry("b", "/(/"), entry("c", "/x/")})})
              .size() == 4);
}

} // namespace recoverd::collectors
