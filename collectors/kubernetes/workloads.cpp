// SPDX-License-Identifier: Apache-2.0
// One subject for each workload: are its pods ready, and as many as there should be?
#include "collectors/kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::ReachState;

struct Workload {
    const Pods* pods = nullptr;
    const Controller* controller = nullptr;
    std::uint64_t wanted = 0;
    std::uint64_t ready = 0;
    /// Is it so new that none of its pods need be ready?
    bool is_new = false;
};

/// "2 CrashLoopBackOff (web: OOMKilled, exit 137), 1 starting"
std::string in_words(const Pods& pods) {
    std::string words;
    const auto add = [&](const std::string& some) { words += (words.empty() ? "" : ", ") + some; };
    for (const bool lasting : {true, false})
        for (const auto& [reason, trouble] : pods.troubles)
            if (trouble.lasting == lasting)
                add(fmt::format("{} {}{}", trouble.pods, reason,
                                trouble.example.empty() ? "" : fmt::format(" ({})", trouble.example)));
    if (pods.leaving > 0)
        add(fmt::format("{} being deleted", pods.leaving));
    if (pods.ended > 0)
        add(fmt::format("{} ended", pods.ended));
    return words;
}

bool lasting(const Pods& pods) {
    return std::ranges::any_of(pods.troubles, [](const auto& entry) { return entry.second.lasting; });
}

ReachState state_of(const Workload& workload) {
    if (workload.ready == 0)
        return workload.is_new ? ReachState::degraded : ReachState::down;
    const bool stuck = workload.controller && !workload.controller->stuck.empty();
    const bool whole = workload.ready >= workload.wanted && !stuck && !(workload.pods && lasting(*workload.pods));
    return whole ? ReachState::up : ReachState::degraded;
}

core::Reachability reach_of(const Workload& workload) {
    core::Reachability reach;
    reach.state = state_of(workload);
    if (reach.state == ReachState::up)
        return reach;
    reach.detail = fmt::format("{} of {} pods ready", workload.ready, workload.wanted);
    if (workload.pods)
        if (const std::string words = in_words(*workload.pods); !words.empty())
            reach.detail += ": " + words;
    if (workload.is_new)
        reach.detail += "; it is new";
    if (workload.controller && !workload.controller->stuck.empty())
        reach.detail += "; its rollout is stuck: " + workload.controller->stuck;
    reach.detail = clean(reach.detail, 500);
    return reach;
}

core::Measurement measured(std::string name, std::uint64_t value, const std::optional<std::int64_t>& most) {
    core::Measurement made;
    made.name = std::move(name);
    made.value = static_cast<double>(value);
    if (most)
        made.above = static_cast<double>(*most);
    return made;
}

SubjectReport report_of(const std::string& subject, const Workload& workload, const Expected& expected,
                        const Facts& facts, const Cursor& cursor, Time now) {
    SubjectReport report{.subject = subject, .location = {}, .evidence = {}, .failure = {}};
    report.evidence.emplace_back(reach_of(workload));
    // One of a daemon set runs on each node: neither a budget nor an autoscaler is for it.
    if (workload.controller && !expected.require.empty() && !subject.contains("/daemonset/"))
        report.evidence.emplace_back(required(subject, *workload.controller, expected.require, facts.protection,
                                              facts.has(kDisruptionBudgets), facts.has(kAutoscalers)));
    if (!workload.pods)
        return report;
    report.passing = workload.pods->of_node;
    report.location = facts.nodes.common(workload.pods->nodes);
    report.place_known = !facts.failed(kNodes);
    // Restarts are differences: the first look knows none.
    if (cursor.looked_at)
        report.evidence.emplace_back(measured("restarts_last_hour", cursor.last_hour(subject), expected.max_restarts));
    const auto recent =
        std::ranges::count_if(workload.pods->oom_kills, [&](Time at) { return at > now - std::chrono::hours{1}; });
    report.evidence.emplace_back(
        measured("oom_kills_last_hour", static_cast<std::uint64_t>(recent), expected.max_oom_kills));
    return report;
}

/// Every subject with what is known of it from both sides.
std::map<std::string, Workload> joined(const Expected& expected, const Facts& facts) {
    std::map<std::string, Workload> all;
    for (const auto& [subject, pods] : facts.pods.workloads) {
        Workload& workload = all[subject];
        workload.pods = &pods;
        workload.wanted = pods.active;
        workload.ready = pods.ready;
    }
    static const Pods kNone;
    for (const auto& [resource, controllers] : facts.controllers)
        for (const auto& [subject, controller] : controllers.controllers) {
            Workload& workload = all[subject];
            workload.controller = &controller;
            workload.wanted = controller.wanted;
            workload.is_new = controller.is_new;
            // With a selector its pods may just bear other labels than it; then its own account of them counts.
            if (!workload.pods && facts.has(kPods) && expected.selector.empty())
                workload.pods = &kNone;
            else if (!workload.pods)
                workload.ready = controller.ready;
        }
    // Which have no controller but their operator.
    for (const auto& [subject, cluster] : facts.postgres.clusters)
        if (const auto found = all.find(subject); found != all.end())
            found->second.is_new = cluster.is_new;
    return all;
}

} // namespace

void report_workloads(const Expected& expected, const Facts& facts, const Cursor& cursor, Time now,
                      std::vector<SubjectReport>& out) {
    for (const auto& [subject, workload] : joined(expected, facts)) {
        // Scaled to none on purpose: neither up nor down. Whoever knew it is told that it is gone. Of a daemon set
        // there are as many as there are nodes for it, which others scale, as some autoscalers do what they target.
        const bool none_wanted = workload.controller && workload.wanted == 0;
        if (none_wanted && (subject.contains("/daemonset/") || facts.protection.may_be_none.contains(subject)))
            out.push_back({.subject = subject, .location = {}, .evidence = {core::Reachability{}}, .failure = {}});
        // Pods that ended or leave, of something that nobody says is still wanted.
        const bool nothing_left = !workload.controller && workload.pods->active == 0 && workload.pods->leaving == 0;
        if (!none_wanted && !nothing_left)
            out.push_back(report_of(subject, workload, expected, facts, cursor, now));
    }
}

} // namespace recoverd::collectors::kubernetes_parts
