// SPDX-License-Identifier: Apache-2.0
// Jobs that make backups, and CloudNativePG's ScheduledBackups, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::JobState;
using test::KubeApi;
using test::subject;
using test::text;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

namespace {

constexpr const char* kNightly = "shop/cronjob/nightly";

core::config::Table backing_up() {
    auto table = watching({"jobs", "cronjobs"});
    table.push_back(text("backup", "pg_dump"));
    return table;
}

std::string job(const std::string& name, const std::string& status, const std::string& metadata = {}) {
    return test::kube::job_of("nightly", name, status, metadata);
}

std::string cronjob(const std::string& status, const std::string& spec = {}) {
    return object("nightly", fmt::format(R"("spec": {{{}}}, "status": {{{}}})", spec, status));
}

const std::string kComplete = R"("startTime": "2026-11-22T01:00:00Z", "completionTime": "2026-11-22T01:20:00Z",
    "failed": 1, "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": "2026-11-22T01:20:01Z"}])";
const std::string kFailed = R"("startTime": "2026-11-22T02:00:00Z", "conditions": [{"type": "Failed", "status": "True",
    "reason": "DeadlineExceeded", "message": "Job was active longer than specified deadline",
    "lastTransitionTime": "2026-11-22T02:10:00Z"}])";
const std::string kRunning = R"("startTime": "2026-11-22T02:30:00Z", "active": 1)";

Time at(std::string_view clock) {
    // Of the day on which the tests' clock begins at 03:00.
    const auto hours = (clock[0] - '0') * 10 + (clock[1] - '0');
    const auto minutes = (clock[3] - '0') * 10 + (clock[4] - '0');
    return test::kStart - 3h + std::chrono::hours{hours} + std::chrono::minutes{minutes};
}

} // namespace

TEST_CASE("a backup job that failed is a failed backup in its words, and the one that passed a recovery point") {
    KubeApi api;
    api.objects["jobs"] = {job("nightly-1", kComplete), job("nightly-2", kFailed)};
    api.objects["cronjobs"] = {cronjob(R"("lastScheduleTime": "2026-11-22T02:00:00Z",
        "lastSuccessfulTime": "2026-11-22T01:20:00Z")")};
    const Collected seen = api.look(backing_up());
    const core::RecoveryPoints& points = test::points(seen, kNightly);
    CHECK(points.method == "pg_dump");
    CHECK(points.tells_jobs == core::Told::yes);
    REQUIRE(points.points.size() == 1);
    CHECK(points.points[0].id == "nightly-1");
    CHECK(points.points[0].data_at == at("01:00"));
    CHECK(points.points[0].ended_at == at("01:20"));
    CHECK(points.points[0].depth == core::Depth::exists);
    // What it made may long be deleted.
    CHECK_FALSE(points.oldest_at);
    REQUIRE(points.jobs.size() == 1);
    CHECK(points.jobs[0].state == JobState::failed);
    CHECK(points.jobs[0].ended_at == at("02:10"));
    CHECK_THAT(points.jobs[0].detail, ContainsSubstring("nightly-2: DeadlineExceeded: Job was active longer"));
    // Told once: neither as an exercise nor as what every job is to do.
    CHECK(test::kube::exercises(subject(seen, kNightly)).empty());
    CHECK(test::evidence<core::Assertions>(subject(seen, kNightly)).assertions.size() == 1);
}

TEST_CASE("what became of a backup whose job is gone is what its CronJob still tells") {
    KubeApi api;
    struct Row {
        const char* what;
        std::string status;
        std::vector<std::string> jobs;
        std::optional<Time> newest;
        std::optional<JobState> state;
        std::optional<Time> started;
    };
    const std::string success = R"("lastSuccessfulTime": "2026-11-22T01:20:00Z")";
    const std::string at_two = R"("lastScheduleTime": "2026-11-22T02:00:00Z")";
    const std::string active = R"(, "active": [{"name": "nightly-2"}])";
    const std::vector<Row> rows{
        {"failed, and deleted", at_two + ", " + success, {}, at("01:20"), JobState::failed, at("02:00")},
        {"never passed, and deleted", at_two, {}, {}, JobState::failed, at("02:00")},
        {"failed, and listed", at_two, {job("nightly-2", kFailed)}, {}, JobState::failed, at("02:00")},
        {"never ends", at_two + ", " + success + active, {}, at("01:20"), JobState::running, at("02:00")},
        {"runs, and is listed",
         R"("lastScheduleTime": "2026-11-22T02:30:00Z")" + active,
         {job("nightly-2", kRunning)},
         {},
         JobState::running,
         at("02:30")},
        {"was scheduled just now", R"("lastScheduleTime": "2026-11-22T02:59:30Z")", {}, {}, {}, {}},
        {"passed, and deleted", R"("lastScheduleTime": "2026-11-22T01:00:00Z", )" + success, {}, at("01:20"), {}, {}},
        {"passed, and listed",
         R"("lastScheduleTime": "2026-11-22T01:00:00Z", )" + success,
         {job("nightly-1", kComplete)},
         at("01:20"),
         {},
         {}},
        {"was never due", "", {}, {}, {}, {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        api.objects["jobs"] = row.jobs;
        api.objects["cronjobs"] = {cronjob(row.status)};
        const Collected seen = api.look(backing_up());
        const core::RecoveryPoints& points = test::points(seen, kNightly);
        CHECK(points.method == "pg_dump");
        CHECK(points.count == (row.newest ? 1 : 0));
        CHECK((points.points.empty() ? std::nullopt : std::optional{points.points.back().ended_at}) == row.newest);
        REQUIRE(points.jobs.size() == (row.state ? 1 : 0));
        if (row.state)
            CHECK(points.jobs[0].state == *row.state);
        if (row.state)
            CHECK(points.jobs[0].started_at == row.started);
    }
}

TEST_CASE("of half of the lists nobody tells how many backups there are") {
    KubeApi api;
    api.objects["jobs"] = {job("nightly-1", kComplete)};
    api.objects["cronjobs"] = {cronjob(R"("lastSuccessfulTime": "2026-11-22T01:20:00Z")")};
    for (const char* refused : {"jobs", "cronjobs"}) {
        CAPTURE(refused);
        api.refused = {{refused, {403, "{}"}}};
        const Collected seen = api.look(backing_up());
        REQUIRE(seen);
        CHECK_FALSE(seen->complete);
        CHECK(subject(seen, "apiserver").failure->kind == FailureKind::refused);
        CHECK_THROWS(test::points(seen, kNightly));
    }
}

TEST_CASE("a backup job without a CronJob is a subject of its own, also before it began and while it waits") {
    KubeApi api;
    api.objects["jobs"] = {object("by-hand", fmt::format(R"("status": {{{}}})", kComplete)),
                           object("waits", R"("spec": {"suspend": true}, "status": {})"),
                           object("orphan", fmt::format(R"("status": {{{}}})", kRunning))};
    const Collected seen = api.look(backing_up());
    CHECK(test::points(seen, "shop/job/by-hand").count == 1);
    CHECK(test::points(seen, "shop/job/waits").count == 0);
    CHECK(test::points(seen, "shop/job/waits").jobs.empty());
    CHECK(test::points(seen, "shop/job/orphan").jobs.at(0).state == JobState::running);
    // Its CronJob may bear other labels than its jobs: who passed and is deleted is not told then.
    api.objects["jobs"] = {job("nightly-1", kRunning)};
    CHECK(test::points(api.look(backing_up()), kNightly).tells_jobs == core::Told::not_told);
}

TEST_CASE("a job that was made of a CronJob by hand is of its series, also when it is not called its controller") {
    KubeApi api;
    api.objects["cronjobs"] = {cronjob("")};
    for (const char* controller : {"", R"(, "controller": true)", R"(, "controller": false)"}) {
        CAPTURE(controller);
        api.objects["jobs"] = {
            object("by-hand", fmt::format(R"("status": {{{}}})", kComplete),
                   fmt::format(R"(, "ownerReferences": [{{"kind": "CronJob", "name": "nightly"{}}}])", controller))};
        const Collected seen = api.look(backing_up());
        CHECK(test::points(seen, kNightly).count == 1);
        CHECK_THROWS(subject(seen, "shop/job/by-hand"));
    }
}

TEST_CASE("a job that says that it stands for an exercise makes no backup, and a suspended CronJob says so") {
    KubeApi api;
    const std::string restore = R"(, "annotations": {"recoverd/exercise": "restore-test"})";
    api.objects["jobs"] = {job("nightly-1", kComplete, restore)};
    api.objects["cronjobs"] = {cronjob("", R"("suspend": true, "jobTemplate": {"metadata": {"annotations":
        {"recoverd/exercise": "restore-test"}}})")};
    const Collected seen = api.look(backing_up());
    CHECK_THROWS(test::points(seen, kNightly));
    CHECK(test::kube::exercises(subject(seen, kNightly)).size() == 1);
    CHECK(state(subject(seen, kNightly), "suspend") == AssertionState::fails);
}

TEST_CASE("backups are of jobs and CronJobs together, and a job is either a backup or an exercise") {
    auto only_jobs = watching({"jobs"});
    only_jobs.push_back(text("backup", "pg_dump"));
    CHECK(test::mistakes("kubernetes", only_jobs) ==
          std::vector<std::string>{"expected jobs and cronjobs in watch beside it"});
    auto both = backing_up();
    both.push_back(text("exercise", "restore-test"));
    CHECK(test::mistakes("kubernetes", both) ==
          std::vector<std::string>{"expected either exercise or backup, found both"});
}

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

TEST_CASE("of Backups a selector shows those of the clusters that it shows") {
    KubeApi api;
    api.objects["clusters"] = {object("orders-db", R"("spec": {})")};
    for (const char* of : {"orders-db", "other-db"})
        api.objects["backups"].push_back(
            object(fmt::format("{}-1", of), fmt::format(R"("spec": {{"cluster": {{"name": "{}"}}}}, "status": {{"phase":
                "completed", "startedAt": "2026-11-21T02:00:00Z", "stoppedAt": "2026-11-21T02:30:00Z"}})",
                                                        of)));
    CHECK_NOTHROW(subject(api.look(watching({"cnpg"})), "shop/cluster/other-db"));
    auto selected = watching({"cnpg"});
    selected.push_back(text("selector", "app=orders"));
    const Collected seen = api.look(selected);
    CHECK_NOTHROW(subject(seen, "shop/cluster/orders-db"));
    CHECK_THROWS(subject(seen, "shop/cluster/other-db"));
    // A misspelt one shows nothing at all.
    api.objects["clusters"].clear();
    CHECK_THROWS(subject(api.look(selected), "shop/cluster/other-db"));
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
