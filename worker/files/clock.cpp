// SPDX-License-Identifier: Apache-2.0
#include "worker/files/clock.hpp"

#include <thread>

namespace recoverd::worker::files {

Clock system_clock() {
    return {[] { return std::chrono::floor<core::Duration>(std::chrono::system_clock::now()); },
            [](core::Duration duration) { std::this_thread::sleep_for(duration); }};
}

} // namespace recoverd::worker::files
