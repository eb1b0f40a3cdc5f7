// SPDX-License-Identifier: Apache-2.0
// What the `aiven` collector remembers from run to run. Nobody else includes it, tests aside.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace recoverd::collectors::aiven_parts {

/// What a plan promises of backups.
struct Promise {
    std::uint64_t interval_hours = 0;
    /// 0: no backups are made.
    std::uint64_t max_count = 0;
    bool pitr = false;
    /// Hourly and daily ones mixed: then count and interval say little.
    bool two_schedules = false;
    core::Time read_at;

    bool operator==(const Promise&) const = default;
};

/// A service that was seen, and the plan it is on.
struct Known {
    std::string plan;
    /// From when that plan's promise counts: the service's creation, or when it was seen to change.
    core::Time since;

    bool operator==(const Known&) const = default;
};

struct Cursor {
    /// By name, 200 at most.
    std::map<std::string, Known, std::less<>> services;
    /// By "type/plan", only those that services are on.
    std::map<std::string, Promise, std::less<>> promises;

    bool operator==(const Cursor&) const = default;
};

/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

} // namespace recoverd::collectors::aiven_parts
