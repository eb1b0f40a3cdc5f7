// SPDX-License-Identifier: Apache-2.0
// Which of a series' files count as recovery points, and which of them are looked at closely.
#pragma once

#include "core/failure.hpp"
#include "core/time.hpp"
#include "worker/files/walk.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace recoverd::worker::files {

/// A folder that may not be read, and why: it may be a backup, the beginning of one, or nothing.
struct Closed {
    const File* folder = nullptr;
    core::Failure failure;
};

/// Of each series so many are compared with what the last run saw: what grows is new.
inline constexpr std::size_t kCompared = 5;

struct Selected {
    Series* series = nullptr;
    /// The newest kMaxPoints, newest first.
    std::vector<File*> newest;
    /// Older ones, and those that may not be read: counted, not shown.
    std::vector<File*> older;
    /// Files of 0 bytes and folders without any: a job made them that left no backup. The newest kCompared come first,
    /// in order; there may be as many more as there are files.
    std::vector<File*> empty;
    /// The newest that may not be read, by what can be seen of it.
    std::optional<Closed> closed;
};

/// A dump may pause long between two writes (an index, a lock). What was marked as unfinished and then left alone
/// this long is not written any more.
inline constexpr core::Duration kAbandoned = std::chrono::hours{1};

/// So much may still be looked at to add up folders, of all series together. What was never finished may lie about by
/// the dozen, and takes nothing from what was; nor does that keep one that is still written to from being known.
struct Entries {
    std::size_t finished = 0;
    std::size_t unfinished = 0;
};

/// Drops links to files that are in the series themselves, adds up folders, unfinished ones as well, and orders by
/// mtime.
Selected select(Series& series, const Walked& walked, Entries& left, core::Time now);

} // namespace recoverd::worker::files
