// SPDX-License-Identifier: Apache-2.0
// Which of a series' files count as recovery points, and which of them are looked at closely.
#pragma once

#include "core/failure.hpp"
#include "worker/files/walk.hpp"

#include <optional>
#include <vector>

namespace recoverd::worker::files {

/// A folder that may not be read, and why: it may be a backup, the beginning of one, or nothing.
struct Closed {
    const File* folder = nullptr;
    core::Failure failure;
};

struct Selected {
    Series* series = nullptr;
    /// The newest kMaxPoints, newest first.
    std::vector<File*> newest;
    /// Older ones: counted, not shown.
    std::vector<File*> older;
    /// Files of 0 bytes and folders without any: a job made them that left no backup. Newest first.
    std::vector<File*> empty;
    /// The newest that may not be read, by what can be seen of it. None of them is among the above.
    std::optional<Closed> closed;
};

/// Drops links to files that are in the series themselves, adds up folders, unfinished ones as well (`entries` is what
/// may be looked at), and orders by mtime.
Selected select(Series& series, const Walked& walked, std::size_t& entries);

} // namespace recoverd::worker::files
