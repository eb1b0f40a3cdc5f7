// SPDX-License-Identifier: Apache-2.0
// Waiting for a while or until someone says so, whichever comes first; and coroutines that end with their owner.
#pragma once

#include "io/timers.hpp"

#include <memory>

namespace recoverd::io {

/// Belongs to one loop thread. A wake that nobody waits for is kept for the next wait.
class Wake {
  public:
    Wake();
    ~Wake();
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;

    void wake();
    /// Forgets a wake that was kept.
    void forget() { woken_ = false; }
    /// True when woken, false when the time is over.
    Task<bool> wait(Timers& timers, core::Duration duration);

  private:
    struct Waiter;
    bool woken_ = false;
    std::unique_ptr<Waiter> waiter_;
};

/// One coroutine that runs beside others. Destroying this cancels it; the coroutine may end a little later, so what it
/// uses must be shared with it.
class Companion {
  public:
    Companion() = default;
    Companion(Companion&& other) noexcept = default;
    Companion& operator=(Companion&& other) noexcept;
    ~Companion();

    /// Starts `task` on the executor of the coroutine that awaits this.
    static Task<Companion> start(Task<void> task);
    /// Did it end by itself?
    bool ended() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace recoverd::io
