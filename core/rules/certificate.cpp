// SPDX-License-Identifier: Apache-2.0
#include "core/rules/certificates.hpp"
#include "core/rules/threshold.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

/// Renewal may take a while; a keeper that is this late has failed.
constexpr Duration kRenewalGrace = 1h;

struct Fault {
    Priority priority;
    std::string reason;
};

/// Since when less is left of it than `left`. Unless somebody chose how much should be, its keeper did: one that is to
/// be renewed later is not late before.
Time late_from(const SubjectView& view, const Certificate& certificate, Duration left) {
    const Time from = certificate.not_after - left;
    const bool is_chosen = std::ranges::any_of(view.policy[RuleId::certificate_expiring].steps,
                                               [](const Step& step) { return step.over.has_value(); });
    return is_chosen || !certificate.renewal_at ? from : std::max(from, *certificate.renewal_at + kRenewalGrace);
}

std::optional<Fault> worst_of(const SubjectView& view, const Certificate& certificate, Judgement& out) {
    constexpr RuleId kId = RuleId::certificate_expiring;
    if (!certificate.fault.empty())
        return Fault{Priority::p1, fmt::format("not to be trusted: {}", certificate.fault)};
    if (due(certificate.not_after, view.now, out))
        return Fault{Priority::p1, fmt::format("expired {} ago", in_words(view.now - certificate.not_after))};
    // A third of its life, so that certificates of a few days do not alarm all their life.
    const Duration third = std::max((certificate.not_after - certificate.not_before) / 3, Duration{0});
    std::optional<Threshold> worst;
    for (const Threshold& step : thresholds(view.policy, kId, *rule(kId).over)) {
        const Duration left = std::min(as_duration(step.over), third);
        if (due(late_from(view, certificate, left), view.now, out) && (!worst || step.priority < worst->priority))
            worst = Threshold{to_seconds(left), step.priority, {}};
    }
    if (worst)
        return Fault{worst->priority, fmt::format("ends in {}, {} wanted", in_words(certificate.not_after - view.now),
                                                  in_words(as_duration(worst->over)))};
    if (certificate.renewal_at && due(*certificate.renewal_at + kRenewalGrace, view.now, out))
        return Fault{priority_of(view.policy, kId),
                     fmt::format("should have been renewed {} ago, {} allowed",
                                 in_words(view.now - *certificate.renewal_at), in_words(kRenewalGrace))};
    return std::nullopt;
}

} // namespace

void judge_certificate(const SubjectView& view, const Reachability& reachability, const Certificate& certificate,
                       Judgement& out) {
    auto fault = worst_of(view, certificate, out);
    if (!fault)
        return;
    Finding made = make_finding(view, RuleId::certificate_expiring, fault->priority,
                                fmt::format("certificate of {} {}",
                                            certificate.subject.empty() ? reachability.target : certificate.subject,
                                            fault->reason));
    made.identity.target = reachability.target;
    add(out, view.policy, std::move(made));
}

} // namespace recoverd::core
