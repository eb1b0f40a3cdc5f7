// SPDX-License-Identifier: Apache-2.0
// Whose moment has come, and what is asked of a target that several checks share and of the agent itself.
#include "core/engine/engine.hpp"
#include "core/rules/rules.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace recoverd::core {

void Engine::judge_all_again() {
    for (auto& [name, unit] : checks_)
        mark(*unit);
    for (auto& [name, unit] : assets_)
        mark(*unit);
    for (auto& [name, unit] : targets_)
        mark(*unit);
    for (auto& [name, unit] : scenarios_)
        mark(*unit);
    for (auto& [name, unit] : validations_)
        mark(*unit);
    mark(agent_);
}

void Engine::report_trouble(RuleId rule, std::optional<std::string> reason) {
    if (reason)
        agent_.troubles[rule] = std::move(*reason);
    else
        agent_.troubles.erase(rule);
    mark(agent_);
}

Time Engine::next() const { return queue_.empty() ? kNever : std::get<Time>(*queue_.begin()); }

void Engine::advance(Time now) {
    while (!queue_.empty() && std::get<Time>(*queue_.begin()) <= now) {
        JudgedUnit& unit = *std::get<JudgedUnit*>(*queue_.begin());
        unplan(unit);
        switch (unit.kind) {
        case UnitKind::check:
            judge(static_cast<CheckUnit&>(unit), now);
            break;
        case UnitKind::asset:
            judge(static_cast<AssetUnit&>(unit), now);
            break;
        case UnitKind::target:
            judge(static_cast<TargetUnit&>(unit), now);
            break;
        case UnitKind::scenario:
            judge(static_cast<ScenarioUnit&>(unit), now);
            break;
        case UnitKind::validation:
            judge(static_cast<ValidationUnit&>(unit), now);
            break;
        case UnitKind::agent:
            judge(agent_, now);
            break;
        }
    }
}

/// What is said of a target names no check, and no asset where it is of several: all whose silence it tells belong to
/// what is planned, or it does not.
void Engine::lower_together(const TargetUnit& unit, Finding& shared, Judgement& judgement, Time now) const {
    std::string cause;
    for (const CheckUnit* member : unit.members) {
        if (!member->silence || !member->target_tells)
            continue;
        cause = planned(member->silence->identity, judgement, now);
        if (cause.empty())
            return;
    }
    shared.priority = Priority::p4;
    shared.lowered_by = std::move(cause);
}

void Engine::judge(TargetUnit& unit, Time now) {
    // After a restart what was firing goes on until everybody who shares the target has looked.
    if (!std::ranges::all_of(unit.members, &CheckUnit::fresh))
        return;
    Judgement judgement;
    std::optional<Finding> shared;
    std::set<std::string> assets;
    std::set<std::string> names;
    bool of_node = false;
    for (const CheckUnit* member : unit.members) {
        of_node = of_node || member->check->scope == Scope::node;
        // Of all that share it, silent or not: who falls silent later may not make another alert of it.
        if (!member->check->probes)
            for (const AssetUnit* asset : member->assets)
                assets.insert(asset->name);
        if (!member->silence || !member->target_tells)
            continue;
        if (!shared || member->silence->priority < shared->priority)
            shared = *member->silence;
        names.insert(member->name);
    }
    if (shared) {
        Identity identity;
        identity.rule = RuleId::evidence_missing;
        identity.target = unit.name;
        if (assets.size() == 1)
            identity.asset = *assets.begin();
        shared->identity = identity;
        shared->reason += fmt::format(" (checks {})", fmt::join(names, ", "));
        lower_together(unit, *shared, judgement, now);
        judgement.findings.push_back(std::move(*shared));
    }
    // Each node's agent tells of its own "localhost".
    conclude(unit, std::move(judgement), nullptr, of_node ? Scope::node : Scope::cluster, now);
}

void Engine::judge(AgentUnit& unit, Time now) {
    Judgement judgement;
    const auto find = [&](RuleId id, std::string reason) {
        Finding finding;
        finding.identity.rule = id;
        finding.priority = finding.raw_priority = rule(id).priority;
        finding.hold = rule(id).hold;
        finding.reason = std::move(reason);
        judgement.findings.push_back(std::move(finding));
    };
    for (const auto& [id, reason] : unit.troubles)
        find(id, reason);
    find(RuleId::recoverd_watchdog, "the agent is alive; when this stops, nobody is watching");
    conclude(unit, std::move(judgement), nullptr, Scope::node, now);
}

} // namespace recoverd::core
