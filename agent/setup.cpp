// SPDX-License-Identifier: Apache-2.0
#include "agent/setup.hpp"

#include "agent/narrow.hpp"

namespace recoverd::agent {

Setup make_setup(const Loaded& loaded, std::optional<core::Scope> scope) {
    Setup setup;
    for (std::size_t i = 0; i < loaded.config->checks.size(); ++i) {
        const core::Check& check = *loaded.config->checks[i];
        if (scope && check.scope != *scope)
            continue;
        const collectors::Kind* kind = collectors::find(check.collector);
        setup.runnables[check.name] = std::make_shared<const Runnable>(
            Runnable{loaded.collectors[i], kind ? kind->resource : collectors::Resource::network});
    }
    setup.config = scope ? std::make_shared<const core::Config>(narrowed(*loaded.config, *scope)) : loaded.config;
    return setup;
}

} // namespace recoverd::agent
