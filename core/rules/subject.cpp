// SPDX-License-Identifier: Apache-2.0
// Everything about one subject, each thing said once.
#include "core/rules/rules.hpp"

#include <algorithm>

namespace recoverd::core {

namespace {

struct Judge {
    const SubjectView& view;
    Judgement& out;

    void operator()(const RecoveryPoints& evidence) const { judge_recovery_points(view, evidence, out); }
    void operator()(const LogArchive& evidence) const { judge_log_archive(view, evidence, out); }
    void operator()(const Replication& evidence) const { judge_replication(view, evidence, out); }
    void operator()(const Exercise& /*judged from memory*/) const {}
    void operator()(const Reachability& evidence) const { judge_reachability(view, evidence, out); }
    void operator()(const Assertions& /*judged together*/) const {}
    void operator()(const Fingerprint& /*judged from memory*/) const {}
    void operator()(const Measurement& evidence) const { judge_measurement(view, evidence, out); }
};

/// All expectations at once: one that failed may be missing from what came since, the whole kind even.
Assertions all_assertions(const EvidenceList& evidence) {
    Assertions all;
    for (const Evidence& item : evidence)
        if (const auto* some = std::get_if<Assertions>(&item))
            all.assertions.insert(all.assertions.end(), some->assertions.begin(), some->assertions.end());
    return all;
}

/// Two findings never share one identity: of those that would, the worst speaks.
void keep_worst(std::vector<Finding>& findings) {
    std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
        return a.identity != b.identity ? a.identity < b.identity : a.priority < b.priority;
    });
    const auto same = std::ranges::unique(findings, {}, &Finding::identity);
    findings.erase(same.begin(), same.end());
}

} // namespace

void judge_subject(const SubjectView& view, Judgement& out) {
    Judgement own;
    for (const Evidence& evidence : *view.seen.evidence)
        std::visit(Judge{view, own}, evidence);
    judge_assertions(view, all_assertions(*view.seen.evidence), own);
    judge_exercises(view, own);
    judge_fingerprints(view, own);
    judge_presence(view, own);
    keep_worst(own.findings);
    out.findings.insert(out.findings.end(), own.findings.begin(), own.findings.end());
    out.look_again(own.revisit);
}

} // namespace recoverd::core
