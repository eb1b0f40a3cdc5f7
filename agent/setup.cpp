// SPDX-License-Identifier: Apache-2.0
#include "agent/setup.hpp"

#include <algorithm>
#include <set>

namespace recoverd::agent {

namespace {

/// Is something that decides the scenario, or an asset that it asks for, within the scope? What nobody sees is left to
/// the cluster.
bool is_seen(const core::Scenario& scenario, const core::Config& config, core::Scope scope) {
    if (!scenario.is_decided())
        return scope == core::Scope::cluster || std::ranges::any_of(config.assets, [&](const auto& entry) {
                   return core::recovers(scenario, entry.first);
               });
    bool anywhere = false;
    for (const auto& check : config.checks) {
        if (!core::decides(scenario, *check))
            continue;
        if (check->scope == scope)
            return true;
        anywhere = true;
    }
    return !anywhere && scope == core::Scope::cluster;
}

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
    std::erase_if(config.scenarios, [&](const core::Scenario& scenario) { return !is_seen(scenario, config, scope); });
    const auto is_here = [&](const core::ValidationStep& step) {
        return std::ranges::any_of(
            config.checks, [&](const auto& check) { return check->name == step.check && check->scope == scope; });
    };
    std::erase_if(config.validations,
                  [&](const core::Validation& one) { return !std::ranges::all_of(one.steps, is_here); });
    // What others see is theirs to say.
    for (core::PlannedExercise& planned : config.exercises)
        std::erase_if(planned.keeps, [&](const std::string& name) {
            return std::ranges::find(config.scenarios, name, &core::Scenario::name) == config.scenarios.end();
        });
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
