// SPDX-License-Identifier: Apache-2.0
// What an outage lost, in seconds and rows: a write canary finds which of its confirmed rows are gone, and it is told
// here which outage they were lost by.
#pragma once

#include "core/memory.hpp"
#include "core/scenario.hpp"

#include <optional>

namespace recoverd::core {

/// What this check's canary said last; nothing where it has none, or has not looked.
std::optional<CanaryTold> told_by_canary(const CheckMemory& memory);

/// Puts what came on top to the outage that runs, or to the last one if nobody had looked since it ended. True when
/// that changed what is to be kept.
bool remember_loss(OutageHistory& history, const CanaryTold& told);

/// What the outage that runs has lost, or else the last one; nothing where nobody told.
std::optional<Loss> last_loss(const OutageHistory& history);

} // namespace recoverd::core
