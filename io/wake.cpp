// SPDX-License-Identifier: Apache-2.0
#include "io/wake.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/experimental/parallel_group.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>

namespace recoverd::io {

struct Wake::Waiter {
    asio::steady_timer signal;
};

Wake::Wake() = default;
Wake::~Wake() = default;

void Wake::wake() {
    woken_ = true;
    if (waiter_)
        waiter_->signal.cancel();
}

Task<bool> Wake::wait(Timers& timers, core::Duration duration) {
    if (!woken_) {
        const auto executor = co_await asio::this_coro::executor;
        // Never expires by itself: cancelling it is the signal. All real waiting is the timers'.
        waiter_ = std::make_unique<Waiter>(asio::steady_timer(executor, asio::steady_timer::time_point::max()));
        auto sleep = timers.rest(duration);
        auto group = asio::experimental::make_parallel_group(
            [&](auto&& token) {
                return asio::co_spawn(executor, std::move(sleep), std::forward<decltype(token)>(token));
            },
            [&](auto&& token) { return waiter_->signal.async_wait(std::forward<decltype(token)>(token)); });
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
        waiter_.reset();
    }
    co_return std::exchange(woken_, false);
}

struct Companion::State {
    asio::cancellation_signal cancel;
    bool ended = false;
};

Companion& Companion::operator=(Companion&& other) noexcept {
    if (this != &other) {
        Companion old = std::move(*this);
        state_ = std::move(other.state_);
    }
    return *this;
}

Companion::~Companion() {
    if (state_ && !state_->ended)
        state_->cancel.emit(asio::cancellation_type::terminal);
}

bool Companion::ended() const { return !state_ || state_->ended; }

Task<Companion> Companion::start(Task<void> task) {
    Companion companion;
    companion.state_ = std::make_shared<State>();
    const auto state = companion.state_;
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, std::move(task),
                   asio::bind_cancellation_slot(state->cancel.slot(), [state](std::exception_ptr) {
                       // An error has no one to go to: who runs beside others reports by what it shares with them.
                       state->ended = true;
                   }));
    co_return companion;
}

} // namespace recoverd::io
