// SPDX-License-Identifier: Apache-2.0
#include "core/engine/own_checks.hpp"

#include "core/engine/engine.hpp"

#include <algorithm>
#include <tuple>

namespace recoverd::core {

std::shared_ptr<const Check> make_own_check(const Asset& asset, std::string_view kind) {
    Check check;
    check.name = asset.name + std::string{kind};
    check.asset = asset.name;
    check.collector = "outcome";
    check.every = Duration{0};
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
    return !subject.empty() || unit.memory.subjects.contains(subject) ||
           std::ranges::find(unit.check->brings, EvidenceKind::recovery_points) != unit.check->brings.end();
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
        return std::tuple{!unit.memory.subjects.contains(subject), unit.name.ends_with(kOutcomes),
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
    const auto check = make_own_check(at->second->asset, kind);
    claim_check(check, now);
    CheckUnit& unit = *checks_.at(check->name);
    attach(unit, now);
    unit.page = check_pages_.size();
    publish(unit);
    return check->name;
}

} // namespace recoverd::core
