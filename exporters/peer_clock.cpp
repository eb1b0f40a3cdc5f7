// SPDX-License-Identifier: Apache-2.0
#include "exporters/peer_clock.hpp"

#include "io/http.hpp"

namespace recoverd::exporters {

namespace {

/// A `Date` has whole seconds, and was written some time before it is read.
constexpr core::Duration kUncertain{2'000};
/// Nothing that anybody does with an alert depends on less.
constexpr core::Duration kAgreed{5'000};

} // namespace

void PeerClock::answered(std::string_view date) {
    const auto now = io::read_http_date(date);
    if (!now)
        return;
    const core::Duration theirs = now->time_since_epoch() - timers_.elapsed();
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
