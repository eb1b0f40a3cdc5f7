// SPDX-License-Identifier: Apache-2.0
// All waiting goes through here, so that a test's world can let days pass in milliseconds.
#pragma once

#include "core/time.hpp"
#include "io/task.hpp"

namespace recoverd::io {

class Timers {
  public:
    virtual ~Timers() = default;

    /// Wall clock, for facts.
    virtual core::Time now() const = 0;
    /// CLOCK_BOOTTIME since some fixed moment, for intervals: it goes on in suspend and never jumps.
    virtual core::Duration elapsed() const = 0;
    /// True once `duration` has passed, false when cancelled before that. For whoever expects to be cancelled most of
    /// the time, as deadlines do: an exception each would be a tenth of what a small HTTP check costs.
    virtual Task<bool> rest(core::Duration duration) = 0;
    /// Returns once `duration` has passed; throws what a cancelled operation throws.
    Task<void> sleep(core::Duration duration);
};

} // namespace recoverd::io
