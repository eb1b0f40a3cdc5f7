// SPDX-License-Identifier: Apache-2.0
#include "agent/left_out.hpp"

#include "agent/log.hpp"

#include <algorithm>
#include <string>

namespace recoverd::agent {

std::optional<LeftOut> left_out(const core::Config& config, std::optional<core::Scope> scope) {
    if (!scope)
        return std::nullopt;
    LeftOut left;
    left.to = core::the_other(*scope);
    left.checks = static_cast<std::size_t>(
        std::ranges::count_if(config.checks, [&](const auto& check) { return check->scope == left.to; }));
    if (left.checks == 0)
        return std::nullopt;
    left.all = left.checks == config.checks.size();
    return left;
}

void tell_left_out(const core::Config& config, std::optional<core::Scope> scope) {
    const auto left = left_out(config, scope);
    if (!left)
        return;
    log(left->all ? LogLevel::warn : LogLevel::info,
        left->all ? "every check is left to agents of another scope, and nothing is watched here"
                  : "checks are left to agents of another scope",
        {{"scope", std::string{core::name_of(left->to)}}, {"checks", std::to_string(left->checks)}});
}

} // namespace recoverd::agent
