// SPDX-License-Identifier: Apache-2.0
// SubjectVanished, EvidenceMissing of one subject of a check that sees others well; what contradicts itself is in
// rules/plausibility.cpp.
#include "core/rules/plausibility.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/silences.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

void judge_missing(const SubjectView& view, Judgement& out) {
    constexpr RuleId kId = RuleId::evidence_missing;
    const Time since = last_learned(view.memory, view.seen);
    const bool for_longer_than_check = since < last_learned(view.memory);
    if (!view.check.looks() || (!view.seen.failure && !for_longer_than_check))
        return;
    const auto steps = silence_thresholds(view.check, view.policy);
    // While the check as a whole fails, judge_silence says it once for all its subjects. What was said before is not
    // taken back by that: nothing has become better.
    Judgement then;
    if (view.memory.failure && !(for_longer_than_check && crossed(steps, since, view.memory.failing_since, then)))
        return;
    const auto over = crossed(steps, since, view.now, out);
    if (!over)
        return;
    const std::string cause = view.seen.failure
                                  ? fmt::format("{}: {}", name_of(view.seen.failure->kind), view.seen.failure->detail)
                                  : "it is not in the check's answers";
    add(out, view.policy,
        make_finding(view, kId, over->priority,
                     fmt::format("nothing learned for {}, {} allowed: {}", in_words(view.now - since),
                                 in_words(as_duration(over->over)), cause)));
}

} // namespace

Time watched_since(const CheckMemory& memory, const SubjectMemory& seen) {
    return seen.watched_since.value_or(memory.watched_since);
}

Time last_learned(const CheckMemory& memory, const SubjectMemory& seen) {
    const Time learned = seen.evidence->empty() ? seen.first_seen : seen.learned_at;
    return std::max(learned, watched_since(memory, seen));
}

Time last_learned(const CheckMemory& memory, const SubjectMemory& seen, EvidenceKind kind) {
    return std::max(last_learned(memory, seen), seen.learned_of(kind));
}

void judge_presence(const SubjectView& view, Judgement& out) {
    if (view.seen.vanished_since && view.seen.passing)
        return;
    if (view.seen.vanished_since)
        add(out, view.policy,
            make_finding(view, RuleId::subject_vanished, priority_of(view.policy, RuleId::subject_vanished),
                         fmt::format("missing from complete answers for {}, was first seen {} ago",
                                     in_words(view.now - *view.seen.vanished_since),
                                     in_words(view.now - view.seen.first_seen))));
    else
        judge_missing(view, out);
    judge_plausibility(view, out);
}

} // namespace recoverd::core
