// SPDX-License-Identifier: Apache-2.0
// YAML as the same tree as JSON, so that what reads one reads the other. The parser behind it is yaml-cpp.
#pragma once

#include "io/json.hpp"

namespace recoverd::io {

/// The first document. Plain `true` and `false` are booleans, `null`, `~` and nothing are null, and every other value
/// is a text: numbers too. Throws BadDocument, with the line, for what is not YAML, is larger than `max_bytes` (also
/// after its aliases were followed), is nested deeper than 32, or has a key that is no text or stands twice.
Json parse_yaml(std::string_view bytes, std::size_t max_bytes = std::size_t{1} << 20U);

} // namespace recoverd::io
