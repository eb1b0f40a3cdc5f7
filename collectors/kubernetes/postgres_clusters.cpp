// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/postgres_clusters.hpp"

#include "collectors/kubernetes/expect.hpp"
#include "core/assertion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace recoverd::collectors::kubernetes_parts {

namespace {

using core::ReachState;

/// The only one of its phases, which are prose, in which it has nothing to do.
constexpr std::string_view kHealthy = "Cluster in healthy state";

/// The first instance is made of nothing within minutes; of a backup it takes as long as a restore does.
constexpr Duration kBootstrapped = std::chrono::minutes{30};
/// The phases in which it is.
constexpr std::array<std::string_view, 3> kSetUp{"Setting up primary", "Creating a new replica",
                                                 "Waiting for the instances to become active"};

/// Has it not served yet, and need not?
bool is_being_made(const io::Json& cluster, Time now) {
    return std::ranges::find(kSetUp, text_or(cluster["status"]["phase"])) != kSetUp.end() &&
           is_new(cluster, kBootstrapped, now);
}

/// Is that instance not among those that serve? Not told, nobody knows.
bool does_not_serve(const io::Json& status, const std::string& instance) {
    const io::Json& instances = status["instancesStatus"];
    if (!instances || instance.empty())
        return false;
    return !instances["healthy"] || std::ranges::none_of(instances["healthy"].items(),
                                                         [&](const io::Json& one) { return one.text() == instance; });
}

core::Reachability reach_of(const io::Json& cluster, bool being_made) {
    const io::Json& status = cluster["status"];
    const std::uint64_t wanted = std::max<std::uint64_t>(1, count_or_zero(cluster["spec"]["instances"]));
    const std::uint64_t ready = count_or_zero(status["readyInstances"]);
    // "pending" while it is not decided which one.
    const std::string primary = clean(text_or(status["currentPrimary"]), 253);
    const std::string target = clean(text_or(status["targetPrimary"]), 253);
    const std::string phase = clean(text_or(status["phase"]), 100);
    const std::string reason = clean(text_or(status["phaseReason"]));
    const bool headless = does_not_serve(status, primary);
    core::Reachability reach;
    if (ready == 0 || headless)
        reach.state = being_made ? ReachState::degraded : ReachState::down;
    else if (ready < wanted || primary != target || phase != kHealthy)
        reach.state = ReachState::degraded;
    else
        return reach;
    reach.detail = fmt::format("{} of {} instances ready", ready, wanted);
    if (headless)
        reach.detail += fmt::format("; its primary {} is not", primary);
    if (primary != target)
        reach.detail += fmt::format("; its primary is {}, to be {}", primary.empty() ? "none" : primary,
                                    target.empty() ? "none" : target);
    if (phase != kHealthy)
        reach.detail += fmt::format("; {}{}{}", phase, reason.empty() ? "" : ": ", reason);
    reach.detail = clean(reach.detail, 500);
    return reach;
}

/// A segment that did not go is tried again after 1 to 60 s, and one that is refused during a switchover goes after it;
/// the operator says False of each.
constexpr Duration kArchivingRetried = std::chrono::minutes{5};

enum class Archives : std::uint8_t { no, perhaps, yes };

/// In an object store of its own, or by a plug-in: some of them archive without saying so in `isWALArchiver`.
Archives archives_of(const io::Json& spec) {
    if (spec["backup"]["barmanObjectStore"])
        return Archives::yes;
    auto archives = Archives::no;
    if (const io::Json& plugins = spec["plugins"])
        for (const io::Json& plugin : plugins.items())
            if (!plugin["enabled"] || plugin["enabled"].boolean())
                archives = std::max(archives, plugin["isWALArchiver"] && plugin["isWALArchiver"].boolean()
                                                  ? Archives::yes
                                                  : Archives::perhaps);
    return archives;
}

/// "True", "False", or nothing when it is not told.
std::optional<std::string> told(const io::Json& condition) {
    const std::string status = text_or(condition["status"]);
    return status == "True" || status == "False" ? std::optional{status} : std::nullopt;
}

/// Nothing where nobody archives: of that the operator says True as well.
std::optional<core::Assertion> archiving_of(const io::Json& cluster, Time now) {
    const io::Json& archiving = condition(cluster["status"]["conditions"], "ContinuousArchiving");
    const Archives archives = archives_of(cluster["spec"]);
    std::optional<std::string> actual = told(archiving);
    if (archives == Archives::no || (archives == Archives::perhaps && !actual))
        return std::nullopt;
    const auto since = time_or_none(archiving["lastTransitionTime"]);
    if (actual == "False" && since && now - *since < kArchivingRetried)
        actual.reset();
    core::Assertion told_of = expect("continuous_archiving", "True", std::move(actual), why(archiving));
    if (archives == Archives::perhaps && told_of.actual == "True")
        told_of.detail = "no plug-in says that it archives (isWALArchiver)";
    return told_of;
}

/// "30d", "4w" or "6m", in which Barman counts a month as 31 days. A plug-in's object stores say it themselves.
std::optional<Duration> retention_of(const io::Json& backup) {
    const std::string policy = text_or(backup["retentionPolicy"]);
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(policy.data(), policy.data() + policy.size(), count);
    if (!backup["barmanObjectStore"] || error != std::errc{} || end + 1 != policy.data() + policy.size() ||
        count <= 0 || count > 10'000)
        return std::nullopt;
    switch (*end) {
    case 'd':
        return count * core::kDay;
    case 'w':
        return count * 7 * core::kDay;
    case 'm':
        return count * 31 * core::kDay;
    default:
        return std::nullopt;
    }
}

} // namespace

PostgresCluster read_postgres_cluster(const io::Json& cluster, Time now) {
    PostgresCluster made;
    const io::Json& spec = cluster["spec"];
    const io::Json& status = cluster["status"];
    made.retention = retention_of(spec["backup"]);
    if (!status["phase"]) {
        made.failure = {FailureKind::bad_answer, "CloudNativePG has told nothing of it: does its operator run?"};
        return made;
    }
    if (text_or(cluster["metadata"]["annotations"]["cnpg.io/hibernation"]) != "on") {
        made.is_new = is_being_made(cluster, now);
        made.reach = reach_of(cluster, made.is_new);
    }
    made.archiving = archiving_of(cluster, now);
    // False while one runs, too.
    const io::Json& backup = condition(status["conditions"], "LastBackupSucceeded");
    if (backup && text_or(backup["reason"]) != "BackupStarted")
        made.last_backup = expect("last_backup", "True", told(backup), why(backup));
    return made;
}

SubjectReport report_of_cluster(const std::string& subject, const PostgresCluster& cluster, bool failed_backup) {
    SubjectReport report{.subject = subject, .location = {}, .evidence = {}, .failure = cluster.failure};
    if (cluster.reach)
        report.evidence.emplace_back(*cluster.reach);
    core::Assertions assertions;
    if (cluster.archiving)
        assertions.assertions.push_back(*cluster.archiving);
    const bool said =
        failed_backup && cluster.last_backup && state_of(*cluster.last_backup) == core::AssertionState::fails;
    if (cluster.last_backup && !said)
        assertions.assertions.push_back(*cluster.last_backup);
    if (!assertions.assertions.empty())
        report.evidence.emplace_back(std::move(assertions));
    return report;
}

} // namespace recoverd::collectors::kubernetes_parts
