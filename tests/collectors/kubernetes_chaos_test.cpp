// SPDX-License-Identifier: Apache-2.0
// Chaos Mesh's experiments and Schedules, asked of a scripted API server.
#include "collectors/kubernetes/rbac.hpp"
#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/ranges.h>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::ExerciseOutcome;
using test::KubeApi;
using test::subject;
using test::text;
using test::kube::conditions;
using test::kube::exercises;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

namespace {

constexpr auto kPassed = ExerciseOutcome::passed;
constexpr auto kFailed = ExerciseOutcome::failed;
constexpr auto kStarted = ExerciseOutcome::started;

struct Experiment {
    std::string name = "kill";
    std::string spec = R"("action": "pod-kill")";
    std::string desired = "Run";
    /// The type of the conditions that are True.
    std::vector<std::string> is;
    std::vector<std::string> records;
    std::string metadata;
    std::string created = "2026-11-22T02:00:00Z";
};

std::string experiment(const Experiment& of) {
    const std::string status =
        of.desired.empty()
            ? std::string{}
            : fmt::format(R"("conditions": [{}], "experiment": {{"desiredPhase": "{}"{}}})",
                          conditions(of.is, {"Selected", "AllInjected", "AllRecovered", "Paused"}), of.desired,
                          of.records.empty()
                              ? std::string{}
                              : fmt::format(R"(, "containerRecords": [{}])", fmt::join(of.records, ", ")));
    return object(of.name, fmt::format(R"("spec": {{{}}}, "status": {{{}}})", of.spec, status),
                  fmt::format(R"(, "creationTimestamp": "{}"{})", of.created, of.metadata));
}

/// `events`: "Apply Succeeded 02:00:05", "Recover Failed 02:10:05 no such pod".
std::string record(const std::string& phase, int hit, const std::vector<std::string>& events) {
    std::string all;
    for (const std::string& event : events) {
        const auto operation = event.substr(0, event.find(' '));
        const auto type =
            event.substr(operation.size() + 1, event.find(' ', operation.size() + 1) - operation.size() - 1);
        const auto rest = event.substr(operation.size() + type.size() + 2);
        all += fmt::format(R"({}{{"operation": "{}", "type": "{}", "timestamp": "2026-11-22T{}Z", "message": "{}"}})",
                           all.empty() ? "" : ", ", operation, type, rest.substr(0, 8),
                           rest.size() > 9 ? rest.substr(9) : "");
    }
    return fmt::format(R"({{"id": "shop/web-1", "selectorKey": ".", "phase": "{}", "injectedCount": {},
                           "recoveredCount": 0, "events": [{}]}})",
                       phase, hit, all);
}

const std::string kHit = record("Injected", 1, {"Apply Succeeded 02:00:05"});
const std::string kMended = record("Not Injected", 1, {"Apply Succeeded 02:00:05", "Recover Succeeded 02:05:05"});
const std::string kMissed = record("Not Injected", 0, {"Apply Failed 02:00:05 toda startup took too long"});
const std::string kWaits = record("Not Injected/Wait", 0, {});
const std::string kStuck =
    record("Injected", 1, {"Apply Succeeded 02:00:05", "Recover Failed 02:05:05 container not found"});
const std::string kDelay = R"("action": "delay")";

} // namespace

TEST_CASE("a chaos experiment has passed when every target was hit and, unless it hits once, was mended again") {
    struct Row {
        const char* what;
        Experiment of;
        ExerciseOutcome outcome;
        std::optional<Duration> length;
        std::string message;
    };
    const std::vector<Row> rows{
        {"it chose nothing", {.is = {}}, kFailed, 0min, "it found no target"},
        {"its time is up before anything was chosen",
         {.spec = kDelay, .desired = "Stop", .created = "2026-11-22T02:59:50Z"},
         kFailed,
         0min,
         "it found no target"},
        {"its time is up, a target was never hit, and all is recovered, which says nothing",
         {.spec = kDelay, .desired = "Stop", .is = {"Selected", "AllRecovered"}, .records = {kMended, kMissed}},
         kFailed,
         5min + 5s,
         "1 of 2 targets were hit: toda startup took too long"},
        {"all is recovered before anything was hit",
         {.spec = kDelay, .is = {"Selected", "AllRecovered"}, .records = {record("Not Injected", 0, {})}},
         kStarted,
         {},
         "0 of 1 targets were hit"},
        {"a target waits", {.is = {"Selected"}, .records = {kHit, kWaits}}, kStarted, {}, "1 of 2 targets were hit"},
        {"all are hit and to be mended later",
         {.spec = kDelay, .is = {"Selected", "AllInjected"}, .records = {kHit}},
         kStarted,
         {},
         ""},
        {"its time is up, and a target is not mended",
         {.spec = kDelay, .desired = "Stop", .is = {"Selected", "AllInjected"}, .records = {kMended, kHit}},
         kStarted,
         {},
         "1 of 2 targets are mended"},
        {"somebody paused it, which stops it as if it were over",
         {.spec = kDelay, .desired = "Stop", .is = {"Selected", "AllRecovered", "Paused"}, .records = {kMended}},
         kStarted,
         {},
         "paused"},
        {"it was just made", {.created = "2026-11-22T02:59:50Z"}, kStarted, {}, ""},
        {"it hits once, has hit all and runs for ever",
         {.is = {"Selected", "AllInjected"}, .records = {kHit, kHit}},
         kPassed,
         5s,
         ""},
        {"all were hit and mended",
         {.spec = kDelay, .desired = "Stop", .is = {"Selected", "AllRecovered"}, .records = {kMended, kMended}},
         kPassed,
         5min + 5s,
         ""},
    };
    KubeApi api;
    for (const Row& row : rows) {
        CAPTURE(row.what);
        api.objects["podchaos"] = {experiment(row.of)};
        const auto runs = exercises(subject(api.look(watching({"chaosmesh"})), "shop/podchaos/kill"));
        REQUIRE(runs.size() == 1);
        CHECK(runs[0].outcome == row.outcome);
        CHECK(runs[0].id == "uid-kill");
        CHECK((runs[0].ended_at ? std::optional<Duration>{*runs[0].ended_at - *runs[0].started_at} : std::nullopt) ==
              row.length);
        CHECK(runs[0].message == row.message);
        CHECK(runs[0].depth == core::Depth::exists);
    }
}

TEST_CASE("a chaos experiment that its controller has not begun is unknown") {
    KubeApi api;
    api.objects["podchaos"] = {experiment({.desired = ""})};
    const Collected seen = api.look(watching({"chaosmesh"}));
    CHECK(exercises(subject(seen, "shop/podchaos/kill")).empty());
    CHECK_THAT(subject(seen, "shop/podchaos/kill").failure->detail, ContainsSubstring("has not begun it"));
}

TEST_CASE("what an experiment broke and cannot mend is told, and that it could again") {
    KubeApi api;
    const auto cleanup = [&](const Experiment& of) {
        api.objects["podchaos"] = {experiment(of)};
        return test::kube::assertion(subject(api.look(watching({"chaosmesh"})), "shop/podchaos/kill"), "cleanup");
    };
    const Experiment stuck{.spec = kDelay, .desired = "Stop", .is = {"Selected"}, .records = {kStuck, kMended}};
    CHECK(cleanup(stuck).actual == "stuck");
    CHECK(cleanup(stuck).detail == "container not found");
    Experiment deleted{.spec = kDelay, .desired = "Stop", .is = {"Selected"}, .records = {kHit}};
    CHECK(cleanup(deleted).actual == "ok");
    deleted.metadata = R"(, "deletionTimestamp": "2026-11-22T02:30:00Z")";
    CHECK(cleanup(deleted).detail == "it is being deleted, and 0 of 1 targets are mended");
    CHECK(
        cleanup({.spec = kDelay, .desired = "Stop", .is = {"Selected", "AllRecovered"}, .records = {kMended}}).actual ==
        "ok");
}

TEST_CASE("what a Schedule's experiment could not mend is over with the experiment, once all of them were looked at") {
    KubeApi api;
    const auto daily = [&] { return subject(api.look(watching({"chaosmesh"})), "shop/schedule.chaos-mesh.org/daily"); };
    const std::string by = R"(, "ownerReferences": [{"kind": "Schedule", "name": "daily", "controller": true}])";
    api.objects["schedules"] = {object("daily", R"("spec": {"type": "PodChaos"})"),
                                object("weekly", R"("spec": {"type": "Workflow"})")};
    api.objects["podchaos"] = {
        experiment({.spec = kDelay, .desired = "Stop", .is = {"Selected"}, .records = {kStuck}, .metadata = by})};
    CHECK(state(daily(), "cleanup") == AssertionState::fails);
    api.objects["podchaos"].clear();
    CHECK(state(daily(), "cleanup") == AssertionState::holds);
    api.refused["networkchaos"] = {403, "{}"};
    CHECK_THROWS(state(daily(), "cleanup"));
    api.refused.clear();
    api.objects["podchaos"] = {experiment({.desired = "", .metadata = by})};
    CHECK(daily().failure);
    CHECK_THROWS(state(daily(), "cleanup"));
    // Nobody looks at what a Workflow has to mend.
    const Collected seen = api.look(watching({"chaosmesh"}));
    CHECK_THROWS(state(subject(seen, "shop/schedule.chaos-mesh.org/weekly"), "cleanup"));
}

TEST_CASE("an experiment is called by its annotation, its Schedule's, the option, or what it does") {
    KubeApi api;
    const auto names = [&](const core::config::Table& table, std::string_view of) {
        std::vector<std::string> all;
        for (const core::Exercise& run : exercises(subject(api.look(table), of)))
            all.push_back(run.exercise);
        return all;
    };
    const Experiment done{.is = {"Selected", "AllInjected"}, .records = {kHit}};
    const auto with = [&](Experiment of, const std::string& spec, const std::string& metadata = {}) {
        of.spec = spec;
        of.metadata = metadata;
        return experiment(of);
    };
    api.objects["podchaos"] = {with(done, R"("action": "pod-failure")")};
    api.objects["networkchaos"] = {with(done, kDelay)};
    api.objects["stresschaos"] = {
        with(done, R"("stressors": {})", R"(, "annotations": {"recoverd/exercise": "load"})")};
    api.objects["timechaos"] = {with(done, "")};
    const auto plain = watching({"chaosmesh"});
    auto option = plain;
    option.push_back(text("exercise", "chaos-friday"));
    CHECK(names(plain, "shop/podchaos/kill") == std::vector<std::string>{"pod-failure"});
    CHECK(names(plain, "shop/networkchaos/kill") == std::vector<std::string>{"network-delay"});
    CHECK(names(plain, "shop/timechaos/kill") == std::vector<std::string>{"time-chaos"});
    CHECK(names(option, "shop/networkchaos/kill") == std::vector<std::string>{"chaos-friday"});
    CHECK(names(option, "shop/stresschaos/kill") == std::vector<std::string>{"load"});
    const std::string by = R"(, "ownerReferences": [{"kind": "Schedule", "name": "daily", "controller": true}])";
    api.objects["podchaos"] = {with(done, R"("action": "pod-kill")", by)};
    CHECK(names(option, "shop/schedule.chaos-mesh.org/daily") == std::vector<std::string>{"chaos-friday"});
    api.objects["schedules"] = {
        object("daily", R"("spec": {})", R"(, "annotations": {"recoverd/exercise": "pod-loss"})")};
    CHECK(names(option, "shop/schedule.chaos-mesh.org/daily") == std::vector<std::string>{"pod-loss"});
    // A run that may stand for something else is none of these.
    api.refused["schedules"] = {403, "{}"};
    CHECK_THROWS(subject(api.look(option), "shop/schedule.chaos-mesh.org/daily"));
}

TEST_CASE(
    "the runs of a Schedule are one subject: the newest that ended, the newest that runs, and whether it is paused") {
    KubeApi api;
    const std::string by = R"(, "ownerReferences": [{"kind": "Schedule", "name": "daily", "controller": true}])";
    const auto run = [&](const std::string& name, const std::string& created, const std::vector<std::string>& records) {
        return experiment({.name = name, .is = {"Selected"}, .records = records, .metadata = by, .created = created});
    };
    const std::string later = record("Injected", 1, {"Apply Succeeded 02:40:05"});
    api.objects["podchaos"] = {run("daily-b", "2026-11-22T02:40:00Z", {later}),
                               run("daily-a", "2026-11-22T01:00:00Z", {kHit}),
                               run("daily-c", "2026-11-22T02:50:00Z", {kWaits})};
    api.objects["schedules"] = {
        object("daily", R"("spec": {})", R"(, "annotations": {"experiment.chaos-mesh.org/pause": "true"})"),
        object("idle", R"("spec": {})")};
    const Collected seen = api.look(watching({"chaosmesh"}));
    const auto& daily = subject(seen, "shop/schedule.chaos-mesh.org/daily");
    const auto runs = exercises(daily);
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].id == "uid-daily-b");
    CHECK(runs[0].outcome == kPassed);
    CHECK(runs[1].id == "uid-daily-c");
    CHECK(runs[1].outcome == kStarted);
    CHECK_FALSE(daily.passing);
    CHECK(state(daily, "paused") == AssertionState::fails);
    CHECK(state(subject(seen, "shop/schedule.chaos-mesh.org/idle"), "paused") == AssertionState::holds);
    // What another Schedule begins is not what was selected.
    api.objects["schedules"].erase(api.objects["schedules"].begin());
    auto selected = watching({"chaosmesh"});
    selected.push_back(text("selector", "team=shop"));
    CHECK_THROWS(subject(api.look(selected), "shop/schedule.chaos-mesh.org/daily"));
}

TEST_CASE("an experiment that no Schedule makes is deleted by whoever ran it, and not missed then") {
    KubeApi api;
    api.objects["podchaos"] = {experiment({.is = {"Selected"}, .records = {kHit}})};
    CHECK(subject(api.look(watching({"chaosmesh"})), "shop/podchaos/kill").passing);
}

TEST_CASE("an experiment that no Schedule makes bears no labels, and where a selector is asked for it is nobody's") {
    KubeApi api;
    api.objects["podchaos"] = {experiment({.is = {"Selected"}, .records = {kHit}})};
    api.objects["schedules"] = {object("idle", R"("spec": {})")};
    auto selected = watching({"chaosmesh"});
    selected.push_back(text("selector", "team=shop"));
    const Collected seen = api.look(selected);
    CHECK_THROWS(subject(seen, "shop/podchaos/kill"));
    CHECK_NOTHROW(subject(seen, "shop/schedule.chaos-mesh.org/idle"));
}

TEST_CASE("what a Workflow made is told by the Workflow: it goes with its end") {
    KubeApi api;
    api.objects["podchaos"] = {experiment({.metadata = R"(, "labels": {"chaos-mesh.org/workflow": "friday"})"})};
    CHECK_THROWS(subject(api.look(watching({"chaosmesh"})), "shop/podchaos/kill"));
}

TEST_CASE("Chaos Mesh that is not installed is said, and kinds that older versions lack are not missed") {
    KubeApi api;
    api.objects["podchaos"] = {experiment({.is = {"Selected"}, .records = {kHit}})};
    for (const char* lacks : {"blockchaos", "azurechaos", "physicalmachinechaos"})
        api.refused[lacks] = {404, "404 page not found"};
    const Collected seen = api.look(watching({"chaosmesh"}));
    CHECK(seen->complete);
    CHECK_FALSE(subject(seen, "apiserver").failure);
    api.refused["podchaos"] = {404, "404 page not found"};
    const Collected without = api.look(watching({"chaosmesh"}));
    CHECK_FALSE(without->complete);
    CHECK_THAT(subject(without, "apiserver").failure->detail, ContainsSubstring("is its operator installed?"));
    api.refused["podchaos"] = {403, "{}"};
    CHECK_THAT(subject(api.look(watching({"chaosmesh"})), "apiserver").failure->detail,
               ContainsSubstring(R"(grant apiGroups ["chaos-mesh.org"], resources ["podchaos"], verbs ["list"])"));
}

TEST_CASE("the roles for chaos experiments and scheduled backups name each resource, to be listed only") {
    const std::string chaos = kubernetes_rbac({KubernetesWatch{{"chaosmesh", "litmus"}, {}, "chaos"}});
    CHECK_THAT(chaos, ContainsSubstring(R"(apiGroups: ["chaos-mesh.org"])"));
    CHECK_THAT(chaos, ContainsSubstring(R"("schedules", "workflows", "workflownodes", "podchaos", "networkchaos")"));
    CHECK_THAT(chaos, ContainsSubstring("apiGroups: [\"litmuschaos.io\"]\n    resources: [\"chaosresults\"]"));
    CHECK_THAT(chaos, !ContainsSubstring("ClusterRole"));
    CHECK_THAT(kubernetes_rbac({KubernetesWatch{{"cnpg"}, {}, {}}}),
               ContainsSubstring(R"(resources: ["clusters", "backups", "scheduledbackups"])"));
}
