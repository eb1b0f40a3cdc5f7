// SPDX-License-Identifier: Apache-2.0
// Which recovery points count: rules, memory, verdicts and metrics must not each decide for themselves.
#pragma once

#include "core/memory.hpp"

#include <string_view>

namespace recoverd::core {

/// How far ahead of the moment of looking a date may lie (clocks differ); beyond it, it is not believed.
inline constexpr Duration kClockTolerance = 2min;

/// Could one restore from it: good, and so is everything it needs?
bool usable(const RecoveryPoints& points, const RecoveryPoint& point);

/// The usable point with the newest data, seen at `looked_at`; points dated ahead of that are not believed.
/// With a `backup_type`, of points that serve as that type: a full is as good as a diff, a diff as an incr.
const RecoveryPoint* newest_usable(const RecoveryPoints& points, Time looked_at, std::string_view backup_type = {});

/// Does a point of this type hold only what changed since another one? By pgBackRest's words ("diff", "incr"), or as
/// jobs say it that report themselves.
bool is_of_changes(std::string_view type);
/// Does a point of type `has` serve where one of type `wanted` is asked for?
bool serves_as(std::string_view has, std::string_view wanted);

/// The newest good recovery point of a subject as it was last seen; nothing when it vanished.
std::optional<Time> newest_good_now(const SubjectMemory& seen);

/// The median of the logical sizes of its comparable predecessors, in bytes. Nothing where BackupSizeAnomaly would not
/// compare either.
std::optional<double> usual_size(const SubjectMemory& seen, const std::string& method, const RecoveryPoint& point);
/// Logical size against the median of its comparable predecessors: -0.9 is 90 % less. Nothing where BackupSizeAnomaly
/// would not compare either.
std::optional<double> size_change(const SubjectMemory& seen, const std::string& method, const RecoveryPoint& point);

} // namespace recoverd::core
