// SPDX-License-Identifier: Apache-2.0
// What is bad: for each rule whether it is asked, its thresholds and the priority of each.
// Merged built-in < [policy] < class < asset < check < subject, key by key: a rule's steps are replaced, and a step
// that leaves its threshold or its priority open keeps that of the one it replaces.
#pragma once

#include "core/rules/table.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace recoverd::core {

/// One threshold and what crossing it means.
struct Step {
    /// In the rule's unit: seconds, bytes or a ratio. Nothing: the rule's own default.
    std::optional<double> over;
    std::optional<Priority> priority;
    /// Only for points of this type; empty for all.
    std::string backup_type;

    bool operator==(const Step&) const = default;
};

struct RulePolicy {
    /// Nothing said: on.
    std::optional<bool> enabled;
    std::vector<Step> steps;
    std::optional<Duration> hold;
    /// Where the value came from ("built-in", "policy", "class.gold", "asset.x", "check.y"), for `config show`; of a
    /// step that two say a part of, both: "asset.x, policy".
    std::string origin = "built-in";

    bool operator==(const RulePolicy&) const = default;
};

/// Do steps leave open what those that they replace say, and nobody can tell which of these is meant?
bool leaves_open(const std::vector<Step>& above, const std::vector<Step>& below);

inline constexpr std::size_t kRuleCount = static_cast<std::size_t>(RuleId::recoverd_watchdog) + 1;

/// Holds only the rules that something was said about: most policies are empty, and there is one per check.
class Policy {
  public:
    const RulePolicy& operator[](RuleId id) const;
    RulePolicy& operator[](RuleId id);

    bool enabled(RuleId id) const { return (*this)[id].enabled.value_or(true); }
    Duration hold(RuleId id) const { return (*this)[id].hold.value_or(rule(id).hold); }
    /// This policy with what `other` says laid over it.
    Policy overlaid(const Policy& other) const;

    bool operator==(const Policy&) const = default;

  private:
    /// By rule, in rising order.
    std::vector<std::pair<RuleId, RulePolicy>> said_;
};

} // namespace recoverd::core
