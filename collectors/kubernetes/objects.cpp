// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/objects.hpp"

#include "collectors/kubernetes/expect.hpp"
#include "core/assertion.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::ReachState;

SubjectReport report_of(const io::Json& object, std::string_view kind) {
    return {.subject = subject_of(object, kind), .location = {}, .evidence = {}, .failure = {}};
}

/// Every rollout is Progressing, and one that does not end is Degraded for the workload's own deadline; Suspended is
/// what somebody paused. Nothing where it is not known.
std::optional<ReachState> state_of_health(std::string_view health, std::string_view operation) {
    if (health == "Healthy" || health == "Suspended")
        return ReachState::up;
    if (health == "Progressing")
        return operation == "Failed" || operation == "Error" ? ReachState::degraded : ReachState::up;
    if (health == "Degraded" || health == "Missing")
        return ReachState::down;
    return std::nullopt;
}

/// ComparisonError, SyncError …: other than those of Kubernetes' own objects they have no status, and are there as long
/// as they are so. Those that end in Warning are none.
core::Assertion application_errors(const io::Json& status) {
    std::string types;
    std::string detail;
    if (const io::Json& conditions = status["conditions"])
        for (const io::Json& one : conditions.items()) {
            const std::string type = clean(one["type"].text(), 60);
            if (!type.ends_with("Error") || types.contains(type))
                continue;
            types += (types.empty() ? "" : ", ") + type;
            if (detail.empty())
                detail = clean(text_or(one["message"]));
        }
    return expect("conditions", "no error", types.empty() ? "no error" : clean(types), std::move(detail));
}

/// Waits for hooks and waves included.
constexpr Duration kSyncTakes = std::chrono::hours{1};

/// Is its comparison with Git of before its last operation ended, or of before one that is about to begin? The
/// controller compares anew only after that: what it says now is of what is not there any more. What stays so for
/// longer is said.
bool is_outdated(const io::Json& application, Time now) {
    constexpr Duration kComparesWithin = std::chrono::minutes{10};
    const io::Json& status = application["status"];
    const auto compared = time_or_none(status["reconciledAt"]);
    const auto ended = time_or_none(status["operationState"]["finishedAt"]);
    if (application["operation"])
        return compared && now - *compared < kComparesWithin;
    return compared && ended && *compared < *ended && now - *ended < kComparesWithin;
}

core::Assertions application_assertions(const io::Json& application, Time now) {
    core::Assertions assertions;
    const io::Json& status = application["status"];
    const io::Json& operation = status["operationState"];
    const std::string phase = clean(text_or(operation["phase"]), 40);
    const bool goes_on = phase == "Running" || phase == "Terminating";
    std::string sync = clean(text_or(status["sync"]["status"]), 40);
    const bool known = !sync.empty() && sync != "Unknown";
    // Until it has ended what is there is not what Git says, which every rollout is: that says nothing yet.
    const auto began = time_or_none(operation["startedAt"]);
    const bool says_nothing = (goes_on && began && now - *began <= kSyncTakes) || is_outdated(application, now);
    if (!says_nothing || !known || sync == "Synced")
        assertions.assertions.push_back(
            expect("sync", "Synced", known ? std::optional{std::move(sync)} : std::nullopt));
    if (!phase.empty() && !goes_on)
        assertions.assertions.push_back(expect("operation", "Succeeded", phase, clean(text_or(operation["message"]))));
    assertions.assertions.push_back(application_errors(status));
    return assertions;
}

/// It looks by itself every 3 minutes, or every 24 hours where only webhooks make it.
constexpr Duration kReconciled = std::chrono::hours{25};
/// An ACME order takes some minutes where names have to spread first.
constexpr Duration kIssued = std::chrono::minutes{10};

} // namespace

SubjectReport read_application(const io::Json& application, Time now) {
    SubjectReport report = report_of(application, "application");
    const io::Json& status = application["status"];
    const auto looked = time_or_none(status["reconciledAt"]);
    if (looked && now - *looked > kReconciled) {
        report.failure = {FailureKind::bad_answer, "Argo CD has not looked at it for more than a day"};
        return report;
    }
    const std::string health = clean(text_or(status["health"]["status"]), 40);
    const auto state = state_of_health(health, text_or(status["operationState"]["phase"]));
    if (!state) {
        report.failure = {FailureKind::bad_answer,
                          fmt::format("its health is {}", health.empty() ? "not told" : health)};
        // They say why.
        const core::Assertion errors = application_errors(status);
        if (core::state_of(errors) == core::AssertionState::fails)
            report.evidence.emplace_back(core::Assertions{{errors}});
        return report;
    }
    core::Reachability reach;
    reach.state = *state;
    if (health != "Healthy")
        reach.detail = fmt::format("health {}{}{}", health, status["health"]["message"] ? ": " : "",
                                   clean(text_or(status["health"]["message"])));
    report.evidence.emplace_back(std::move(reach));
    report.evidence.emplace_back(application_assertions(application, now));
    return report;
}

SubjectReport read_certificate(const io::Json& certificate, Time now) {
    SubjectReport report = report_of(certificate, "certificate");
    const io::Json& status = certificate["status"];
    const io::Json& ready = condition(status["conditions"], "Ready");
    const io::Json& issuing = condition(status["conditions"], "Issuing");
    const std::string is_ready = text_or(ready["status"]);
    if (is_ready != "True" && is_ready != "False") {
        report.failure = {FailureKind::bad_answer, "whether it is Ready is not told: does cert-manager run?"};
        return report;
    }
    core::Reachability reach;
    if (is_ready == "False") {
        // Until it ends the old one serves on. The first one takes a while to be issued.
        reach.state = status["notAfter"] || is_new(certificate, kIssued, now) ? ReachState::degraded : ReachState::down;
        reach.detail = why(ready);
    } else if (text_or(issuing["status"]) == "False" && text_or(issuing["reason"]) == "Failed") {
        // Ready stays True until the end, however often its renewal fails.
        reach.state = ReachState::degraded;
        reach.detail = "its renewal failed: " + why(issuing);
    }
    if (status["notAfter"]) {
        core::Certificate shown;
        shown.not_after = status["notAfter"].time();
        shown.not_before = time_or_none(status["notBefore"]).value_or(Time{});
        shown.renewal_at = time_or_none(status["renewalTime"]);
        shown.subject = clean(text_or(certificate["spec"]["commonName"]), 253);
        reach.certificate = std::move(shown);
    }
    report.evidence.emplace_back(std::move(reach));
    return report;
}

} // namespace recoverd::collectors::kubernetes_parts
