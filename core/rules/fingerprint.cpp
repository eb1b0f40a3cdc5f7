// SPDX-License-Identifier: Apache-2.0
// AssertionFailed of values that may not change, or may not go back.
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include <fmt/format.h>

namespace recoverd::core {

void judge_fingerprints(const SubjectView& view, Judgement& out) {
    for (const PastFingerprint& past : view.seen.fingerprints) {
        if (past.broken_value.empty())
            continue;
        Finding made = make_finding(view, RuleId::assertion_failed, priority_of(view.policy, RuleId::assertion_failed),
                                    fmt::format("{} was {}, and has been {} for {}", past.name, past.value,
                                                past.broken_value, in_words(view.now - past.broken_since)));
        made.identity.assertion = past.name;
        add(out, view.policy, std::move(made));
    }
}

} // namespace recoverd::core
