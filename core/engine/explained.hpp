// SPDX-License-Identifier: Apache-2.0
// What scenarios explain: parts of core/engine that nobody else includes.
#pragma once

#include "core/engine/units.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recoverd::core {

/// What is down in a group, in order; nothing before it was judged.
std::span<const std::string> down_in(const ScenarioUnit& unit, std::string_view group);
/// Notes for which groups its alert speaks.
void note_speaking(ScenarioUnit& unit);

/// The check and the subject behind the name of a member; no check for one that is not there any more.
std::pair<CheckUnit*, std::string_view> parts_of(const ScenarioUnit& unit, std::string_view member);

/// Of each group for which a scenario speaks the names of what is down, sorted.
using Explained = std::map<std::string, std::vector<std::string>, std::less<>>;
Explained explains(const ScenarioUnit& unit);
/// The members of which something else is explained now than `before`: in a large outage one check after the other goes
/// down, and thousands that went before are not to be judged anew each time.
std::vector<CheckUnit*> touched(const ScenarioUnit& unit, const Explained& before, const Explained& after);

/// "scenario az (eu-1a)"
std::string scenario_words(const ScenarioUnit& unit, std::string_view group);
/// The group of the scenario that these words name; nothing for other words.
std::optional<std::string_view> group_named(const ScenarioUnit& unit, std::string_view words);
/// The wider scenario that explains the outage of this group, as long as that one speaks or both belong to one drill;
/// null for none.
const ScenarioUnit* explained_now(const ScenarioUnit& unit, std::string_view group);

/// Notes of each thing that is down whether it stands where a wider scenario speaks of the whole place: pods on a node
/// that is down. One that moves on from there before it is up again is still part of that.
void remember_places(ScenarioUnit& unit);

} // namespace recoverd::core
