// SPDX-License-Identifier: Apache-2.0
// Threads for system calls that may hang (open, stat, exec on a dead network file system). A caller waits without
// blocking the loop, and may leave: then the call keeps its thread, nobody else's time.
#pragma once

#include "io/task.hpp"

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

namespace recoverd::io {

class BlockingPool {
  public:
    explicit BlockingPool(std::size_t threads);
    /// Waits for no call that hangs: its thread is left to itself, and what it returns is dropped.
    ~BlockingPool();
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// First in, first out. `job` must not throw.
    void post(std::function<void()> job);
    /// Calls that run now, and calls that wait for a thread.
    std::size_t busy() const;
    std::size_t queued() const;

  private:
    struct State;
    static void serve(std::shared_ptr<State> state, std::size_t number);

    std::shared_ptr<State> state_;
    std::vector<std::thread> threads_;
};

namespace detail {

/// What a thread and a coroutine share of one call. Either may be gone before the other.
template <class T>
struct BlockingCall {
    std::mutex mutex;
    /// Nothing once the caller has left.
    asio::steady_timer* ready = nullptr;
    std::optional<T> value;
    std::exception_ptr thrown;

    bool wanted() {
        const std::lock_guard lock{mutex};
        return ready != nullptr;
    }
    void leave() {
        const std::lock_guard lock{mutex};
        ready = nullptr;
    }
    void wake() {
        const std::lock_guard lock{mutex};
        if (ready)
            ready->expires_at(asio::steady_timer::time_point::min());
    }
};

template <class T, class F>
void serve_call(const std::shared_ptr<BlockingCall<T>>& call, F& function) {
    if (!call->wanted())
        return;
    std::optional<T> value;
    std::exception_ptr thrown;
    try {
        value.emplace(function());
    } catch (...) {
        thrown = std::current_exception();
    }
    const std::lock_guard lock{call->mutex};
    if (!call->ready)
        return;
    call->value = std::move(value);
    call->thrown = thrown;
    // Under the lock: as long as the caller listens its loop is there.
    asio::post(call->ready->get_executor(), [call] { call->wake(); });
}

} // namespace detail

/// What `function` returns, or throws, on a thread of the pool. It must own what it uses, since its caller may leave.
template <class F>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop's
Task<std::invoke_result_t<F&>> run_blocking(BlockingPool& pool, F function) {
    using T = std::invoke_result_t<F&>;
    using Call = detail::BlockingCall<T>;
    asio::steady_timer ready{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    auto call = std::make_shared<Call>();
    call->ready = &ready;
    struct Leave {
        Call& call;
        ~Leave() { call.leave(); }
    } leave{*call};
    pool.post([call, held = std::make_shared<F>(std::move(function))] { detail::serve_call(call, *held); });
    asio::error_code woken;
    co_await ready.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    call->leave();
    if (call->thrown)
        std::rethrow_exception(call->thrown);
    if (!call->value)
        throw asio::system_error(asio::error::operation_aborted);
    co_return std::move(*call->value);
}

} // namespace recoverd::io
