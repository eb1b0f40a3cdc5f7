// SPDX-License-Identifier: Apache-2.0
// `tls`, `auth` and `proxy` look the same everywhere; they are read and opened here.
#pragma once

#include "core/config/options.hpp"
#include "io/world.hpp"

namespace recoverd::io {

/// `auth = { basic = { username, password } }`, `{ bearer = secret }` or `{ header = { name, value = secret } }`.
struct AuthRefs {
    std::string username;
    core::config::SecretRef password;
    core::config::SecretRef bearer;
    std::string header_name;
    core::config::SecretRef header_value;

    bool operator==(const AuthRefs&) const = default;
};

TlsOptions read_tls(const core::config::Node& node, const std::string& path, core::config::Diagnostics& diagnostics);
AuthRefs read_auth(const core::config::Node& node, const std::string& path, core::config::Diagnostics& diagnostics);

Task<Result<HttpAuth>> open_auth(World& world, AuthRefs refs);

/// scheme://host:port/path without credentials, query and fragment: fit for a label.
std::string bare_url(const std::string& url);

} // namespace recoverd::io
