// SPDX-License-Identifier: Apache-2.0
#include "io/resp_client.hpp"

#include "tests/support/listener.hpp"
#include "tests/support/real_loop.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

namespace recoverd::io {

namespace {

using Catch::Matchers::ContainsSubstring;
using test::hear;
using test::Listener;
using test::say;
using Tcp = test::Tcp;

constexpr std::string_view kPing = "*1\r\n$4\r\nPING\r\n";

RespRequest to(std::uint16_t port, core::Duration timeout = std::chrono::seconds{20}) {
    RespRequest request;
    request.address = fmt::format("127.0.0.1:{}", port);
    request.commands = {{"PING"}};
    request.timeout = timeout;
    return request;
}

Result<RespAnswer> run(RespRequest request) {
    test::RealLoop loop;
    return loop.run(ask(loop.timers, std::move(request)));
}

/// What one gets from a server that says this to whatever it hears.
Result<RespAnswer> told(std::string words) {
    Listener listener{[&](Tcp::socket& socket) {
        hear(socket, kPing.size());
        say(socket, words);
    }};
    return run(to(listener.port()));
}

core::FailureKind kind_of(const Result<RespAnswer>& answer) {
    REQUIRE_FALSE(answer);
    return answer.error().kind;
}

} // namespace

TEST_CASE("commands are asked in one go, and an error of one leaves the others") {
    Listener listener{[](Tcp::socket& socket) {
        hear(socket, 2 * kPing.size());
        say(socket, "-NOPERM User x has no permissions\r\n+PO");
        say(socket, "NG\r\n");
    }};
    auto request = to(listener.port());
    request.commands = {{"PING"}, {"PING"}};
    const auto answer = run(std::move(request));
    REQUIRE(answer);
    REQUIRE(answer->replies.size() == 2);
    CHECK(answer->replies[0].is_error());
    CHECK(answer->replies[1].text == "PONG");
}

TEST_CASE("nothing is asked before the password is taken") {
    std::string heard;
    Listener listener{[&](Tcp::socket& socket) {
        const std::string auth = "*3\r\n$4\r\nAUTH\r\n$7\r\nwatcher\r\n$6\r\nsecret\r\n";
        heard = hear(socket, auth.size());
        CHECK(socket.available() == 0);
        say(socket, "+OK\r\n");
        hear(socket, kPing.size());
        say(socket, "+PONG\r\n");
    }};
    auto request = to(listener.port());
    request.username = "watcher";
    request.password = Secret{"secret"};
    const auto answer = run(std::move(request));
    REQUIRE(answer);
    listener.end();
    CHECK_THAT(heard, ContainsSubstring("watcher") && ContainsSubstring("secret"));
}

TEST_CASE("a server that gives the password back does not get it into the failure") {
    Listener listener{[&](Tcp::socket& socket) {
        hear(socket, 10);
        say(socket, "-ERR unknown command `AUTH`, with args beginning with: `hunter2` `hunter2`\r\n");
    }};
    auto request = to(listener.port());
    request.password = Secret{"hunter2"};
    const auto answer = run(std::move(request));
    CHECK(kind_of(answer) == core::FailureKind::refused);
    CHECK_THAT(answer.error().detail, ContainsSubstring("unknown command") && !ContainsSubstring("hunter2"));
}

TEST_CASE("a server that closes, cuts off, babbles or never ends gives a bad answer that names it") {
    for (const std::string& words : {std::string{}, std::string{"$100\r\nabc"}, std::string{"SSH-2.0-OpenSSH_9.2\r\n"},
                                     "$1000000\r\n" + std::string(1'100'000, 'x'), std::string(2'000'000, '\0')}) {
        const auto answer = told(words);
        CHECK(kind_of(answer) == core::FailureKind::bad_answer);
        CHECK_THAT(answer.error().detail, ContainsSubstring("127.0.0.1:"));
        CHECK(answer.error().detail.size() < 500);
    }
}

TEST_CASE("a server that says nothing, or a byte now and then, is timed out") {
    Listener silent{[](Tcp::socket& socket) { hear(socket, 1'000'000); }};
    CHECK(kind_of(run(to(silent.port(), std::chrono::milliseconds{200}))) == core::FailureKind::timed_out);
    Listener slow{[](Tcp::socket& socket) {
        say(socket, "$1000\r\n");
        for (;;) {
            say(socket, "x");
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }};
    CHECK(kind_of(run(to(slow.port(), std::chrono::milliseconds{300}))) == core::FailureKind::timed_out);
}

TEST_CASE("a closed port is refused, and what is not host:port is misconfigured") {
    CHECK(kind_of(run(to(test::closed_port()))) == core::FailureKind::refused);
    auto request = to(1);
    request.address = "cache";
    CHECK(kind_of(run(std::move(request))) == core::FailureKind::misconfigured);
}

TEST_CASE("a server whose certificate is not trusted hears no password") {
    test::TestAuthority authority;
    test::ScriptedServer server{authority.issue({"other.example"})};
    auto request = to(static_cast<std::uint16_t>(server.port()));
    request.tls = true;
    request.tls_options.ca_file = authority.ca_file();
    request.password = Secret{"hunter2"};
    const auto answer = run(std::move(request));
    CHECK(kind_of(answer) == core::FailureKind::bad_answer);
    CHECK_THAT(answer.error().detail, ContainsSubstring("not trusted") && ContainsSubstring("mismatch"));
    CHECK(server.got().empty());
}

} // namespace recoverd::io
