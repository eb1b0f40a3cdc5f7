// SPDX-License-Identifier: Apache-2.0
// What the `patroni` collector remembers from run to run. Nobody else includes it, tests aside.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::patroni_parts {

/// The leader's log had come so far when it was looked at.
struct Position {
    std::uint64_t bytes = 0;
    core::Time at;

    bool operator==(const Position&) const = default;
};

/// A member that came into a cluster that was known, and was stopped when it was seen for the first time.
struct Newcomer {
    std::string name;
    core::Time at;

    bool operator==(const Newcomer&) const = default;
};

struct Cursor {
    /// Every name that was seen, 200 at most; none that has never come to follow since it was added.
    std::vector<std::string> members;
    /// Rising, oldest first; thinned with age, 120 at most.
    std::vector<Position> positions;
    /// None of them among `members`.
    std::vector<Newcomer> newcomers;

    /// It is no newcomer any more.
    void add_member(const std::string& name);
    bool knows(std::string_view name) const;
    bool is_newcomer(std::string_view name) const;
    /// May a name that is stopped be that of a member that is just added? Patroni says so of each for its first
    /// `loop_wait` (10 s), before it copies. One that is stopped again later, or still, is not being made.
    bool comes_stopped(const std::string& name, core::Time now);
    /// One that went back (another leader, with less of the log) begins anew.
    void add_position(std::uint64_t bytes, core::Time at);
    /// How long ago the leader wrote what a member that is so many bytes behind lacks: Patroni tells bytes only. Too
    /// little by the time between two looks and by Patroni's own rhythm (loop_wait); nothing when the leader's log is
    /// not known.
    std::optional<core::Duration> lag(std::uint64_t behind, core::Time now) const;

    bool operator==(const Cursor&) const = default;
};

/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

} // namespace recoverd::collectors::patroni_parts
