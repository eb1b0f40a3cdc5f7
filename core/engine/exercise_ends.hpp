// SPDX-License-Identifier: Apache-2.0
// When runs of exercises go on, and which have just ended, so that what is to be validated then begins once.
#pragma once

#include "core/engine/units.hpp"
#include "core/rules/view.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::core {

/// Until when a run may be taken to go on; nothing where it does not.
std::optional<Time> runs_until(const AssetUnit& unit, const Contributor& by, const Exercise& run, Time now);
/// The planned exercises that name a validation, and of which a run has just ended.
std::vector<std::string> just_ended(const AssetUnit& unit, const std::vector<Contributor>& contributors, Time now);
/// Takes those that have just ended and of which no other run goes on, since that would fail what is validated; of the
/// others `revisit` is when to ask again.
std::vector<std::string> take_ended(AssetUnit& unit, const std::vector<Contributor>& contributors, Time now,
                                    Time& revisit);
/// A check whose options changed has forgotten its runs. That they were validated stays known, of those that are.
void keep_ends(const AssetUnit& unit, std::map<std::string, Time, std::less<>>& last_ends);

} // namespace recoverd::core
