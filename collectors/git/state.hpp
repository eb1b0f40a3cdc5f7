// SPDX-License-Identifier: Apache-2.0
// What the `git` collector remembers from run to run. git tells no times of pushes: what a copy holds is dated by the
// looks at which it was seen.
#pragma once

#include "collectors/git/refs.hpp"
#include "core/failure.hpp"
#include "core/time.hpp"

#include <map>
#include <optional>
#include <string>

namespace recoverd::collectors::git_parts {

using core::Duration;
using core::Failure;
using core::Time;

/// A ref that the copy lacks, or has elsewhere.
struct Behind {
    /// What the copy has there; empty for nothing.
    std::string copy;
    /// The last moment of which the copy is known to have been as the origin; nothing when it never was while somebody
    /// looked.
    std::optional<Time> synced_at;

    bool operator==(const Behind&) const = default;
};

/// What cloning found. It is done seldom, so that it is kept.
struct Proof {
    std::optional<Time> tried_at;
    /// Of the refs that there were to clone.
    std::string tried;
    /// Why the last one came to no end; what the one before found still stands.
    std::optional<Failure> failure;
    /// The damage that it found; empty when there was none.
    std::string errors;
    /// Of the refs that were cloned when it passed, and when that was.
    std::string digest;
    std::optional<Time> passed_at;
    Duration took{0};
    /// Of the oldest commit.
    std::optional<Time> oldest_at;
    /// LFS pointers in HEAD, and how many of their objects are not there; nothing when that is not known.
    std::uint64_t lfs_pointers = 0;
    std::optional<std::uint64_t> lfs_missing;
    std::string lfs_detail;

    /// After one that came to no end or found damage, sooner.
    bool due(Time now, Duration every) const;
    void found(std::string words);
    bool operator==(const Proof&) const = default;
};

/// A history that is no longer there.
struct Lost {
    std::string oid;
    /// deleted, rewritten or moved.
    std::string how;
    Time since;

    bool operator==(const Lost&) const = default;
};

struct State {
    /// Of origin and mirror: what is remembered of others is worth nothing.
    std::string of;
    std::optional<Time> looked_at;
    /// The origin's refs, and since when they are those.
    std::string origin;
    std::optional<Time> changed_at;
    /// The first 500 by name; `others` stands for the rest.
    std::map<std::string, Behind, std::less<>> behind;
    std::optional<Behind> others;
    /// Of each protected ref, what its history must hold.
    std::map<std::string, std::string, std::less<>> anchors;
    std::map<std::string, Lost, std::less<>> lost;
    Proof proof;

    /// Takes note of what the origin has.
    void see_origin(const Refs& refs, Time now);
    /// Takes note of what a copy lacks now.
    void see_copy(const std::vector<Difference>& lacks, Time now);
    /// The moment that the copy is of; nothing when it is not known.
    std::optional<Time> copy_is_of(Time now) const;

    bool operator==(const State&) const = default;
};

/// An empty one for text that is none, or is of something else.
State read_state(std::string_view text, const std::string& of);
std::string write_state(const State& state);

} // namespace recoverd::collectors::git_parts
