// SPDX-License-Identifier: Apache-2.0
// The whole way from a file to what the agent runs. Opens no secret and reaches no network.
#pragma once

#include "agent/config/toml.hpp"
#include "collectors/all.hpp"
#include "core/config/compile.hpp"

#include <memory>
#include <string>
#include <vector>

namespace recoverd::agent {

struct Loaded {
    /// To be used only when `diagnostics` has no mistakes.
    std::shared_ptr<const core::Config> config;
    /// One for each of `config->checks`, in their order.
    std::vector<collectors::Compiled> collectors;
    core::config::AlertmanagerOptions alertmanager;
    core::config::OutcomesOptions outcomes;
    /// By "check.NAME" and "asset.NAME": every value and who said it.
    std::map<std::string, std::vector<core::config::Origin>, std::less<>> origins;
    /// See core::config::Compilation.
    std::vector<std::pair<std::string, std::vector<core::config::Origin>>> other_sections;
    core::config::Diagnostics diagnostics;
    /// Environment variables that hold secrets: those that `{ env = … }` names.
    std::vector<std::string> secret_variables;
    /// Every file that it is made of, readable or not, the configuration itself first.
    std::vector<std::string> files;
    /// Where further files would become part of it.
    std::vector<std::string> folders;
};

/// Reads and compiles `path` with these collectors. Blocks on files: not for the loop's thread.
Loaded load(const std::string& path, std::span<const collectors::Kind> kinds = collectors::all(),
            const Touching& touching = {});

} // namespace recoverd::agent
