// SPDX-License-Identifier: Apache-2.0
// Handshakes of TLS that fail, as lines for the log. A client that may not come in, or comes in another way, hears so
// little of it that it is told here; and as it comes again every few seconds, it is not told each time.
#pragma once

#include <asio/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

/// OpenSSL's SSL.
using SSL = struct ssl_st;

namespace recoverd::io::web {

struct FailedHandshake {
    /// OpenSSL's words: "peer did not return a certificate".
    std::string reason;
    /// What to look at, or empty.
    std::string_view hint;
};

/// Nothing when the client just went away, as those do who only look whether a port is open.
std::optional<FailedHandshake> failed_handshake(const SSL* tls, const asio::error_code& error);

/// Web thread only.
class HandshakeLog {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::hours kAgain{1};
    /// In all of them together, whoever comes.
    static constexpr std::size_t kMostInAnHour = 20;

    /// A line, when there is to be one: of each client each reason once an hour.
    std::optional<std::string> line(const std::string& peer, const FailedHandshake& failed, Moment now);

  private:
    std::set<std::string> told_;
    std::size_t left_out_ = 0;
    Moment hour_began_;
};

} // namespace recoverd::io::web
