// SPDX-License-Identifier: Apache-2.0
// What the `s3` collector remembers from run to run. Nobody else includes it, tests aside.
#pragma once

#include <string>
#include <string_view>

namespace recoverd::collectors::s3_parts {

struct Cursor {
    /// Was there ever a series by {subject}? Only then is it news that there is none.
    bool any_series = false;

    bool operator==(const Cursor&) const = default;
};

/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

} // namespace recoverd::collectors::s3_parts
