// SPDX-License-Identifier: Apache-2.0
// What the `s3` collector remembers from run to run. Nobody else includes it, tests aside.
#pragma once

#include "core/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::collectors::s3_parts {

/// An object that was a subject's newest, and on its way to where it is replicated to.
struct Pending {
    std::string key;
    /// Empty where nobody told it.
    std::string version_id;
    /// Since when nothing of the subject was seen to arrive. By this machine's clock: no service tells it.
    core::Time since;

    bool operator==(const Pending&) const = default;
};

struct Cursor {
    /// Was there ever a series by {subject}? Only then is it news that there is none.
    bool any_series = false;
    /// By subject, 200 at most: of more the newest object is not asked.
    std::map<std::string, Pending, std::less<>> pending;

    /// Nothing for a key that no service takes.
    void keep(const std::string& subject, Pending one);
    std::optional<Pending> find(std::string_view subject) const;

    bool operator==(const Cursor&) const = default;
};

/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

} // namespace recoverd::collectors::s3_parts
