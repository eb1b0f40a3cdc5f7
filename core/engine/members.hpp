// SPDX-License-Identifier: Apache-2.0
// What decides a scenario, as its checks saw it last: a part of core/engine that nobody else includes.
#pragma once

#include "core/engine/units.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::core {

struct GroupMembers {
    std::vector<Member> members;
    /// Long enough for whatever decides it to be found well, and to be believed.
    Duration patience{0};
};

/// By the name of the group. As many steps as there are subjects and findings: in a large outage that is thousands of
/// each.
std::map<std::string, GroupMembers, std::less<>> members_of(const ScenarioUnit& unit);

/// Since when looks have found a member well that was so at `well_at`, as far as that was followed.
Time well_since(const ScenarioUnit& unit, std::string_view member, Time well_at);

/// Does something like this of the check decide the scenario, and does a subject count there that it is about?
bool decides(const Scenario& scenario, const CheckUnit& check, const Identity& found);

/// Does an outage of a group go on in which a subject of the check counts?
bool is_out(const ScenarioUnit& unit, const CheckUnit& check);

} // namespace recoverd::core
