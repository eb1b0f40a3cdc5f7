// SPDX-License-Identifier: Apache-2.0
// What scenarios explain: parts of core/engine that nobody else includes.
#pragma once

#include "core/engine/units.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::core {

/// What is down in a group, in order; nothing before it was judged.
std::span<const std::string> down_in(const ScenarioUnit& unit, std::string_view group);
/// The groups for which its alert speaks, so that what it explains need not.
std::vector<std::string> speaking(const ScenarioUnit& unit);

/// "scenario az (eu-1a)"
std::string scenario_words(const ScenarioUnit& unit, std::string_view group);

} // namespace recoverd::core
