// SPDX-License-Identifier: Apache-2.0
// One configuration for every node and for the cluster: what is left of it where.
#include "agent/setup.hpp"
#include "core/engine/engine.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd;
using Names = std::vector<std::string>;

namespace {

std::shared_ptr<const core::Check> check(std::string name, core::Scope scope) {
    core::Check made;
    made.name = std::move(name);
    made.asset = "shop";
    made.scope = scope;
    made.brings = {core::EvidenceKind::reachability};
    return std::make_shared<const core::Check>(std::move(made));
}

core::Validation validation(std::string name, const Names& checks) {
    core::Validation made;
    made.name = std::move(name);
    made.asset = "shop";
    for (const std::string& step : checks)
        made.steps.push_back({.check = step});
    return made;
}

agent::Loaded both() {
    core::Config config;
    config.assets["shop"] = core::Asset{.name = "shop"};
    config.checks = {check("disk", core::Scope::node), check("port", core::Scope::cluster)};
    config.scenarios = {core::Scenario{.name = "node", .checks = {"disk"}},
                        core::Scenario{.name = "database", .checks = {"port"}},
                        core::Scenario{.name = "nobody", .checks = {"none*"}}};
    config.validations = {validation("of-node", {"disk"}), validation("of-cluster", {"port"}),
                          validation("of-both", {"disk", "port"})};
    config.exercises = {
        {.name = "kill", .asset = "shop", .cadence = core::kDay, .duration = {}, .keeps = {"node", "database"}}};
    agent::Loaded loaded;
    loaded.config = std::make_shared<const core::Config>(std::move(config));
    loaded.collectors.resize(2);
    return loaded;
}

template <typename Range>
Names names(const Range& range) {
    Names found;
    for (const auto& one : range)
        found.push_back(one.name);
    return found;
}

} // namespace

TEST_CASE("of scenarios and validations each scope has those that it can see") {
    const auto node = agent::make_setup(both(), core::Scope::node);
    CHECK(names(node.config->scenarios) == Names{"node"});
    CHECK(names(node.config->validations) == Names{"of-node"});
    CHECK(node.config->exercises.at(0).keeps == Names{"node"});

    const auto cluster = agent::make_setup(both(), core::Scope::cluster);
    CHECK(names(cluster.config->scenarios) == Names{"database", "nobody"});
    CHECK(names(cluster.config->validations) == Names{"of-cluster"});
    CHECK(cluster.config->exercises.at(0).keeps == Names{"database"});

    const auto all = agent::make_setup(both(), std::nullopt);
    CHECK(names(all.config->scenarios) == Names{"node", "database", "nobody"});
    CHECK(names(all.config->validations) == Names{"of-node", "of-cluster", "of-both"});
}

TEST_CASE("an engine takes what is left of a configuration in either scope") {
    for (const core::Scope scope : {core::Scope::node, core::Scope::cluster}) {
        core::Engine engine{core::Time{}};
        engine.configure(agent::make_setup(both(), scope).config, core::Time{});
        engine.advance(core::Time{});
        CHECK(engine.validation("of-both") == nullptr);
    }
}
