// SPDX-License-Identifier: Apache-2.0
// How large a folder is, and when something in it was last written.
#pragma once

#include "core/failure.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace recoverd::worker::files {

/// Size and newest write of a folder's files. No size when there are more than `entries` of them, which is
/// lowered by what was looked at. Times later than `latest` are those of what was copied (a photo that a camera dated
/// 2038), and say nothing of when that was written.
struct Measured {
    std::optional<std::uint64_t> size = 0;
    std::int64_t mtime = 0;
    /// Why some of it could not be seen, which may be all that matters. Not for what went away meanwhile.
    std::optional<core::Failure> failure;
};
Measured measure_folder(const std::string& path, std::size_t& entries, std::int64_t latest);
/// `latest` for who looks now. Like mtime_of(), in nanoseconds since 1970.
std::int64_t latest_write(core::Time now);

} // namespace recoverd::worker::files
