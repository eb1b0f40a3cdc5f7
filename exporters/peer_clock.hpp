// SPDX-License-Identifier: Apache-2.0
// The clock of somebody we tell moments to, beside ours. Alertmanager takes an alert whose `endsAt` is behind its own
// clock for over: an agent whose wall clock is an hour slow would resolve everything, and one that is fast could
// resolve nothing. So moments are sent in the time of who reads them, as far as its answers (`Date`) tell it.
#pragma once

#include "core/time.hpp"
#include "io/timers.hpp"

#include <optional>
#include <string_view>

namespace recoverd::exporters {

class PeerClock {
  public:
    explicit PeerClock(const io::Timers& timers) : timers_(timers), wall_(wall_offset()) {}

    /// It answered with this `Date` what it was asked at `asked_at` (of timers.elapsed()); what is none is passed over.
    void answered(std::string_view date, core::Duration asked_at);
    /// What to add to a moment on our wall clock to have it on theirs. Nothing while the two agree, or nothing is
    /// known.
    core::Duration ahead() const;
    /// Is what was `used` as `ahead` still what it would be?
    bool agrees(core::Duration used) const;
    /// How far our own wall clock jumped since this was asked last: what was noted by it is to be moved along.
    core::Duration take_jump();

  private:
    core::Duration wall_offset() const { return timers_.now().time_since_epoch() - timers_.elapsed(); }

    const io::Timers& timers_;
    core::Duration wall_;
    /// Theirs, from our clock that never jumps: still right after ours has jumped.
    std::optional<core::Duration> theirs_;
};

} // namespace recoverd::exporters
