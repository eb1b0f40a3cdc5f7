// SPDX-License-Identifier: Apache-2.0
// Plain connections: can one connect, does TLS hold, what does the other side show.
#pragma once

#include "core/evidence.hpp"
#include "io/http.hpp"

#include <optional>
#include <string>

namespace recoverd::io {

enum class StartTls : std::uint8_t { none, postgres, smtp };

struct ConnectRequest {
    /// host:port, [v6]:port.
    std::string address;
    bool tls = false;
    TlsOptions tls_options;
    StartTls starttls = StartTls::none;
    /// Sent once connected (after TLS), and what the answer must hold; both may be empty.
    std::string send;
    std::string expect;
    core::Duration timeout{10'000};
};

/// A connection that came about. A TLS handshake that fails only because the certificate is not trusted still counts as
/// connected, with `certificate->fault` set: its dates are facts worth having.
struct Connected {
    /// Numeric, the one of several that answered.
    std::string peer;
    core::Duration latency{0};
    /// The end of what was read, at most 4 KiB.
    std::string answer;
    std::optional<core::Certificate> certificate;
};

} // namespace recoverd::io
