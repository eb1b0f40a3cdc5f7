// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/rbac.hpp"

#include "collectors/kubernetes/resources.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace recoverd::collectors {

namespace {

using kubernetes_parts::Resource;
using Resources = std::vector<Resource>;

/// What is listed only in a namespace, by its name; by the empty name what is listed everywhere.
std::map<std::string, Resources> listed_by(const std::vector<KubernetesWatch>& checks) {
    std::map<std::string, KubernetesWatch> all;
    for (const KubernetesWatch& check : checks) {
        KubernetesWatch& of = all.try_emplace(check.of_namespace, KubernetesWatch{{}, {}, {}}).first->second;
        of.watch.insert(of.watch.end(), check.watch.begin(), check.watch.end());
        of.require.insert(of.require.end(), check.require.begin(), check.require.end());
    }
    std::map<std::string, Resources> listed;
    const Resources& everywhere = listed[""];
    // The empty name comes first: what it has is listed in every namespace as well.
    for (const auto& [of_namespace, of] : all)
        for (const Resource& resource : kubernetes_parts::resources_of(of.watch, of.require))
            if (std::ranges::find(everywhere, resource) == everywhere.end())
                listed[resource.namespaced ? of_namespace : std::string{}].push_back(resource);
    return listed;
}

/// By group, in the words of RBAC. Only `list`: neither `get` nor `watch` is asked for, and nothing is changed.
std::string rules_of(const Resources& resources) {
    std::map<std::string_view, std::vector<std::string>> groups;
    for (const Resource& resource : resources)
        groups[resource.group].push_back(fmt::format("\"{}\"", resource.name));
    std::string rules;
    for (const auto& [group, names] : groups)
        rules += fmt::format("  - apiGroups: [\"{}\"]\n    resources: [{}]\n    verbs: [\"list\"]\n", group,
                             fmt::join(names, ", "));
    return rules;
}

std::string role_of(std::string_view of_namespace, const Resources& resources) {
    if (resources.empty())
        return {};
    const std::string_view kind = of_namespace.empty() ? "ClusterRole" : "Role";
    const std::string where = of_namespace.empty() ? "" : fmt::format("\n  namespace: {}", of_namespace);
    return fmt::format("---\n"
                       "apiVersion: rbac.authorization.k8s.io/v1\n"
                       "kind: {0}\n"
                       "metadata:\n"
                       "  name: recoverd-watch{1}\n"
                       "rules:\n"
                       "{2}"
                       "---\n"
                       "apiVersion: rbac.authorization.k8s.io/v1\n"
                       "kind: {0}Binding\n"
                       "metadata:\n"
                       "  name: recoverd-watch{1}\n"
                       "roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {0}, name: recoverd-watch}}\n"
                       "subjects:\n"
                       "  - {{kind: ServiceAccount, name: recoverd, namespace: monitoring}}\n",
                       kind, where, rules_of(resources));
}

} // namespace

const std::vector<std::string>& kubernetes_default_watch() {
    static const std::vector<std::string> words{"pods", "nodes", "deployments", "statefulsets", "daemonsets"};
    return words;
}

std::string kubernetes_rbac(const std::vector<KubernetesWatch>& checks) {
    std::string roles = "# The service account is the one that recoverd runs as: change its name and namespace.\n";
    for (const auto& [of_namespace, resources] : listed_by(checks))
        roles += role_of(of_namespace, resources);
    return roles;
}

} // namespace recoverd::collectors
