// SPDX-License-Identifier: Apache-2.0
// An API server in a test: lists by their path, in pages; what is not listed is empty.
#pragma once

#include "core/assertion.hpp"
#include "tests/collectors/one_look.hpp"

#include <functional>
#include <map>

namespace recoverd::test {

class KubeApi {
  public:
    KubeApi() {
        world.secrets = {{"SECRET", "of the test"}};
        world.on_http = [this](const io::HttpRequest& request) { return answer(request); };
    }

    /// Objects of one list, by the end of its path: "pods", "deployments".
    std::map<std::string, std::vector<std::string>> objects;
    /// Statuses to be said instead of a list.
    std::map<std::string, std::pair<int, std::string>> refused;
    /// Objects in a page, whatever is asked for; all when 0.
    std::size_t page = 0;
    /// Is an answer with the objects [from, to) larger than what is taken of one? Then a page has as many as are asked
    /// for. May be empty.
    std::function<bool(std::size_t from, std::size_t to)> too_large;
    /// How many continue tokens are not good any more, from the first on.
    int expire = 0;
    std::string accepts = "of the test";
    asio::io_context ioc;
    FakeWorld world{ioc};

    collectors::Collected look(const core::config::Table& more = {}, const std::string& cursor = {},
                               Duration later = Duration{0}) {
        core::config::Table table{text("server", "https://k8s.example:6443"),
                                  entry("token", {core::config::Table{text("env", "SECRET")}, {}})};
        table.insert(table.end(), more.begin(), more.end());
        return test::look(ioc, world, "kubernetes", table, cursor, std::chrono::seconds{20}, later);
    }

  private:
    core::Result<io::HttpAnswer> answer(const io::HttpRequest& request) {
        io::HttpAnswer said;
        said.url = request.url;
        said.status = 200;
        const std::string path = request.url.substr(0, request.url.find('?'));
        const std::string name = path.substr(path.rfind('/') + 1);
        if (request.auth.bearer.reveal() != accepts) {
            said.status = 401;
            said.body = R"({"kind": "Status", "status": "Failure", "message": "Unauthorized", "code": 401})";
            return said;
        }
        if (const auto found = refused.find(name); found != refused.end()) {
            said.status = found->second.first;
            said.body = found->second.second;
            return said;
        }
        std::size_t from = 0;
        if (const auto at = request.url.find("&continue="); at != std::string::npos) {
            if (expire-- > 0) {
                said.status = 410;
                said.body = R"({"kind": "Status", "reason": "Expired", "metadata": {"continue": "inconsistent"}})";
                return said;
            }
            from = std::stoul(request.url.substr(at + 10));
        }
        const std::vector<std::string>& all = objects[name];
        const std::size_t most = too_large ? std::stoul(request.url.substr(request.url.find("limit=") + 6)) : page;
        const std::size_t to = most == 0 ? all.size() : std::min(all.size(), from + most);
        if (too_large && too_large(from, to)) {
            said.cut = request.cut_body;
            said.body = R"({"kind": "List", "apiVersion": )";
            return said;
        }
        said.body = R"({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "7")";
        if (to < all.size())
            said.body += fmt::format(R"(, "continue": "{}")", to);
        said.body += R"(}, "items": [)";
        for (std::size_t i = from; i < to; ++i)
            said.body += (i > from ? "," : "") + all[i];
        said.body += "]}";
        return said;
    }
};

namespace kube {

inline core::config::Table watching(const std::vector<std::string>& words) { return {entry("watch", list(words))}; }

/// In the namespace shop; `metadata` begins with a comma.
inline std::string object(const std::string& name, const std::string& rest, const std::string& metadata = {}) {
    return fmt::format(R"({{"metadata": {{"name": "{}", "namespace": "shop", "uid": "uid-{}"{}}}, {}}})", name, name,
                       metadata, rest);
}

/// A Job that a CronJob made.
inline std::string job_of(const std::string& cronjob, const std::string& name, const std::string& status,
                          const std::string& metadata = {}) {
    return object(name, fmt::format(R"("spec": {{}}, "status": {{{}}})", status),
                  fmt::format(R"(, "ownerReferences": [{{"kind": "CronJob", "name": "{}", "controller": true}}]{})",
                              cronjob, metadata));
}

inline const core::Assertion& assertion(const core::SubjectReport& report, std::string_view name) {
    for (const core::Assertion& one : evidence<core::Assertions>(report).assertions)
        if (one.name == name)
            return one;
    throw std::runtime_error(fmt::format("no assertion '{}'", name));
}

inline core::AssertionState state(const core::SubjectReport& report, std::string_view name) {
    return core::state_of(assertion(report, name));
}

inline std::vector<core::Exercise> exercises(const core::SubjectReport& report) {
    std::vector<core::Exercise> all;
    for (const collectors::Evidence& one : report.evidence)
        if (const auto* found = std::get_if<core::Exercise>(&one))
            all.push_back(*found);
    return all;
}

/// Of each type in `all`, True for those in `is`.
inline std::string conditions(const std::vector<std::string>& is, const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& type : all)
        text += fmt::format(R"({}{{"type": "{}", "status": "{}", "reason": ""}})", text.empty() ? "" : ", ", type,
                            std::ranges::find(is, type) != is.end() ? "True" : "False");
    return text;
}

} // namespace kube

struct PodOf {
    std::string name = "web-7d4b9-x1";
    std::string owner_kind = "ReplicaSet";
    std::string owner = "web-7d4b9";
    std::string hash = "7d4b9";
    std::string ready = "True";
    std::string node = "node1";
    std::string uid = "u1";
    std::uint64_t restarts = 0;
    /// Members of the container's status and of the pod's: `"state": {…}`.
    std::string container = R"("state": {"running": {}})";
    std::string status = R"("phase": "Running")";
    std::string metadata = R"("generateName": "web-7d4b9-")";
    std::string policy = "Always";
};

inline std::string pod(const PodOf& of) {
    const std::string owner =
        of.owner_kind.empty()
            ? std::string{}
            : fmt::format(R"("ownerReferences": [{{"kind": "{}", "name": "{}", "controller": true}}],)", of.owner_kind,
                          of.owner);
    return fmt::format(
        R"({{"metadata": {{"name": "{}", "namespace": "shop", "uid": "{}", {} "labels": {{"pod-template-hash": "{}"}}, {}}},
             "spec": {{"nodeName": "{}", "restartPolicy": "{}"}},
             "status": {{"conditions": [{{"type": "Ready", "status": "{}"}}],
                         "containerStatuses": [{{"name": "web", "restartCount": {}, {}}}], {}}}}})",
        of.name, of.uid, owner, of.hash, of.metadata, of.node, of.policy, of.ready, of.restarts, of.container,
        of.status);
}

inline std::string node(const std::string& name, const std::string& ready = "True", const std::string& zone = "a",
                        const std::string& heartbeat = "2026-11-22T02:59:00Z", const std::string& more = {}) {
    return fmt::format(
        R"({{"metadata": {{"name": "{}", "labels": {{"topology.kubernetes.io/zone": "{}",
              "topology.kubernetes.io/region": "eu", "node-role.kubernetes.io/worker": ""}}}},
            "status": {{"conditions": [{{"type": "Ready", "status": "{}", "reason": "KubeletReady",
              "lastHeartbeatTime": "{}"}}{}]}}}})",
        name, zone, ready, heartbeat, more);
}

inline std::string deployment(const std::string& name, int replicas, int ready, const std::string& status = {}) {
    return fmt::format(
        R"({{"metadata": {{"name": "{}", "namespace": "shop"}},
            "spec": {{"replicas": {}, "template": {{"metadata": {{"labels": {{"app": "{}"}}}},
              "spec": {{"containers": [{{"name": "web"}}]}}}}}},
            "status": {{"readyReplicas": {}{}}}}})",
        name, replicas, name, ready, status);
}

} // namespace recoverd::test
