// SPDX-License-Identifier: Apache-2.0
#include "io/limits.hpp"

#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <list>
#include <optional>

namespace recoverd::io {

struct Limit::Waiter {
    Trust trust;
    /// Expires when the slot is this waiter's.
    asio::steady_timer turn;
    /// Kept here until the waiter wakes up; should it never do so, the slot goes back with it.
    std::optional<Slot> slot = std::nullopt;
};

// Shared with the slots, which may outlive the limit when a loop is torn down.
struct Limit::State : std::enable_shared_from_this<State> {
    explicit State(std::size_t count) : slots(count) {}

    const std::size_t slots;
    std::size_t taken = 0;
    std::size_t suspects = 0;
    std::list<Waiter*> waiting;

    bool has_room(Trust trust) const {
        return taken < slots && (trust == Trust::good || suspects < std::max<std::size_t>(slots / 2, 1));
    }
    Slot take(Trust trust) {
        ++taken;
        suspects += trust == Trust::suspect ? 1 : 0;
        return Slot{shared_from_this(), trust};
    }
    void give_back(Trust trust) {
        --taken;
        suspects -= trust == Trust::suspect ? 1 : 0;
        serve();
    }
    /// A suspect that finds no room lets the others pass.
    void serve() {
        std::erase_if(waiting, [this](Waiter* waiter) {
            if (!has_room(waiter->trust))
                return false;
            waiter->slot.emplace(take(waiter->trust));
            waiter->turn.expires_at(asio::steady_timer::time_point::min());
            return true;
        });
    }
};

Limit::Slot::~Slot() {
    if (state_)
        state_->give_back(trust_);
}

Limit::Slot& Limit::Slot::operator=(Slot&& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(trust_, other.trust_);
    return *this;
}

Limit::Limit(std::size_t slots) : state_(std::make_shared<State>(std::max<std::size_t>(slots, 1))) {}

Task<Limit::Slot> Limit::acquire(Trust trust) {
    const auto state = state_;
    const auto before = std::ranges::count(state->waiting, trust, [](const Waiter* waiter) { return waiter->trust; });
    if (before == 0 && state->has_room(trust))
        co_return state->take(trust);
    Waiter waiter{trust, asio::steady_timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()}};
    struct Queued {
        State& state;
        Waiter& waiter;
        ~Queued() { state.waiting.remove(&waiter); }
    } const place{*state, waiter};
    state->waiting.push_back(&waiter);
    asio::error_code woken;
    co_await waiter.turn.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!waiter.slot)
        throw asio::system_error(asio::error::operation_aborted);
    co_return std::move(*waiter.slot);
}

std::size_t Limit::taken() const { return state_->taken; }

std::size_t Limit::waiting() const { return state_->waiting.size(); }

} // namespace recoverd::io
