// SPDX-License-Identifier: Apache-2.0
// Folds a report into memory. The only writer of memory; pure.
#pragma once

#include "core/config.hpp"
#include "core/memory.hpp"

namespace recoverd::core {

/// Were subjects let go of that nobody will miss?
bool remember(CheckMemory& memory, const Check& check, const Report& report);

/// What is left of `before` once the options of its check were changed: another source under the same name, and what
/// was seen of the old one says nothing about the new one. But a subject that is called as one was before is no younger
/// for that, or what is promised of old ones would not be asked of it for a while. Another collector has names of its
/// own.
CheckMemory begun_anew(const CheckMemory& before, bool same_collector);

} // namespace recoverd::core
