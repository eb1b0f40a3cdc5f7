// SPDX-License-Identifier: Apache-2.0
// What the last look of a check did not see: parts of core/engine that nobody else includes.
#pragma once

#include "core/engine/units.hpp"

#include <string>

namespace recoverd::core {

/// Why the last look that learned something says nothing of this subject; empty when it does. The check must have
/// looked.
std::string why_unseen(const CheckUnit& unit, const SubjectMemory& seen);

/// Does one of them say that nothing was learned?
bool tells_of_silence(const Alerts& alerts);

} // namespace recoverd::core
