// SPDX-License-Identifier: Apache-2.0
// The time, so that tests need not wait for a file to be left alone.
#pragma once

#include "core/time.hpp"

#include <functional>

namespace recoverd::worker::files {

struct Clock {
    std::function<core::Time()> now;
    std::function<void(core::Duration)> sleep;
};

Clock system_clock();

} // namespace recoverd::worker::files
