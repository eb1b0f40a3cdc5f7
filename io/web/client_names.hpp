// SPDX-License-Identifier: Apache-2.0
// Which client a certificate is of, by its subject alternative names. Whether the certificate is trusted is for those
// who shook hands.
#pragma once

#include <string>
#include <vector>

/// OpenSSL's X509.
using X509 = struct x509_st;

namespace recoverd::io::web {

/// DNS names, mail addresses, IP addresses and URIs, each as Go writes it: what exporter-toolkit compares.
std::vector<std::string> alternative_names(const X509& certificate);

/// Whether one of them is among those allowed, letter by letter: "*.example.com" allows the certificate that says just
/// that, and the common name counts for nothing.
bool has_allowed_name(const X509& certificate, const std::vector<std::string>& allowed);

} // namespace recoverd::io::web
