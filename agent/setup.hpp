// SPDX-License-Identifier: Apache-2.0
// A configuration that is ready to run: what core judges by, and the compiled collector of each check.
#pragma once

#include "agent/config/load.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace recoverd::agent {

struct Runnable {
    collectors::Compiled compiled;
    collectors::Resource resource = collectors::Resource::network;
};

struct Setup {
    std::shared_ptr<const core::Config> config = std::make_shared<const core::Config>();
    /// By the check's name.
    std::map<std::string, std::shared_ptr<const Runnable>, std::less<>> runnables;
};

/// The part of a loaded configuration that an agent of this scope runs (nothing: all of it), so that one configuration
/// serves a DaemonSet (`node`) and a Deployment (`cluster`): see agent/narrow.hpp.
Setup make_setup(const Loaded& loaded, std::optional<core::Scope> scope);

} // namespace recoverd::agent
