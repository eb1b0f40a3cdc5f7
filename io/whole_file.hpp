// SPDX-License-Identifier: Apache-2.0
// A small file, read whole: configurations, lists, documents.
#pragma once

#include <expected>
#include <string>

namespace recoverd::io {

/// Its bytes; or why they could not be read to their end, in the system's words. A folder can be opened, and a disk may
/// fail later than that: neither is an empty file. Whoever does not trust its size looks at that before.
std::expected<std::string, std::string> read_whole(const std::string& path);

} // namespace recoverd::io
