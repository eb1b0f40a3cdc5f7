// SPDX-License-Identifier: Apache-2.0
// Which of a series' files count as recovery points, and which of them are looked at closely.
#pragma once

#include "worker/files/walk.hpp"

#include <vector>

namespace recoverd::worker::files {

struct Selected {
    Series* series = nullptr;
    /// The newest kMaxPoints, newest first.
    std::vector<File*> newest;
    /// Older ones: counted, not shown.
    std::vector<File*> older;
    /// Files of 0 bytes and folders without any: a job made them that left no backup. Newest first.
    std::vector<File*> empty;
};

/// Drops links to files that are in the series themselves, adds up folders, unfinished ones as well (`entries` is what
/// may be looked at), and orders by mtime. A folder that could not be added up because it may not be read fails the
/// series: it may be a backup, the beginning of one, or nothing.
Selected select(Series& series, const Walked& walked, std::size_t& entries);

} // namespace recoverd::worker::files
