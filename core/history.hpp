// SPDX-License-Identifier: Apache-2.0
// What happened, as it was written down: alerts that began or ended to fire, and outcomes as they were reported.
#pragma once

#include "core/labels.hpp"
#include "core/names.hpp"
#include "core/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace recoverd::core {

/// Whose history; `alert` is that of a rule, such as BackupTooOld.
enum class HistoryOf : std::uint8_t { asset, check, scenario, alert };
template <>
struct Names<HistoryOf> {
    static constexpr std::array<std::string_view, 4> values{"asset", "check", "scenario", "alert"};
};

struct Event {
    Time at;
    /// "alert" or "outcome".
    std::string kind;
    /// The alert; of an outcome its exercise, or "backup".
    std::string name;
    /// "firing" or "resolved"; of an outcome "started", "passed", "failed", ...
    std::string state;
    /// Why, or the message that came with it; may be empty.
    std::string reason;
    /// An alert's; of an outcome `asset` and `id`.
    Labels labels;

    bool operator==(const Event&) const = default;
};

} // namespace recoverd::core
