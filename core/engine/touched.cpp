// SPDX-License-Identifier: Apache-2.0
// What a scenario explains, and for which of its members that is something else than before.
#include "core/engine/explained.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace recoverd::core {

Explained explains(const ScenarioUnit& unit) {
    Explained found;
    for (const std::string& group : unit.speaks) {
        const auto down = down_in(unit, group);
        std::vector<std::string>& names = found[group];
        names.assign(down.begin(), down.end());
        std::ranges::sort(names);
    }
    return found;
}

std::vector<CheckUnit*> touched(const ScenarioUnit& unit, const Explained& before, const Explained& after) {
    std::vector<std::string> names;
    std::set<std::string> over;
    const auto differing = [&](std::span<const std::string> one, std::span<const std::string> other) {
        std::ranges::set_symmetric_difference(one, other, std::back_inserter(names));
    };
    for (const auto& [group, down] : before) {
        const auto now = after.find(group);
        differing(down, now == after.end() ? std::span<const std::string>{} : now->second);
        if (now == after.end())
            over.insert(scenario_words(unit, group));
    }
    for (const auto& [group, down] : after)
        if (!before.contains(group))
            differing(down, {});
    std::vector<CheckUnit*> members;
    for (const std::string& name : names)
        if (CheckUnit* member = parts_of(unit, name).first)
            members.push_back(member);
    if (over.empty())
        return members;
    // What one said that is over, it may have said of a check that was judged before it (the agent had just begun).
    const auto says_what_is_over = [&](const CheckUnit* member) {
        return std::ranges::any_of(member->findings,
                                   [&](const Finding& finding) { return over.contains(finding.lowered_by); });
    };
    std::ranges::copy_if(unit.members, std::back_inserter(members), says_what_is_over);
    return members;
}

} // namespace recoverd::core
