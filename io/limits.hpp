// SPDX-License-Identifier: Apache-2.0
// How many of something may run at once. Whoever waits is served in the order of coming, and may stop waiting.
#pragma once

#include "io/task.hpp"

#include <memory>

namespace recoverd::io {

/// A check that timed out last time is suspect: all suspects together may hold at most half of the slots, so that what
/// hangs leaves room for what answers.
enum class Trust : std::uint8_t { good, suspect };

/// For the coroutines of one loop.
class Limit {
    struct State;
    struct Waiter;

  public:
    /// Gives its place back when it goes.
    class Slot {
      public:
        Slot() = default;
        Slot(std::shared_ptr<State> state, Trust trust) : state_(std::move(state)), trust_(trust) {}
        Slot(Slot&& other) noexcept : state_(std::move(other.state_)), trust_(other.trust_) {}
        Slot& operator=(Slot&& other) noexcept;
        ~Slot();

      private:
        std::shared_ptr<State> state_;
        Trust trust_ = Trust::good;
    };

    /// At least one slot.
    explicit Limit(std::size_t slots);

    Task<Slot> acquire(Trust trust = Trust::good);
    std::size_t taken() const;
    std::size_t waiting() const;

  private:
    std::shared_ptr<State> state_;
};

} // namespace recoverd::io
