// SPDX-License-Identifier: Apache-2.0
// How many requests a web server answers: a bucket of tokens, as Go's golang.org/x/time/rate has it. It is full at
// first.
#pragma once

#include "io/http_server.hpp"

#include <chrono>
#include <optional>

namespace recoverd::io::web {

/// Web thread only.
class RateLimiter {
  public:
    /// Whether a request that comes `now` is answered; then it took a token. Another limit begins anew; no limit lets
    /// all through.
    bool admits(const std::optional<RateLimit>& limit, std::chrono::steady_clock::time_point now);

  private:
    std::optional<RateLimit> limit_;
    /// As they were when the last one was taken.
    double tokens_ = 0;
    std::chrono::steady_clock::time_point taken_at_;
};

} // namespace recoverd::io::web
