// SPDX-License-Identifier: Apache-2.0
// Certificates and keys that stand in a configuration as they are, in place of a file's name.
#pragma once

#include "io/secret.hpp"

#include <memory>
#include <string>
#include <vector>

/// OpenSSL's X509.
using X509 = struct x509_st;

namespace recoverd::io::web {

struct FreeX509 {
    void operator()(X509* certificate) const;
};
using X509Ptr = std::unique_ptr<X509, FreeX509>;

/// All that stand there, in their order. None when there is none, or when one of them cannot be read.
std::vector<X509Ptr> certificates_in(const std::string& pem);

/// Whether a key stands there that needs no password.
bool holds_key(const Secret& pem);
/// Whether both can be read, and the key is that of the first certificate.
bool is_key_of(const Secret& key, const std::string& certificates);

} // namespace recoverd::io::web
