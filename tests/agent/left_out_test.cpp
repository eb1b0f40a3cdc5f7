// SPDX-License-Identifier: Apache-2.0
#include "agent/left_out.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <vector>

using namespace recoverd;
using core::Scope;

namespace {

core::Config config_of(const std::vector<Scope>& scopes) {
    core::Config made;
    for (const Scope scope : scopes) {
        core::Check check;
        check.scope = scope;
        made.checks.push_back(std::make_shared<const core::Check>(std::move(check)));
    }
    return made;
}

} // namespace

TEST_CASE("an agent that runs no check at all knows how many it left to others") {
    CHECK(agent::left_out(config_of({Scope::cluster, Scope::cluster}), Scope::node) ==
          agent::LeftOut{.checks = 2, .to = Scope::cluster, .all = true});
    CHECK(agent::left_out(config_of({Scope::node}), Scope::cluster) ==
          agent::LeftOut{.checks = 1, .to = Scope::node, .all = true});
}

TEST_CASE("an agent of one scope leaves the checks of the other, and one of no scope leaves none") {
    const core::Config both = config_of({Scope::node, Scope::cluster, Scope::cluster});
    CHECK(agent::left_out(both, Scope::node) == agent::LeftOut{.checks = 2, .to = Scope::cluster, .all = false});
    CHECK(agent::left_out(both, Scope::cluster) == agent::LeftOut{.checks = 1, .to = Scope::node, .all = false});
    CHECK_FALSE(agent::left_out(both, std::nullopt));
    CHECK_FALSE(agent::left_out(config_of({Scope::node}), Scope::node));
    CHECK_FALSE(agent::left_out(config_of({}), Scope::node));
}
