// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/resources.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors::kubernetes_parts {

namespace {

constexpr std::array kOfPods{kPods};
constexpr std::array kOfNodes{kNodes};
constexpr std::array kOfDeployments{kDeployments};
constexpr std::array kOfStatefulSets{kStatefulSets};
constexpr std::array kOfDaemonSets{kDaemonSets};
constexpr std::array kOfJobs{kJobs};
constexpr std::array kOfCronJobs{kCronJobs};
constexpr std::array kOfArgo{kApplications};
constexpr std::array kOfCertificates{kCertificates};
constexpr std::array kOfVelero{kVeleroBackups, kVeleroLocations, kVeleroSchedules, kPodVolumeBackups, kVeleroRestores};
constexpr std::array kOfPostgres{kPostgresClusters, kPostgresBackups, kScheduledBackups};
constexpr std::array kOfSnapshots{kVolumeSnapshots, kVolumeSnapshotContents};
/// Those that may lack came after 2.0.
constexpr std::array kOfChaosMesh{kChaosSchedules,
                                  kChaosWorkflows,
                                  kChaosNodes,
                                  chaos("podchaos"),
                                  chaos("networkchaos"),
                                  chaos("stresschaos"),
                                  chaos("iochaos"),
                                  chaos("timechaos"),
                                  chaos("kernelchaos"),
                                  chaos("dnschaos"),
                                  chaos("httpchaos"),
                                  chaos("jvmchaos"),
                                  chaos("awschaos"),
                                  chaos("gcpchaos"),
                                  chaos("azurechaos", true),
                                  chaos("blockchaos", true),
                                  chaos("physicalmachinechaos", true)};
constexpr std::array kOfLitmus{kChaosResults};

constexpr std::array<Watched, 14> kWatchable{{
    {"pods", kOfPods},
    {"nodes", kOfNodes},
    {"deployments", kOfDeployments},
    {"statefulsets", kOfStatefulSets},
    {"daemonsets", kOfDaemonSets},
    {"jobs", kOfJobs},
    {"cronjobs", kOfCronJobs},
    {"argocd", kOfArgo},
    {"certificates", kOfCertificates},
    {"velero", kOfVelero},
    {"cnpg", kOfPostgres},
    {"volumesnapshots", kOfSnapshots},
    {"chaosmesh", kOfChaosMesh},
    {"litmus", kOfLitmus},
}};

} // namespace

std::string Resource::full_name() const {
    return group.empty() ? std::string{name} : fmt::format("{}.{}", name, group);
}

std::string Resource::path(std::string_view of_namespace, std::string_view selector) const {
    std::string path = group.empty() ? fmt::format("/api/{}", version) : fmt::format("/apis/{}/{}", group, version);
    if (namespaced && !of_namespace.empty())
        path += fmt::format("/namespaces/{}", of_namespace);
    path += fmt::format("/{}?limit={}", name, page);
    if (selected && !selector.empty())
        path += "&labelSelector=" + io::percent_encoded(selector);
    return path;
}

std::span<const Watched> watchable() { return kWatchable; }

const Watched* find_watched(std::string_view word) {
    const auto* const found = std::ranges::find(kWatchable, word, &Watched::word);
    return found == kWatchable.end() ? nullptr : found;
}

std::vector<Resource> resources_of(const std::vector<std::string>& words, const std::vector<std::string>& require) {
    std::vector<Resource> resources;
    for (const Watched& watched : kWatchable)
        if (std::ranges::find(words, watched.word) != words.end())
            resources.insert(resources.end(), watched.resources.begin(), watched.resources.end());
    if (std::ranges::find(require, "poddisruptionbudget") != require.end())
        resources.push_back(kDisruptionBudgets);
    if (std::ranges::find(require, "horizontalpodautoscaler") != require.end())
        resources.push_back(kAutoscalers);
    return resources;
}

} // namespace recoverd::collectors::kubernetes_parts
