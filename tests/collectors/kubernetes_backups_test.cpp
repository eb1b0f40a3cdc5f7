// SPDX-License-Identifier: Apache-2.0
// CloudNativePG's ScheduledBackups, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

using namespace recoverd;
using namespace recoverd::collectors;
using core::AssertionState;
using test::KubeApi;
using test::subject;
using test::text;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

TEST_CASE("a ScheduledBackup that is suspended, overdue, broken or of no cluster says which") {
    KubeApi api;
    api.objects["clusters"] = {object("orders-db", R"("spec": {})")};
    struct Row {
        const char* what;
        std::string spec;
        std::string status;
        AssertionState suspend;
        AssertionState cluster;
        std::optional<AssertionState> next;
    };
    constexpr auto kHolds = AssertionState::holds;
    constexpr auto kFails = AssertionState::fails;
    const std::string of = R"("cluster": {"name": "orders-db"})";
    const std::string looked = R"("lastCheckTime": "2026-11-21T02:00:00Z", "lastScheduleTime": "2026-11-21T02:00:00Z")";
    const std::vector<Row> rows{
        {"suspended, however long ago the next one was due",
         of + R"(, "suspend": true)",
         looked + R"(, "nextScheduleTime": "2026-11-22T02:00:00Z")",
         kFails,
         kHolds,
         {}},
        {"overdue", of, looked + R"(, "nextScheduleTime": "2026-11-22T02:00:00Z")", kHolds, kHolds, kFails},
        {"in error", of, looked + R"(, "nextScheduleTime": "2026-11-22T04:00:00Z", "error": "invalid schedule")",
         kHolds, kHolds, kFails},
        {"never looked at", of, "", kHolds, kHolds, AssertionState::unknown},
        {"of a cluster that is not there", R"("cluster": {"name": "gone"})",
         looked + R"(, "nextScheduleTime": "2026-11-22T04:00:00Z")", kHolds, kFails, kHolds},
        {"due a moment ago", of, looked + R"(, "nextScheduleTime": "2026-11-22T02:55:00Z")", kHolds, kHolds, kHolds},
        {"not told before the first backup", of, R"("lastCheckTime": "2026-11-21T02:00:00Z")", kHolds, kHolds, {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        api.objects["scheduledbackups"] = {
            object("nightly", fmt::format(R"("spec": {{{}}}, "status": {{{}}})", row.spec, row.status))};
        const Collected seen = api.look(watching({"cnpg"}));
        const auto& found = subject(seen, "shop/scheduledbackup/nightly");
        CHECK(state(found, "suspend") == row.suspend);
        CHECK(state(found, "cluster") == row.cluster);
        if (row.next)
            CHECK(state(found, "next_backup") == *row.next);
        else
            CHECK_THROWS(state(found, "next_backup"));
    }
}

TEST_CASE("a ScheduledBackup whose last Backup still runs waits for it, and whether one runs has to be known") {
    KubeApi api;
    api.objects["clusters"] = {object("orders-db", R"("spec": {})")};
    api.objects["scheduledbackups"] = {object("nightly", R"("spec": {"cluster": {"name": "orders-db"}}, "status": {
            "lastCheckTime": "2026-11-21T02:00:00Z", "nextScheduleTime": "2026-11-22T02:00:00Z"})")};
    const auto next = [&](const std::string& phase) {
        api.objects["backups"] = {
            object("nightly-1",
                   fmt::format(R"("spec": {{"cluster": {{"name": "orders-db"}}}}, "status": {{"phase": "{}",
                       "startedAt": "2026-11-21T02:00:00Z", "stoppedAt": "2026-11-21T02:30:00Z"}})",
                               phase),
                   R"(, "labels": {"cnpg.io/scheduled-backup": "nightly"})")};
        return state(subject(api.look(watching({"cnpg"})), "shop/scheduledbackup/nightly"), "next_backup");
    };
    CHECK(next("completed") == AssertionState::fails);
    CHECK(next("failed") == AssertionState::fails);
    CHECK(next("running") == AssertionState::holds);
    CHECK(next("walArchivingFailing") == AssertionState::holds);
    api.refused["backups"] = {403, "{}"};
    CHECK(next("running") == AssertionState::unknown);
    api.refused = {{"scheduledbackups", {404, "404 page not found"}}};
    const Collected without = api.look(watching({"cnpg"}));
    CHECK(subject(without, "apiserver").failure->kind == FailureKind::misconfigured);
    CHECK_FALSE(without->complete);
}

TEST_CASE(
    "of ScheduledBackups a selector shows those of the clusters that it shows, and without clusters none is missing") {
    KubeApi api;
    api.objects["clusters"] = {object("orders-db", R"("spec": {})")};
    for (const char* of : {"orders-db", "other-db"})
        api.objects["scheduledbackups"].push_back(
            object(fmt::format("of-{}", of), fmt::format(R"("spec": {{"cluster": {{"name": "{}"}}}})", of)));
    auto selected = watching({"cnpg"});
    selected.push_back(text("selector", "app=orders"));
    Collected seen = api.look(selected);
    CHECK_NOTHROW(subject(seen, "shop/scheduledbackup/of-orders-db"));
    CHECK_THROWS(subject(seen, "shop/scheduledbackup/of-other-db"));
    api.refused["clusters"] = {403, "{}"};
    seen = api.look(watching({"cnpg"}));
    CHECK_THROWS(state(subject(seen, "shop/scheduledbackup/of-other-db"), "cluster"));
    CHECK(state(subject(seen, "shop/scheduledbackup/of-other-db"), "suspend") == AssertionState::holds);
}
