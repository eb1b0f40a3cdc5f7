// SPDX-License-Identifier: Apache-2.0
#include "agent/setup.hpp"

#include <algorithm>
#include <set>

namespace recoverd::agent {

namespace {

void narrow(core::Config& config, core::Scope scope) {
    std::set<std::string_view> of_node;
    std::set<std::string_view> of_cluster;
    for (const auto& check : config.checks)
        (check->scope == core::Scope::node ? of_node : of_cluster).insert(check->asset);
    const auto is_ours = [&](const std::string& asset) {
        if (scope == core::Scope::node)
            return of_node.contains(asset);
        return of_cluster.contains(asset) || !of_node.contains(asset);
    };
    std::erase_if(config.assets, [&](const auto& entry) { return !is_ours(entry.first); });
    std::erase_if(config.exercises, [&](const auto& planned) { return !config.assets.contains(planned.asset); });
    std::erase_if(config.checks, [&](const auto& check) { return check->scope != scope; });
}

} // namespace

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
    setup.config = loaded.config;
    if (scope) {
        auto narrowed = std::make_shared<core::Config>(*loaded.config);
        narrow(*narrowed, *scope);
        setup.config = std::move(narrowed);
    }
    return setup;
}

} // namespace recoverd::agent
