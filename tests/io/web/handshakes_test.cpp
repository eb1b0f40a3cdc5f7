// SPDX-License-Identifier: Apache-2.0
// Which failed handshakes are told, and how often; that they are is in server_tls_test.cpp.
#include "io/web/handshakes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <asio/error.hpp>
#include <asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

using namespace recoverd::io::web;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

constexpr HandshakeLog::Moment kNoon{std::chrono::hours{100}};

} // namespace

TEST_CASE("of a failed handshake OpenSSL's reason is told, and of a client that went away nothing") {
    // As the first use of TLS does.
    REQUIRE(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr) == 1);
    const auto of = [](int reason) {
        return asio::error_code(static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, reason)), asio::error::get_ssl_category());
    };
    const auto bare = failed_handshake(nullptr, of(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE));
    REQUIRE(bare);
    CHECK(bare->reason == "peer did not return a certificate");
    CHECK_THAT(std::string{bare->hint}, ContainsSubstring("client_auth_type"));
    const auto other = failed_handshake(nullptr, of(SSL_R_BAD_EXTENSION));
    REQUIRE(other);
    CHECK(other->reason == "bad extension");
    CHECK(other->hint.empty());
    CHECK_FALSE(failed_handshake(nullptr, asio::error::eof));
    CHECK_FALSE(failed_handshake(nullptr, asio::error::connection_reset));
    CHECK_FALSE(failed_handshake(nullptr, asio::error::operation_aborted));
    CHECK_FALSE(failed_handshake(nullptr, asio::ssl::error::stream_truncated));
}

TEST_CASE("each client is told of once an hour for each reason, and how often it was not told") {
    HandshakeLog log;
    const FailedHandshake bare{"peer did not return a certificate", "ask somebody"};
    const FailedHandshake old{"unsupported protocol", {}};
    CHECK(log.line("10.0.0.1", bare, kNoon) ==
          "web: the TLS handshake with 10.0.0.1 failed: peer did not return a certificate\nhint: ask somebody");
    CHECK_FALSE(log.line("10.0.0.1", bare, kNoon + 15s));
    CHECK_FALSE(log.line("10.0.0.1", bare, kNoon + 30s));
    CHECK(log.line("10.0.0.1", old, kNoon + 31s) ==
          "web: the TLS handshake with 10.0.0.1 failed: unsupported protocol; not told before it: 2");
    CHECK(log.line("10.0.0.2", old, kNoon + 32s) ==
          "web: the TLS handshake with 10.0.0.2 failed: unsupported protocol");
    CHECK_FALSE(log.line("10.0.0.1", bare, kNoon + 59min));
    CHECK(log.line("10.0.0.1", bare, kNoon + 1h) ==
          "web: the TLS handshake with 10.0.0.1 failed: peer did not return a certificate; not told before it: 1"
          "\nhint: ask somebody");
}

TEST_CASE("however many clients come, the log is not filled") {
    HandshakeLog log;
    const FailedHandshake failed{"http request", {}};
    const auto lines = [&](HandshakeLog::Moment now) {
        std::size_t told = 0;
        for (int i = 0; i < 1000; ++i)
            told += log.line("10.0.0." + std::to_string(i), failed, now) ? 1U : 0U;
        return told;
    };
    CHECK(lines(kNoon) == HandshakeLog::kMostInAnHour);
    CHECK(lines(kNoon + 30min) == 0);
    const auto next = log.line("10.0.0.1", failed, kNoon + 1h);
    REQUIRE(next);
    CHECK_THAT(*next, EndsWith("; not told before it: 1980"));
}
