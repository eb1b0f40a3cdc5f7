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

/// Whoever is not answered waits for all of the timeout, and was not served from when it asked: dated by its end, an
/// outage of packets that go nowhere would be shorter than it was by that. A good probe is short, and ends when
/// somebody was served. Others take as long when all is well, so that both ends are as late.
Time seen_at(ReachState state, const Learned& learned) {
    return state == ReachState::down && learned.check.probes ? learned.looked_at - learned.took : learned.looked_at;
}

} // namespace

void remember_probe(SubjectMemory& seen, ReachState state, const Learned& learned) {
    const bool was_down = seen.down_in_row > 0;
    if (was_down != (state == ReachState::down) || !learned.learned_before)
        seen.turned_at = seen_at(state, learned);
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
