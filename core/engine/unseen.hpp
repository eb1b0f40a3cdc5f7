// SPDX-License-Identifier: Apache-2.0
// What the last look of a check did not see: parts of core/engine that nobody else includes.
#pragma once

#include "core/engine/units.hpp"

#include <string>

namespace recoverd::core {

/// Why the last look that learned something says nothing of this subject; empty when it does. The check must have
/// looked.
std::string why_unseen(const CheckUnit& unit, const SubjectMemory& seen);

/// Does one of them say that nothing was learned of a check as a whole, or of a target?
bool tells_of_silence(const Alerts& alerts);

/// Nobody looked, or had to look so often, before `now`: silence counts from then on. What `alerts` tell of already
/// goes on, of the check as a whole or of the subjects and expectations that it is told of.
void watch_anew(CheckMemory& memory, const Alerts& alerts, Time now);

} // namespace recoverd::core
