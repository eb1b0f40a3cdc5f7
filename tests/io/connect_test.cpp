// SPDX-License-Identifier: Apache-2.0
#include "io/connect.hpp"

#include "io/real_timers.hpp"
#include "tests/support/content.hpp"
#include "tests/support/listener.hpp"
#include "tests/support/test_certificates.hpp"

#include <asio/co_spawn.hpp>

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

using namespace recoverd;
using namespace recoverd::io;
using core::FailureKind;

namespace {

using test::closed_port;
using test::hear;
using test::Listener;
using test::say;
using test::Tcp;

ConnectRequest to(std::uint16_t port, core::Duration timeout = std::chrono::seconds{5}) {
    ConnectRequest request;
    request.address = fmt::format("127.0.0.1:{}", port);
    request.timeout = timeout;
    return request;
}

Result<Connected> run(ConnectRequest request) {
    asio::io_context loop;
    RealTimers timers;
    std::optional<Result<Connected>> result;
    asio::co_spawn(loop, connect(timers, std::move(request)),
                   [&](const std::exception_ptr& thrown, Result<Connected> r) {
                       if (thrown)
                           std::rethrow_exception(thrown);
                       result = std::move(r);
                   });
    loop.run_for(std::chrono::seconds{20});
    REQUIRE(result.has_value());
    return std::move(*result);
}

} // namespace

TEST_CASE("an open port is connected, with who answered") {
    Listener listener{[](Tcp::socket&) {}};
    const auto connected = run(to(listener.port()));
    REQUIRE(connected);
    CHECK(connected->peer == fmt::format("127.0.0.1:{}", listener.port()));
    CHECK_FALSE(connected->certificate);
}

TEST_CASE("a port that only IPv6 has is reached, by address and by name") {
    Listener listener{[](Tcp::socket&) {}, "::1"};
    ConnectRequest request;
    request.address = fmt::format("[::1]:{}", listener.port());
    const auto connected = run(request);
    REQUIRE(connected);
    CHECK(connected->peer == fmt::format("[::1]:{}", listener.port()));
}

TEST_CASE("a closed port is refused, and says where") {
    const std::uint16_t port = closed_port();
    const auto connected = run(to(port));
    REQUIRE_FALSE(connected);
    CHECK(connected.error().kind == FailureKind::refused);
    CHECK(connected.error().detail.starts_with(fmt::format("127.0.0.1:{}: ", port)));
}

TEST_CASE("what is not host:port is misconfigured") {
    for (const char* address : {"", "host", ":5432", "host:", "host:x", "host:99999", "::1:5432", "[::1]", "[]:1"}) {
        ConnectRequest request;
        request.address = address;
        const auto connected = run(request);
        INFO(address);
        REQUIRE_FALSE(connected);
        CHECK(connected.error().kind == FailureKind::misconfigured);
    }
}

TEST_CASE("what is expected is waited for, however it is cut") {
    Listener listener{[](Tcp::socket& socket) {
        hear(socket, 4);
        for (const char* part : {"+P", "ON", "G\r\n"})
            say(socket, part);
        hear(socket, 1);
    }};
    auto request = to(listener.port());
    request.send = "PING";
    request.expect = "+PONG";
    const auto connected = run(request);
    REQUIRE(connected);
    CHECK(connected->answer.starts_with("+PONG"));
}

TEST_CASE("another answer than the expected one is a bad answer that shows what was found") {
    Listener listener{[](Tcp::socket& socket) { say(socket, "-ERR no\r\n"); }};
    auto request = to(listener.port());
    request.expect = "+PONG";
    const auto connected = run(request);
    REQUIRE_FALSE(connected);
    CHECK(connected.error().kind == FailureKind::bad_answer);
    CHECK(connected.error().detail.contains("-ERR no"));
}

TEST_CASE("an endless answer without the expected text is given up") {
    Listener listener{[](Tcp::socket& socket) {
        for (;;)
            say(socket, std::string(4'096, 'x'));
    }};
    auto request = to(listener.port());
    request.expect = "+PONG";
    const auto connected = run(request);
    REQUIRE_FALSE(connected);
    CHECK(connected.error().kind == FailureKind::bad_answer);
}

TEST_CASE("a server that says nothing is timed out") {
    Listener listener{[](Tcp::socket& socket) { hear(socket, 1'000'000); }};
    auto request = to(listener.port(), std::chrono::milliseconds{200});
    request.expect = "hello";
    const auto silent = run(request);
    REQUIRE_FALSE(silent);
    CHECK(silent.error().kind == FailureKind::timed_out);
    request.expect.clear();
    request.tls = true;
    const auto no_handshake = run(request);
    REQUIRE_FALSE(no_handshake);
    CHECK(no_handshake.error().kind == FailureKind::timed_out);
}

TEST_CASE("TLS with a certificate of a known authority has no fault") {
    test::TestAuthority authority;
    test::ScriptedServer server{authority.issue({"127.0.0.1"})};
    auto request = to(static_cast<std::uint16_t>(server.port()));
    request.tls = true;
    request.tls_options.ca_file = authority.ca_file();
    const auto connected = run(request);
    REQUIRE(connected);
    REQUIRE(connected->certificate);
    CHECK(connected->certificate->fault.empty());
    CHECK(connected->certificate->not_after > connected->certificate->not_before);
}

TEST_CASE("a client shows its certificate, whose key is in the same file where no other is named") {
    test::TestAuthority authority;
    auto tls = authority.issue({"127.0.0.1"});
    tls.client_ca_file = authority.ca_file();
    test::ScriptedServer server{tls};
    server.on("/", test::says(200, "hello"));
    const auto own = authority.issue({"agent"});
    const std::string both = own.cert_file + ".both";
    std::ofstream{both} << test::content_of(own.cert_file) << test::content_of(own.key_file);
    auto request = to(static_cast<std::uint16_t>(server.port()));
    request.tls = true;
    request.tls_options.ca_file = authority.ca_file();
    request.send = "GET / HTTP/1.0\r\n\r\n";
    request.expect = "hello";
    // That nobody came with a certificate is told after the handshake.
    CHECK_FALSE(run(request));
    request.tls_options.cert_file = both;
    CHECK(run(request));
    request.tls_options.cert_file = own.cert_file;
    CHECK(run(request).error().kind == FailureKind::misconfigured);
    request.tls_options.key_file = own.key_file;
    CHECK(run(request));
    std::filesystem::remove(both);
}

TEST_CASE("a certificate of an unknown authority, for another name, or expired still shows its dates") {
    test::TestAuthority authority;
    const auto fault_of = [&](const test::ServerTls& tls, const std::string& ca, const std::string& name) {
        test::ScriptedServer server{tls};
        auto request = to(static_cast<std::uint16_t>(server.port()));
        request.tls = true;
        request.tls_options.ca_file = ca;
        request.tls_options.server_name = name;
        const auto connected = run(request);
        REQUIRE(connected);
        REQUIRE(connected->certificate);
        CHECK(connected->certificate->not_after > core::Time{});
        return connected->certificate->fault;
    };
    const auto good = authority.issue({"db.example"});
    CHECK(fault_of(good, authority.ca_file(), "db.example").empty());
    CHECK_FALSE(fault_of(good, "", "db.example").empty());
    CHECK(fault_of(good, authority.ca_file(), "other.example").contains("mismatch"));
    const auto expired = authority.issue({"db.example"}, -10 * core::kDay, -core::kDay);
    CHECK(fault_of(expired, authority.ca_file(), "db.example").contains("expired"));
}

TEST_CASE("an authority's file that is not there is misconfigured") {
    test::TestAuthority authority;
    test::ScriptedServer server{authority.issue({"127.0.0.1"})};
    auto request = to(static_cast<std::uint16_t>(server.port()));
    request.tls = true;
    request.tls_options.ca_file = "/nowhere/ca.pem";
    const auto connected = run(request);
    REQUIRE_FALSE(connected);
    CHECK(connected.error().kind == FailureKind::misconfigured);
}

TEST_CASE("TLS with a server that speaks plain text is a bad answer") {
    Listener listener{[](Tcp::socket& socket) { say(socket, "220 mail.example ESMTP\r\n"); }};
    auto request = to(listener.port());
    request.tls = true;
    const auto connected = run(request);
    REQUIRE_FALSE(connected);
    CHECK(connected.error().kind == FailureKind::bad_answer);
}

TEST_CASE("PostgreSQL that has TLS switched off says so") {
    Listener listener{[](Tcp::socket& socket) {
        CHECK(hear(socket, 8) == std::string_view("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8));
        say(socket, "N");
    }};
    auto request = to(listener.port());
    request.tls = true;
    request.starttls = StartTls::postgres;
    const auto connected = run(request);
    REQUIRE_FALSE(connected);
    CHECK(connected.error().detail.contains("TLS switched off"));
}

TEST_CASE("STARTTLS of SMTP is asked for in its words, and missed where it is not offered") {
    std::string heard;
    Listener listener{[&](Tcp::socket& socket) {
        say(socket, "220 mail.example ESMTP\r\n");
        heard = hear(socket, 15);
        say(socket, "250-mail.example\r\n250-SIZE 1000\r\n250 HELP\r\n");
    }};
    auto request = to(listener.port());
    request.tls = true;
    request.starttls = StartTls::smtp;
    const auto connected = run(request);
    REQUIRE_FALSE(connected);
    listener.end();
    CHECK(heard == "EHLO recoverd\r\n");
    CHECK(connected.error().detail.contains("does not offer STARTTLS"));
}
