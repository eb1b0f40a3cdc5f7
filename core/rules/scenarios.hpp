// SPDX-License-Identifier: Apache-2.0
// Does a scenario hold? Decided with three answers: what could not be seen neither proves nor disproves it.
#pragma once

#include "core/finding.hpp"
#include "core/scenario.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace recoverd::core {

enum class ScenarioState : std::uint8_t { clear, unknown, active };
template <>
struct Names<ScenarioState> {
    static constexpr std::array<std::string_view, 3> values{"clear", "unknown", "active"};
};

enum class MemberState : std::uint8_t { up, down, unknown };

/// One thing whose state counts: a subject of a check, or a check that has seen none yet.
struct Member {
    /// "check" or "check/subject".
    std::string name;
    MemberState state = MemberState::unknown;
    /// Since when it has been so, as far as anybody saw it.
    Time since;
    /// When it was looked at last, where nothing was found wrong then that is not told by probes, and these said "up",
    /// though they may not be believed yet. Nothing where the probes alone tell since when.
    std::optional<Time> well_at = {};

    bool operator==(const Member&) const = default;
};

struct Decision {
    ScenarioState state = ScenarioState::unknown;
    /// Of `active`: when as many as must be were down. Of `clear`: when no longer as many were.
    Time since;
    std::size_t members = 0;
    /// How many of them must be down.
    std::size_t needed = 0;
    std::vector<std::string> down;
    std::vector<std::string> unknown;

    bool operator==(const Decision&) const = default;
};

/// Does a finding like this decide the scenario: by its rule, and where that is about an assertion or a measurement, by
/// its name?
bool decides(const Scenario& scenario, const Identity& found);
/// Is what was found at `found` about this subject of the same check: the subject, a thing inside it
/// ("orders/standby1", or just "standby1" where the subject has no name), or the check as a whole?
bool is_about(std::string_view found, std::string_view subject);
/// Each subject with a name that what was found at `found` is about: those that it lies inside, and itself.
template <typename Visit>
void for_each_subject_of(std::string_view found, Visit visit) {
    for (std::size_t end = found.find('/'); end != std::string_view::npos; end = found.find('/', end + 1))
        if (end > 0)
            visit(found.substr(0, end));
    if (!found.empty())
        visit(found);
}

Decision decide(const Quorum& at_least, std::span<const Member> members, Time now);

/// Begins and ends the outage as the decision has it; one that cannot be seen goes on. True when something changed.
bool remember_outage(OutageHistory& history, const Decision& decision, Time now);

/// ScenarioActive and RtoExceeded of one group while an outage runs.
void judge_scenario(const Scenario& scenario, std::string_view group, const OutageHistory& history,
                    const Decision& decision, Time now, Judgement& out);

/// Of its alert of this rule: that it lasts too long is one higher than that it holds.
Priority priority_of(const Scenario& scenario, RuleId id);

/// "web-1, web-2 and 3 more"
std::string name_some(std::span<const std::string> names);

} // namespace recoverd::core
