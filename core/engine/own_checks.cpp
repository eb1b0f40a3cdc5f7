// SPDX-License-Identifier: Apache-2.0
#include "core/engine/own_checks.hpp"

#include "core/engine/engine.hpp"

#include <algorithm>
#include <tuple>

namespace recoverd::core {

bool is_own_check(std::string_view name) {
    return std::ranges::any_of(kOwnChecks, [&](std::string_view kind) { return name.ends_with(kind); });
}

std::shared_ptr<const Check> make_own_check(const Asset& asset, std::string_view kind, Scope scope) {
    Check check;
    check.name = asset.name + std::string{kind};
    check.asset = asset.name;
    check.collector = "outcome";
    check.every = Duration{0};
    check.scope = scope;
    check.policy = asset.policy;
    // Of a validation each step that failed is told, with its own priority.
    if (kind == kValidations)
        check.policy[RuleId::exercise_failed].enabled = false;
    check.brings = {EvidenceKind::exercise, EvidenceKind::recovery_points};
    return std::make_shared<const Check>(std::move(check));
}

namespace {

/// A backup is told without a subject; a check that was configured for an exercise is nobody's repository.
bool may_be_told(const CheckUnit& unit, std::string_view subject) {
    return !subject.empty() || unit.memory->subjects.contains(subject) ||
           unit.check->may_bring(EvidenceKind::recovery_points);
}

} // namespace

std::string Engine::outcome_check(std::string_view asset, std::string_view subject, Time now) {
    const auto at = assets_.find(asset);
    if (at == assets_.end())
        return {};
    const CheckUnit* best = nullptr;
    const auto rank = [&](const CheckUnit& unit) {
        // Whoever knows it already goes on with it, or an end would not meet its beginning; then whoever was
        // configured.
        return std::tuple{!unit.memory->subjects.contains(subject), unit.name.ends_with(kOutcomes),
                          std::string_view{unit.name}};
    };
    for (const CheckUnit* member : at->second->members)
        if (member->check->collector == "outcome" && !member->name.ends_with(kValidations) &&
            may_be_told(*member, subject) && (best == nullptr || rank(*member) < rank(*best)))
            best = member;
    return best ? best->name : own_check(at->first, kOutcomes, now);
}

std::string Engine::own_check(const std::string& asset, std::string_view kind, Time now) {
    const auto at = assets_.find(asset);
    if (at == assets_.end())
        return {};
    if (const auto known = checks_.find(asset + std::string{kind}); known != checks_.end())
        return known->first;
    const auto check = make_own_check(at->second->asset, kind, scope_of(*at->second));
    claim_check(check, now);
    CheckUnit& unit = *checks_.at(check->name);
    attach(unit, now);
    unit.page = check_pages_.size();
    publish(unit);
    return check->name;
}

/// Who looks at an asset may be seen only after something was told of it.
void Engine::move_own_checks(const AssetUnit& unit, Scope scope) {
    for (CheckUnit* member : unit.members) {
        if (member->check->looks() || member->check->scope == scope || !is_own_check(member->name))
            continue;
        auto moved = std::make_shared<Check>(*member->check);
        moved->scope = scope;
        member->check = std::move(moved);
        mark(*member);
    }
}

} // namespace recoverd::core
