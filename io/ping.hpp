// SPDX-License-Identifier: Apache-2.0
// ICMP echo: is a host there, how much is lost on the way, how long does it take.
#pragma once

#include "core/time.hpp"
#include "io/task.hpp"
#include "io/timers.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace recoverd::io {

struct PingRequest {
    /// A name or a numeric address, of either family.
    std::string host;
    unsigned count = 3;
    /// Between two echoes; what is too late for the next one still counts.
    core::Duration interval{200};
    core::Duration timeout{5'000};
};

struct Pinged {
    /// Numeric, the one that was asked.
    std::string address;
    unsigned sent = 0;
    /// Round trips of those that came back.
    std::vector<std::chrono::microseconds> trips;
    /// What the network said of those that did not, if it said anything.
    std::string trouble;
};

/// Asks the first address of the host. No answer at all is a `Pinged` as well: none came back. Fails with `unreachable`
/// or `timed_out` when the name has no address, with `misconfigured` when this process may not ping, with what to
/// grant, or this host lacks what it would ping from (see io/socket_failure.hpp).
///
/// The kernel's own ping sockets need no privilege where net.ipv4.ping_group_range has the process' group (it holds for
/// both families); otherwise a raw socket needs CAP_NET_RAW.
Task<Result<Pinged>> ping(Timers& timers, PingRequest request);

} // namespace recoverd::io
