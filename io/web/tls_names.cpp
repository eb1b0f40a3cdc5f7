// SPDX-License-Identifier: Apache-2.0
#include "io/web/tls_names.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>

namespace recoverd::io::web {

namespace {

constexpr std::array<std::string_view, 13> kGoSuites{
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
};

constexpr std::array<std::string_view, 7> kGoCurves{
    "CurveP256", "CurveP384", "CurveP521", "X25519", "X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"};

} // namespace

std::span<const std::string_view> go_cipher_suites() { return kGoSuites; }

// "TLS_AES_128_GCM_SHA256": how keys are exchanged is no part of them.
bool is_of_tls13(std::string_view go_suite) { return !go_suite.contains("_WITH_"); }

std::optional<std::string> openssl_cipher(std::string_view go_suite) {
    // Go's names are the standard's.
    const std::string name = OPENSSL_cipher_name(std::string{go_suite}.c_str());
    return name == "(NONE)" ? std::nullopt : std::optional{name};
}

std::span<const std::string_view> go_curves() { return kGoCurves; }

std::optional<std::string> openssl_group(std::string_view go_curve) {
    // "CurveP256" is "P-256"; the others have one name.
    constexpr std::string_view kPrime = "CurveP";
    std::string name =
        go_curve.starts_with(kPrime) ? "P-" + std::string{go_curve.substr(kPrime.size())} : std::string{go_curve};
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
    const bool known = context && SSL_CTX_set1_groups_list(context.get(), name.c_str()) == 1;
    // What it says of those that it does not know is nobody else's.
    ERR_clear_error();
    return known ? std::optional{std::move(name)} : std::nullopt;
}

} // namespace recoverd::io::web
