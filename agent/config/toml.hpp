// SPDX-License-Identifier: Apache-2.0
// From files to one tree: TOML, with what it includes. What the keys mean is told by core/config.
#pragma once

#include "core/config/diagnostics.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::agent {

/// Told before each file, folder or pattern that is looked at next: where it hangs, if it does. May be empty.
using Touching = std::function<void(const std::string& path)>;

struct Document {
    core::config::Node root;
    /// Every file that it is made of, readable or not, the first one first.
    std::vector<std::string> files;
    /// Where an `include` looks: a new file there may match.
    std::vector<std::string> folders;
    /// False when a file is missing or is no TOML: then what it would have said is not known.
    bool whole = true;
};

/// Reads `path` and everything it includes.
Document read_document(const std::string& path, core::config::Diagnostics& diagnostics, const Touching& touching = {});

/// One document without includes, named `file` in diagnostics. Of syntax errors TOML gives the first.
bool parse_toml(std::string_view text, const std::string& file, core::config::Table& out,
                core::config::Diagnostics& diagnostics);

} // namespace recoverd::agent
