// SPDX-License-Identifier: Apache-2.0
// Which files are still being written.
#pragma once

#include "worker/files/remembered.hpp"

#include <vector>

namespace recoverd::worker::files {

/// Since when a file has been left alone, as far as can be told: its mtime; or the last look, when it was the same
/// then although its mtime is later (clocks differ). Now, when it changed since the last look while its mtime denies
/// it (cp -p, file systems that stamp late). A folder that one of the looks did not add up tells by its mtime alone.
core::Time left_alone_since(const File& file, const RememberedFile* before, core::Time looked_before, core::Time now);

/// Of `files`, those that have not been left alone for `settle`. Waits for what was written just now, for as long as
/// `settle` at most, and updates size and mtime of what changes meanwhile.
std::vector<const File*> growing(const std::vector<File*>& files, const Walked& walked, const Remembered& before,
                                 core::Duration settle, const Clock& clock);

core::Time to_time(std::int64_t nanoseconds);

} // namespace recoverd::worker::files
