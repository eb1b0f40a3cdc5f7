// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace recoverd::collectors {

/// What is watched when nothing is said.
const std::vector<std::string>& kubernetes_default_watch();

/// The least that the collector must be allowed for `watch`, as YAML for `kubectl apply`: a ClusterRole, or, with a
/// namespace, a Role there and a ClusterRole for what lives in none. `watch` holds words that are known.
std::string kubernetes_rbac(const std::vector<std::string>& watch, const std::vector<std::string>& require,
                            const std::string& of_namespace);

/// Whether `word` is one of the option `watch`.
bool kubernetes_watches(const std::string& word);

} // namespace recoverd::collectors
