// SPDX-License-Identifier: Apache-2.0
#include "core/policy.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

/// The one step for a backup type; nullptr where there are several or none.
const Step* only_step(const std::vector<Step>& steps, const std::string& backup_type) {
    const Step* only = nullptr;
    for (const Step& step : steps) {
        if (step.backup_type != backup_type)
            continue;
        if (only != nullptr)
            return nullptr;
        only = &step;
    }
    return only;
}

/// The step of `below` that one of `above` changes; nullptr where nobody can tell which one is meant.
const Step* changed_step(const Step& step, const std::vector<Step>& above, const std::vector<Step>& below) {
    return only_step(above, step.backup_type) == &step ? only_step(below, step.backup_type) : nullptr;
}

/// `above`, and what its steps leave open as it was: who moves a threshold keeps the priority.
std::vector<Step> filled_in(const std::vector<Step>& above, const std::vector<Step>& below) {
    std::vector<Step> filled = above;
    for (std::size_t i = 0; i < above.size(); ++i)
        if (const Step* const changed = changed_step(above[i], above, below)) {
            filled[i].over = above[i].over ? above[i].over : changed->over;
            filled[i].priority = above[i].priority ? above[i].priority : changed->priority;
        }
    return filled;
}

} // namespace

const RulePolicy& Policy::operator[](RuleId id) const {
    static const RulePolicy nothing_said;
    const auto at = std::ranges::lower_bound(said_, id, {}, &std::pair<RuleId, RulePolicy>::first);
    return at != said_.end() && at->first == id ? at->second : nothing_said;
}

RulePolicy& Policy::operator[](RuleId id) {
    auto at = std::ranges::lower_bound(said_, id, {}, &std::pair<RuleId, RulePolicy>::first);
    if (at == said_.end() || at->first != id)
        at = said_.emplace(at, id, RulePolicy{});
    return at->second;
}

Policy Policy::overlaid(const Policy& other) const {
    Policy merged = *this;
    for (const auto& [id, over] : other.said_) {
        if (!over.enabled && over.steps.empty() && !over.hold)
            continue;
        RulePolicy& into = merged[id];
        if (over.enabled)
            into.enabled = over.enabled;
        std::string origin = over.origin;
        if (!over.steps.empty()) {
            std::vector<Step> steps = filled_in(over.steps, into.steps);
            if (steps != over.steps)
                origin += ", " + into.origin;
            into.steps = std::move(steps);
        }
        if (over.hold)
            into.hold = over.hold;
        into.origin = std::move(origin);
    }
    return merged;
}

bool leaves_open(const std::vector<Step>& above, const std::vector<Step>& below) {
    const auto is_said_below = [&](auto member) {
        return std::ranges::any_of(below, [member](const Step& step) { return (step.*member).has_value(); });
    };
    return std::ranges::any_of(above, [&](const Step& step) {
        return changed_step(step, above, below) == nullptr &&
               ((!step.over && is_said_below(&Step::over)) || (!step.priority && is_said_below(&Step::priority)));
    });
}

} // namespace recoverd::core
