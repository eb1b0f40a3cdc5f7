// SPDX-License-Identifier: Apache-2.0
// What counts as a proof, and when the next one is due: for rules, verdicts, metrics and pages alike.
#pragma once

#include "core/rules/view.hpp"

#include <functional>
#include <string_view>

namespace recoverd::core {

/// Exercises named restore… are restore tests, with alerts of their own.
bool is_restore_test(std::string_view exercise);
/// When a run ended; runs without an end have none.
std::optional<Time> end_of(const Exercise& run);
/// How long a run took; nothing before its end, or when one of both is not known.
std::optional<Duration> length_of(const Exercise& run);
/// How long recovery took in it: what it measured itself, or else how long the run took.
std::optional<Duration> recovery_time(const Exercise& run);
/// The last end of this exercise in `seen`, or nullptr.
const Exercise* last_end(const SubjectMemory& seen, std::string_view exercise);

/// The newest run of an asset that counts, by its end or, while it has none, its start; of equal ones the last. nullptr
/// when there is none.
const Exercise* newest_run(const AssetView& view, const std::function<bool(const Exercise&)>& counts);
/// By its name: does an exercise count?
using CountsByName = std::function<bool(std::string_view exercise)>;
inline bool any_exercise(std::string_view /*exercise*/) { return true; }
/// The newest passed run of an asset, of the exercises that count and at least `depth`; nullptr when there is none.
const Exercise* newest_passed(const AssetView& view, const CountsByName& counts, Depth depth);
/// When the next proof is due by what was promised; counted from when the asset was first seen while there is none.
Time restore_test_due(const AssetView& view, Duration every);
Time exercise_due(const AssetView& view, const PlannedExercise& planned);

} // namespace recoverd::core
