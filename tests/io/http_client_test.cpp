// SPDX-License-Identifier: Apache-2.0
// The client against a server that does everything wrong that servers do.
#include "io/http_client.hpp"
#include "tests/io/fake_names.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/test_certificates.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace recoverd::io {

namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Clock = std::chrono::steady_clock;
using Answer = Result<HttpAnswer>;
using test::ScriptedServer;

Task<void> get_into(HttpClient& client, HttpRequest request, std::vector<Answer>& out) {
    auto answer = co_await client.get(std::move(request));
    out.push_back(std::move(answer));
}

/// A loop with a client on it, for one test.
struct Loop {
    asio::io_context ioc;
    HttpClient client{ioc};
    std::vector<Answer> answers;

    void start(HttpRequest request) {
        asio::co_spawn(ioc, get_into(client, std::move(request), answers), [](std::exception_ptr error) {
            if (error)
                std::rethrow_exception(error);
        });
    }
    Answer get(HttpRequest request) {
        answers.clear();
        start(std::move(request));
        ioc.restart();
        ioc.run();
        REQUIRE(answers.size() == 1);
        return std::move(answers.front());
    }
    Answer get_url(const std::string& url) { return get(HttpRequest{.url = url}); }
};

Failure failure_of(Answer answer) {
    REQUIRE_FALSE(answer);
    return answer.error();
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

int free_port() {
    asio::io_context ioc;
    const asio::ip::tcp::acceptor acceptor(ioc, {asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
}

} // namespace

TEST_CASE("an answer brings status, headers in lower case, body and latency") {
    ScriptedServer server;
    server.on("/x", test::says(418, "short and stout", {{"X-Kind", "  teapot "}, {"X-Empty", ""}}));
    Loop loop;
    const auto answer = loop.get_url(server.url("/x?a=b#c"));
    REQUIRE(answer);
    CHECK(answer->status == 418);
    CHECK(answer->body == "short and stout");
    CHECK(answer->header("x-kind") == "teapot");
    CHECK(answer->header("x-empty").empty());
    CHECK(answer->header("absent").empty());
    CHECK(answer->url == server.url("/x?a=b"));
    CHECK(answer->latency < 1s);
    CHECK_FALSE(answer->certificate);
    REQUIRE(server.got().size() == 1);
    CHECK(server.got()[0].query == "a=b");
    CHECK_THAT(server.got()[0].header("user-agent"), ContainsSubstring("recoverd/"));
}

TEST_CASE("verb, headers and body arrive as they were given") {
    ScriptedServer server;
    server.on("/", test::says(200, "ok"));
    Loop loop;
    REQUIRE(loop.get({.verb = "POST",
                      .url = server.url("/"),
                      .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                      .body = std::string(100'000, 'x')}));
    REQUIRE(loop.get({.verb = "HEAD", .url = server.url("/")}));
    REQUIRE(loop.get({.verb = "DELETE", .url = server.url("/")}));
    REQUIRE(loop.get({.verb = "PUT", .url = server.url("/")}));
    // Nothing of the first is left in what came later on the same handle.
    REQUIRE(loop.get_url(server.url("/")));
    const auto got = server.got();
    REQUIRE(got.size() == 5);
    CHECK(got[0].verb == "POST");
    CHECK(got[0].body.size() == 100'000);
    CHECK(got[0].header("content-type") == "application/json");
    CHECK(got[0].header("expect").empty());
    CHECK(got[1].verb == "HEAD");
    CHECK(got[2].verb == "DELETE");
    CHECK(got[3].verb == "PUT");
    CHECK(got[3].header("content-length") == "0");
    CHECK(got[4].verb == "GET");
    CHECK(got[4].header("content-type").empty());
    CHECK(server.connections() == 1);
}

TEST_CASE("a fresh connection is made anew each time, and closed") {
    ScriptedServer server;
    server.on("/", test::says(200, "ok"));
    Loop loop;
    for (int i = 0; i < 3; ++i)
        REQUIRE(loop.get({.url = server.url("/"), .fresh_connection = true}));
    CHECK(server.connections() == 3);
}

TEST_CASE("a connection that the server closed while it was idle is not a failure") {
    ScriptedServer server;
    server.on("/", test::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    Loop loop;
    for (int i = 0; i < 3; ++i)
        CHECK(loop.get_url(server.url("/")));
}

TEST_CASE("nobody listening is refused") {
    Loop loop;
    const auto failure =
        failure_of(loop.get_url("http://127.0.0.1:" + std::to_string(free_port()) + "/health?token=secret"));
    CHECK(failure.kind == FailureKind::refused);
    CHECK_THAT(failure.detail, ContainsSubstring("GET http://127.0.0.1:") && ContainsSubstring("/health: "));
    CHECK_THAT(failure.detail, !ContainsSubstring("secret"));
}

TEST_CASE("a name that does not exist is unreachable") {
    const test::FakeNames names;
    Loop loop;
    const auto failure = failure_of(loop.get_url("http://missing.test/"));
    CHECK(failure.kind == FailureKind::unreachable);
    CHECK_THAT(failure.detail, ContainsSubstring("missing.test"));
}

TEST_CASE("a name that hangs ends with the timeout, and delays nobody") {
    test::FakeNames names;
    names.hang("hangs.test");
    ScriptedServer server;
    server.on("/", test::says(200, "ok"));
    Loop loop;
    const auto began = Clock::now();
    loop.start({.url = "http://hangs.test/", .timeout = 300ms});
    loop.start({.url = server.url("/")});
    loop.ioc.run_for(150ms);
    REQUIRE(loop.answers.size() == 1);
    CHECK(loop.answers[0]);
    loop.ioc.run();
    CHECK(failure_of(loop.answers[1]).kind == FailureKind::timed_out);
    CHECK(Clock::now() - began < 1s);
}

TEST_CASE("curl never resolves a name by itself") {
    test::FakeNames names;
    names.add("service.test", "127.0.0.1");
    ScriptedServer server;
    server.on("/", test::says(200, "ok"));
    server.on("/away", test::redirects(server.url("/", "service.test")));
    Loop loop;
    const int before = test::FakeNames::asked();
    CHECK(loop.get_url(server.url("/", "service.test")));
    CHECK(loop.get({.url = server.url("/", "SERVICE.test"), .fresh_connection = true}));
    CHECK(loop.get_url(server.url("/away")));
    CHECK(test::FakeNames::asked() == before + 1);
    CHECK(server.got()[0].header("host") == "service.test:" + std::to_string(server.port()));
}

TEST_CASE("of several addresses the one that answers is taken") {
    test::FakeNames names;
    names.add("several.test", "127.0.0.9 127.0.0.1"); // nobody listens on the first
    ScriptedServer server;
    server.on("/", test::says(200, "ok"));
    Loop loop;
    CHECK(loop.get_url(server.url("/", "several.test")));
}

TEST_CASE("a name that moved is followed by the next new connection, and by none that was kept") {
    test::FakeNames names;
    names.add("moves.test", "127.0.0.1");
    ScriptedServer server;
    server.on("/", test::says(200, "ok"));
    Loop loop;
    CHECK(loop.get({.url = server.url("/", "moves.test"), .fresh_connection = true}));
    CHECK(loop.get_url(server.url("/", "moves.test")));
    names.add("moves.test", "127.0.0.9");
    std::this_thread::sleep_for(5100ms); // io::resolve remembers for five seconds
    CHECK(loop.get_url(server.url("/", "moves.test")));
    CHECK(failure_of(loop.get({.url = server.url("/", "moves.test"), .fresh_connection = true})).kind ==
          FailureKind::refused);
}

TEST_CASE("a server that says nothing times out, and says how far it got") {
    ScriptedServer server;
    server.on("/silent", test::after(60s, test::says(200, "late")));
    server.on("/drip", test::drips(20ms));
    Loop loop;
    const auto began = Clock::now();
    const auto silent = failure_of(loop.get({.url = server.url("/silent"), .timeout = 200ms}));
    CHECK(silent.kind == FailureKind::timed_out);
    CHECK_THAT(silent.detail, ContainsSubstring("connected, but no answer within 200ms"));
    // Dripping keeps no transfer alive beyond its total time.
    const auto drip = failure_of(loop.get({.url = server.url("/drip"), .timeout = 200ms}));
    CHECK(drip.kind == FailureKind::timed_out);
    CHECK_THAT(drip.detail, ContainsSubstring("not complete within"));
    CHECK(Clock::now() - began < 2s);
}

TEST_CASE("an answer that is slow but in time is an answer, with its latency") {
    ScriptedServer server;
    server.on("/", test::after(120ms, test::says(200, "ok")));
    Loop loop;
    const auto answer = loop.get_url(server.url("/"));
    REQUIRE(answer);
    CHECK(answer->latency >= 120ms);
}

TEST_CASE("what is cut off, closed at once or no HTTP at all is a bad answer") {
    ScriptedServer server;
    server.on("/cut", test::cuts_off("half"));
    server.on("/closed", test::hangs_up());
    server.on("/chunk", test::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"));
    server.on("/garbage", test::raw("220 mail.example ESMTP\r\n"));
    server.on("/header", test::raw("HTTP/1.1 200 OK\r\nX-Long: " + std::string(400'000, 'x') + "\r\n\r\n"));
    server.on("/gzip", test::says(200, "no gzip", {{"Content-Encoding", "gzip"}}));
    Loop loop;
    for (const auto* path : {"/cut", "/closed", "/chunk", "/garbage", "/header", "/gzip"}) {
        INFO(path);
        const auto failure = failure_of(loop.get_url(server.url(path)));
        CHECK(failure.kind == FailureKind::bad_answer);
        CHECK_THAT(failure.detail, ContainsSubstring(path));
    }
    CHECK_THAT(failure_of(loop.get_url(server.url("/cut"))).detail, ContainsSubstring("cut off after 4 bytes"));
}

TEST_CASE("a body beyond its limit ends the transfer, counted after decompression") {
    ScriptedServer server;
    server.on("/endless", test::endless());
    server.on("/bomb", test::bomb());
    server.on("/exact", test::says(200, std::string(1000, 'x')));
    Loop loop;
    for (const auto* path : {"/endless", "/bomb"}) {
        const auto failure = failure_of(loop.get({.url = server.url(path), .max_body = 100'000}));
        CHECK(failure.kind == FailureKind::bad_answer);
        CHECK_THAT(failure.detail, ContainsSubstring("expected a body of at most 97.7KiB"));
    }
    CHECK(loop.get({.url = server.url("/exact"), .max_body = 1000}));
    CHECK_FALSE(loop.get({.url = server.url("/exact"), .max_body = 999}));
    const auto cut = loop.get({.url = server.url("/endless"), .max_body = 100'000, .cut_body = true});
    REQUIRE(cut);
    CHECK(cut->cut);
    CHECK(cut->body.size() == 100'000);
    CHECK(cut->status == 200);
    const auto whole = loop.get({.url = server.url("/bomb"), .max_body = std::size_t{64} << 20U});
    REQUIRE(whole);
    CHECK(whole->body.size() == std::size_t{64} << 20U);
}

TEST_CASE("redirects are followed, as far as allowed") {
    ScriptedServer server;
    server.on("/a", test::redirects("/b?x=1"));
    server.on("/b", test::redirects(server.url("/c"), 307));
    server.on("/c", test::says(200, "here"));
    server.on("/loop", test::redirects("/loop"));
    server.on("/nowhere", test::says(302, "", {}));
    Loop loop;
    const auto answer = loop.get_url(server.url("/a"));
    REQUIRE(answer);
    CHECK(answer->body == "here");
    CHECK(answer->url == server.url("/c"));
    const auto looped = failure_of(loop.get_url(server.url("/loop")));
    CHECK(looped.kind == FailureKind::bad_answer);
    CHECK_THAT(looped.detail, ContainsSubstring("at most 5 redirects"));
    CHECK(loop.get({.url = server.url("/a"), .max_redirects = 0})->status == 302);
    // A redirect that leads nowhere is the answer.
    CHECK(loop.get_url(server.url("/nowhere"))->status == 302);
}

TEST_CASE("a redirect leads neither out of HTTP nor into a file") {
    ScriptedServer server;
    Loop loop;
    for (const auto* to : {"file:///etc/passwd", "gopher://127.0.0.1:1/x", "http://", "dict://127.0.0.1/"}) {
        server.on("/", test::redirects(to));
        INFO(to);
        CHECK(failure_of(loop.get_url(server.url("/"))).kind == FailureKind::bad_answer);
    }
}

TEST_CASE("after a POST that was redirected comes a GET without its body, except after 307 and 308") {
    ScriptedServer server;
    server.on("/303", test::redirects("/end", 303));
    server.on("/308", test::redirects("/end", 308));
    server.on("/end", test::says(200, "ok"));
    Loop loop;
    REQUIRE(loop.get({.verb = "POST", .url = server.url("/303"), .body = "text"}));
    REQUIRE(loop.get({.verb = "POST", .url = server.url("/308"), .body = "text"}));
    const auto got = server.got();
    REQUIRE(got.size() == 4);
    CHECK(got[1].verb == "GET");
    CHECK(got[1].body.empty());
    CHECK(got[3].verb == "POST");
    CHECK(got[3].body == "text");
}

TEST_CASE("credentials go to the server that was asked and to no other") {
    ScriptedServer other;
    other.on("/", test::says(200, "ok"));
    ScriptedServer server;
    server.on("/", test::redirects("http://x:y@127.0.0.1:" + std::to_string(other.port()) + "/"));
    server.on("/same", test::redirects("/end"));
    server.on("/end", test::says(200, "ok"));
    Loop loop;
    const HttpRequest basic{.url = server.url("/"),
                            .headers = {{"Cookie", "c"}, {"X-Api-Key", "k"}, {"Accept", "text/plain"}},
                            .auth = {.username = "me", .password = Secret{"hunter2"}}};
    REQUIRE(loop.get(basic));
    CHECK(server.got()[0].header("authorization") == "Basic bWU6aHVudGVyMg==");
    CHECK(server.got()[0].header("x-api-key") == "k");
    HttpRequest bearer{.url = server.url("/"), .auth = {.bearer = Secret{"token"}}};
    REQUIRE(loop.get(bearer));
    CHECK(server.got()[1].header("authorization") == "Bearer token");
    REQUIRE(loop.get({.url = server.url("/"), .auth = {.header_name = "X-Auth", .header_value = Secret{"v"}}}));
    CHECK(server.got()[2].header("x-auth") == "v");
    REQUIRE(other.got().size() == 3);
    for (const auto& got : other.got()) {
        CHECK(got.header("authorization").empty());
        CHECK(got.header("cookie").empty());
        CHECK(got.header("x-api-key").empty());
        CHECK(got.header("x-auth").empty());
    }
    CHECK(other.got()[0].header("accept") == "text/plain");
    // On the same server they are sent again, and nothing of them is left for the next request.
    bearer.url = server.url("/same");
    REQUIRE(loop.get(bearer));
    CHECK(server.got().back().header("authorization") == "Bearer token");
    REQUIRE(loop.get_url(server.url("/end")));
    CHECK(server.got().back().header("authorization").empty());
}

TEST_CASE("what cannot be asked is misconfigured, and its failure shows no secret") {
    Loop loop;
    for (const HttpRequest& request :
         {HttpRequest{.url = "nonsense"}, HttpRequest{.url = "ftp://127.0.0.1/"}, HttpRequest{.url = "http://"},
          HttpRequest{.url = "http://me:hunter2@/"}, HttpRequest{.verb = "GE T", .url = "http://127.0.0.1/"},
          HttpRequest{.url = "http://127.0.0.1/", .headers = {{"X", "a\r\nY: b"}}},
          HttpRequest{.url = "http://127.0.0.1/", .headers = {{"X:", "a"}}},
          HttpRequest{.url = "http://127.0.0.1/", .auth = {.bearer = Secret{"hunter2\nX: y"}}},
          HttpRequest{.url = "http://127.0.0.1/", .proxy = "socks4://me:hunter2@127.0.0.1"}}) {
        const auto failure = failure_of(loop.get(request));
        INFO(failure.detail);
        CHECK(failure.kind == FailureKind::misconfigured);
        CHECK_THAT(failure.detail, !ContainsSubstring("hunter2"));
    }
}

TEST_CASE("a proxy is asked in the target's stead, and nobody resolves the target") {
    const test::FakeNames names;
    ScriptedServer proxy;
    proxy.on("http://only.test/x", test::says(200, "by proxy"));
    Loop loop;
    const auto answer =
        loop.get({.url = "http://only.test/x", .proxy = "http://me:pw@127.0.0.1:" + std::to_string(proxy.port())});
    REQUIRE(answer);
    CHECK(answer->body == "by proxy");
    CHECK(proxy.got()[0].header("proxy-authorization") == "Basic bWU6cHc=");
}

TEST_CASE("the environment's proxy is not taken") {
    ScriptedServer server;
    server.on("/", test::says(200, "ok"));
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    Loop loop;
    const auto answer = loop.get_url(server.url("/"));
    ::unsetenv("http_proxy");
    CHECK(answer);
}

TEST_CASE("a trusted certificate is part of the answer, on a kept connection too") {
    test::TestAuthority authority;
    ScriptedServer server(authority.issue({"127.0.0.1"}, -24h, 240h));
    server.on("/", test::says(200, "ok"));
    Loop loop;
    const HttpRequest request{
        .url = server.url("/"), .tls = {.ca_file = authority.ca_file()}, .want_certificate = true};
    for (int i = 0; i < 2; ++i) {
        const auto answer = loop.get(request);
        REQUIRE(answer);
        CHECK(answer->status == 200);
        REQUIRE(answer->certificate);
        CHECK(answer->certificate->subject == "127.0.0.1");
        CHECK(answer->certificate->fault.empty());
        CHECK(answer->certificate->not_after - answer->certificate->not_before == 264h);
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("a renewed certificate is seen by the next new connection") {
    test::TestAuthority authority;
    ScriptedServer server(authority.issue({"127.0.0.1", "old.test"}, -24h, 240h));
    server.on("/", test::says(200, "ok"));
    Loop loop;
    const HttpRequest request{.url = server.url("/"),
                              .tls = {.ca_file = authority.ca_file()},
                              .fresh_connection = true,
                              .want_certificate = true};
    const auto before = loop.get(request)->certificate->not_after;
    server.change_certificate(authority.issue({"127.0.0.1"}, -24h, 2400h));
    CHECK(loop.get(request)->certificate->not_after > before + 2000h);
}

TEST_CASE("a certificate that is not trusted fails the request, and nothing is sent") {
    test::TestAuthority authority;
    test::TestAuthority stranger("Another Authority");
    test::TestAuthority namesake;
    Loop loop;
    struct Case {
        const char* name;
        test::ServerTls tls;
        std::string ca_file;
        const char* fault;
    };
    for (const auto& [name, tls, ca_file, fault] :
         {Case{"unknown authority", authority.issue({"127.0.0.1"}), stranger.ca_file(), "unable to get local issuer"},
          Case{"unknown authority of the same name", authority.issue({"127.0.0.1"}), namesake.ca_file(), "signature"},
          Case{"expired", authority.issue({"127.0.0.1"}, -48h, -24h), authority.ca_file(), "expired"},
          Case{"not yet valid", authority.issue({"127.0.0.1"}, 24h, 48h), authority.ca_file(), "not yet valid"},
          Case{"wrong name", authority.issue({"other.test"}), authority.ca_file(),
               "does not hold the name '127.0.0.1'"}}) {
        INFO(name);
        ScriptedServer server(tls);
        server.on("/", test::says(200, "ok"));
        HttpRequest request{.url = server.url("/"), .tls = {.ca_file = ca_file}};
        const auto failure = failure_of(loop.get(request));
        CHECK(failure.kind == FailureKind::bad_answer);
        CHECK_THAT(failure.detail, ContainsSubstring("the certificate is not trusted: ") && ContainsSubstring(fault));
        request.want_certificate = true;
        const auto answer = loop.get(request);
        INFO((answer ? std::string{} : answer.error().detail));
        REQUIRE(answer);
        CHECK(answer->status == 0);
        REQUIRE(answer->certificate);
        CHECK_THAT(answer->certificate->fault, ContainsSubstring(fault));
        CHECK(server.got().empty());
        // Whoever does not ask for trust is not told of its lack.
        request.tls = {.insecure_skip_verify = true};
        const auto unchecked = loop.get(request);
        REQUIRE(unchecked);
        CHECK(unchecked->status == 200);
        CHECK(unchecked->certificate->fault.empty());
    }
}

TEST_CASE("an authority file that is missing or no certificate is misconfigured") {
    test::TestAuthority authority;
    const auto tls = authority.issue({"127.0.0.1"});
    ScriptedServer server(tls);
    Loop loop;
    for (const auto& file : {std::string{"/nonexistent/ca.pem"}, tls.key_file})
        CHECK(failure_of(loop.get({.url = server.url("/"), .tls = {.ca_file = file}})).kind ==
              FailureKind::misconfigured);
    CHECK(failure_of(loop.get({.url = server.url("/"),
                               .tls = {.ca_file = authority.ca_file(), .cert_file = "/nonexistent/me.pem"}}))
              .kind == FailureKind::misconfigured);
}

TEST_CASE("server_name is what the certificate must hold, while the host is where it leads") {
    test::TestAuthority authority;
    ScriptedServer one(authority.issue({"db.internal"}));
    ScriptedServer two(authority.issue({"other.internal"}));
    one.on("/", test::says(200, "one"));
    two.on("/", test::says(200, "two"));
    const int before = test::FakeNames::asked();
    Loop loop;
    const TlsOptions tls{.ca_file = authority.ca_file(), .server_name = "db.internal"};
    const auto answer = loop.get({.url = one.url("/"), .tls = tls});
    REQUIRE(answer);
    CHECK(answer->body == "one");
    CHECK(answer->url == one.url("/"));
    CHECK(one.got()[0].header("host") == "127.0.0.1:" + std::to_string(one.port()));
    CHECK(failure_of(loop.get({.url = two.url("/"), .tls = tls})).kind == FailureKind::bad_answer);
    CHECK(test::FakeNames::asked() == before);
}

TEST_CASE("hosts that share a server_name share no connection") {
    test::FakeNames names;
    names.add("a.test", "127.0.0.1");
    names.add("b.test", "127.0.0.9"); // nobody there
    test::TestAuthority authority;
    ScriptedServer server(authority.issue({"db.internal"}));
    server.on("/", test::says(200, "ok"));
    Loop loop;
    const TlsOptions tls{.ca_file = authority.ca_file(), .server_name = "db.internal"};
    CHECK(loop.get({.url = server.url("/", "a.test"), .tls = tls}));
    CHECK(failure_of(loop.get({.url = server.url("/", "b.test"), .tls = tls})).kind == FailureKind::refused);
    CHECK(loop.get({.url = server.url("/", "a.test"), .tls = tls}));
    CHECK(server.connections() == 1);
}

TEST_CASE("a client certificate is shown to the server that was asked") {
    test::TestAuthority authority;
    auto with_clients = authority.issue({"127.0.0.1"});
    with_clients.client_ca_file = authority.ca_file();
    ScriptedServer server(with_clients);
    server.on("/", test::says(200, "ok"));
    const auto mine = authority.issue({"client.test"});
    Loop loop;
    HttpRequest request{.url = server.url("/"), .tls = {.ca_file = authority.ca_file()}};
    CHECK(failure_of(loop.get(request)).kind == FailureKind::bad_answer);
    request.tls.cert_file = mine.cert_file;
    request.tls.key_file = mine.key_file;
    CHECK(loop.get(request));
    // Another check without it does not ride on that connection.
    request.tls = {.ca_file = authority.ca_file()};
    CHECK(failure_of(loop.get(request)).kind == FailureKind::bad_answer);
}

TEST_CASE("a request that is cancelled leaves at once, and its loop goes on") {
    ScriptedServer server;
    server.on("/silent", test::after(60s, test::says(200, "late")));
    server.on("/", test::says(200, "ok"));
    Loop loop;
    REQUIRE(loop.get_url(server.url("/")));
    loop.answers.clear();
    asio::cancellation_signal cancel;
    bool aborted = false;
    asio::co_spawn(loop.ioc, get_into(loop.client, {.url = server.url("/silent")}, loop.answers),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error) { aborted = !!error; }));
    loop.ioc.restart();
    loop.ioc.run_for(50ms);
    const auto began = Clock::now();
    cancel.emit(asio::cancellation_type::all);
    CHECK_FALSE(aborted); // posted, never from inside
    loop.ioc.run();
    CHECK(aborted);
    CHECK(loop.answers.empty());
    CHECK(Clock::now() - began < 1s);
    cancel.emit(asio::cancellation_type::all); // nobody there any more
    CHECK(loop.get_url(server.url("/")));
}

TEST_CASE("cancelling while the name is being resolved works as well") {
    test::FakeNames names;
    names.hang("hangs.test");
    Loop loop;
    asio::cancellation_signal cancel;
    bool aborted = false;
    asio::co_spawn(loop.ioc, get_into(loop.client, {.url = "http://hangs.test/"}, loop.answers),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error) { aborted = !!error; }));
    loop.ioc.run_for(20ms);
    cancel.emit(asio::cancellation_type::all);
    loop.ioc.run();
    CHECK(aborted);
}

TEST_CASE("200 transfers go on side by side, and leave no descriptor behind") {
    ScriptedServer server;
    server.on("/", test::after(200ms, test::says(200, std::string(20'000, 'x'))));
    server.on("/cut", test::after(50ms, test::cuts_off("x")));
    const auto before = open_descriptors();
    {
        Loop loop;
        const auto began = Clock::now();
        for (int i = 0; i < 200; ++i)
            loop.start({.url = server.url(i % 10 == 0 ? "/cut" : "/"), .fresh_connection = i % 2 == 0});
        loop.ioc.run();
        REQUIRE(loop.answers.size() == 200);
        CHECK(std::count_if(loop.answers.begin(), loop.answers.end(),
                            [](const Answer& answer) { return answer && answer->body.size() == 20'000; }) == 180);
        CHECK(Clock::now() - began < 20s); // one after the other they would take 40
    }
    // The server's own ends go when it notices.
    for (int i = 0; i < 100 && open_descriptors() > before; ++i)
        std::this_thread::sleep_for(20ms);
    CHECK(open_descriptors() <= before);
}

TEST_CASE("cancelling half of many transfers leaves the other half alone") {
    ScriptedServer server;
    server.on("/", test::after(150ms, test::says(200, "ok")));
    Loop loop;
    std::vector<asio::cancellation_signal> cancel(100);
    int aborted = 0;
    for (auto& signal : cancel)
        asio::co_spawn(
            loop.ioc, get_into(loop.client, {.url = server.url("/")}, loop.answers),
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error) { aborted += error ? 1 : 0; }));
    loop.ioc.run_for(75ms);
    for (std::size_t i = 0; i < cancel.size(); i += 2)
        cancel[i].emit(asio::cancellation_type::all);
    loop.ioc.run();
    CHECK(aborted == 50);
    CHECK(std::count_if(loop.answers.begin(), loop.answers.end(),
                        [](const Answer& answer) { return answer.has_value(); }) == 50);
}

TEST_CASE("a client that goes while requests are under way takes them along") {
    ScriptedServer server;
    server.on("/silent", test::after(60s, test::says(200, "late")));
    const auto before = open_descriptors();
    {
        Loop loop;
        for (int i = 0; i < 10; ++i)
            loop.start({.url = server.url("/silent")});
        loop.ioc.run_for(50ms);
        CHECK(loop.answers.empty());
    }
    CHECK(open_descriptors() <= before + 10); // the server's ends, which it has not noticed yet
}

} // namespace recoverd::io
