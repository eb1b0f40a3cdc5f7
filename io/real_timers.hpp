// SPDX-License-Identifier: Apache-2.0
// The real clocks and waits on the loop.
#pragma once

#include "io/timers.hpp"

#include <chrono>

namespace recoverd::io {

/// CLOCK_BOOTTIME: unlike std::chrono::steady_clock it goes on while the machine is suspended.
struct BootClock {
    // NOLINTBEGIN(readability-identifier-naming): a clock's names are the standard's.
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
    // NOLINTEND(readability-identifier-naming)

    static time_point now() noexcept;
};

class RealTimers final : public Timers {
  public:
    core::Time now() const override;
    core::Duration elapsed() const override;
    /// Waits on the executor of the coroutine that calls it.
    Task<bool> rest(core::Duration duration) override;
};

} // namespace recoverd::io
