// SPDX-License-Identifier: Apache-2.0
// What Go's crypto/tls calls the cipher suites and curves that a server may offer, and what the OpenSSL that runs here
// calls them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace recoverd::io::web {

/// Those of CipherSuites() in Go 1.26, hence none that Go counts among the insecure ones.
std::span<const std::string_view> go_cipher_suites();
/// Those of TLS 1.3 cannot be chosen, in Go as here: all of them are always offered.
bool is_of_tls13(std::string_view go_suite);
/// For SSL_CTX_set_cipher_list. Nothing when this OpenSSL does not have it.
std::optional<std::string> openssl_cipher(std::string_view go_suite);

/// Those of exporter-toolkit, and the hybrid ones that Go has since.
std::span<const std::string_view> go_curves();
/// For SSL_CTX_set1_groups_list. Nothing when this OpenSSL does not have it: hybrid ones come with 3.5.
std::optional<std::string> openssl_group(std::string_view go_curve);

} // namespace recoverd::io::web
