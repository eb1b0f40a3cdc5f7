// SPDX-License-Identifier: Apache-2.0
// Connects, shakes hands, says a line and listens: what a probe of a plain or TLS port does.
#pragma once

#include "io/connection.hpp"
#include "io/deadline.hpp"
#include "io/probe.hpp"
#include "io/timers.hpp"

#include <type_traits>

namespace recoverd::io {

/// host:port, [v6]:port taken apart; nothing when it is neither.
struct HostPort {
    std::string host;
    std::string port;
};
std::optional<HostPort> split_address(const std::string& address);

/// Opens `connection` to the first address of the host that answers; they are tried one after the other, each with its
/// share of the time that is left. Fails with `unreachable`, `refused`, `timed_out`; with `misconfigured` when the
/// last of them that is of a family of this host could not be tried, or there is none (see io/socket_failure.hpp).
Task<Result<void>> reach(Timers& timers, Connection& connection, HostPort where, core::Duration timeout);

/// Reaches `where`, and comes to what `converse` does with the connection (a task of a result), both within `timeout`.
/// The way there has that deadline of its own: one around both could cut off its last word, that what was wanting is
/// ours, and tell it of the other side. Fails as `reach` does, or with `timed_out`.
template <class Converse>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop's
std::invoke_result_t<Converse&, Connection&> reach_and(Timers& timers, HostPort where, core::Duration timeout,
                                                       Converse converse) {
    const core::Duration until = timers.elapsed() + timeout;
    Connection connection{co_await asio::this_coro::executor};
    const auto reached = co_await reach(timers, connection, where, timeout);
    if (!reached)
        co_return std::unexpected(reached.error());
    std::string late = no_answer_within(timeout);
    auto conversing = converse(connection);
    co_return co_await with_deadline(timers, until - timers.elapsed(), std::move(conversing), std::move(late));
}

/// Reaches the address and does what the request says. Fails as `reach` does; with `bad_answer` when the other side
/// says something else than it should; with `misconfigured` for an address or a TLS file that cannot be used.
Task<Result<Connected>> connect(Timers& timers, ConnectRequest request);

} // namespace recoverd::io
