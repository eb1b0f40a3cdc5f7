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
/// Notes for which groups its alert speaks.
void note_speaking(ScenarioUnit& unit);

/// "scenario az (eu-1a)"
std::string scenario_words(const ScenarioUnit& unit, std::string_view group);

/// Notes of each thing that is down whether it stands where a wider scenario speaks of the whole place: pods on a node
/// that is down. One that moves on from there before it is up again is still part of that.
void remember_places(ScenarioUnit& unit);

} // namespace recoverd::core
