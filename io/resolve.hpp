// SPDX-License-Identifier: Apache-2.0
// Names to addresses without ever blocking the loop: a small pool of threads of its own, one query per name in flight,
// a short cache. Everything that connects uses this, and nothing uses asio's resolver.
#pragma once

#include "core/time.hpp"
#include "io/task.hpp"

#include <string>
#include <vector>

namespace recoverd::io {

/// Numeric addresses ("127.0.0.1", "::1"), in the order to try, never empty. A numeric `host` is its own answer.
/// Fails with `unreachable` (no such name), `timed_out` or `misconfigured` (see io/socket_failure.hpp); a query that
/// hangs keeps its thread, not its caller.
Task<Result<std::vector<std::string>>> resolve(std::string host, core::Duration timeout);

/// One place that an SRV record names.
struct Service {
    std::string host;
    std::uint16_t port = 0;
};
/// The SRV records of a name, by priority and weight; empty when it has none.
Task<Result<std::vector<Service>>> resolve_services(std::string name, core::Duration timeout);

} // namespace recoverd::io
