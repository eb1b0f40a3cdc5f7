// SPDX-License-Identifier: Apache-2.0
// How long nothing may be learned: the same for a whole check, for one of its subjects, and for a verdict.
#pragma once

#include "core/rules/threshold.hpp"

#include <vector>

namespace recoverd::core {

std::vector<Threshold> silence_thresholds(const Check& check, const Policy& policy);
/// Since when somebody has been looking for a subject without a break.
Time watched_since(const CheckMemory& memory, const SubjectMemory& seen);
/// From when a check's silence counts: what it last learned, or when somebody began to look.
Time last_learned(const CheckMemory& memory);
/// The same of one subject.
Time last_learned(const CheckMemory& memory, const SubjectMemory& seen);
/// The same of one kind of what is known of it: it may have come without the rest.
Time last_learned(const CheckMemory& memory, const SubjectMemory& seen, EvidenceKind kind);

} // namespace recoverd::core
