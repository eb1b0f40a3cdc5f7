// SPDX-License-Identifier: Apache-2.0
// The real clocks and waits on the loop.
#pragma once

#include "io/timers.hpp"

#include <chrono>
#include <functional>

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
    /// `late` hears, on the loop, how much later than due each wait ended that was not cancelled: whatever held up the
    /// loop meanwhile shows there, and nothing wakes for it.
    void on_fired(std::function<void(core::Duration late)> late) { late_ = std::move(late); }

  private:
    std::function<void(core::Duration)> late_;
};

} // namespace recoverd::io
