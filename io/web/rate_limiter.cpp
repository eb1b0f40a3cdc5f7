// SPDX-License-Identifier: Apache-2.0
#include "io/web/rate_limiter.hpp"

#include <algorithm>

namespace recoverd::io::web {

bool RateLimiter::admits(const std::optional<RateLimit>& limit, std::chrono::steady_clock::time_point now) {
    if (limit != limit_) {
        limit_ = limit;
        tokens_ = limit ? limit->burst : 0;
        taken_at_ = now;
    }
    if (!limit_)
        return true;
    using Nanoseconds = std::chrono::duration<double, std::nano>;
    const double interval = Nanoseconds{limit_->interval}.count();
    const double grown = Nanoseconds{now - taken_at_}.count() / interval;
    const double tokens = std::min(tokens_ + grown, static_cast<double>(limit_->burst));
    // What lacks less than a nanosecond is whole but for rounding.
    if ((1 - tokens) * interval >= 1)
        return false;
    tokens_ = tokens - 1;
    taken_at_ = now;
    return true;
}

} // namespace recoverd::io::web
