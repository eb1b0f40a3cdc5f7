// SPDX-License-Identifier: Apache-2.0
// AssertionFailed. An expectation has three answers. One that is unknown starts no such finding and ends none: what did
// not hold when it was last known goes on until it is known to hold; what was never known to fail is missing evidence.
#include "core/assertion.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/silences.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

std::string_view relation(Compare compare) {
    switch (compare) {
    case Compare::at_least:
        return "at least ";
    case Compare::at_most:
        return "at most ";
    case Compare::equal:
    case Compare::verdict:
        break;
    }
    return "";
}

std::string why(const Assertion& assertion) {
    if (assertion.compare == Compare::verdict)
        return assertion.detail.empty() ? "its check says that it does not hold" : assertion.detail;
    return fmt::format("{} expected, {} found{}{}",
                       fmt::format("{}{}", relation(assertion.compare), assertion.expected),
                       assertion.actual.value_or(""), assertion.detail.empty() ? "" : ": ", assertion.detail);
}

void found(const SubjectView& view, RuleId id, const std::string& name, Priority priority, std::string reason,
           Judgement& out) {
    Finding made = make_finding(view, id, priority, std::move(reason));
    made.identity.assertion = name;
    add(out, view.policy, std::move(made));
}

/// Not known now. Was it known to fail?
void judge_unknown(const SubjectView& view, const Assertion& assertion, Judgement& out) {
    if (std::ranges::find(view.seen.failing_assertions, assertion.name, &FailingAssertion::name) !=
        view.seen.failing_assertions.end())
        return;
    const auto& unknown = view.seen.unknown_assertions;
    const auto known = std::ranges::find(unknown, assertion.name, &UnknownAssertion::name);
    // An older release did not keep since when.
    const Time since = known == unknown.end() ? view.now : known->since;
    const auto over = crossed(silence_thresholds(view.check, view.policy), since, view.now, out);
    if (!over)
        return;
    found(view, RuleId::evidence_missing, assertion.name, over->priority,
          fmt::format("{} could not be learned for {}, {} allowed{}{}", assertion.name, in_words(view.now - since),
                      in_words(as_duration(over->over)), assertion.detail.empty() ? "" : ": ", assertion.detail),
          out);
}

} // namespace

void judge_assertions(const SubjectView& view, const Assertions& assertions, Judgement& out) {
    constexpr RuleId kId = RuleId::assertion_failed;
    const Priority own = priority_of(view.policy, kId);
    for (const Assertion& assertion : assertions.assertions) {
        const AssertionState state = state_of(assertion);
        if (state == AssertionState::fails)
            found(view, kId, assertion.name, assertion.priority.value_or(own),
                  fmt::format("{}: {}", assertion.name, why(assertion)), out);
        else if (state == AssertionState::unknown)
            judge_unknown(view, assertion, out);
    }
    for (const FailingAssertion& failing : view.seen.failing_assertions) {
        const auto now = std::ranges::find(assertions.assertions, failing.name, &Assertion::name);
        if (now != assertions.assertions.end() && state_of(*now) == AssertionState::fails)
            continue;
        found(view, kId, failing.name, failing.priority.value_or(own),
              fmt::format("{}: {} expected, {} found when it was last known, failing for {}", failing.name,
                          failing.expected, failing.actual, in_words(view.now - failing.since)),
              out);
    }
}

} // namespace recoverd::core
