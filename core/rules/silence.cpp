// SPDX-License-Identifier: Apache-2.0
// EvidenceMissing of a whole check: nobody knows, and that is a finding of its own.
#include "core/rules/rules.hpp"
#include "core/rules/silences.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

constexpr Duration kShortest = 5min;
constexpr Duration kLongest = 6h;
/// After so many times the first threshold it is P2.
constexpr int kWorseAfter = 4;

std::string cause(const CheckMemory& memory) {
    if (memory.failure)
        return fmt::format("{}: {}", name_of(memory.failure->kind), memory.failure->detail);
    if (memory.last_success && memory.subjects.empty())
        return "it looks, and finds nothing to judge";
    return memory.last_run ? "it did not run since" : "it has not run yet";
}

} // namespace

Duration silence_allowed(const Check& check) {
    // Who looks twice a day is not silent between two looks.
    return std::max(std::clamp<Duration>(3 * check.every, kShortest, kLongest), check.every + check.every / 2);
}

std::vector<Threshold> silence_thresholds(const Check& check, const Policy& policy) {
    constexpr RuleId kId = RuleId::evidence_missing;
    const double allowed = to_seconds(silence_allowed(check));
    auto steps = thresholds(policy, kId, allowed);
    if (policy[kId].steps.empty())
        steps.push_back({kWorseAfter * allowed, Priority::p2, {}});
    return steps;
}

Time last_learned(const CheckMemory& memory) {
    // A run that sees nothing at all has taught nothing.
    const Time learned = memory.subjects.empty() ? memory.first_seen : memory.last_success.value_or(memory.first_seen);
    return std::max(learned, memory.watched_since);
}

void judge_silence(const Check& check, const CheckMemory& memory, Time now, Judgement& out) {
    constexpr RuleId kId = RuleId::evidence_missing;
    if (!check.looks())
        return;
    const Time since = last_learned(memory);
    const auto over = crossed(silence_thresholds(check, check.policy), since, now, out);
    if (!over)
        return;
    Finding made{.identity = {.rule = kId},
                 .priority = over->priority,
                 .reason = fmt::format("nothing learned for {}, {} allowed: {}", in_words(now - since),
                                       in_words(as_duration(over->over)), cause(memory)),
                 .hold = check.policy.hold(kId),
                 .raw_priority = over->priority,
                 .lowered_by = {}};
    made.identity.check = check.name;
    // `{subject}` names an asset per subject; the check as a whole then belongs to none.
    if (!check.asset.contains('{'))
        made.identity.asset = check.asset;
    add(out, check.policy, std::move(made));
}

} // namespace recoverd::core
