// SPDX-License-Identifier: Apache-2.0
#include "agent/look/look_verdict.hpp"

#include "core/assertion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

Trouble unknown(std::string subject, std::string text) {
    return {Grade::unknown, "unknown", {}, std::move(subject), std::move(text)};
}

/// A thing inside a subject is named as the subject is.
std::string subject_of(const core::Identity& identity) {
    for (const std::string* name : {&identity.subject, &identity.exercise, &identity.target})
        if (!name->empty())
            return *name;
    return {};
}

std::optional<Trouble> trouble_of(const core::Alert& alert) {
    const core::Finding& finding = alert.finding;
    if (alert.state == core::AlertState::resolved || finding.identity.rule == core::RuleId::recoverd_watchdog)
        return std::nullopt;
    // Of an expectation it is said below, however long it has been so.
    if (finding.identity.rule == core::RuleId::evidence_missing && !finding.identity.assertion.empty())
        return std::nullopt;
    if (finding.identity.rule == core::RuleId::evidence_missing)
        return unknown(subject_of(finding.identity), finding.reason);
    return Trouble{grade_of(finding.priority), std::string{core::name_of(finding.priority)},
                   std::string{core::rule(finding.identity.rule).name}, subject_of(finding.identity), finding.reason};
}

std::string words(const core::Failure& failure) {
    return fmt::format("{}: {}", core::name_of(failure.kind), failure.detail);
}

void add_alerts(const std::vector<core::Alert>& alerts, Looked& looked) {
    for (const core::Alert& alert : alerts)
        if (auto trouble = trouble_of(alert))
            looked.troubles.push_back(std::move(*trouble));
}

/// One look waits for nothing: what it did not learn is unknown.
void add_unknown_expectations(const std::string& subject, const core::SubjectMemory& seen, Looked& looked) {
    for (const core::Evidence& evidence : *seen.evidence)
        if (const auto* found = std::get_if<core::Assertions>(&evidence))
            for (const core::Assertion& one : found->assertions)
                if (core::state_of(one) == core::AssertionState::unknown)
                    looked.troubles.push_back(
                        unknown(subject, fmt::format("{} could not be learned{}{}", one.name,
                                                     one.detail.empty() ? "" : ": ", one.detail)));
}

/// Worst first: P1 before P2 where the grade is the same.
void sort(Looked& looked) {
    std::ranges::stable_sort(looked.troubles, [](const Trouble& a, const Trouble& b) {
        return a.grade != b.grade ? a.grade > b.grade : a.word < b.word;
    });
}

Looked looked_at(const core::CheckSnapshot& snapshot) {
    Looked looked;
    looked.name = snapshot.check->name;
    looked.took = snapshot.memory->last_took;
    if (snapshot.check->every == core::Duration{0}) {
        looked.note = "reported to the daemon, which knows";
        return looked;
    }
    const core::CheckMemory& memory = *snapshot.memory;
    if (memory.failure)
        looked.troubles.push_back(unknown({}, words(*memory.failure)));
    else if (!memory.last_run)
        looked.troubles.push_back(unknown({}, "it was not looked at"));
    else if (memory.subjects.empty())
        looked.troubles.push_back(unknown({}, "it looked and saw nothing"));
    for (const auto& [name, seen] : memory.subjects) {
        if (seen.failure)
            looked.troubles.push_back(unknown(name, words(*seen.failure)));
        else if (seen.evidence->empty())
            looked.troubles.push_back(unknown(name, "it was seen, and nothing was told of it"));
        add_unknown_expectations(name, seen, looked);
    }
    add_alerts(snapshot.alerts, looked);
    sort(looked);
    return looked;
}

Looked looked_at(const core::AssetSnapshot& snapshot) {
    Looked looked;
    looked.name = snapshot.asset.name;
    looked.note = std::string{core::name_of(snapshot.verdict.state)};
    add_alerts(snapshot.alerts, looked);
    const auto& reasons = snapshot.verdict.reasons;
    if (snapshot.verdict.state == core::VerdictState::unknown)
        looked.troubles.push_back(unknown({}, reasons.empty() ? "nothing is known of it" : reasons.front()));
    else if (snapshot.verdict.state == core::VerdictState::unrecoverable)
        // How bad that is its findings say: of a new asset that has no backup yet there is but a P3. It is never good.
        looked.troubles.push_back(
            {Grade::minor, looked.note, {}, {}, reasons.empty() ? "nothing is left of it" : reasons.front()});
    else if (!reasons.empty())
        looked.why = reasons.front();
    sort(looked);
    return looked;
}

/// One that is there only where it is seen was asked for, and is not.
Looked not_seen(const std::string& asset) {
    Looked looked;
    looked.name = asset;
    looked.note = std::string{core::name_of(core::VerdictState::unknown)};
    looked.troubles.push_back(unknown({}, "nothing of it was seen here"));
    return looked;
}

} // namespace

int exit_code(Grade grade) {
    switch (grade) {
    case Grade::good:
        return 0;
    case Grade::minor:
        return 1;
    case Grade::major:
        return 2;
    case Grade::unknown:
        break;
    }
    return 3;
}

Grade grade_of(core::Priority priority) {
    return priority == core::Priority::p1 || priority == core::Priority::p2 ? Grade::major : Grade::minor;
}

std::size_t LookVerdict::count(Grade grade) const {
    std::size_t count = 0;
    for (const auto* part : parts())
        count += static_cast<std::size_t>(std::ranges::count(*part, grade, &Looked::grade));
    return count;
}

LookVerdict judge_look(const core::Snapshot& snapshot, const std::optional<std::set<std::string>>& assets) {
    LookVerdict verdict;
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) { verdict.checks.push_back(looked_at(check)); });
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) {
        if (!assets || assets->contains(asset.asset.name))
            verdict.assets.push_back(looked_at(asset));
    });
    if (assets)
        for (const std::string& name : *assets)
            if (std::ranges::find(verdict.assets, name, &Looked::name) == verdict.assets.end())
                verdict.assets.push_back(not_seen(name));
    Looked others;
    add_alerts(snapshot.other_alerts, others);
    if (!others.troubles.empty()) {
        others.name = "targets";
        sort(others);
        verdict.others.push_back(std::move(others));
    }
    for (const auto& scenario : snapshot.scenarios) {
        Looked active;
        add_alerts(scenario->alerts, active);
        if (active.troubles.empty())
            continue;
        active.name = "scenario " + scenario->scenario.name;
        sort(active);
        verdict.others.push_back(std::move(active));
    }
    const bool looked = std::ranges::any_of(verdict.checks, [](const Looked& check) { return check.note.empty(); });
    verdict.worst = looked ? Grade::good : Grade::unknown;
    for (const auto* part : verdict.parts())
        for (const Looked& one : *part)
            verdict.worst = std::max(verdict.worst, one.grade());
    return verdict;
}

} // namespace recoverd::agent
