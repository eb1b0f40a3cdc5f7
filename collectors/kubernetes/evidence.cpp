// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::ReachState;

constexpr std::string_view kServer = "apiserver";

bool silent(const Failure& failure) {
    return failure.kind == FailureKind::unreachable || failure.kind == FailureKind::timed_out;
}

/// All that failed, in one line.
Failure together(const std::vector<Failure>& failures) {
    Failure all = failures.front();
    for (std::size_t i = 1; i < failures.size(); ++i)
        if (all.detail.size() < 1'000)
            all.detail += "; " + failures[i].detail;
    all.detail = clean(all.detail, 1'500);
    return all;
}

/// The one subject that is always there: does the API server answer, and may one read all that is to be watched?
SubjectReport report_server(const Expected& expected, const Server& server, const std::vector<Failure>& failures,
                            std::size_t lists) {
    SubjectReport report{.subject = std::string{kServer}, .location = {}, .evidence = {}, .failure = {}};
    core::Reachability reach;
    reach.target = expected.target;
    reach.latency = server.latency;
    reach.certificate = server.certificate;
    const auto unanswered = static_cast<std::size_t>(std::ranges::count_if(failures, silent));
    if (unanswered > 0) {
        reach.state = unanswered == lists ? ReachState::down : ReachState::degraded;
        reach.detail = std::ranges::find_if(failures, silent)->detail;
    }
    report.evidence.emplace_back(std::move(reach));
    // That it does not answer is evidence, and said once.
    if (unanswered < failures.size())
        report.failure = together(failures);
    return report;
}

/// Of a PostgreSQL cluster tell its pods and its operator: it is as well as the worse of the two says.
void add(Evidence fresh, std::vector<Evidence>& to) {
    const auto is_reach = [](const Evidence& one) { return std::holds_alternative<core::Reachability>(one); };
    const auto known = std::ranges::find_if(to, is_reach);
    if (!is_reach(fresh) || known == to.end()) {
        to.push_back(std::move(fresh));
        return;
    }
    auto& reach = std::get<core::Reachability>(*known);
    auto& other = std::get<core::Reachability>(fresh);
    if (other.state > reach.state)
        std::swap(reach, other);
    if (!other.detail.empty())
        reach.detail = clean(fmt::format("{}{}{}", reach.detail, reach.detail.empty() ? "" : "; ", other.detail), 500);
}

/// One report of each subject: a PostgreSQL cluster has pods and backups.
std::vector<SubjectReport> joined(std::vector<SubjectReport> reports) {
    std::map<std::string, SubjectReport> all;
    for (SubjectReport& report : reports) {
        const auto [at, fresh] = all.try_emplace(report.subject, std::move(report));
        if (fresh)
            continue;
        for (Evidence& evidence : report.evidence)
            add(std::move(evidence), at->second.evidence);
        if (!at->second.failure)
            at->second.failure = std::move(report.failure);
        at->second.place_known = at->second.place_known && report.place_known;
    }
    std::vector<SubjectReport> each;
    for (auto& [subject, report] : all)
        each.push_back(std::move(report));
    return each;
}

/// Everything that is neither a node nor a workload.
void report_objects(const Expected& expected, const Facts& facts, const Cursor& cursor, Time now,
                    std::vector<SubjectReport>& out) {
    facts.jobs.report(now, !facts.failed(kJobs) && !facts.failed(kCronJobs), out);
    facts.velero.report({.backups_known = facts.has(kVeleroBackups),
                         .volumes_known = !facts.failed(kPodVolumeBackups),
                         .schedules_known = !facts.failed(kVeleroSchedules),
                         .locations_known = facts.has(kVeleroLocations),
                         .selected = !expected.selector.empty()},
                        out);
    if (facts.has(kPostgresBackups))
        facts.postgres.report(now, !expected.selector.empty(), out);
    facts.postgres.report_clusters(facts.has(kPostgresBackups), out);
    facts.scheduled_backups.report({.postgres = facts.postgres,
                                    .clusters_known = facts.has(kPostgresClusters),
                                    .backups_known = facts.has(kPostgresBackups),
                                    .selected = !expected.selector.empty()},
                                   now, out);
    facts.snapshots.report(cursor.snapshots, facts.lists.contains(kVolumeSnapshotContents.full_name()), out);
    const bool experiments_known = std::ranges::none_of(
        facts.lists, [](const auto& list) { return list.second && list.first.ends_with(kChaosMesh); });
    facts.chaos.report({.experiments_known = experiments_known,
                        .nodes_known = facts.has(kChaosNodes),
                        .schedules_known = facts.has(kChaosSchedules),
                        .selected = !expected.selector.empty()},
                       out);
    for (const auto& [name, reports] : facts.objects)
        out.insert(out.end(), reports.begin(), reports.end());
}

/// The lists that tell of the subjects of a kind, which may be told of by others as well.
struct ToldBy {
    std::string_view kind;
    /// Together, how well it is.
    std::span<const Resource> state;
    /// Together, its backups.
    std::span<const Resource> backups;
};

constexpr std::array kTellOfDeployment{kPods, kDeployments};
constexpr std::array kTellOfStatefulSet{kPods, kStatefulSets};
constexpr std::array kTellOfDaemonSet{kPods, kDaemonSets};
constexpr std::array kTellOfCluster{kPods, kPostgresClusters};
constexpr std::array kTellOfClusterBackups{kPostgresClusters, kPostgresBackups};
constexpr std::array kTellOfVeleroBackups{kVeleroBackups, kPodVolumeBackups, kVeleroLocations, kVeleroSchedules};
constexpr std::array kTellOfJobBackups{kJobs, kCronJobs};
constexpr std::array kTellOfSnapshots{kVolumeSnapshots, kVolumeSnapshotContents};

constexpr std::array<ToldBy, 9> kToldBy{{
    {"deployment", kTellOfDeployment, {}},
    {"statefulset", kTellOfStatefulSet, {}},
    {"daemonset", kTellOfDaemonSet, {}},
    {"cluster", kTellOfCluster, kTellOfClusterBackups},
    {"schedule", {}, kTellOfVeleroBackups},
    {"backup", {}, kTellOfVeleroBackups},
    {"cronjob", {}, kTellOfJobBackups},
    {"job", {}, kTellOfJobBackups},
    {"persistentvolumeclaim", {}, kTellOfSnapshots},
}};

/// Without these nobody knows less of who is there, only of how well they are. (Autoscalers tell what they have taken
/// to none, and is there all the same.)
constexpr std::array kNameNoSubject{kVolumeSnapshotContents, kDisruptionBudgets};

bool all_are_named(const Facts& facts) {
    return std::ranges::all_of(facts.lists, [](const auto& list) {
        return !list.second ||
               std::ranges::find(kNameNoSubject, list.first, &Resource::full_name) != kNameNoSubject.end();
    });
}

/// Nothing for a subject that one list tells all of.
const ToldBy* told_by(std::string_view subject, const Expected& expected) {
    // NAMESPACE/KIND/NAME; of node/NAME the name may be anything.
    const std::string_view behind = subject.substr(std::min(subject.find('/') + 1, subject.size()));
    const std::string_view kind = behind.substr(0, behind.find('/'));
    if (subject.starts_with("node/") && kind == behind)
        return nullptr;
    if (expected.jobs.backup.empty() && (kind == "cronjob" || kind == "job"))
        return nullptr;
    const auto* const found = std::ranges::find(kToldBy, kind, &ToldBy::kind);
    return found == kToldBy.end() ? nullptr : found;
}

/// What another list might tell worse. That nothing of it runs is the worst there is.
bool may_be_worse(const Evidence& evidence) {
    const auto* reach = std::get_if<core::Reachability>(&evidence);
    return reach && reach->state != ReachState::down;
}

/// A subject of which one list tells something and another one could not be had is half an answer. As a whole one it
/// would end whatever was found by the other: one pod of three is all that are known, when nobody says how many there
/// should be.
void say_what_broke_off(const Expected& expected, const Facts& facts, std::vector<SubjectReport>& reports) {
    const auto why_lacking = [&](std::span<const Resource> lists) -> std::optional<Failure> {
        for (const Resource& list : lists)
            if (facts.failed(list))
                return facts.lists.at(list.full_name());
        return std::nullopt;
    };
    for (SubjectReport& report : reports) {
        const ToldBy* lists = told_by(report.subject, expected);
        if (!lists)
            continue;
        std::optional<Failure> failure = why_lacking(lists->state);
        if (failure)
            std::erase_if(report.evidence, may_be_worse);
        else
            failure = why_lacking(lists->backups);
        if (!report.failure)
            report.failure = std::move(failure);
    }
}

/// A namespace or a label that is misspelt gives empty lists, and all that is in them is well. `own`: subjects that
/// are there anyway, the nodes among them. What is scaled to none on purpose is something.
std::optional<Failure> nothing_found(const Expected& expected, const Facts& facts, std::size_t found, std::size_t own) {
    const bool chosen = !expected.of_namespace.empty() || !expected.selector.empty();
    const bool only_nodes = facts.lists.size() == 1 && facts.has(kNodes);
    if (found > (chosen && !only_nodes ? own : 1) ||
        std::ranges::any_of(facts.controllers, [](const auto& list) { return !list.second.controllers.empty(); }))
        return std::nullopt;
    const std::string where = expected.of_namespace.empty() ? "in the whole cluster"
                                                            : fmt::format("in namespace '{}'", expected.of_namespace);
    const std::string labels = expected.selector.empty() ? "" : fmt::format(" with labels '{}'", expected.selector);
    return Failure{
        FailureKind::bad_answer,
        fmt::format("expected something to watch {}{}, found none\nhint: a namespace that does not exist and "
                    "a selector that matches nothing give empty lists",
                    where, labels)};
}

} // namespace

bool Facts::has(const Resource& resource) const {
    const auto found = lists.find(resource.full_name());
    return found != lists.end() && !found->second;
}

bool Facts::failed(const Resource& resource) const {
    const auto found = lists.find(resource.full_name());
    return found != lists.end() && found->second;
}

bool done_without(const Resource& resource, const Failure& failure, std::string_view cursor) {
    if (resource.may_lack)
        return failure.kind == FailureKind::misconfigured;
    // They take a ClusterRole, which not everybody gets who may look at a namespace.
    return resource == kVolumeSnapshotContents && failure.kind == FailureKind::refused &&
           !read_cursor(cursor).contents_seen;
}

Collected interpret_kubernetes(const Expected& expected, const Facts& facts, const Server& server,
                               std::string_view cursor, Time now) {
    std::vector<Failure> failures;
    for (const auto& [name, failure] : facts.lists)
        if (failure)
            failures.push_back(*failure);
    const bool nothing = failures.size() == facts.lists.size();
    // Nobody knows anything then. But that it does not answer is what it is asked for.
    if (server.locked_out || (nothing && !std::ranges::any_of(failures, silent)))
        return std::unexpected(failures.empty() ? Failure{FailureKind::misconfigured, "nothing is to be watched"}
                                                : together(failures));
    Seen seen;
    seen.complete = all_are_named(facts);
    seen.subjects.push_back(report_server(expected, server, failures, facts.lists.size()));
    Cursor kept = read_cursor(cursor);
    if (facts.has(kPods))
        kept.look(facts.pods, now);
    if (facts.has(kVolumeSnapshots) && facts.has(kVolumeSnapshotContents)) {
        kept.snapshots = facts.snapshots.spoiled(kept.snapshots);
        kept.contents_seen = true;
    }
    facts.nodes.report(seen.subjects);
    const std::size_t own = seen.subjects.size();
    report_workloads(expected, facts, kept, now, seen.subjects);
    report_objects(expected, facts, kept, now, seen.subjects);
    if (failures.empty())
        seen.subjects.front().failure = nothing_found(expected, facts, seen.subjects.size(), own);
    seen.subjects = joined(std::move(seen.subjects));
    say_what_broke_off(expected, facts, seen.subjects);
    seen.cursor = write_cursor(kept);
    return seen;
}

} // namespace recoverd::collectors::kubernetes_parts
