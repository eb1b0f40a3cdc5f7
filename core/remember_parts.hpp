// SPDX-License-Identifier: Apache-2.0
// The parts of core/remember.cpp, one per kind of evidence that leaves more behind than itself. For nobody else.
#pragma once

#include "core/config.hpp"
#include "core/memory.hpp"

#include <set>

namespace recoverd::core {

/// What one run learned of one subject, and what was known of it before.
struct Learned {
    const Check& check;
    Time looked_at;
    /// How long the look took that ended then.
    Duration took{0};
    /// When it was learned of last; nothing the first time.
    std::optional<Time> learned_before;
};

void remember_points(SubjectMemory& seen, const RecoveryPoints& points, const Learned& learned);
void remember_archive(SubjectMemory& seen, const LogArchive& archive, const Learned& learned);
void remember_exercise(SubjectMemory& seen, const Exercise& exercise, const Learned& learned);
/// Those of a check's subjects that tell how an exercise of an asset stands: its last end, or its last proof. What
/// belongs to no asset stands for itself.
std::set<const SubjectMemory*> tell_of_exercises(const CheckMemory::Subjects& subjects, const Check& check);
void remember_probe(SubjectMemory& seen, ReachState state, const Learned& learned);
void remember_assertions(SubjectMemory& seen, const Assertions& assertions, const Learned& learned);
/// Nobody waits to know of expectations that a whole answer does not name.
void forget_untold_assertions(SubjectMemory& seen, const EvidenceList& told);
void remember_fingerprint(SubjectMemory& seen, const Fingerprint& fingerprint, const Learned& learned);

} // namespace recoverd::core
