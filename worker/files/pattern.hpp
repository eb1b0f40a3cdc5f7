// SPDX-License-Identifier: Apache-2.0
// A `path` such as /b/{subject}/*-[0-9]*.dump, taken apart by folder.
#pragma once

#include "core/failure.hpp"
#include "worker/files/named_time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace recoverd::worker::files {

/// What one folder's or file's name must look like.
struct Segment {
    /// Before {subject}, or all of it.
    std::string before;
    std::string after;
    bool has_subject = false;
    /// No wildcards and no {subject}: the name itself.
    bool literal = false;
    /// "**": any number of folders, none included.
    bool any_depth = false;

    bool matches(const std::string& name) const;
    /// What {subject} stands for in `name`, or an empty text when it does not match. It takes as much as it can without
    /// reaching into the time that the name tells: "orders-db" of orders-db-2026-11-22.dump. Of names
    /// without a time it ends where the rest begins with a digit: "orders" of orders-17.dump.
    std::string_view subject_of(const std::string& name, const std::optional<NamedTime>& time) const;
};

struct Pattern {
    std::string text;
    std::vector<Segment> segments;
    bool has_subject = false;
    bool any_depth = false;
};

/// `misconfigured` when it is not absolute, climbs ("..") or has two {subject} or two **.
core::Result<Pattern> parse_pattern(std::string_view text);

} // namespace recoverd::worker::files
