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
    virtual Task<void> sleep(core::Duration duration) = 0;
};

} // namespace recoverd::io
