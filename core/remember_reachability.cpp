// SPDX-License-Identifier: Apache-2.0
// Streaks. "Down" and "not up" are counted apart, each with its own N bad and M good in a row, so that an endpoint that
// flaps between down and degraded is degraded rather than nothing.
#include "core/remember_parts.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

void count(bool hit, unsigned& hits, unsigned& misses) {
    hits = hit ? hits + 1 : 0;
    misses = hit ? 0 : misses + 1;
}

/// Hysteresis: begins after `failures` hits in a row, ends after `successes` misses in a row.
bool holds(bool before, unsigned hits, unsigned misses, const Check& check) {
    return before ? misses < std::max(1U, check.successes) : hits >= std::max(1U, check.failures);
}

} // namespace

void remember_probe(SubjectMemory& seen, ReachState state, const Learned& learned) {
    const bool was_down = seen.down_in_row > 0;
    if (was_down != (state == ReachState::down) || !learned.learned_before)
        seen.turned_at = learned.looked_at;
    count(state != ReachState::up, seen.bad_in_row, seen.good_in_row);
    count(state == ReachState::down, seen.down_in_row, seen.not_down_in_row);
    const bool down = holds(seen.settled == ReachState::down, seen.down_in_row, seen.not_down_in_row, learned.check);
    const bool bad = holds(seen.settled != ReachState::up, seen.bad_in_row, seen.good_in_row, learned.check);
    const ReachState settled = down ? ReachState::down : bad ? ReachState::degraded : ReachState::up;
    if (settled != seen.settled || !learned.learned_before)
        seen.settled_since = learned.looked_at;
    seen.settled = settled;
}

} // namespace recoverd::core
