// SPDX-License-Identifier: Apache-2.0
// Tasks that live and die together.
#pragma once

#include "io/deadline.hpp"
#include "io/deferred.hpp"

#include <asio/co_spawn.hpp>
#include <asio/experimental/parallel_group.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>

namespace recoverd::io {

/// Runs three tasks until one of them ends; then the others are cancelled and their end is awaited. What the first
/// threw is thrown on. Being cancelled itself cancels all of them, and ends as a cancellation. (asio's `operator&&`
/// throws `multiple_exceptions` in that case, and hides which task failed.)
inline Task<void> together(Task<void> one, Task<void> two, Task<void> three) {
    const auto executor = co_await asio::this_coro::executor;
    auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(one), deferred),
                                                         asio::co_spawn(executor, std::move(two), deferred),
                                                         asio::co_spawn(executor, std::move(three), deferred));
    auto [order, first, second, third] =
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    throw_if_cancelled(state);
    const std::exception_ptr thrown[] = {first, second, third};
    if (thrown[order[0]])
        std::rethrow_exception(thrown[order[0]]);
}

} // namespace recoverd::io
