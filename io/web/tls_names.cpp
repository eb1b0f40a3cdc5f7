// SPDX-License-Identifier: Apache-2.0
#include "io/web/tls_names.hpp"

#include <openssl/ssl.h>

#include <array>

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

} // namespace

std::span<const std::string_view> go_cipher_suites() { return kGoSuites; }

// "TLS_AES_128_GCM_SHA256": how keys are exchanged is no part of them.
bool is_of_tls13(std::string_view go_suite) { return !go_suite.contains("_WITH_"); }

std::optional<std::string> openssl_cipher(std::string_view go_suite) {
    // Go's names are the standard's.
    const std::string name = OPENSSL_cipher_name(std::string{go_suite}.c_str());
    return name == "(NONE)" ? std::nullopt : std::optional{name};
}

} // namespace recoverd::io::web
