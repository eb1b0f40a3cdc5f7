// SPDX-License-Identifier: Apache-2.0
// EndpointDown and EndpointDegraded: streaks are counted in core/remember_reachability.cpp, so one bad probe is none.
#include "core/rules/certificates.hpp"
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

std::string reason(const SubjectView& view, const Reachability& reachability) {
    const std::string_view state = name_of(view.seen.settled);
    const Duration since = view.now - view.seen.settled_since;
    if (reachability.state == ReachState::up)
        return fmt::format("{} for {}, fewer than {} good probes in a row since", state, in_words(since),
                           view.check.successes);
    return fmt::format("{} for {}, after {} bad probes in a row: {}", state, in_words(since),
                       std::max(1U, view.check.failures),
                       reachability.detail.empty() ? "no reason told" : reachability.detail);
}

} // namespace

void judge_reachability(const SubjectView& view, const Reachability& reachability, Judgement& out) {
    if (view.seen.settled != ReachState::up) {
        const RuleId id = view.seen.settled == ReachState::down ? RuleId::endpoint_down : RuleId::endpoint_degraded;
        Finding made = make_finding(view, id, priority_of(view.policy, id), reason(view, reachability));
        made.identity.target = reachability.target;
        add(out, view.policy, std::move(made));
    }
    if (reachability.certificate)
        judge_certificate(view, reachability, *reachability.certificate, out);
}

} // namespace recoverd::core
