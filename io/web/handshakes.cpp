// SPDX-License-Identifier: Apache-2.0
#include "io/web/handshakes.hpp"

#include <asio/ssl/error.hpp>

#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

namespace recoverd::io::web {

namespace {

constexpr std::array<std::pair<int, std::string_view>, 7> kHints{{
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "client_auth_type of the web configuration asks it for a certificate"},
    {SSL_R_CERTIFICATE_VERIFY_FAILED, "client_ca_file of the web configuration says whose certificates are taken, and "
                                      "client_allowed_sans which of them"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "min_version and max_version of the web configuration say what is spoken"},
    {SSL_R_NO_SHARED_CIPHER, "cipher_suites and curve_preferences of the web configuration say what is spoken"},
    {SSL_R_HTTP_REQUEST, "it asks by http, where https is served"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the client does not know the authority of the server's certificate"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the client does not take the server's certificate"},
}};

} // namespace

std::optional<FailedHandshake> failed_handshake(const SSL* tls, const asio::error_code& error) {
    if (error.category() != asio::error::get_ssl_category())
        return std::nullopt;
    const auto code = static_cast<unsigned long>(error.value());
    const char* const words = ERR_reason_error_string(code);
    FailedHandshake failed{words ? words : error.message(), {}};
    const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        failed.reason += fmt::format(" ({})", X509_verify_cert_error_string(SSL_get_verify_result(tls)));
    for (const auto& [of, hint] : kHints)
        if (of == reason)
            failed.hint = hint;
    return failed;
}

std::optional<std::string> HandshakeLog::line(const std::string& peer, const FailedHandshake& failed, Moment now) {
    if (now - hour_began_ >= kAgain) {
        told_.clear();
        hour_began_ = now;
    }
    if (told_.size() >= kMostInAnHour || !told_.insert(peer + " " + failed.reason).second) {
        ++left_out_;
        return std::nullopt;
    }
    std::string line = fmt::format("web: the TLS handshake with {} failed: {}", peer, failed.reason);
    if (const std::size_t left_out = std::exchange(left_out_, 0); left_out > 0)
        line += fmt::format("; not told before it: {}", left_out);
    if (!failed.hint.empty())
        line += fmt::format("\nhint: {}", failed.hint);
    return line;
}

} // namespace recoverd::io::web
