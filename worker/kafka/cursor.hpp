// SPDX-License-Identifier: Apache-2.0
// What the last run saw of partitions in which a group has committed nothing. Travels as the check's cursor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace recoverd::worker::kafka {

/// Group, topic, partition.
using Uncommitted = std::tuple<std::string, std::string, std::int32_t>;

struct Cursor {
    /// Where the partition ended when it was first seen so: what came since is unread, whatever the group does with
    /// what was there before (auto.offset.reset).
    std::map<Uncommitted, std::int64_t> ends;

    bool operator==(const Cursor&) const = default;
};

/// So many are remembered; the cursor stays below a megabyte.
inline constexpr std::size_t kMaxUncommitted = 5000;

/// One that cannot be read counts as none.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

} // namespace recoverd::worker::kafka
