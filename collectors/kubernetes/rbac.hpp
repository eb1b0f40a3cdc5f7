// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/config/node.hpp"

#include <string>
#include <vector>

namespace recoverd::collectors {

/// What is watched when nothing is said.
const std::vector<std::string>& kubernetes_default_watch();

/// What a check looks at, as its options say it.
struct KubernetesWatch {
    std::vector<std::string> watch = kubernetes_default_watch();
    std::vector<std::string> require;
    /// All of them when empty.
    std::string of_namespace;
};

/// Of a check with these options, which were found good; keys that are common to all checks may stand among them.
KubernetesWatch kubernetes_watch(const core::config::Table& options);

/// The least that all of `checks` together must be allowed, as YAML for `kubectl apply`: a ClusterRole for what is
/// looked at everywhere or lives in no namespace, and for each namespace a Role for what is looked at only there.
std::string kubernetes_rbac(const std::vector<KubernetesWatch>& checks);

} // namespace recoverd::collectors
