// SPDX-License-Identifier: Apache-2.0
// What git says on stderr (LC_ALL=C) when it fails, sorted into: nobody knows, and: it is damaged.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors::git_parts {

/// What is cloned.
enum class Source : std::uint8_t { remote, local, bundle };

/// Why a run of git gave no answer, or nothing when it did. `of` is what was asked: "origin", "mirror".
std::optional<Failure> git_failure(const io::Finished& finished, std::string_view of);

/// The damage of its source that a clone met; nothing when it succeeded, or failed over something else.
std::optional<std::string> clone_errors(const io::Finished& finished, Source source);

/// What `git fsck` found; nothing when all is there and whole, or when it was killed. Objects that git calls malformed
/// are as somebody pushed them, years ago and with another tool: no damage.
std::optional<std::string> fsck_errors(const io::Finished& finished);

} // namespace recoverd::collectors::git_parts
