// SPDX-License-Identifier: Apache-2.0
// Asks the API server of a Kubernetes cluster, by lists, what runs in it and what of that is well.
#include "collectors/kubernetes.hpp"

#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "collectors/kubernetes/rbac.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;
namespace parts = kubernetes_parts;

struct Options {
    std::string kubeconfig;
    std::string server;
    SecretRef token;
    std::optional<Node> tls;
    std::string proxy;
    std::string of_namespace;
    std::string selector;
    std::vector<std::string> watch = kubernetes_default_watch();
    std::vector<std::string> require;
    std::string exercise;
    std::string depth = "exists";
    std::string backup;
    std::optional<std::int64_t> max_restarts = 5;
    std::optional<std::int64_t> max_oom_kills = 0;
};

constexpr Option<Options> kOptions[] = {
    {"kubeconfig", &Options::kubeconfig,
     "file whose current-context is used; the service account of the pod that this runs in when left out"},
    {"server", &Options::server, "URL of the API server, instead of a kubeconfig"},
    {"token", &Options::token, "bearer token for server, read again at every run"},
    {"tls", &Options::tls, "how to trust server and be trusted"},
    {"proxy", &Options::proxy, "URL of an HTTP proxy for server; the environment's is never used"},
    {"namespace", &Options::of_namespace, "the one namespace to look at; all of them when left out"},
    {"selector", &Options::selector,
     "labels of what to look at, as in kubectl get -l; of chaos experiments only those of such a Schedule"},
    {"watch", &Options::watch,
     "what to look at: pods, nodes, deployments, statefulsets, daemonsets, jobs, cronjobs, argocd, certificates (of "
     "cert-manager), velero, cnpg, volumesnapshots, chaosmesh, litmus"},
    {"require", &Options::require,
     "what every deployment and stateful set that is watched must have: readiness_probe, liveness_probe, "
     "poddisruptionbudget, horizontalpodautoscaler"},
    {"exercise", &Options::exercise,
     "what the jobs, Velero's restores and chaos experiments that are watched stand for, such as restore-test; those "
     "with the annotation recoverd/exercise say so themselves; a restore without either is a restore-test, and an "
     "experiment is called by what it does: pod-kill, network-delay"},
    {"depth", &Options::depth,
     "how deep such a job or restore proves it; of those with the annotation recoverd/depth it is that; a restore "
     "whose depth nobody says is restored, or listed when it warned and was not into other namespaces",
     Need::optional, "exists|listed|checksummed|restored|queried|smoke_tested"},
    {"backup", &Options::backup,
     "how the jobs that are watched make backups, such as pg_dump: then a run that is Complete is a recovery point, "
     "and one that Failed or is gone without success a failed backup"},
    {"max_restarts", &Options::max_restarts, "restarts of a workload's containers within an hour that may be"},
    {"max_oom_kills", &Options::max_oom_kills,
     "containers of a workload that may have been killed for memory within an hour"},
};

std::string target(const Options& options) {
    return options.server.empty() ? std::string{} : io::bare_url(options.server);
}

template <class Words>
void check_words(const std::vector<std::string>& chosen, const Words& known, const std::string& path,
                 const Place& place, Diagnostics& diagnostics) {
    for (const std::string& word : chosen)
        if (std::ranges::find(known, word) == known.end() || std::ranges::count(chosen, word) > 1)
            diagnostics.mistake(place.at, path,
                                fmt::format("expected each once of {}, found '{}'", fmt::join(known, ", "), word));
}

bool watches(const Options& options, std::string_view word) {
    return std::ranges::find(options.watch, word) != options.watch.end();
}

bool brings_exercises(const Options& options) {
    constexpr std::array kExercised{"jobs", "velero", "chaosmesh", "litmus"};
    return std::ranges::any_of(kExercised, [&](auto word) { return watches(options, word); });
}

void check_words(const Options& options, const Place& place, Diagnostics& diagnostics) {
    std::vector<std::string_view> known;
    for (const parts::Watched& watched : parts::watchable())
        known.push_back(watched.word);
    check_words(options.watch, known, place.path + ".watch", place, diagnostics);
    check_words(options.require, parts::requirable(), place.path + ".require", place, diagnostics);
    if (options.watch.empty())
        diagnostics.mistake(place.at, place.path + ".watch",
                            fmt::format("expected some of {}, found none", fmt::join(known, ", ")));
    if (!options.require.empty() && !watches(options, "deployments") && !watches(options, "statefulsets"))
        diagnostics.mistake(place.at, place.path + ".require",
                            "expected deployments or statefulsets in watch beside it");
    if (!options.exercise.empty() && !brings_exercises(options))
        diagnostics.mistake(place.at, place.path + ".exercise",
                            "expected jobs, velero, chaosmesh or litmus in watch beside it, found none");
    // Jobs are deleted after a while; their CronJob still knows when one passed.
    if (!options.backup.empty() && (!watches(options, "jobs") || !watches(options, "cronjobs")))
        diagnostics.mistake(place.at, place.path + ".backup", "expected jobs and cronjobs in watch beside it");
    if (!options.backup.empty() && !options.exercise.empty())
        diagnostics.mistake(place.at, place.path, "expected either exercise or backup, found both");
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_words(options, place, diagnostics);
    if (!options.server.empty())
        check_url(options.server, place.inside("server"), diagnostics);
    if (!options.server.empty() && !options.kubeconfig.empty())
        diagnostics.mistake(place.at, place.path, "expected either kubeconfig or server, found both");
    if (options.server.empty() && (options.token || options.tls || !options.proxy.empty()))
        diagnostics.mistake(place.at, place.path, "expected server beside token, tls and proxy, found none");
    // RFC 1123, as the API asks for it: it becomes part of a path.
    constexpr std::string_view kInName = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (options.of_namespace.find_first_not_of(kInName) != std::string::npos)
        diagnostics.mistake(
            place.at, place.path + ".namespace",
            fmt::format("expected lower-case letters, digits and '-', found '{}'", options.of_namespace));
    for (const auto& [key, most] :
         {std::pair{"max_restarts", options.max_restarts}, {"max_oom_kills", options.max_oom_kills}})
        if (most && *most < 0)
            diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, key), "expected 0 or more");
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
}

std::vector<EvidenceKind> brings(const Options& options) {
    std::vector<EvidenceKind> kinds{EvidenceKind::reachability};
    if (watches(options, "pods"))
        kinds.push_back(EvidenceKind::measurement);
    if (brings_exercises(options))
        kinds.push_back(EvidenceKind::exercise);
    constexpr std::array kAsserted{"jobs", "cronjobs", "argocd", "velero", "cnpg", "chaosmesh"};
    if (!options.require.empty() || std::ranges::any_of(kAsserted, [&](auto word) { return watches(options, word); }))
        kinds.push_back(EvidenceKind::assertions);
    if (!options.backup.empty() || watches(options, "velero") || watches(options, "cnpg") ||
        watches(options, "volumesnapshots"))
        kinds.push_back(EvidenceKind::recovery_points);
    return kinds;
}

parts::Access access_of(const Options& options) {
    Diagnostics checked_already;
    parts::Access access;
    access.server = options.server.substr(0, options.server.find_last_not_of('/') + 1);
    access.token = options.token;
    access.proxy = options.proxy;
    if (options.tls)
        access.tls = io::read_tls(*options.tls, "tls", checked_already);
    return access;
}

parts::Expected expectations(const Options& options, const std::string& server) {
    return {.target = io::bare_url(server),
            .of_namespace = options.of_namespace,
            .selector = options.selector,
            .jobs = {options.exercise, core::from_name<core::Depth>(options.depth).value_or(core::Depth::exists),
                     options.backup},
            .require = options.require,
            .max_restarts = options.max_restarts,
            .max_oom_kills = options.max_oom_kills};
}

Task<Collected> collect(Options options, Run run) {
    parts::Access access;
    if (options.server.empty()) {
        auto found = co_await parts::find_access(run, options.kubeconfig);
        if (!found)
            co_return std::unexpected(std::move(found.error()));
        access = std::move(*found);
    } else {
        access = access_of(options);
    }
    const parts::Expected expected = expectations(options, access.server);
    parts::Api api(run, std::move(access), options.of_namespace, options.selector);
    parts::Facts facts;
    const std::vector<parts::Resource> resources = parts::resources_of(options.watch, options.require);
    for (const parts::Resource& resource : resources) {
        parts::Reader reader = parts::reader_of(resource, expected, run.now, facts);
        auto failure = co_await api.list(resource, std::move(reader), resources.size() - facts.lists.size());
        if (failure && failure->kind == FailureKind::misconfigured && !api.latency())
            co_return std::unexpected(std::move(*failure));
        // Half of a list is none.
        if (failure)
            parts::reader_of(resource, expected, run.now, facts).begin();
        if (failure && !api.locked_out() && parts::done_without(resource, *failure, run.cursor))
            continue;
        facts.lists[resource.full_name()] = std::move(failure);
        if (api.locked_out())
            break;
    }
    const parts::Server server{api.latency(), api.certificate(), api.locked_out()};
    co_return parts::interpret_kubernetes(expected, facts, server, run.cursor, run.now);
}

} // namespace

KubernetesWatch kubernetes_watch(const core::config::Table& options) {
    Diagnostics told_already;
    Options said = core::config::read_options<Options>(options, {}, kOptions, {}, told_already);
    return {std::move(said.watch), std::move(said.require), std::move(said.of_namespace)};
}

Kind kubernetes() {
    return kind<Options>(
        {.name = "kubernetes",
         .summary = "workloads, nodes, jobs and operators' objects of a Kubernetes cluster",
         .brings = {EvidenceKind::reachability, EvidenceKind::measurement, EvidenceKind::exercise,
                    EvidenceKind::assertions, EvidenceKind::recovery_points},
         .access =
             "a service account that may `list` what is watched, and nothing else: neither secrets nor get, watch or "
             "anything that changes something. `recoverd collectors kubernetes --rbac` prints the least roles with "
             "their bindings: for all checks of the configuration (--config.file), or for what --watch, --require and "
             "--namespace say; in a namespace Roles (nodes and the contents of volume snapshots need a ClusterRole all "
             "the same; where these contents could never be listed, a snapshot is what it says itself). In a pod its "
             "own token is read again at every run; outside of the cluster a kubeconfig with tokenFile or a client "
             "certificate, since no program (exec) is run for one. Kubernetes 1.23 or newer",
         .probes = true,
         .every = Duration{30'000},
         .timeout = Duration{20'000}},
        kOptions, collect, {.check = check, .target = target, .brings = brings});
}

} // namespace recoverd::collectors
