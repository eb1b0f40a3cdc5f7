// SPDX-License-Identifier: Apache-2.0
// Jobs, what is required of deployments, and objects of operators, asked of a scripted API server.
#include "collectors/kubernetes/rbac.hpp"
#include "core/remember.hpp"
#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::ExerciseOutcome;
using core::ReachState;
using test::entry;
using test::evidence;
using test::KubeApi;
using test::list;
using test::subject;
using test::text;
using test::kube::exercises;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

namespace {

std::string job(const std::string& name, const std::string& status, const std::string& metadata = {}) {
    return test::kube::job_of("restore-orders", name, status, metadata);
}

const std::string kPassed =
    R"("startTime": "2026-11-22T01:00:00Z", "completionTime": "2026-11-22T01:20:00Z", "failed": 2,
    "conditions": [{"type": "SuccessCriteriaMet", "status": "True", "lastTransitionTime": "2026-11-22T01:19:00Z"},
                   {"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-22T01:20:00Z"}])";
const std::string kFailed = R"("startTime": "2026-11-22T02:00:00Z", "failed": 1,
    "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded",
                    "message": "Job has reached the specified backoff limit",
                    "lastTransitionTime": "2026-11-22T02:10:00Z"}])";
const std::string kFailing = R"("startTime": "2026-11-22T02:30:00Z",
    "conditions": [{"type": "FailureTarget", "status": "True", "lastTransitionTime": "2026-11-22T02:40:00Z"}])";

} // namespace

TEST_CASE("a failed job is a failed exercise of its CronJob, and the older one that passed is not told") {
    KubeApi api;
    api.objects["jobs"] = {job("a-1", kPassed), job("a-2", kFailed)};
    auto table = watching({"jobs"});
    table.push_back(text("exercise", "restore-test"));
    table.push_back(text("depth", "queried"));
    const Collected seen = api.look(table);
    const auto all = exercises(subject(seen, "shop/cronjob/restore-orders"));
    REQUIRE(all.size() == 1);
    CHECK(all[0].outcome == ExerciseOutcome::failed);
    CHECK(all[0].exercise == "restore-test");
    CHECK(all[0].depth == core::Depth::queried);
    CHECK(all[0].ended_at == test::kStart - std::chrono::minutes{50});
    CHECK_THAT(all[0].message, ContainsSubstring("BackoffLimitExceeded"));
}

TEST_CASE("a job has ended only when it is Complete or Failed, and failed pods do not fail it") {
    KubeApi api;
    api.objects["jobs"] = {job("a-1", kPassed), job("a-2", kFailing)};
    auto table = watching({"jobs"});
    table.push_back(text("exercise", "restore-test"));
    const Collected seen = api.look(table);
    const auto all = exercises(subject(seen, "shop/cronjob/restore-orders"));
    REQUIRE(all.size() == 2);
    CHECK(all[0].outcome == ExerciseOutcome::passed);
    CHECK(all[1].outcome == ExerciseOutcome::started);
}

TEST_CASE("a job says by annotations what it stands for, and an unknown depth is refused") {
    KubeApi api;
    api.objects["jobs"] = {job("a-1", kPassed, R"(, "annotations": {"recoverd/exercise": "failover-test",
        "recoverd/depth": "smoke_tested"})")};
    const Collected seen = api.look(watching({"jobs"}));
    CHECK(exercises(subject(seen, "shop/cronjob/restore-orders")).at(0).depth == core::Depth::smoke_tested);
    api.objects["jobs"] = {job("a-1", kPassed, R"(, "annotations": {"recoverd/depth": "deep"})")};
    CHECK_FALSE(api.look(watching({"jobs"})));
}

TEST_CASE("a CronJob that is suspended says so, and jobs that prove nothing are to come to their end") {
    KubeApi api;
    api.objects["jobs"] = {job("a-1", kFailed), object("by-hand", fmt::format(R"("status": {{{}}})", kFailed))};
    api.objects["cronjobs"] = {object("restore-orders", R"("spec": {"suspend": true})"),
                               object("idle", R"("spec": {"suspend": false})")};
    const Collected seen = api.look(watching({"jobs", "cronjobs"}));
    CHECK(seen->subjects.size() == 3);
    const auto& cronjob = subject(seen, "shop/cronjob/restore-orders");
    CHECK(state(cronjob, "suspend") == AssertionState::fails);
    CHECK(state(cronjob, "last_run") == AssertionState::fails);
    CHECK(exercises(cronjob).empty());
    CHECK(state(subject(seen, "shop/cronjob/idle"), "suspend") == AssertionState::holds);
}

TEST_CASE("a CronJob whose last run left no success has none, however well the one before it ended") {
    KubeApi api;
    const auto last_run = [&](const std::string& status, const std::vector<std::string>& jobs,
                              const std::string& spec = {}) {
        api.objects["jobs"] = jobs;
        api.objects["cronjobs"] = {
            object("restore-orders", fmt::format(R"("spec": {{{}}}, "status": {{{}}})", spec, status))};
        const Collected seen = api.look(watching({"jobs", "cronjobs"}));
        for (const core::Assertion& one :
             evidence<core::Assertions>(subject(seen, "shop/cronjob/restore-orders")).assertions)
            if (one.name == "last_run")
                return std::optional{one};
        return std::optional<core::Assertion>{};
    };
    const auto holds = [&](const std::string& status, const std::vector<std::string>& jobs) {
        const auto found = last_run(status, jobs);
        return found && core::state_of(*found) == AssertionState::holds;
    };
    const std::vector<std::string> passed{job("a-1", kPassed)};
    const std::string success = R"("lastSuccessfulTime": "2026-11-22T01:20:00Z")";
    const auto scheduled = [](const std::string& at) { return R"("lastScheduleTime": ")" + at + "\""; };
    const std::string at_two = scheduled("2026-11-22T02:00:00Z");
    const std::string active = R"(, "active": [{"name": "a-2"}])";
    CHECK(holds(scheduled("2026-11-22T01:00:00Z") + ", " + success, passed));
    CHECK(holds(scheduled("2026-11-22T01:00:00Z") + ", " + success, {}));
    for (const auto& jobs : {passed, std::vector<std::string>{}}) {
        const auto gone = last_run(at_two + ", " + success, jobs);
        REQUIRE(gone);
        CHECK(core::state_of(*gone) == AssertionState::fails);
        CHECK(gone->detail == "last scheduled 2026-11-22T02:00:00Z, last success 2026-11-22T01:20:00Z");
    }
    CHECK(last_run(at_two, {})->detail == "last scheduled 2026-11-22T02:00:00Z, last success never");
    // What goes on may end well, what was just made is not listed yet, and its success is told a moment later.
    CHECK(holds(at_two + ", " + success + active, passed));
    CHECK(holds(scheduled("2026-11-22T02:59:30Z") + ", " + success, passed));
    CHECK(holds(scheduled("2026-11-22T01:10:00Z") + R"(, "lastSuccessfulTime": "2026-11-21T01:20:00Z")", passed));
    CHECK_FALSE(last_run(at_two + active, {}));
    const std::string later = R"(, "lastSuccessfulTime": "2026-11-22T02:50:00Z")";
    CHECK(holds(at_two + later, {job("a-2", kFailed)}));
    CHECK(core::state_of(*last_run(at_two + ", " + success, {job("a-2", kFailed)})) == AssertionState::fails);
    // Before 1.21 nobody tells.
    CHECK(holds(at_two, passed));
    CHECK_FALSE(last_run(at_two, {}, R"("jobTemplate": {"metadata": {"annotations": {"recoverd/exercise": "x"}}})"));
}

TEST_CASE("a run of a CronJob that does not end makes the last success no news") {
    KubeApi api;
    const auto found = [&](const std::string& status) {
        api.objects["cronjobs"] = {object("nightly", fmt::format(R"("spec": {{}}, "status": {{{}}})", status))};
        return state(subject(api.look(watching({"cronjobs"})), "shop/cronjob/nightly"), "last_run");
    };
    const std::string success = R"("lastSuccessfulTime": "2026-11-18T01:20:00Z")";
    const std::string one = R"(, "active": [{"name": "a"}])";
    const std::string three = R"(, "active": [{"name": "a"}, {"name": "b"}, {"name": "c"}])";
    CHECK(found(R"("lastScheduleTime": "2026-11-19T01:00:00Z", )" + success + one) == AssertionState::unknown);
    CHECK(found(R"("lastScheduleTime": "2026-11-22T01:00:00Z", )" + success + three) == AssertionState::unknown);
    // It may be a weekly one.
    CHECK(found(R"("lastScheduleTime": "2026-11-22T01:00:00Z", )" + success + one) == AssertionState::holds);
}

TEST_CASE("what deployments must have is asserted, and a list that may not be read leaves it unknown") {
    KubeApi api;
    api.objects["deployments"] = {test::deployment("web", 1, 1)};
    api.objects["poddisruptionbudgets"] = {
        object("others", R"("spec": {"selector": {"matchLabels": {"app": "cart"}}})")};
    auto table = watching({"deployments"});
    table.push_back(entry("require", list({"readiness_probe", "poddisruptionbudget", "horizontalpodautoscaler"})));
    Collected seen = api.look(table);
    for (const char* name : {"readiness_probe", "poddisruptionbudget", "horizontalpodautoscaler"})
        CHECK(state(subject(seen, "shop/deployment/web"), name) == AssertionState::fails);
    api.objects["poddisruptionbudgets"].push_back(object(
        "web", R"("spec": {"selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}})"));
    api.objects["horizontalpodautoscalers"] = {
        object("web", R"("spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}})")};
    seen = api.look(table);
    CHECK(state(subject(seen, "shop/deployment/web"), "poddisruptionbudget") == AssertionState::holds);
    CHECK(state(subject(seen, "shop/deployment/web"), "horizontalpodautoscaler") == AssertionState::holds);
    api.refused["poddisruptionbudgets"] = {403, "{}"};
    seen = api.look(table);
    CHECK(state(subject(seen, "shop/deployment/web"), "poddisruptionbudget") == AssertionState::unknown);
    // It names none of those that are there.
    CHECK(seen->complete);
}

TEST_CASE("what an autoscaler may take to none is there, and what somebody scaled beside one is not") {
    KubeApi api;
    auto table = watching({"deployments"});
    table.push_back(entry("require", list({"horizontalpodautoscaler"})));
    api.objects["deployments"] = {test::deployment("web", 0, 0)};
    const auto is_told = [&] {
        const Collected seen = api.look(table);
        return std::ranges::find(seen->subjects, "shop/deployment/web", &SubjectReport::subject) !=
               seen->subjects.end();
    };
    CHECK_FALSE(is_told());
    const std::string target = R"("scaleTargetRef": {"kind": "Deployment", "name": "web"})";
    const auto autoscaler = [&](const std::string& least, const std::string& labels = {}) {
        api.objects["horizontalpodautoscalers"] = {
            object("web", fmt::format(R"("spec": {{{}{}}})", target, least), labels)};
    };
    autoscaler("");
    CHECK_FALSE(is_told());
    autoscaler(R"(, "minReplicas": 1)");
    CHECK_FALSE(is_told());
    autoscaler(R"(, "minReplicas": 0)");
    CHECK(is_told());
    autoscaler(R"(, "minReplicas": 1)", R"(, "labels": {"scaledobject.keda.sh/name": "web"})");
    CHECK(is_told());
    // Who scales it is not known as long as nobody may list them: it is missed by nobody, and seen by nobody.
    api.objects["horizontalpodautoscalers"].clear();
    api.refused["horizontalpodautoscalers"] = {403, "{}"};
    CHECK_FALSE(is_told());
    CHECK_FALSE(api.look(table)->complete);
}

TEST_CASE("an operator that is not installed is said, and the rest is told") {
    KubeApi api;
    api.objects["pods"] = {test::pod({})};
    api.refused["applications"] = {404, "404 page not found"};
    const Collected seen = api.look(watching({"pods", "argocd"}));
    REQUIRE(seen);
    CHECK(subject(seen, "apiserver").failure->kind == FailureKind::misconfigured);
    CHECK_THAT(subject(seen, "apiserver").failure->detail, ContainsSubstring("is its operator installed?"));
}

TEST_CASE("a certificate stays Ready until it ends: its renewal is told, and that it failed") {
    KubeApi api;
    const std::string dates = R"("notBefore": "2026-09-01T00:00:00Z", "notAfter": "2026-11-30T00:00:00Z",
        "renewalTime": "2026-11-01T00:00:00Z")";
    api.objects["certificates"] = {
        object("failing",
               fmt::format(R"("spec": {{}}, "status": {{{}, "conditions": [{{"type": "Ready", "status": "True"}},
            {{"type": "Issuing", "status": "False", "reason": "Failed", "message": "order is invalid"}}]}})",
                           dates)),
        object("never", R"("spec": {}, "status": {"conditions": [{"type": "Ready", "status": "False",
            "reason": "DoesNotExist"}]})"),
        object("issued", R"("spec": {}, "status": {"conditions": [{"type": "Ready", "status": "False",
            "reason": "DoesNotExist"}]})",
               R"(, "creationTimestamp": "2026-11-22T02:55:00Z")"),
        object("new", R"("spec": {})")};
    const Collected seen = api.look(watching({"certificates"}));
    const auto& failing = evidence<core::Reachability>(subject(seen, "shop/certificate/failing"));
    CHECK(failing.state == ReachState::degraded);
    REQUIRE(failing.certificate);
    CHECK(failing.certificate->renewal_at == Time{std::chrono::seconds{1'793'491'200}});
    CHECK(evidence<core::Reachability>(subject(seen, "shop/certificate/never")).state == ReachState::down);
    CHECK(evidence<core::Reachability>(subject(seen, "shop/certificate/issued")).state == ReachState::degraded);
    CHECK(subject(seen, "shop/certificate/new").failure);
}

TEST_CASE("what one list tells of a subject ends nothing that another one told, which cannot be had any more") {
    struct Row {
        core::config::Table looking;
        std::string refused;
        std::string subject;
    };
    core::config::Table backing_up = watching({"jobs", "cronjobs"});
    backing_up.push_back(text("backup", "pg_dump"));
    const std::vector<Row> rows{
        {backing_up, "jobs", "shop/cronjob/restore-orders"},
        {watching({"velero"}), "backups", "shop/schedule/weekly"},
        {watching({"velero"}), "podvolumebackups", "shop/schedule/weekly"},
        {watching({"cnpg"}), "backups", "shop/cluster/orders-db"},
        {watching({"volumesnapshots"}), "volumesnapshotcontents", "shop/persistentvolumeclaim/data"}};
    KubeApi api;
    api.objects["cronjobs"] = {object("restore-orders", R"("spec": {}, "status": {})")};
    api.objects["schedules"] = {object("weekly", R"("spec": {}, "status": {"phase": "Enabled"})")};
    api.objects["clusters"] = {object("orders-db", R"("spec": {"instances": 1}, "status": {"readyInstances": 1,
        "phase": "Cluster in healthy state", "currentPrimary": "orders-db-1", "targetPrimary": "orders-db-1"})")};
    api.objects["volumesnapshots"] = {
        object("a", R"("spec": {"source": {"persistentVolumeClaimName": "data"}}, "status": {})")};
    for (const Row& row : rows) {
        CAPTURE(row.subject, row.refused);
        const core::Check check{};
        core::CheckMemory memory;
        const auto fold = [&] {
            core::remember(memory, check, {test::kStart, Duration{0}, api.look(row.looking, memory.cursor)});
        };
        api.refused.clear();
        fold();
        CHECK_FALSE(memory.subjects.at(row.subject).failure);
        api.refused[row.refused] = {403, "{}"};
        fold();
        const core::SubjectMemory& known = memory.subjects.at(row.subject);
        REQUIRE(known.failure);
        CHECK(known.failure->kind == FailureKind::refused);
        // None at all is a finding, which goes on.
        const bool tells_points = std::ranges::any_of(
            *known.evidence, [](const Evidence& one) { return std::holds_alternative<core::RecoveryPoints>(one); });
        CHECK(tells_points);
    }
}

TEST_CASE("contents of snapshots that cannot be listed keep nobody from seeing that a node is gone") {
    for (const int status : {403, 500}) {
        CAPTURE(status);
        KubeApi api;
        core::CheckMemory memory;
        const auto fold = [&] {
            const auto seen = api.look(watching({"nodes", "volumesnapshots"}), memory.cursor);
            core::remember(memory, core::Check{}, {test::kStart, Duration{0}, seen});
        };
        api.objects["nodes"] = {test::node("n1"), test::node("n2")};
        api.objects["volumesnapshots"] = {
            object("a", R"("spec": {"source": {"persistentVolumeClaimName": "data"}}, "status": {})")};
        fold();
        api.refused["volumesnapshotcontents"] = {status, "{}"};
        api.objects["nodes"].pop_back();
        fold();
        CHECK_FALSE(memory.subjects.contains("node/n2"));
        CHECK(memory.subjects.contains("node/n1"));
        CHECK(memory.subjects.at("shop/persistentvolumeclaim/data").failure);
    }
}

TEST_CASE("the roles that are printed allow to list what is watched, and nothing else") {
    const auto roles = [](std::vector<std::string> watch, std::string of_namespace = {}) {
        return kubernetes_rbac({KubernetesWatch{std::move(watch), {}, std::move(of_namespace)}});
    };
    const std::string all = kubernetes_rbac({KubernetesWatch{}});
    CHECK_THAT(all, ContainsSubstring("kind: ClusterRole\n"));
    CHECK_THAT(all, ContainsSubstring(R"(resources: ["pods", "nodes"])"));
    CHECK_THAT(all, ContainsSubstring(R"(resources: ["deployments", "statefulsets", "daemonsets"])"));
    for (const char* not_asked : {"secrets", "get", "\"watch\"", "*"})
        CHECK_THAT(all, !ContainsSubstring(not_asked));
    CHECK_THAT(roles({"velero"}), ContainsSubstring(R"(resources: ["backups", "backupstoragelocations", "schedules", )"
                                                    R"("podvolumebackups", "restores"])"));
    const std::string one = roles({"pods", "nodes"}, "shop");
    CHECK_THAT(one, ContainsSubstring("kind: Role\nmetadata:\n  name: recoverd-watch\n  namespace: shop"));
    CHECK_THAT(one, ContainsSubstring(R"(resources: ["nodes"])"));
    CHECK_THAT(roles({"pods"}, "shop"), !ContainsSubstring("ClusterRole"));
    const std::string snapshots = roles({"volumesnapshots"}, "shop");
    CHECK_THAT(snapshots, ContainsSubstring("kind: Role\n") && ContainsSubstring(R"(resources: ["volumesnapshots"])"));
    CHECK_THAT(snapshots, ContainsSubstring("kind: ClusterRole\n") &&
                              ContainsSubstring(R"(resources: ["volumesnapshotcontents"])"));
}
