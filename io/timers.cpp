// SPDX-License-Identifier: Apache-2.0
#include "io/timers.hpp"

#include <asio/error.hpp>
#include <asio/system_error.hpp>

namespace recoverd::io {

Task<void> Timers::sleep(core::Duration duration) {
    const bool passed = co_await rest(duration);
    if (!passed)
        throw asio::system_error(asio::error::operation_aborted);
}

} // namespace recoverd::io
