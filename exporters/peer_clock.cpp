// SPDX-License-Identifier: Apache-2.0
#include "exporters/peer_clock.hpp"

#include "io/http.hpp"

#include <algorithm>

namespace recoverd::exporters {

namespace {

/// A `Date` has whole seconds.
constexpr core::Duration kUncertain{2'000};
/// Nothing that anybody does with an alert depends on less.
constexpr core::Duration kAgreed{5'000};

} // namespace

void PeerClock::answered(std::string_view date, core::Duration asked_at) {
    const auto now = io::read_http_date(date);
    if (!now)
        return;
    // It was written between question and answer: one that was long on its way is of no other clock for that.
    const core::Duration least = now->time_since_epoch() - timers_.elapsed();
    const core::Duration most = now->time_since_epoch() - asked_at;
    const core::Duration theirs = std::clamp(theirs_.value_or(wall_offset()), least, most);
    // Else each answer would move each alert's beginning by a little.
    if (!theirs_ || std::chrono::abs(theirs - *theirs_) > kUncertain)
        theirs_ = theirs;
}

core::Duration PeerClock::ahead() const {
    const core::Duration ahead = theirs_ ? *theirs_ - wall_offset() : core::Duration{0};
    return std::chrono::abs(ahead) > kAgreed ? ahead : core::Duration{0};
}

bool PeerClock::agrees(core::Duration used) const { return std::chrono::abs(ahead() - used) <= kAgreed; }

core::Duration PeerClock::take_jump() {
    const core::Duration jump = wall_offset() - wall_;
    wall_ += jump;
    return std::chrono::abs(jump) > kUncertain ? jump : core::Duration{0};
}

} // namespace recoverd::exporters
