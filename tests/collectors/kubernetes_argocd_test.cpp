// SPDX-License-Identifier: Apache-2.0
// Applications of Argo CD, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

using namespace recoverd;
using namespace recoverd::collectors;
using core::AssertionState;
using core::ReachState;
using test::evidence;
using test::KubeApi;
using test::subject;
using test::kube::assertion;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

namespace {

constexpr const char* kShop = "shop/application/shop";

/// What is seen of an application with this status.
Collected look(const std::string& status) {
    KubeApi api;
    api.objects["applications"] = {object("shop", fmt::format(R"("status": {{{}}})", status))};
    return api.look(watching({"argocd"}));
}

std::string well_but(const std::string& more) {
    return R"("health": {"status": "Healthy"}, "sync": {"status": "Synced"}, )" + more;
}

} // namespace

TEST_CASE(
    "an application of Argo CD is as well as its health: a rollout harms nobody, and what is not known is not good") {
    struct Row {
        std::string health;
        std::string operation;
        std::optional<ReachState> state;
        std::string detail;
    };
    const std::vector<Row> rows{
        {"Unknown", "", {}, "its health is Unknown"},
        {"", "", {}, "its health is not told"},
        {"Splendid", "", {}, "its health is Splendid"},
        {"Missing", "", ReachState::down, "health Missing: as it is"},
        {"Degraded", "", ReachState::down, "health Degraded: as it is"},
        {"Degraded", "Running", ReachState::down, "health Degraded: as it is"},
        {"Progressing", "Failed", ReachState::degraded, "health Progressing: as it is"},
        {"Progressing", "Error", ReachState::degraded, "health Progressing: as it is"},
        {"Progressing", "", ReachState::up, "health Progressing: as it is"},
        {"Progressing", "Running", ReachState::up, "health Progressing: as it is"},
        {"Progressing", "Succeeded", ReachState::up, "health Progressing: as it is"},
        {"Suspended", "", ReachState::up, "health Suspended: as it is"},
        {"Suspended", "Failed", ReachState::up, "health Suspended: as it is"},
        {"Healthy", "", ReachState::up, ""},
        {"Healthy", "Failed", ReachState::up, ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.health, row.operation);
        std::string status = R"("sync": {"status": "Synced"})";
        if (!row.health.empty())
            status += fmt::format(R"(, "health": {{"status": "{}", "message": "as it is"}})", row.health);
        if (!row.operation.empty())
            status += fmt::format(R"(, "operationState": {{"phase": "{}"}})", row.operation);
        const Collected seen = look(status);
        const core::SubjectReport& shop = subject(seen, kShop);
        CHECK(shop.failure.has_value() == !row.state);
        CHECK(shop.evidence.empty() == !row.state);
        if (!row.state) {
            CHECK(shop.failure->detail == row.detail);
            continue;
        }
        const auto& reach = evidence<core::Reachability>(shop);
        CHECK(reach.state == *row.state);
        CHECK(reach.detail == row.detail);
        if (row.operation == "Failed" || row.operation == "Error")
            CHECK(state(shop, "operation") == AssertionState::fails);
    }
}

TEST_CASE("an application without a status, or that nobody looked at for a day, is unknown") {
    CHECK(subject(look(""), kShop).failure);
    const Collected stale = look(well_but(R"("reconciledAt": "2026-11-20T00:00:00Z")"));
    CHECK(subject(stale, kShop).failure->detail == "Argo CD has not looked at it for more than a day");
    CHECK(subject(stale, kShop).evidence.empty());
    CHECK_FALSE(subject(look(well_but(R"("reconciledAt": "2026-11-22T02:00:00Z")")), kShop).failure);
}

TEST_CASE("an application that is not what Git says, or whose last operation failed, does not hold") {
    const Collected seen = look(R"("health": {"status": "Healthy"}, "sync": {"status": "OutOfSync"},
        "operationState": {"phase": "Failed", "message": "one or more objects failed to apply"})");
    CHECK(state(subject(seen, kShop), "sync") == AssertionState::fails);
    CHECK(state(subject(seen, kShop), "operation") == AssertionState::fails);
    const Collected unknown = look(R"("health": {"status": "Healthy"}, "sync": {"status": "Unknown"})");
    CHECK(state(subject(unknown, kShop), "sync") == AssertionState::unknown);
}

TEST_CASE(
    "while an application is being synced it is not what Git says yet, and that is no finding unless it takes long") {
    const auto syncing = [](const char* phase, const char* sync, const std::string& began) {
        return look(fmt::format(R"("health": {{"status": "Progressing"}}, "sync": {{"status": "{}"}},
            "operationState": {{"phase": "{}"{}}})",
                                sync, phase, began));
    };
    const auto says = [](const Collected& seen) {
        const auto& all = evidence<core::Assertions>(subject(seen, kShop)).assertions;
        return std::ranges::find(all, "sync", &core::Assertion::name) != all.end();
    };
    const std::string just_now = R"(, "startedAt": "2026-11-22T02:30:00Z")";
    for (const char* phase : {"Running", "Terminating"}) {
        CAPTURE(phase);
        CHECK_FALSE(says(syncing(phase, "OutOfSync", just_now)));
        CHECK(state(subject(syncing(phase, "Synced", just_now), kShop), "sync") == AssertionState::holds);
        CHECK(state(subject(syncing(phase, "Unknown", just_now), kShop), "sync") == AssertionState::unknown);
        for (const char* began : {"", R"(, "startedAt": "2026-11-22T01:30:00Z")"})
            CHECK(state(subject(syncing(phase, "OutOfSync", began), kShop), "sync") == AssertionState::fails);
    }
    CHECK(state(subject(syncing("Succeeded", "OutOfSync", just_now), kShop), "sync") == AssertionState::fails);
    // Compared before the sync ended, or about to be synced: that says nothing of what is there now.
    const auto compared = [](const std::string& at, const std::string& ended, const std::string& operation) {
        KubeApi api;
        api.objects["applications"] = {
            object("shop", fmt::format(R"({}"status": {{"health": {{"status": "Healthy"}}, "reconciledAt": "{}",
                "sync": {{"status": "OutOfSync"}}, "operationState": {{"phase": "Succeeded", "finishedAt": "{}"}}}})",
                                       operation, at, ended))};
        return api.look(watching({"argocd"}));
    };
    const std::string ended = "2026-11-22T02:59:50Z";
    CHECK_FALSE(says(compared("2026-11-22T02:59:40Z", ended, "")));
    CHECK(says(compared("2026-11-22T02:59:55Z", ended, "")));
    CHECK(says(compared("2026-11-22T02:40:00Z", "2026-11-22T02:45:00Z", "")));
    const std::string queued = R"("operation": {"sync": {}}, )";
    CHECK_FALSE(says(compared("2026-11-22T02:59:55Z", ended, queued)));
    CHECK(says(compared("2026-11-22T02:40:00Z", "2026-11-22T02:30:00Z", queued)));
}

TEST_CASE("a condition of an application that is an error does not hold, and one that warns does") {
    const auto conditions = [](const std::string& all) { return look(well_but(R"("conditions": [)" + all + "]")); };
    const std::string warning = R"({"type": "OrphanedResourceWarning", "message": "1 orphaned resource"})";
    const std::string comparison = R"({"type": "ComparisonError", "message": "failed to load target state"})";
    const std::string sync = R"({"type": "SyncError", "message": "one or more objects failed"})";
    CHECK(state(subject(look(well_but(R"("conditions": [])")), kShop), "conditions") == AssertionState::holds);
    CHECK(state(subject(conditions(warning), kShop), "conditions") == AssertionState::holds);
    const Collected seen = conditions(warning + ", " + comparison + ", " + sync + ", " + comparison);
    const core::Assertion found = assertion(subject(seen, kShop), "conditions");
    CHECK(core::state_of(found) == AssertionState::fails);
    CHECK(found.actual == "ComparisonError, SyncError");
    CHECK(found.detail == "failed to load target state");
    // Where the health is not known it says why.
    const Collected unknown = look(fmt::format(R"("health": {{"status": "Unknown"}}, "conditions": [{}])", comparison));
    CHECK(subject(unknown, kShop).failure);
    CHECK(state(subject(unknown, kShop), "conditions") == AssertionState::fails);
}
