// SPDX-License-Identifier: Apache-2.0
// The time that a file name tells, when it clearly tells one.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace recoverd::worker::files {

/// How a name's time without a zone is meant.
enum class NameTime : std::uint8_t { local, utc, ignored };

struct NamedTime {
    /// Where it stands in the name: [begin, end).
    std::uint16_t begin = 0;
    std::uint16_t end = 0;
    std::int16_t year = 0;
    std::uint8_t month = 0;
    std::uint8_t day = 0;
    bool has_clock = false;
    /// Minutes that its clock is ahead of UTC, where the name says so itself ("Z", "-05:00").
    std::optional<std::int16_t> ahead;
    std::uint8_t hour = 0;
    std::uint8_t minute = 0;
    std::uint8_t second = 0;
};

/// YYYY-MM-DD or YYYYMMDD (also with '_' or '.' between), then optionally HH:MM[:SS], HH-MM[-SS], HHMM[SS] after 'T',
/// '_', '-', '.' or a space, or directly (YYYYMMDDHHMMSS); then "Z", or behind a clock that follows a 'T' also +HH:MM
/// or +HHMM, as `date -Iseconds` writes them. The last one in the name counts. Digits that go on are no time (an order
/// number), nor is a 13th month.
std::optional<NamedTime> find_time(std::string_view name);

/// The moment a file's data is of. A name with a clock tells it. A name with a day only is less exact than `mtime`,
/// unless the file was written on another day (copied later): then the day's beginning counts, the worse of the two.
/// Never later than `mtime`: data is not newer than its last write.
core::Time data_time(const std::optional<NamedTime>& named, core::Time mtime, NameTime zone);

} // namespace recoverd::worker::files
