// SPDX-License-Identifier: Apache-2.0
// A task with a deadline. Not `operator||` of asio, which waits for the first success and loses an exception meanwhile.
#pragma once

#include "io/deferred.hpp"
#include "io/timers.hpp"

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/experimental/parallel_group.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <exception>
#include <string>
#include <tuple>

namespace recoverd::io {

/// Throws what a cancelled operation throws, when the coroutine with this state was cancelled.
inline void throw_if_cancelled(const asio::cancellation_state& state) {
    if (state.cancelled() != asio::cancellation_type::none)
        throw asio::system_error(asio::error::operation_aborted);
}

/// Is this the end of a cancelled operation?
inline bool is_cancellation(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const asio::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

/// The words for a limit that has passed.
inline std::string no_answer_within(core::Duration limit) {
    return fmt::format("no answer within {} s", core::to_seconds(limit));
}

/// What `task` comes to, or `timed_out` with `late` as its detail once `limit` has passed; then the task is cancelled
/// and its end awaited. An exception of the task is thrown on at once. A result that came in the same moment as the
/// deadline counts. Being cancelled itself cancels the task.
template <class T>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop's
Task<Result<T>> with_deadline(Timers& timers, core::Duration limit, Task<Result<T>> task, std::string late = {}) {
    const auto executor = co_await asio::this_coro::executor;
    auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(task), deferred),
                                                         asio::co_spawn(executor, timers.rest(limit), deferred));
    auto [order, thrown, result, timer_thrown, passed] =
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    throw_if_cancelled(state);
    if (!thrown)
        co_return std::move(result);
    if (order[0] == 0 || !is_cancellation(thrown))
        std::rethrow_exception(thrown);
    if (timer_thrown)
        std::rethrow_exception(timer_thrown);
    if (late.empty())
        late = no_answer_within(limit);
    co_return core::failed(FailureKind::timed_out, std::move(late));
}

} // namespace recoverd::io
