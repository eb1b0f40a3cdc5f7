// SPDX-License-Identifier: Apache-2.0
// What an agent with --scope leaves to agents of the other scope, for its log. Whether there are any it cannot know,
// and what is left to nobody, nobody watches.
#pragma once

#include "core/config.hpp"

#include <cstddef>
#include <optional>

namespace recoverd::agent {

struct LeftOut {
    std::size_t checks = 0;
    /// Who runs them.
    core::Scope to = core::Scope::cluster;
    /// Does it run none itself?
    bool all = false;

    bool operator==(const LeftOut&) const = default;
};

/// Of a whole configuration; nothing when every check of it runs here.
std::optional<LeftOut> left_out(const core::Config& config, std::optional<core::Scope> scope);

/// As a line of the log. An agent that runs nothing is no mistake: one configuration serves both scopes, and need not
/// have checks of each.
void tell_left_out(const core::Config& config, std::optional<core::Scope> scope);

} // namespace recoverd::agent
