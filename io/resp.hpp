// SPDX-License-Identifier: Apache-2.0
// RESP2, the protocol of Valkey, Redis and their sentinels: what is asked, what comes back.
// https://valkey.io/topics/protocol/
#pragma once

#include "core/time.hpp"
#include "io/http.hpp"
#include "io/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::io {

/// One reply. Those of RESP3 never come, since nobody says HELLO 3.
struct RespValue {
    enum class Kind : std::uint8_t { text, error, integer, nothing, list };

    Kind kind = Kind::nothing;
    /// Of `text` and `error`; an error begins with its code: "NOAUTH Authentication required."
    std::string text;
    std::int64_t integer = 0;
    std::vector<RespValue> items;

    bool operator==(const RespValue&) const = default;
    bool is_error() const { return kind == Kind::error; }
};

using RespCommand = std::vector<std::string>;

struct RespRequest {
    /// host:port, [v6]:port.
    std::string address;
    bool tls = false;
    TlsOptions tls_options;
    /// AUTH USERNAME PASSWORD before anything else, AUTH PASSWORD without a name, nothing without either.
    std::string username;
    Secret password;
    std::vector<RespCommand> commands;
    core::Duration timeout{10'000};
};

struct RespAnswer {
    /// One for each command; a command that failed has its error here, and the next ones ran all the same.
    std::vector<RespValue> replies;
};

} // namespace recoverd::io
