// SPDX-License-Identifier: Apache-2.0
// A Kubernetes cluster for tests of the guide's configuration: two nodes, and a deployment as it must be.
#pragma once

#include "tests/collectors/kubernetes_api.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace recoverd::test {

/// Says what is answered from now on.
using Script = std::function<void(FakeWorld&)>;

/// Lists by their name; others are empty.
inline Script kubernetes_lists(std::map<std::string, std::string> lists) {
    return [lists = std::move(lists)](FakeWorld& scripted) {
        scripted.on_http = [lists](const io::HttpRequest& request) {
            const std::string path = request.url.substr(0, request.url.find('?'));
            const auto found = lists.find(path.substr(path.rfind('/') + 1));
            io::HttpAnswer answer;
            answer.status = 200;
            answer.body = fmt::format(R"({{"kind": "List", "metadata": {{}}, "items": [{}]}})",
                                      found == lists.end() ? std::string{} : found->second);
            return answer;
        };
    };
}

/// What is to be told of it.
struct ShopIs {
    /// Of node n1.
    bool node_ready = true;
    /// Of the one pod of web, and where that runs.
    bool web_ready = true;
    std::string_view on = "n1";
    std::uint64_t restarts = 0;
    bool was_killed_for_memory = false;
    bool has_liveness_probe = true;
};

inline Script shop_cluster(const ShopIs& is = {}) {
    const auto answers = [](bool yes) { return yes ? "True" : "False"; };
    const std::string web = fmt::format(
        R"({{"metadata": {{"name": "web", "namespace": "shop"}}, "spec": {{"replicas": 1, "template": {{
             "metadata": {{"labels": {{"app": "web"}}}},
             "spec": {{"containers": [{{"name": "web", "readinessProbe": {{}}{}}}]}}}}}}, "status": {{"readyReplicas": {}}}}})",
        is.has_liveness_probe ? R"(, "livenessProbe": {})" : "", is.web_ready ? 1 : 0);
    PodOf pod_of{.ready = answers(is.web_ready), .node = std::string{is.on}, .restarts = is.restarts};
    if (is.was_killed_for_memory)
        pod_of.container += R"(, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137,
                                "finishedAt": "2026-11-22T03:06:00Z"}})";
    return kubernetes_lists(
        {{"nodes", node("n1", is.node_ready ? "True" : "Unknown") + "," + node("n2", "True", "b")},
         {"pods", pod(pod_of)},
         {"deployments", web},
         {"poddisruptionbudgets",
          R"({"metadata": {"namespace": "shop"}, "spec": {"selector": {"matchLabels": {"app": "web"}}}})"},
         {"horizontalpodautoscalers",
          R"({"metadata": {"namespace": "shop"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}})"}});
}

} // namespace recoverd::test
