// SPDX-License-Identifier: Apache-2.0
// Threads for system calls that may hang (open, stat, exec on a dead network file system). A caller waits without
// blocking the loop, and may leave: then the call keeps its thread, nobody else's time. A thread that is kept so is
// replaced, as often as the pool may; and of what hangs already, nobody asks again before it has ended.
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
#include <string>
#include <type_traits>
#include <utility>

namespace recoverd::io {

class BlockingPool {
    struct State;
    struct Job;

  public:
    /// Up to `most_lost` threads are replaced while calls that nobody waits for keep them. 0: a job never runs beside
    /// more than `threads` - 1 others, whatever hangs.
    explicit BlockingPool(std::size_t threads, std::size_t most_lost = 0);
    /// Waits for no call that hangs: its thread is left to itself, and what it returns is dropped.
    ~BlockingPool();
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// A call, for its caller; may outlive the pool.
    class Place {
      public:
        /// Its caller leaves without an answer.
        void leave() noexcept;

      private:
        friend class BlockingPool;
        std::shared_ptr<State> state_;
        std::shared_ptr<Job> job_;
    };
    /// First in, first out. `job` must not throw. `about` names what may hang, such as a path; empty for what cannot.
    Place post(std::function<void()> job, std::string about);
    /// Why a call about this would not be answered, for a person; nothing when it may be.
    std::optional<std::string> refusal(const std::string& about) const;
    /// Calls that run now, and calls that wait for a thread.
    std::size_t busy() const;
    std::size_t queued() const;

  private:
    static void serve(std::shared_ptr<State> state, std::size_t number);

    std::shared_ptr<State> state_;
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
    /// Was it answered?
    bool leave() {
        const std::lock_guard lock{mutex};
        ready = nullptr;
        return value || thrown;
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

/// `about`: as in BlockingPool::post.
template <class F>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop's
Task<std::invoke_result_t<F&>> run_on(BlockingPool& pool, F function, std::string about) {
    using T = std::invoke_result_t<F&>;
    using Call = BlockingCall<T>;
    asio::steady_timer ready{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    auto call = std::make_shared<Call>();
    call->ready = &ready;
    struct Leave {
        Call& call;
        BlockingPool::Place place;
        ~Leave() {
            if (!call.leave())
                place.leave();
        }
    } leave{*call, {}};
    auto job = [call, held = std::make_shared<F>(std::move(function))] { serve_call(call, *held); };
    leave.place = pool.post(std::move(job), std::move(about));
    asio::error_code woken;
    co_await ready.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    call->leave();
    if (call->thrown)
        std::rethrow_exception(call->thrown);
    if (!call->value)
        throw asio::system_error(asio::error::operation_aborted);
    co_return std::move(*call->value);
}

} // namespace detail

/// What `function` returns, or throws, on a thread of the pool. It must own what it uses, since its caller may leave.
template <class F>
Task<std::invoke_result_t<F&>> run_blocking(BlockingPool& pool, F function) {
    return detail::run_on(pool, std::move(function), std::string{});
}

/// The same of a `function` that returns a Result, about something that may hang (a path, as a person would name it).
/// While a call about the same hangs already, or every thread does, it is not made: `timed_out`, at once.
template <class F>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop's
Task<std::invoke_result_t<F&>> run_unless_hung(BlockingPool& pool, F function, std::string about) {
    if (auto refused = pool.refusal(about))
        co_return core::failed(FailureKind::timed_out, std::move(*refused));
    auto calling = detail::run_on(pool, std::move(function), std::move(about));
    co_return co_await std::move(calling);
}

} // namespace recoverd::io
