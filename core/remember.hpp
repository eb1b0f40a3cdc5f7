// SPDX-License-Identifier: Apache-2.0
// Folds a report into memory. The only writer of memory; pure.
#pragma once

#include "core/config.hpp"
#include "core/memory.hpp"

namespace recoverd::core {

/// Were subjects let go of that nobody will miss?
bool remember(CheckMemory& memory, const Check& check, const Report& report);

} // namespace recoverd::core
