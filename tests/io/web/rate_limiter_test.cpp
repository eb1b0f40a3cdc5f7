// SPDX-License-Identifier: Apache-2.0
#include "io/web/rate_limiter.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::io;
using namespace std::chrono_literals;
using recoverd::io::web::RateLimiter;

namespace {

constexpr std::chrono::steady_clock::time_point kBegin{1000h};

int admitted_of(RateLimiter& limiter, const RateLimit& limit, int requests, std::chrono::nanoseconds after) {
    int admitted = 0;
    for (int i = 0; i < requests; ++i)
        admitted += limiter.admits(limit, kBegin + after) ? 1 : 0;
    return admitted;
}

} // namespace

TEST_CASE("without a limit every request is let in") {
    RateLimiter limiter;
    for (int i = 0; i < 1000; ++i)
        CHECK(limiter.admits(std::nullopt, kBegin));
}

TEST_CASE("a burst is let in at once, then one in each interval") {
    RateLimiter limiter;
    const RateLimit limit{1s, 3};
    CHECK(admitted_of(limiter, limit, 5, 0s) == 3);
    CHECK(admitted_of(limiter, limit, 5, 999ms) == 0);
    CHECK(admitted_of(limiter, limit, 5, 1s) == 1);
    CHECK(admitted_of(limiter, limit, 5, 2999ms) == 1);
    CHECK(admitted_of(limiter, limit, 5, 3s) == 1);
}

TEST_CASE("what was not used is kept up to a burst and no further") {
    RateLimiter limiter;
    const RateLimit limit{1s, 3};
    CHECK(admitted_of(limiter, limit, 5, 0s) == 3);
    CHECK(admitted_of(limiter, limit, 5, 24h) == 3);
    CHECK(admitted_of(limiter, limit, 5, 24h + 2s) == 2);
}

TEST_CASE("those that are refused do not put off the next") {
    RateLimiter limiter;
    const RateLimit limit{1s, 1};
    CHECK(admitted_of(limiter, limit, 1, 0s) == 1);
    int admitted = 0;
    // Thirds of a millisecond, which no binary fraction of an interval is.
    for (int i = 1; i <= 30'000; ++i)
        admitted += admitted_of(limiter, limit, 1, i * 333'333ns);
    // 9.99999 s
    CHECK(admitted == 9);
}

TEST_CASE("a request in each interval is never refused, however long it goes on") {
    RateLimiter limiter;
    const RateLimit limit{333'333'333ns, 1};
    for (int i = 0; i < 10'000; ++i)
        REQUIRE(limiter.admits(limit, kBegin + i * 333'333'333ns));
}

TEST_CASE("another limit begins anew, and the same one goes on") {
    RateLimiter limiter;
    CHECK(admitted_of(limiter, {1h, 2}, 5, 0s) == 2);
    CHECK(admitted_of(limiter, {1h, 2}, 5, 1s) == 0);
    CHECK(admitted_of(limiter, {1h, 3}, 5, 2s) == 3);
    CHECK(limiter.admits(std::nullopt, kBegin + 3s));
    CHECK(admitted_of(limiter, {1h, 3}, 5, 4s) == 3);
}
