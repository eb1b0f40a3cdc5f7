// SPDX-License-Identifier: Apache-2.0
#include "core/engine/members.hpp"

#include "core/assertion.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/unseen.hpp"
#include "core/ongoing.hpp"

#include <algorithm>
#include <optional>

namespace recoverd::core {

namespace {

/// What a check found that decides a scenario, by subject.
class Decisive {
  public:
    Decisive(const Scenario& scenario, const CheckUnit& unit) {
        const Ongoing ongoing{unit.alerts};
        for (const Finding& finding : unit.findings) {
            const Identity& identity = finding.identity;
            if (!decides(scenario, identity))
                continue;
            const Alert* alert = ongoing.find(identity);
            found_.push_back({identity.subject, identity.rule == RuleId::endpoint_down,
                              alert ? alert->since : unit.memory->last_run.value_or(unit.memory->first_seen)});
        }
        std::ranges::stable_sort(found_, {}, &Found::subject);
    }

    /// Since when something of this subject is down: of a probe since the first bad one, of all else since the moment
    /// it was found. Nothing when it is not.
    std::optional<Time> down_since(std::string_view subject, const SubjectMemory* seen) const {
        std::optional<Time> earliest;
        for_each_about(subject, [&](const Found& found) {
            const Time since = found.by_probe && seen ? seen->turned_at : found.since;
            earliest = std::min(earliest.value_or(since), since);
        });
        return earliest;
    }
    /// Is it only not believed yet that this subject is not down any more?
    bool only_awaits_belief(std::string_view subject, const SubjectMemory& seen) const {
        bool only = seen.down_in_row == 0;
        for_each_about(subject, [&](const Found& found) { only = only && found.by_probe; });
        return only;
    }

  private:
    struct Found {
        std::string_view subject;
        bool by_probe;
        Time since;
    };
    template <typename Visit>
    void for_each_about(std::string_view subject, Visit visit) const {
        auto at = std::ranges::lower_bound(found_, subject, {}, &Found::subject);
        for (; at != found_.end() && at->subject.starts_with(subject); ++at)
            if (is_about(at->subject, subject))
                visit(*at);
        // What is found of the check as a whole is about each.
        for (at = found_.begin(); !subject.empty() && at != found_.end() && at->subject.empty(); ++at)
            visit(*at);
    }
    std::vector<Found> found_;
};

/// Was all that decides it of this subject seen by the last look?
bool can_tell(const Scenario& scenario, const CheckUnit& unit, const SubjectMemory& seen) {
    if (unit.memory->failure || !unit.memory->last_success || !why_unseen(unit, seen).empty())
        return false;
    if (!scenario.decided_by(RuleId::assertion_failed))
        return true;
    return std::ranges::none_of(*seen.evidence, [&](const Evidence& evidence) {
        const auto* assertions = std::get_if<Assertions>(&evidence);
        return assertions && std::ranges::any_of(assertions->assertions, [&](const Assertion& one) {
                   return state_of(one) == AssertionState::unknown &&
                          (scenario.assertion.empty() || glob_matches(scenario.assertion, one.name));
               });
    });
}

Member member_of(const Scenario& scenario, const CheckUnit& unit, const Decisive& found, std::string_view subject,
                 const SubjectMemory* seen) {
    Member made{std::string{unit.name}, MemberState::unknown, unit.memory->failing_since};
    if (!subject.empty())
        made.name.append("/").append(subject);
    // Of several rules nobody knows which one it was.
    const bool by_probe = seen && is_decided_by_probes(scenario, *unit.check) && seen->turned_at != Time{};
    if (const auto since = found.down_since(subject, seen)) {
        made.state = MemberState::down;
        made.since = *since;
        if (seen && !by_probe && unit.fresh && can_tell(scenario, unit, *seen) &&
            found.only_awaits_belief(subject, *seen))
            made.well_at = unit.memory->last_success;
        return made;
    }
    if (!unit.fresh || !seen || !can_tell(scenario, unit, *seen))
        return made;
    made.state = MemberState::up;
    // A probe that says "up" ends an outage before it is believed. One that had a bad moment that nobody believed was
    // up all the while. What other rules found ends by the look that finds it no more.
    if (!by_probe)
        made.well_at = unit.memory->last_success;
    made.since = by_probe ? std::min(seen->turned_at, seen->settled_since) : *unit.memory->last_success;
    return made;
}

/// Each subject of the check that counts, with the group it counts in: those that it saw under other options, before it
/// has looked under these, and the check itself where it has seen none yet.
template <typename Visit>
void for_each_counting(const Scenario& scenario, const CheckUnit& unit, Visit visit) {
    const auto add = [&](std::string_view subject, std::string_view asset, const SubjectMemory* seen) {
        const Location stands = stands_at(*unit.check, seen ? seen->location : Location{});
        if (!counts(scenario, *unit.check, subject, asset, stands))
            return;
        if (const auto group = group_of(scenario, *unit.check, subject, asset, stands))
            visit(*group, subject, seen);
    };
    std::size_t i = 0;
    for (const auto& [subject, seen] : unit.memory->subjects) {
        const std::size_t at = i++;
        add(subject, at < unit.subject_assets.size() ? unit.subject_assets[at] : std::string_view{}, &seen);
    }
    if (!unit.memory->subjects.empty())
        return;
    if (unit.memory->last_success || unit.memory->seen_before.empty())
        add({}, asset_of(*unit.check, {}), nullptr);
    else
        for (const auto& [subject, known] : unit.memory->seen_before)
            add(subject, asset_of(*unit.check, subject), nullptr);
}

} // namespace

Time well_since(const ScenarioUnit& unit, std::string_view member, Time well_at) {
    const auto before = unit.well_since.find(member);
    return before == unit.well_since.end() ? well_at : before->second;
}

std::map<std::string, GroupMembers, std::less<>> members_of(const ScenarioUnit& unit) {
    std::map<std::string, GroupMembers, std::less<>> groups;
    for (const CheckUnit* check : unit.members) {
        const Decisive found{unit.scenario, *check};
        const Duration patience = (check->check->every + check->check->timeout) * (check->check->successes + 1);
        for_each_counting(unit.scenario, *check,
                          [&](const std::string& name, std::string_view subject, const SubjectMemory* seen) {
                              GroupMembers& group = groups[name];
                              Member member = member_of(unit.scenario, *check, found, subject, seen);
                              if (member.state == MemberState::up && member.well_at)
                                  member.since = well_since(unit, member.name, *member.well_at);
                              group.members.push_back(std::move(member));
                              group.patience = std::max(group.patience, patience);
                          });
    }
    return groups;
}

bool decides(const Scenario& scenario, const CheckUnit& check, const Identity& found) {
    if (!decides(scenario, found))
        return false;
    bool counted = false;
    for_each_counting(scenario, check, [&](const std::string&, std::string_view subject, const SubjectMemory*) {
        counted = counted || is_about(found.subject, subject);
    });
    return counted;
}

bool is_out(const ScenarioUnit& unit, const CheckUnit& check) {
    const auto runs = [](const auto& outage) { return outage.second.running.has_value(); };
    if (std::ranges::none_of(unit.outages, runs))
        return false;
    bool found = false;
    for_each_counting(unit.scenario, check, [&](const std::string& group, std::string_view, const SubjectMemory*) {
        const auto at = unit.outages.find(group);
        found = found || (at != unit.outages.end() && runs(*at));
    });
    return found;
}

} // namespace recoverd::core
