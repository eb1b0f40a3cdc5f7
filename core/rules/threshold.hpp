// SPDX-License-Identifier: Apache-2.0
// Thresholds as the policy has them, and what crossing one means. Every rule about time comes through here, so that
// none forgets to say when it wants to be asked again.
#pragma once

#include "core/rules/view.hpp"

#include <optional>
#include <span>
#include <vector>

namespace recoverd::core {

struct Threshold {
    /// Seconds, bytes or a ratio, as the rule has it.
    double over;
    Priority priority;
    /// Only for points of this type; empty for all.
    std::string backup_type;
};

/// The policy's steps; where they leave a number or a priority open, `fallback` and the rule's own.
std::vector<Threshold> thresholds(const Policy& policy, RuleId id, double fallback);
/// The priority the policy gives a rule without thresholds, else `fallback`.
Priority priority_of(const Policy& policy, RuleId id, Priority fallback);
Priority priority_of(const Policy& policy, RuleId id);

/// Has `at` come? If not, asks to be looked at again then. A threshold is crossed at its very moment.
bool due(Time at, Time now, Judgement& out);

/// The worst of the thresholds that `from` has been left behind by; asks to be looked at again for the others.
/// Among equals the lowest: the one that was crossed first.
std::optional<Threshold> crossed(std::span<const Threshold> thresholds, Time from, Time now, Judgement& out);
/// The worst of the thresholds that lie below `value`.
std::optional<Threshold> crossed(std::span<const Threshold> thresholds, double value);

/// Seconds as a duration; anything beyond a thousand years is a thousand years.
Duration as_duration(double seconds);
/// For a sentence: "3h12m" rather than "3h12m4s123ms". Never rounds up, so that it never claims more than passed.
std::string in_words(Duration d);

/// Adds the finding unless the policy switched its rule off.
void add(Judgement& out, const Policy& policy, Finding finding);

/// "; " between what is not empty.
std::string join_reasons(std::span<const std::string> reasons);

} // namespace recoverd::core
