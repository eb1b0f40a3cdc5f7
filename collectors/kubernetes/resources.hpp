// SPDX-License-Identifier: Apache-2.0
// What can be watched: the words of the option `watch`, and which resources of the API each stands for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::kubernetes_parts {

struct Resource {
    /// Empty for the core group.
    std::string_view group;
    std::string_view version;
    std::string_view name;
    /// Does it live in a namespace?
    bool namespaced = true;
    /// Does `selector` select among them?
    bool selected = true;
    /// Is a cluster that does not know it as good as one that has none?
    bool may_lack = false;
    /// Objects on a page. Some 10 KB a pod, and a tree of twelve times that while a page is read: 5,000 pods at once
    /// would be 600 MB, and stay below 100 MB so (tests/bench/sources.py).
    int page = 100;

    /// "nodes", "deployments.apps": as kubectl and RBAC name it.
    std::string full_name() const;
    /// Path and query of the first page.
    std::string path(std::string_view of_namespace, std::string_view selector) const;
    bool operator==(const Resource&) const = default;
};

inline constexpr Resource kPods{"", "v1", "pods"};
inline constexpr Resource kNodes{"", "v1", "nodes", false, false};
inline constexpr Resource kDeployments{"apps", "v1", "deployments"};
inline constexpr Resource kStatefulSets{"apps", "v1", "statefulsets"};
inline constexpr Resource kDaemonSets{"apps", "v1", "daemonsets"};
inline constexpr Resource kJobs{"batch", "v1", "jobs"};
inline constexpr Resource kCronJobs{"batch", "v1", "cronjobs"};
inline constexpr Resource kDisruptionBudgets{"policy", "v1", "poddisruptionbudgets", true, false};
inline constexpr Resource kAutoscalers{"autoscaling", "v2", "horizontalpodautoscalers", true, false};
/// They repeat their values and resources in spec, status and history: 80 KB each are not many.
inline constexpr Resource kApplications{
    .group = "argoproj.io", .version = "v1alpha1", .name = "applications", .page = 20};
inline constexpr Resource kCertificates{"cert-manager.io", "v1", "certificates"};
inline constexpr Resource kVeleroBackups{"velero.io", "v1", "backups"};
/// They bear the labels of nothing that they hold.
inline constexpr Resource kVeleroLocations{"velero.io", "v1", "backupstoragelocations", true, false};
inline constexpr Resource kVeleroSchedules{"velero.io", "v1", "schedules"};
inline constexpr Resource kVeleroRestores{"velero.io", "v1", "restores"};
/// They bear the labels of no backup but its name.
inline constexpr Resource kPodVolumeBackups{"velero.io", "v1", "podvolumebackups", true, false, true};
inline constexpr Resource kPostgresClusters{"postgresql.cnpg.io", "v1", "clusters"};
inline constexpr Resource kPostgresBackups{"postgresql.cnpg.io", "v1", "backups", true, false};
/// They need not bear the labels of their cluster.
inline constexpr Resource kScheduledBackups{"postgresql.cnpg.io", "v1", "scheduledbackups", true, false};
inline constexpr Resource kVolumeSnapshots{"snapshot.storage.k8s.io", "v1", "volumesnapshots"};
/// They bear the labels of no VolumeSnapshot.
inline constexpr Resource kVolumeSnapshotContents{"snapshot.storage.k8s.io", "v1", "volumesnapshotcontents", false,
                                                  false};

inline constexpr std::string_view kChaosMesh = "chaos-mesh.org";
inline constexpr Resource kChaosSchedules{kChaosMesh, "v1alpha1", "schedules"};
inline constexpr Resource kChaosWorkflows{kChaosMesh, "v1alpha1", "workflows", true, false};
/// They bear the labels of no Workflow but its name.
inline constexpr Resource kChaosNodes{kChaosMesh, "v1alpha1", "workflownodes", true, false};
/// An experiment: podchaos, networkchaos …
consteval Resource chaos(std::string_view kind, bool may_lack = false) {
    return {kChaosMesh, "v1alpha1", kind, true, false, may_lack};
}
inline constexpr Resource kChaosResults{"litmuschaos.io", "v1alpha1", "chaosresults"};

struct Watched {
    std::string_view word;
    std::span<const Resource> resources;
};

/// Every word, in the order in which they are looked at.
std::span<const Watched> watchable();
/// Nothing for a word that is none.
const Watched* find_watched(std::string_view word);

/// The resources of `words`, each once; with a `require` for one of them, also what it is compared with.
std::vector<Resource> resources_of(const std::vector<std::string>& words, const std::vector<std::string>& require);

} // namespace recoverd::collectors::kubernetes_parts
