// SPDX-License-Identifier: Apache-2.0
// What lists of pods, nodes and deployments mean, asked of a scripted API server.
#include "collectors/kubernetes.hpp"

#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::ReachState;
using test::entry;
using test::evidence;
using test::has_subject;
using test::KubeApi;
using test::list;
using test::PodOf;
using test::subject;
using test::text;

namespace {

const core::config::Table kOnlyPods{entry("watch", list({"pods"}))};

core::Reachability reach(const Collected& seen, std::string_view name) {
    return evidence<core::Reachability>(subject(seen, name));
}

std::optional<double> measured(const Collected& seen, std::string_view name, std::string_view measurement) {
    for (const Evidence& one : subject(seen, name).evidence)
        if (const auto* found = std::get_if<core::Measurement>(&one); found && found->name == measurement)
            return found->value;
    return std::nullopt;
}

PodOf crashing(std::string name, std::string uid) {
    return {.name = std::move(name),
            .ready = "False",
            .uid = std::move(uid),
            .restarts = 7,
            .container = R"("state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
                "lastState": {"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": "2026-11-22T02:58:00Z"}})"};
}

} // namespace

TEST_CASE("a crash loop of all pods of a deployment is one workload that is down, by the deployment's name") {
    KubeApi api;
    api.objects["pods"] = {test::pod(crashing("web-7d4b9-x1", "u1")), test::pod(crashing("web-7d4b9-x2", "u2"))};
    const Collected seen = api.look(kOnlyPods);
    REQUIRE(seen);
    CHECK(seen->complete);
    REQUIRE(seen->subjects.size() == 2);
    CHECK(reach(seen, "apiserver").state == ReachState::up);
    CHECK(reach(seen, "shop/deployment/web").state == ReachState::down);
    CHECK(reach(seen, "shop/deployment/web").detail == "0 of 2 pods ready: 2 CrashLoopBackOff (web: Error, exit 1)");
}

TEST_CASE("some pods ready is degraded, all of them is up") {
    KubeApi api;
    api.objects["pods"] = {test::pod(crashing("web-7d4b9-x1", "u1")), test::pod({.uid = "u2"})};
    CHECK(reach(api.look(kOnlyPods), "shop/deployment/web").state == ReachState::degraded);
    api.objects["pods"] = {test::pod({.uid = "u1"}), test::pod({.uid = "u2"})};
    const Collected seen = api.look(kOnlyPods);
    CHECK(reach(seen, "shop/deployment/web") == core::Reachability{});
}

TEST_CASE("a running pod that is not ready is not up") {
    KubeApi api;
    api.objects["pods"] = {test::pod({.ready = "False"})};
    CHECK(reach(api.look(kOnlyPods), "shop/deployment/web").detail == "0 of 1 pods ready: 1 not ready");
}

TEST_CASE("an image that cannot be pulled and a pod that cannot be placed are told in their words") {
    KubeApi api;
    api.objects["pods"] = {test::pod({.ready = "False",
                                      .container = R"("state": {"waiting": {"reason": "ImagePullBackOff"}})",
                                      .status = R"("phase": "Pending")"}),
                           R"({"metadata": {"name": "queue-0", "namespace": "shop", "uid": "u9",
             "ownerReferences": [{"kind": "StatefulSet", "name": "queue", "controller": true}]},
            "spec": {}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
              "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}]}})"};
    const Collected seen = api.look(kOnlyPods);
    CHECK_THAT(reach(seen, "shop/deployment/web").detail, ContainsSubstring("1 ImagePullBackOff"));
    CHECK(reach(seen, "shop/statefulset/queue").detail ==
          "0 of 1 pods ready: 1 Unschedulable (0/3 nodes are available: 3 Insufficient cpu.)");
}

TEST_CASE("a container killed for memory is counted from its last state, for an hour, although it runs again") {
    KubeApi api;
    const auto killed = [](const std::string& at) {
        return test::pod({.restarts = 1,
                          .container = R"("state": {"running": {}}, "lastState": {"terminated": {"reason": "OOMKilled",
                              "exitCode": 137, "finishedAt": ")" +
                                       at + "\"}}"});
    };
    api.objects["pods"] = {killed("2026-11-22T02:30:00Z")};
    Collected seen = api.look(kOnlyPods);
    CHECK(reach(seen, "shop/deployment/web").state == ReachState::up);
    CHECK(measured(seen, "shop/deployment/web", "oom_kills_last_hour") == 1.0);
    for (const Evidence& one : subject(seen, "shop/deployment/web").evidence)
        if (const auto* found = std::get_if<core::Measurement>(&one); found && found->name == "oom_kills_last_hour")
            CHECK(found->above == 0.0);
    core::config::Table patient = kOnlyPods;
    patient.push_back(entry("max_oom_kills", std::int64_t{2}));
    for (const Evidence& one : subject(api.look(patient), "shop/deployment/web").evidence)
        if (const auto* found = std::get_if<core::Measurement>(&one); found && found->name == "oom_kills_last_hour")
            CHECK(found->above == 2.0);
    api.objects["pods"] = {killed("2026-11-22T01:30:00Z")};
    CHECK(measured(api.look(kOnlyPods), "shop/deployment/web", "oom_kills_last_hour") == 0.0);
}

TEST_CASE("restarts are differences by the pod's UID: a new pod begins at 0, and the first look knows none") {
    KubeApi api;
    api.objects["pods"] = {test::pod({.uid = "u1", .restarts = 40})};
    Collected seen = api.look(kOnlyPods);
    CHECK(measured(seen, "shop/deployment/web", "restarts_last_hour") == 0.0);
    api.objects["pods"] = {test::pod({.uid = "u1", .restarts = 42}), test::pod({.uid = "u2", .restarts = 3})};
    seen = api.look(kOnlyPods, seen->cursor, 1min);
    CHECK(measured(seen, "shop/deployment/web", "restarts_last_hour") == 5.0);
    // u1 was replaced by a pod that never restarted.
    api.objects["pods"] = {test::pod({.uid = "u2", .restarts = 3}), test::pod({.uid = "u3"})};
    seen = api.look(kOnlyPods, seen->cursor, 2min);
    CHECK(measured(seen, "shop/deployment/web", "restarts_last_hour") == 5.0);
    CHECK(measured(api.look(kOnlyPods, seen->cursor, 62min), "shop/deployment/web", "restarts_last_hour") == 0.0);
    // Of what happened over a weekend on which nobody looked, nobody knows when it did.
    api.objects["pods"] = {test::pod({.uid = "u2", .restarts = 11}), test::pod({.uid = "u4", .restarts = 8})};
    CHECK(measured(api.look(kOnlyPods, seen->cursor, 60h), "shop/deployment/web", "restarts_last_hour") == 0.0);
}

TEST_CASE("a daemon set for which there is no node is there, and well: others scale the nodes") {
    KubeApi api;
    api.objects["nodes"] = {test::node("n1")};
    api.objects["daemonsets"] = {R"({"metadata": {"name": "gpu", "namespace": "shop"}, "spec": {"template": {"spec":
        {"containers": []}}}, "status": {"desiredNumberScheduled": 0, "numberReady": 0}})"};
    const Collected seen = api.look();
    REQUIRE(has_subject(seen, "shop/daemonset/gpu"));
    CHECK(reach(seen, "shop/daemonset/gpu").state == core::ReachState::up);
}

TEST_CASE("init containers and sidecars restart as well") {
    KubeApi api;
    api.objects["pods"] = {
        test::pod({.ready = "False",
                   .status = R"("phase": "Pending", "initContainerStatuses": [{"name": "migrate", "restartCount": 4,
             "state": {"waiting": {"reason": "CrashLoopBackOff"}},
             "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137,
               "finishedAt": "2026-11-22T02:59:00Z"}}}])"})};
    const Collected seen = api.look(kOnlyPods);
    CHECK_THAT(reach(seen, "shop/deployment/web").detail,
               ContainsSubstring("1 CrashLoopBackOff (migrate: OOMKilled, exit 137)"));
    CHECK(measured(seen, "shop/deployment/web", "oom_kills_last_hour") == 1.0);
}

TEST_CASE("pods that are to end are no workload, evicted ones no replica, and those being deleted not ready") {
    KubeApi api;
    api.objects["pods"] = {
        test::pod({.owner_kind = "Job", .owner = "nightly-2911", .policy = "Never"}),
        test::pod({.owner_kind = "", .policy = "OnFailure"}),
        test::pod({.ready = "False", .uid = "u1", .status = R"("phase": "Failed", "reason": "Evicted")"}),
        test::pod({.uid = "u2"})};
    Collected seen = api.look(kOnlyPods);
    CHECK(seen->subjects.size() == 2);
    CHECK(reach(seen, "shop/deployment/web").state == ReachState::up);
    api.objects["pods"] = {test::pod({.metadata = R"("deletionTimestamp": "2026-11-22T02:00:00Z")"})};
    seen = api.look(kOnlyPods);
    CHECK(reach(seen, "shop/deployment/web").state == ReachState::down);
    CHECK_THAT(reach(seen, "shop/deployment/web").detail, ContainsSubstring("1 being deleted"));
}

TEST_CASE("owners are told by kind: daemon sets, static pods, operators, and replica sets of their own") {
    KubeApi api;
    api.objects["pods"] = {test::pod({.owner_kind = "DaemonSet", .owner = "logs"}),
                           test::pod({.name = "kube-apiserver-n1", .owner_kind = "Node", .owner = "n1"}),
                           test::pod({.owner_kind = "Cluster", .owner = "orders-db"}),
                           test::pod({.owner_kind = "ReplicaSet", .owner = "plain", .hash = ""}),
                           test::pod({.name = "by-hand", .owner_kind = ""})};
    const Collected seen = api.look(kOnlyPods);
    for (const char* name : {"shop/daemonset/logs", "shop/pod/kube-apiserver-n1", "shop/cluster/orders-db",
                             "shop/replicaset/plain", "shop/pod/by-hand"}) {
        CAPTURE(name);
        CHECK(has_subject(seen, name));
    }
    // It goes with its node; whoever made one by hand has to say that it is gone for good.
    CHECK(subject(seen, "shop/pod/kube-apiserver-n1").passing);
    CHECK_FALSE(subject(seen, "shop/pod/by-hand").passing);
    CHECK_FALSE(subject(seen, "shop/daemonset/logs").passing);
}

TEST_CASE("a node that is not ready is down, and so is one of which nobody knows") {
    KubeApi api;
    api.objects["nodes"] = {test::node("n1"), test::node("n2", "False"), test::node("n3", "Unknown"),
                            R"({"metadata": {"name": "n4"}, "status": {}})"};
    const Collected seen = api.look({entry("watch", list({"nodes"}))});
    CHECK(reach(seen, "node/n1").state == ReachState::up);
    CHECK(subject(seen, "node/n1").location == core::Location{"n1", "a", "eu", "worker"});
    CHECK(reach(seen, "node/n2").state == ReachState::down);
    // Clusters are scaled, and their nodes renewed.
    CHECK(subject(seen, "node/n2").passing);
    CHECK(reach(seen, "node/n3").detail == "Ready is Unknown: KubeletReady");
    CHECK(subject(seen, "node/n4").failure);
    CHECK(subject(seen, "node/n4").evidence.empty());
}

TEST_CASE("a node whose kubelet fell silent is down although Ready says True, and one clock that is wrong harms none") {
    KubeApi api;
    api.objects["nodes"] = {test::node("n1"), test::node("n2"), test::node("n3", "True", "a", "2026-11-22T02:00:00Z"),
                            test::node("n4", "True", "a", "2031-01-01T00:00:00Z")};
    const Collected seen = api.look({entry("watch", list({"nodes"}))});
    CHECK(reach(seen, "node/n1").state == ReachState::up);
    CHECK(reach(seen, "node/n3").state == ReachState::down);
    CHECK(reach(seen, "node/n4").state == ReachState::up);
}

TEST_CASE("a node under pressure is degraded") {
    KubeApi api;
    api.objects["nodes"] = {
        test::node("n1", "True", "a", "2026-11-22T02:59:00Z",
                   R"(, {"type": "DiskPressure", "status": "True", "reason": "KubeletHasDiskPressure"})")};
    CHECK(reach(api.look({entry("watch", list({"nodes"}))}), "node/n1").detail ==
          "DiskPressure: KubeletHasDiskPressure");
}

TEST_CASE("a workload stands where all of its pods do") {
    KubeApi api;
    api.objects["nodes"] = {test::node("n1", "True", "a"), test::node("n2", "True", "a"),
                            test::node("n3", "True", "b")};
    const auto on = [](const std::string& uid, const std::string& node) {
        return test::pod({.node = node, .uid = uid});
    };
    api.objects["pods"] = {on("u1", "n1"), on("u2", "n2")};
    CHECK(subject(api.look(), "shop/deployment/web").location == core::Location{"", "a", "eu", ""});
    api.objects["pods"] = {on("u1", "n1"), on("u2", "n3")};
    CHECK(subject(api.look(), "shop/deployment/web").location == core::Location{"", "", "eu", ""});
    api.objects["pods"] = {on("u1", "n3")};
    CHECK(subject(api.look(), "shop/deployment/web").location == core::Location{"n3", "b", "eu", ""});
}

TEST_CASE("a deployment says how many pods there should be") {
    KubeApi api;
    api.objects["deployments"] = {test::deployment("web", 3, 3)};
    SECTION("pods that do not exist are not ready, whatever its status still says") {
        CHECK(reach(api.look(), "shop/deployment/web").detail == "0 of 3 pods ready");
        api.objects["pods"] = {test::pod({})};
        CHECK(reach(api.look(), "shop/deployment/web").detail == "1 of 3 pods ready");
    }
    SECTION("one that starts while the others serve is nothing, one that crashes is degraded") {
        api.objects["pods"] = {test::pod({.uid = "u1"}), test::pod({.uid = "u2"}), test::pod({.uid = "u3"}),
                               test::pod({.ready = "False", .uid = "u4"})};
        CHECK(reach(api.look(), "shop/deployment/web").state == ReachState::up);
        api.objects["pods"][3] = test::pod(crashing("web-new-x1", "u4"));
        CHECK(reach(api.look(), "shop/deployment/web").state == ReachState::degraded);
    }
    SECTION("with a selector whose labels its pods do not bear, its own account counts") {
        CHECK(reach(api.look({text("selector", "tier=front")}), "shop/deployment/web").state == ReachState::up);
        CHECK_THAT(api.world.asked.at(0), ContainsSubstring("labelSelector=tier%3Dfront"));
    }
    SECTION("a rollout that does not come to its end is told") {
        api.objects["deployments"] = {test::deployment("web", 1, 1, R"(, "conditions": [{"type": "Progressing",
            "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out progressing."}])")};
        api.objects["pods"] = {test::pod({})};
        CHECK_THAT(reach(api.look(), "shop/deployment/web").detail, ContainsSubstring("ProgressDeadlineExceeded"));
    }
    SECTION("scaled to none it is neither up nor down") {
        api.objects["deployments"] = {test::deployment("web", 0, 0)};
        CHECK_FALSE(has_subject(api.look(), "shop/deployment/web"));
    }
}

TEST_CASE("a workload that was made lately is not down while its first pods are on their way") {
    KubeApi api;
    // It is 03:00.
    const auto state_of = [&](std::string made, std::string_view at, std::string_view spec = {}) {
        made.insert(made.find("\"namespace\""), fmt::format(R"("creationTimestamp": "{}", )", at));
        made.insert(made.find("\"replicas\""), spec);
        api.objects["deployments"] = {std::move(made)};
        return reach(api.look(), "shop/deployment/web");
    };
    const std::string none_ready = test::deployment("web", 3, 0);
    CHECK(state_of(none_ready, "2026-11-22T02:51:00Z").state == ReachState::degraded);
    CHECK(state_of(none_ready, "2026-11-22T02:51:00Z").detail == "0 of 3 pods ready; it is new");
    CHECK(state_of(none_ready, "2026-11-22T02:50:00Z").state == ReachState::down);
    CHECK(state_of(none_ready, "2026-11-22T02:51:00Z", R"("progressDeadlineSeconds": 300, )").state ==
          ReachState::down);
    // The largest number stands for none.
    CHECK(state_of(none_ready, "2026-11-22T01:59:00Z", R"("progressDeadlineSeconds": 2147483647, )").state ==
          ReachState::down);
    const std::string stuck = test::deployment("web", 3, 0, R"(, "conditions": [{"type": "Progressing",
        "status": "False", "reason": "FailedCreate"}])");
    CHECK(state_of(stuck, "2026-11-22T02:59:00Z").state == ReachState::down);
    CHECK(state_of(none_ready, "2026-11-22T03:01:00Z").state == ReachState::degraded);
    CHECK(state_of(none_ready, "2026-11-22T04:00:00Z").state == ReachState::down);
    api.objects["pods"] = {test::pod({.uid = "u1"}), test::pod({.uid = "u2"}), test::pod({.uid = "u3"})};
    CHECK(state_of(none_ready, "2026-11-22T02:51:00Z").state == ReachState::up);
}

TEST_CASE("lists in which nothing is to be watched are no pass: a namespace or a label is misspelt") {
    KubeApi api;
    api.objects["nodes"] = {test::node("n1")};
    const core::config::Table misspelt{text("namespace", "shpo"), text("selector", "tier=fornt")};
    const Collected seen = api.look(misspelt);
    const SubjectReport& server = subject(seen, "apiserver");
    CHECK(evidence<core::Reachability>(server).state == ReachState::up);
    REQUIRE(server.failure);
    CHECK(server.failure->kind == FailureKind::bad_answer);
    CHECK_THAT(
        server.failure->detail,
        ContainsSubstring("expected something to watch in namespace 'shpo' with labels 'tier=fornt', found none"));
    CHECK(seen->complete);
    CHECK_FALSE(subject(api.look(), "apiserver").failure);
    CHECK_FALSE(subject(api.look({entry("watch", list({"nodes"})), text("selector", "x=y")}), "apiserver").failure);
    // Whoever scales down in the evening misspelt nothing.
    api.objects["deployments"] = {test::deployment("web", 0, 0)};
    CHECK_FALSE(subject(api.look(misspelt), "apiserver").failure);
    api.objects.clear();
    CHECK(subject(api.look(), "apiserver").failure);
    api.objects["pods"] = {test::pod({})};
    CHECK_FALSE(subject(api.look(), "apiserver").failure);
}
