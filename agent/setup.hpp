// SPDX-License-Identifier: Apache-2.0
// A configuration that is ready to run: what core judges by, and the compiled collector of each check.
#pragma once

#include "collectors/collector.hpp"
#include "core/config.hpp"

#include <map>
#include <memory>
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

} // namespace recoverd::agent
