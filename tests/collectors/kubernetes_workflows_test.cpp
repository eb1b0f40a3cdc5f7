// SPDX-License-Identifier: Apache-2.0
// Workflows of Chaos Mesh, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using core::ExerciseOutcome;
using test::KubeApi;
using test::subject;
using test::kube::conditions;
using test::kube::exercises;
using test::kube::object;
using test::kube::watching;

namespace {

constexpr auto kPassed = ExerciseOutcome::passed;
constexpr auto kFailed = ExerciseOutcome::failed;
constexpr auto kStarted = ExerciseOutcome::started;
constexpr auto kAborted = ExerciseOutcome::aborted;

const Time kTwo = test::kStart - 1h;

} // namespace

TEST_CASE("a Workflow that is accomplished has passed only if none of its nodes was aborted or cut off") {
    KubeApi api;
    const auto workflow = [](const std::string& is, const std::string& more, const std::string& metadata = {}) {
        return object("friday",
                      fmt::format(R"("status": {{"startTime": "2026-11-22T02:00:00Z"{}, "conditions": [{}]}})", more,
                                  conditions({is}, {"Accomplished", "Scheduled"})),
                      metadata);
    };
    const auto node = [](const std::string& type, const std::string& is, const std::string& spec = {}) {
        return object(
            "the-node",
            fmt::format(R"("spec": {{"workflowName": "friday", "type": "{}"{}}}, "status": {{"conditions": [{}]}})",
                        type, spec, conditions({is}, {"Accomplished", "DeadlineExceed", "Aborted"})));
    };
    const std::string ended = R"(, "endTime": "2026-11-22T02:20:00Z")";
    const std::string check = R"(, "statusCheck": {"mode": ")";
    struct Row {
        const char* what;
        std::string workflow;
        std::string node;
        ExerciseOutcome outcome;
        std::string message;
    };
    const std::vector<Row> rows{
        {"a node was aborted", workflow("Accomplished", ended), node("PodChaos", "Aborted"), kAborted,
         "the-node was aborted"},
        {"somebody aborted it",
         workflow("Accomplished", ended, R"(, "annotations": {"workflow.chaos-mesh.org/abort": "true"})"),
         node("PodChaos", "DeadlineExceed"), kAborted, "it was aborted"},
        {"a task took too long", workflow("Accomplished", ended), node("Task", "DeadlineExceed"), kFailed,
         "the-node did not end within its deadline"},
        {"a check that is to pass once never did", workflow("Accomplished", ended),
         node("StatusCheck", "DeadlineExceed", check + R"(Synchronous"})"), kFailed,
         "the-node did not end within its deadline"},
        {"it runs", workflow("Scheduled", ""), node("PodChaos", "Accomplished"), kStarted, ""},
        {"a check went on until its time was up", workflow("Accomplished", ended),
         node("StatusCheck", "DeadlineExceed", check + R"(Continuous"})"), kPassed, ""},
        {"an experiment ended when its time was up", workflow("Accomplished", ended),
         node("PodChaos", "DeadlineExceed"), kPassed, ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        api.objects["workflows"] = {row.workflow};
        api.objects["workflownodes"] = {row.node};
        const auto runs = exercises(subject(api.look(watching({"chaosmesh"})), "shop/workflow.chaos-mesh.org/friday"));
        REQUIRE(runs.size() == 1);
        CHECK(runs[0].exercise == "friday");
        CHECK(runs[0].outcome == row.outcome);
        CHECK(runs[0].message == row.message);
        CHECK(runs[0].started_at == kTwo);
    }
    api.refused["workflownodes"] = {403, "{}"};
    const Collected blind = api.look(watching({"chaosmesh"}));
    CHECK(exercises(subject(blind, "shop/workflow.chaos-mesh.org/friday")).empty());
    CHECK(subject(blind, "shop/workflow.chaos-mesh.org/friday").failure);
    api.refused = {};
    api.objects["workflows"] = {object("friday", R"("spec": {})")};
    CHECK(subject(api.look(watching({"chaosmesh"})), "shop/workflow.chaos-mesh.org/friday").failure);
}
