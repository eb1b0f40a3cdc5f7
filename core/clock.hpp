// SPDX-License-Identifier: Apache-2.0
// What becomes of remembered moments when the wall clock jumps. Nobody knows whether it was right before or is now; the
// intervals between what was observed here are right either way. So what was observed here is dated anew, and what
// others dated (backups, exercises) stays as they dated it.
#pragma once

#include "core/lifecycle.hpp"
#include "core/memory.hpp"

namespace recoverd::core {

/// Moves a moment that is set.
void move_by(Time& at, Duration by);
void move_by(CheckMemory& memory, Duration by);
void move_by(Alerts& alerts, Duration by);

/// What an earlier life kept of moments that are to come still: one of the two clocks was wrong. They become `now`.
void keep_before(Time& at, Time now);
/// The same of alerts, as an agent that starts takes them up: what was pending has to hold from then on, since nobody
/// saw it do so while it was away.
void take_up(Alerts& alerts, Time start);

} // namespace recoverd::core
