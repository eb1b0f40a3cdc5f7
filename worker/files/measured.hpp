// SPDX-License-Identifier: Apache-2.0
// How large a folder is, and when something in it was last written.
#pragma once

#include "core/failure.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace recoverd::worker::files {

/// Size and newest write of a folder's files. No size when there are more than `entries` of them, which is
/// lowered by what was looked at.
struct Measured {
    std::optional<std::uint64_t> size = 0;
    std::int64_t mtime = 0;
    /// Why some of it could not be seen, which may be all that matters. Not for what went away meanwhile.
    std::optional<core::Failure> failure;
};
Measured measure_folder(const std::string& path, std::size_t& entries);

} // namespace recoverd::worker::files
