// SPDX-License-Identifier: Apache-2.0
#include "io/real_timers.hpp"

#include <asio/basic_waitable_timer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <ctime>

namespace recoverd::io {

namespace {

/// The loop itself waits on CLOCK_MONOTONIC, which stops in suspend: it looks again after this long at the latest, so
/// that nobody oversleeps by more.
struct BootWaits {
    static BootClock::duration to_wait_duration(const BootClock::duration& left) {
        return std::min<BootClock::duration>(left, std::chrono::seconds{10});
    }
    static BootClock::duration to_wait_duration(const BootClock::time_point& at) {
        return to_wait_duration(at - BootClock::now());
    }
};

using BootTimer = asio::basic_waitable_timer<BootClock, BootWaits>;

} // namespace

BootClock::time_point BootClock::now() noexcept {
    std::timespec since_boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return time_point{std::chrono::seconds{since_boot.tv_sec} + std::chrono::nanoseconds{since_boot.tv_nsec}};
}

core::Time RealTimers::now() const { return std::chrono::floor<core::Duration>(std::chrono::system_clock::now()); }

core::Duration RealTimers::elapsed() const {
    return std::chrono::floor<core::Duration>(BootClock::now().time_since_epoch());
}

Task<bool> RealTimers::rest(core::Duration duration) {
    // A century is as good as for ever, and does not overflow.
    const auto bounded = std::clamp(duration, core::Duration{0}, core::Duration{core::kDay * 36'525});
    const BootClock::time_point due = BootClock::now() + bounded;
    BootTimer timer{co_await asio::this_coro::executor, due};
    asio::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (!cancelled && late_)
        late_(std::chrono::floor<core::Duration>(BootClock::now() - due));
    co_return !cancelled;
}

} // namespace recoverd::io
