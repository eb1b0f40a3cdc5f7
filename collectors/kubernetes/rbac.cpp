// SPDX-License-Identifier: Apache-2.0
#include "collectors/kubernetes/rbac.hpp"

#include "collectors/kubernetes/resources.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace recoverd::collectors {

namespace {

using kubernetes_parts::Resource;

/// By group, in the words of RBAC. Only `list`: neither `get` nor `watch` is asked for, and nothing is changed.
std::string rules_of(const std::vector<Resource>& resources, bool namespaced, bool all) {
    std::map<std::string_view, std::vector<std::string>> groups;
    for (const Resource& resource : resources)
        if (all || resource.namespaced == namespaced)
            groups[resource.group].push_back(fmt::format("\"{}\"", resource.name));
    std::string rules;
    for (const auto& [group, names] : groups)
        rules += fmt::format("  - apiGroups: [\"{}\"]\n    resources: [{}]\n    verbs: [\"list\"]\n", group,
                             fmt::join(names, ", "));
    return rules;
}

std::string role_of(std::string_view kind, std::string_view of_namespace, std::string_view rules) {
    if (rules.empty())
        return {};
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
                       kind, where, rules);
}

} // namespace

const std::vector<std::string>& kubernetes_default_watch() {
    static const std::vector<std::string> words{"pods", "nodes", "deployments", "statefulsets", "daemonsets"};
    return words;
}

bool kubernetes_watches(const std::string& word) { return kubernetes_parts::find_watched(word) != nullptr; }

std::string kubernetes_rbac(const std::vector<std::string>& watch, const std::vector<std::string>& require,
                            const std::string& of_namespace) {
    const auto resources = kubernetes_parts::resources_of(watch, require);
    const std::string head = "# The service account is the one that recoverd runs as: change its name and namespace.\n";
    if (of_namespace.empty())
        return head + role_of("ClusterRole", "", rules_of(resources, true, true));
    return head + role_of("Role", of_namespace, rules_of(resources, true, false)) +
           role_of("ClusterRole", "", rules_of(resources, false, false));
}

} // namespace recoverd::collectors
