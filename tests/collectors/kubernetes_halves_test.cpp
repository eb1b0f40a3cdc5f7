// SPDX-License-Identifier: Apache-2.0
// What stays known of a workload, or a CronJob, when one of the lists that tell of it cannot be had, while others can.
#include "core/remember.hpp"
#include "tests/collectors/kubernetes_api.hpp"

#include <functional>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using core::AssertionState;
using core::ReachState;
using test::KubeApi;
using test::subject;
using test::kube::object;
using test::kube::watching;

namespace {

constexpr const char* kWeb = "shop/deployment/web";
constexpr const char* kTemplate = R"("template": {"spec": {"containers": [{"name": "main"}]}})";

/// Whoever looks each minute, and what is known by then.
struct Onlooker {
    KubeApi api;
    core::CheckMemory memory;
    Time now = test::kStart;

    void look(int times = 1) {
        const core::Check check{};
        for (int i = 0; i < times; ++i) {
            now += 1min;
            core::remember(memory, check, {now, Duration{0}, api.look({}, memory.cursor, now - test::kStart)});
        }
    }
    const core::SubjectMemory& known(std::string_view name) const { return memory.subjects.find(name)->second; }
};

std::optional<double> last_told(const core::SubjectMemory& known, std::string_view measurement) {
    for (const Evidence& one : *known.evidence)
        if (const auto* found = std::get_if<core::Measurement>(&one); found && found->name == measurement)
            return found->value;
    return std::nullopt;
}

std::optional<ReachState> told_state(const core::SubjectReport& report) {
    for (const Evidence& one : report.evidence)
        if (const auto* found = std::get_if<core::Reachability>(&one))
            return found->state;
    return std::nullopt;
}

std::string replicas(const std::string& name, int wanted, int ready) {
    return object(name, fmt::format(R"("spec": {{"replicas": {}, {}}}, "status": {{"readyReplicas": {}}})", wanted,
                                    kTemplate, ready));
}

std::string on_nodes(const std::string& name, int wanted, int ready) {
    return object(name, fmt::format(R"("spec": {{{}}}, "status": {{"desiredNumberScheduled": {}, "numberReady": {}}})",
                                    kTemplate, wanted, ready));
}

std::string cluster_of(int wanted, int ready) {
    return object("db", fmt::format(R"("spec": {{"instances": {}}}, "status": {{"readyInstances": {},
        "phase": "Cluster in healthy state", "currentPrimary": "db-1", "targetPrimary": "db-1"}})",
                                    wanted, ready));
}

std::string pod_of(const std::string& kind, const std::string& owner, bool ready = true) {
    return test::pod({.owner_kind = kind, .owner = owner, .ready = ready ? "True" : "False"});
}

} // namespace

TEST_CASE("a workload stays where it stood while the nodes cannot be listed") {
    Onlooker one;
    one.api.objects["nodes"] = {test::node("n1", "True", "eu-1a")};
    one.api.objects["deployments"] = {test::deployment("web", 1, 1)};
    one.api.objects["pods"] = {test::pod({.node = "n1"})};
    one.look();
    REQUIRE(one.known(kWeb).location.zone == "eu-1a");
    one.api.refused["nodes"] = {403, "{}"};
    one.look();
    CHECK(one.known(kWeb).location.zone == "eu-1a");
    // Of one that has moved on nobody knows the zone; the node is told by its pod.
    one.api.objects["pods"] = {test::pod({.node = "n2"})};
    one.look();
    CHECK(one.known(kWeb).location.node == "n2");
    CHECK(one.known(kWeb).location.zone.empty());
    one.api.objects["pods"] = {test::pod({.node = "n1"})};
    one.api.refused.clear();
    one.api.objects["nodes"] = {test::node("n1", "True", "eu-1b")};
    one.look();
    CHECK(one.known(kWeb).location.zone == "eu-1b");
}

TEST_CASE("restarts and kills for memory stay known, with their age, while the pods cannot be listed") {
    struct Row {
        const char* what;
        std::function<void(KubeApi&)> broken;
        FailureKind kind;
    };
    const std::vector<Row> rows{
        {"they may not be", [](KubeApi& api) { api.refused["pods"] = {403, "{}"}; }, FailureKind::refused},
        {"the list does not come",
         [](KubeApi& api) { api.world.hangs = [](const std::string& asked) { return asked.contains("/pods?"); }; },
         FailureKind::timed_out},
        {"the list ends in its middle",
         [](KubeApi& api) {
             api.page = 1;
             api.expire = 100;
         },
         FailureKind::bad_answer},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Onlooker one;
        const auto restarted = [](const std::string& uid, std::uint64_t times) {
            return test::pod(
                {.uid = uid, .restarts = times, .container = R"("state": {"running": {}}, "lastState": {"terminated": {
                                  "reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-22T02:59:00Z"}})"});
        };
        one.api.objects["deployments"] = {test::deployment("web", 2, 2)};
        one.api.objects["pods"] = {restarted("u1", 1), restarted("u2", 1)};
        one.look();
        one.api.objects["pods"] = {restarted("u1", 9), restarted("u2", 1)};
        one.look();
        const Time learned = one.now;
        REQUIRE(last_told(one.known(kWeb), "restarts_last_hour") == 8.0);
        row.broken(one.api);
        one.look(3);
        const core::SubjectMemory& known = one.known(kWeb);
        REQUIRE(known.failure);
        CHECK(known.failure->kind == row.kind);
        CHECK(known.failing_since == learned + 1min);
        CHECK(last_told(known, "restarts_last_hour") == 8.0);
        CHECK(last_told(known, "oom_kills_last_hour") == 2.0);
        CHECK(known.learned_of(core::EvidenceKind::measurement) == learned);
        CHECK_FALSE(known.vanished_since);
    }
}

TEST_CASE("how well a workload is that one list tells of, and another would, is told only when nothing of it runs") {
    struct Row {
        const char* what;
        std::string word;
        std::string controller;
        std::vector<std::string> pods;
        std::string subject;
        std::optional<ReachState> without_pods;
        std::optional<ReachState> without_controllers;
    };
    const std::vector<Row> rows{
        {"one pod of three", "deployments", test::deployment("web", 3, 1), {test::pod({})}, kWeb, {}, {}},
        {"all pods", "deployments", test::deployment("web", 1, 1), {test::pod({})}, kWeb, {}, {}},
        {"one pod of two is ready",
         "deployments",
         test::deployment("web", 2, 1),
         {test::pod({.uid = "u1"}), test::pod({.ready = "False", .uid = "u2"})},
         kWeb,
         {},
         {}},
        {"no pod is ready",
         "deployments",
         test::deployment("web", 1, 0),
         {test::pod({.ready = "False"})},
         kWeb,
         ReachState::down,
         ReachState::down},
        {"a stateful set",
         "statefulsets",
         replicas("queue", 3, 3),
         {pod_of("StatefulSet", "queue")},
         "shop/statefulset/queue",
         {},
         {}},
        {"a stateful set of which nothing runs",
         "statefulsets",
         replicas("queue", 3, 0),
         {pod_of("StatefulSet", "queue", false)},
         "shop/statefulset/queue",
         ReachState::down,
         ReachState::down},
        {"a daemon set",
         "daemonsets",
         on_nodes("logs", 3, 2),
         {pod_of("DaemonSet", "logs")},
         "shop/daemonset/logs",
         {},
         {}},
        {"a PostgreSQL cluster", "cnpg", cluster_of(1, 1), {pod_of("Cluster", "db")}, "shop/cluster/db", {}, {}},
        {"a PostgreSQL cluster that is down",
         "cnpg",
         cluster_of(1, 0),
         {pod_of("Cluster", "db", false)},
         "shop/cluster/db",
         ReachState::down,
         ReachState::down},
    };
    for (const Row& row : rows) {
        const std::string list = row.word == "cnpg" ? "clusters" : row.word;
        KubeApi api;
        api.objects[list] = {row.controller};
        api.objects["pods"] = row.pods;
        const auto state_without = [&](const std::string& lacking) {
            CAPTURE(row.what, lacking);
            api.refused = {{lacking, {403, "{}"}}};
            const Collected seen = api.look(watching({"pods", row.word}));
            REQUIRE(seen);
            REQUIRE(subject(seen, row.subject).failure);
            CHECK(subject(seen, row.subject).failure->kind == FailureKind::refused);
            return told_state(subject(seen, row.subject));
        };
        CAPTURE(row.what);
        CHECK(state_without("pods") == row.without_pods);
        CHECK(state_without(list) == row.without_controllers);
        // What nobody asked for is not missed.
        api.refused.clear();
        for (const char* word : {"pods", row.word.c_str()}) {
            const Collected seen = api.look(watching({word}));
            CHECK_FALSE(subject(seen, row.subject).failure);
            CHECK(told_state(subject(seen, row.subject)));
        }
    }
}

TEST_CASE("too few pods stay too few while nobody says how many there should be") {
    Onlooker one;
    one.api.objects["deployments"] = {test::deployment("web", 3, 1)};
    one.api.objects["pods"] = {test::pod({})};
    one.look(3);
    REQUIRE(one.known(kWeb).settled == ReachState::degraded);
    const Time learned = one.now;
    one.api.refused["deployments"] = {403, "{}"};
    one.look(5);
    CHECK(one.known(kWeb).settled == ReachState::degraded);
    CHECK(one.known(kWeb).failure);
    CHECK(one.known(kWeb).learned_of(core::EvidenceKind::reachability) == learned);
    // The pods tell all the same what they alone know.
    CHECK(one.known(kWeb).learned_of(core::EvidenceKind::measurement) == one.now);
    one.api.refused.clear();
    one.api.objects["deployments"] = {test::deployment("web", 1, 1)};
    one.look(2);
    CHECK(one.known(kWeb).settled == ReachState::up);
    CHECK_FALSE(one.known(kWeb).failure);
}

TEST_CASE("that no pod is left is found out although nobody says how many there should be") {
    Onlooker one;
    one.api.objects["deployments"] = {test::deployment("web", 1, 1)};
    one.api.objects["pods"] = {test::pod({})};
    one.look();
    one.api.refused["deployments"] = {403, "{}"};
    one.api.objects["pods"] = {test::pod({.ready = "False"})};
    one.look(3);
    CHECK(one.known(kWeb).settled == ReachState::down);
}

TEST_CASE("that the last run of a CronJob passed is not told by half of the lists, that it failed is") {
    const std::string passed = R"("startTime": "2026-11-22T01:00:00Z", "completionTime": "2026-11-22T01:20:00Z",
        "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-22T01:20:00Z"}])";
    const std::string failed = R"("startTime": "2026-11-22T01:00:00Z",
        "conditions": [{"type": "Failed", "status": "True", "lastTransitionTime": "2026-11-22T01:20:00Z"}])";
    struct Row {
        const char* refused;
        std::string job;
        AssertionState state;
    };
    KubeApi api;
    // By the CronJob the run after the one that is listed left nothing.
    api.objects["cronjobs"] = {object("nightly", R"("spec": {}, "status": {
        "lastScheduleTime": "2026-11-22T02:00:00Z", "lastSuccessfulTime": "2026-11-22T01:20:00Z"})")};
    for (const Row& row :
         {Row{"", passed, AssertionState::fails}, Row{"cronjobs", passed, AssertionState::unknown},
          Row{"cronjobs", failed, AssertionState::fails}, Row{"jobs", passed, AssertionState::fails}}) {
        CAPTURE(row.refused, row.job);
        api.objects["jobs"] = {test::kube::job_of("nightly", "nightly-1", row.job)};
        api.refused = {{row.refused, {403, "{}"}}};
        const Collected seen = api.look(watching({"jobs", "cronjobs"}));
        CHECK(test::kube::state(subject(seen, "shop/cronjob/nightly"), "last_run") == row.state);
    }
    // A success that only the CronJob tells of may be older than a Job that failed.
    api.objects["cronjobs"] = {object("nightly", R"("spec": {}, "status": {
        "lastScheduleTime": "2026-11-22T01:00:00Z", "lastSuccessfulTime": "2026-11-22T01:20:00Z"})")};
    const auto told = [&] {
        return test::kube::state(subject(api.look(watching({"jobs", "cronjobs"})), "shop/cronjob/nightly"), "last_run");
    };
    CHECK(told() == AssertionState::unknown);
    api.refused.clear();
    CHECK(told() == AssertionState::holds);
}
