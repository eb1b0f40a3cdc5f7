// SPDX-License-Identifier: Apache-2.0
// Litmus' ChaosResults, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::ExerciseOutcome;
using test::KubeApi;
using test::subject;
using test::kube::exercises;
using test::kube::object;
using test::kube::watching;

namespace {

const Time kTwo = test::kStart - 1h;

} // namespace

TEST_CASE("a ChaosResult of Litmus has passed when it is Completed with Pass and no probe says otherwise") {
    struct Row {
        const char* what;
        std::string status;
        /// Nothing where it is not known.
        std::optional<ExerciseOutcome> outcome;
        std::string message;
    };
    const auto is = [](const std::string& phase, const std::string& verdict, const std::string& more = {}) {
        return fmt::format(R"("experimentStatus": {{"phase": "{}", "verdict": "{}"{}}})", phase, verdict, more);
    };
    const auto probe = [](const std::string& verdict) {
        return fmt::format(R"(, "probeStatuses": [{{"name": "shop-answers", "type": "httpProbe",
                              "status": {{"verdict": "{}"}}}}])",
                           verdict);
    };
    const std::vector<Row> rows{
        {"failed, with a step",
         is("Completed", "Fail", R"(, "failureOutput": {"errorCode": "PROBE_ERROR", "failedStep": "shop-answers"})"),
         ExerciseOutcome::failed, "PROBE_ERROR: shop-answers"},
        {"failed, with a share that is a text", is("Completed", "Fail", R"(, "probeSuccessPercentage": "50")"),
         ExerciseOutcome::failed, "probe success 50%"},
        {"ended in an error", is("Error", "Error"), ExerciseOutcome::failed, ""},
        {"stopped", is("Stopped", "Stopped", R"(, "probeSuccessPercentage": "0")"), ExerciseOutcome::aborted, ""},
        {"completed and still awaited", is("Completed", "Awaited"), {}, "phase Completed, verdict Awaited"},
        {"passed, of which a probe knows nothing",
         is("Completed", "Pass") + probe("N/A"),
         {},
         "probe shop-answers is N/A"},
        {"passed, of which a probe says otherwise",
         is("Completed", "Pass") + probe("Failed"),
         {},
         "probe shop-answers is Failed"},
        {"of a verdict nobody has heard of", is("Completed", "Perhaps"), {}, "verdict Perhaps"},
        {"without a status", "", {}, "phase not told"},
        {"runs", is("Running", "Awaited", R"(, "probeSuccessPercentage": "Awaited")"), ExerciseOutcome::started, ""},
        {"passed without a probe", is("Completed", "Pass", R"(, "probeSuccessPercentage": "100")"),
         ExerciseOutcome::passed, "without a probe: it says only that it ran"},
        {"passed", is("Completed", "Pass", R"(, "probeSuccessPercentage": "100")") + probe("Passed"),
         ExerciseOutcome::passed, ""},
    };
    KubeApi api;
    for (const Row& row : rows) {
        CAPTURE(row.what);
        api.objects["chaosresults"] = {object(
            "engine-pod-delete",
            fmt::format(R"("spec": {{"engine": "engine", "experiment": "pod-delete"}}, "status": {{{}}})", row.status),
            R"(, "creationTimestamp": "2026-11-22T02:00:00Z")")};
        const Collected seen = api.look(watching({"litmus"}));
        const auto& found = subject(seen, "shop/chaosresult/engine-pod-delete");
        const auto runs = exercises(found);
        REQUIRE(runs.size() == (row.outcome ? 1 : 0));
        if (!row.outcome) {
            CHECK_THAT(found.failure->detail, ContainsSubstring(row.message));
            continue;
        }
        CHECK(runs[0].outcome == *row.outcome);
        CHECK(runs[0].exercise == "pod-delete");
        CHECK(runs[0].message == row.message);
        CHECK(runs[0].ended_at == (row.outcome == ExerciseOutcome::started ? std::nullopt : std::optional{kTwo}));
    }
}

TEST_CASE("one ChaosResult serves run after run: each has its name from start to end, and ended when its status was "
          "written") {
    KubeApi api;
    const auto look = [&](const std::string& phase, const std::string& verdict, const std::string& history,
                          const std::string& written) {
        api.objects["chaosresults"] = {object(
            "engine-pod-delete",
            fmt::format(R"("spec": {{"experiment": "pod-delete"}}, "status": {{"experimentStatus": {{"phase": "{}",
                           "verdict": "{}"}}{}}})",
                        phase, verdict, history),
            fmt::format(R"(, "creationTimestamp": "2026-10-01T00:00:00Z", "managedFields": [
                {{"manager": "litmus", "time": "{}", "fieldsV1": {{"f:spec": {{}}, "f:status": {{}}}}}},
                {{"manager": "somebody", "time": "2026-11-22T02:59:00Z", "fieldsV1": {{"f:metadata": {{}}}}}}])",
                        written))};
        return exercises(subject(api.look(watching({"litmus"})), "shop/chaosresult/engine-pod-delete")).at(0);
    };
    const auto history = [](int passed, int failed) {
        return fmt::format(R"(, "history": {{"passedRuns": {}, "failedRuns": {}, "stoppedRuns": 0}})", passed, failed);
    };
    const auto before = look("Completed", "Pass", history(3, 1), "2026-11-21T02:00:00Z");
    const auto begun = look("Running", "Awaited", history(3, 1), "2026-11-22T02:00:00Z");
    const auto done = look("Completed", "Fail", history(3, 2), "2026-11-22T02:10:00Z");
    CHECK(before.id == "uid-engine-pod-delete/4");
    CHECK(begun.id == "uid-engine-pod-delete/5");
    CHECK(done.id == begun.id);
    CHECK(before.ended_at == kTwo - 24h);
    CHECK(done.ended_at == kTwo + 10min);
    const auto untold = look("Completed", "Pass", "", "2026-11-22T02:10:00Z");
    CHECK(untold.id != look("Completed", "Pass", "", "2026-11-22T02:20:00Z").id);
    CHECK(untold.id != look("Running", "Awaited", "", "2026-11-22T02:20:00Z").id);
}

TEST_CASE("Litmus that is not installed or may not be asked is a failure with what to do") {
    KubeApi api;
    for (const auto& [status, hint] : {std::pair{404, "is its operator installed?"},
                                       {403, R"(apiGroups ["litmuschaos.io"], resources ["chaosresults"])"}}) {
        api.refused["chaosresults"] = {status, "{}"};
        const Collected seen = api.look(watching({"litmus"}));
        REQUIRE_FALSE(seen);
        CHECK_THAT(seen.error().detail, ContainsSubstring(hint));
    }
}
