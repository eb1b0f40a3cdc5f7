// SPDX-License-Identifier: Apache-2.0
// Velero's objects, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

using namespace recoverd;
using namespace recoverd::collectors;
using core::AssertionState;
using core::ExerciseOutcome;
using core::PointState;
using core::ReachState;
using test::evidence;
using test::KubeApi;
using test::subject;
using test::text;
using test::kube::exercises;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

namespace {

std::string restore(const std::string& name, const std::string& spec, const std::string& status,
                    const std::string& metadata = {}) {
    return object(name, fmt::format(R"("spec": {{{}}}, "status": {{{}}})", spec, status),
                  R"(, "creationTimestamp": "2026-11-22T01:59:00Z")" + metadata);
}

/// One that is Completed, at a full hour.
std::string restored(const std::string& name, const std::string& spec, int hour, const std::string& metadata = {}) {
    return restore(name, spec,
                   fmt::format(R"("phase": "Completed", "startTimestamp": "2026-11-22T0{}:00:00Z",
                                  "completionTimestamp": "2026-11-22T0{}:10:00Z")",
                               hour, hour),
                   metadata);
}

/// The exercises of a subject, each as "ID EXERCISE".
std::vector<std::string> told(const Collected& seen, std::string_view of) {
    std::vector<std::string> all;
    for (const core::Exercise& run : exercises(subject(seen, of)))
        all.push_back(run.id + " " + run.exercise);
    return all;
}

} // namespace

TEST_CASE("of Velero's backups only a completed one is good, and of those only with all its snapshots") {
    KubeApi api;
    const auto backup = [](const std::string& name, const std::string& phase, const std::string& more = {}) {
        return object(
            name,
            fmt::format(R"("status": {{"phase": "{}", "startTimestamp": "2026-11-22T01:00:00Z",
                          "completionTimestamp": "2026-11-22T01:10:00Z"{}}})",
                        phase, more),
            R"(, "creationTimestamp": "2026-11-22T00:59:00Z", "labels": {"velero.io/schedule-name": "nightly"})");
    };
    api.objects["backups"] = {
        backup("a", "Completed"), backup("b", "PartiallyFailed", R"(, "errors": 3)"),
        backup("c", "WaitingForPluginOperations"), backup("d", "FailedValidation"), backup("e", "InProgress"),
        backup("f", "Completed", R"(, "csiVolumeSnapshotsAttempted": 2, "csiVolumeSnapshotsCompleted": 1)"),
        // velero#7047
        backup("g", "Completed", R"(, "csiVolumeSnapshotsAttempted": 2, "backupItemOperationsAttempted": 2,
                                     "backupItemOperationsCompleted": 2)"),
        backup("h", "Completed", R"(, "csiVolumeSnapshotsAttempted": 2, "backupItemOperationsAttempted": 2,
                                     "backupItemOperationsCompleted": 1, "backupItemOperationsFailed": 1)"),
        backup("i", "Completed", R"(, "volumeSnapshotsAttempted": 2, "backupItemOperationsAttempted": 1,
                                     "backupItemOperationsCompleted": 1)")};
    api.objects["schedules"] = {object("nightly", R"("spec": {"paused": true}, "status": {"phase": "Enabled"})"),
                                object("weekly", R"("spec": {}, "status": {"phase": "FailedValidation"})")};
    api.objects["backupstoragelocations"] = {
        object("gone",
               R"("spec": {}, "status": {"phase": "Unavailable", "lastValidationTime": "2026-11-22T02:59:00Z"})"),
        object("never", R"("spec": {}, "status": {"phase": "Available"})")};
    Collected seen = api.look(watching({"velero"}));
    const auto& nightly = test::points(seen, "shop/schedule/nightly");
    std::map<std::string, PointState> states;
    for (const auto& point : nightly.points)
        states[point.id] = point.state;
    CHECK(states == std::map<std::string, PointState>{{"a", PointState::good},
                                                      {"b", PointState::bad},
                                                      {"c", PointState::incomplete},
                                                      {"f", PointState::bad},
                                                      {"g", PointState::good},
                                                      {"h", PointState::bad},
                                                      {"i", PointState::bad}});
    CHECK(nightly.jobs.size() == 2);
    CHECK(state(subject(seen, "shop/schedule/nightly"), "paused") == AssertionState::fails);
    CHECK(test::points(seen, "shop/schedule/weekly").count == 0);
    CHECK(state(subject(seen, "shop/schedule/weekly"), "phase") == AssertionState::fails);
    CHECK(evidence<core::Reachability>(subject(seen, "shop/backupstoragelocation/gone")).state == ReachState::down);
    CHECK(subject(seen, "shop/backupstoragelocation/never").failure);
    // That nobody may read the backups does not mean that there are none.
    api.refused["backups"] = {403, "{}"};
    seen = api.look(watching({"velero"}));
    CHECK_THROWS(test::points(seen, "shop/schedule/weekly"));
}

TEST_CASE("a completed backup of Velero is as good as its volumes, of which each has to be Completed") {
    KubeApi api;
    api.objects["backups"] = {object("a", R"("status": {"phase": "Completed", "startTimestamp": "2026-11-22T01:00:00Z",
        "completionTimestamp": "2026-11-22T01:10:00Z"})")};
    const std::string of_a = R"(, "labels": {"velero.io/backup-name": "a"})";
    const auto volume = [](const std::string& name, const std::string& status, const std::string& metadata) {
        return object(name, fmt::format(R"("status": {{{}}})", status), metadata);
    };
    const auto look = [&](const std::string& status, const std::string& metadata) {
        api.objects["podvolumebackups"] = {volume("v1", R"("phase": "Completed")", of_a),
                                           volume("v2", status, metadata)};
        return test::points(api.look(watching({"velero"})), "shop/backup").points.at(0);
    };
    CHECK(look(R"("phase": "Completed")", of_a).state == PointState::good);
    for (const char* phase :
         {"Failed", "Canceling", "Canceled", "New", "Accepted", "Prepared", "InProgress", "Unheard"}) {
        const core::RecoveryPoint point = look(fmt::format(R"("phase": "{}")", phase), of_a);
        CHECK(point.state == PointState::bad);
        CHECK(point.detail == fmt::format("Completed, but 1 of its volumes not: {} (PodVolumeBackup)", phase));
    }
    CHECK(look("", of_a).detail == "Completed, but 1 of its volumes not: New (PodVolumeBackup)");
    CHECK(look(R"("phase": "Failed")", R"(, "labels": {"velero.io/backup-name": "b"})").state == PointState::good);
    // A label holds 63 letters, a name 253.
    CHECK(look(R"("phase": "Failed")", R"(, "labels": {"velero.io/backup-name": "cut"},
        "ownerReferences": [{"kind": "Backup", "name": "a", "controller": true}])")
              .state == PointState::bad);
}

TEST_CASE("how old Velero's last look at a location may be goes by its validationFrequency, and 0 is never to look") {
    KubeApi api;
    const auto why_unknown = [&](const std::string& frequency, const std::string& looked) {
        api.objects["backupstoragelocations"] = {object(
            "far",
            fmt::format(R"("spec": {{{}}}, "status": {{"phase": "Available"{}}})",
                        frequency.empty() ? std::string{} : fmt::format(R"("validationFrequency": "{}")", frequency),
                        looked.empty() ? std::string{}
                                       : fmt::format(R"(, "lastValidationTime": "2026-11-{}Z")", looked)))};
        const Collected seen = api.look(watching({"velero"}));
        const auto& far = subject(seen, "shop/backupstoragelocation/far");
        CHECK(far.evidence.empty() == far.failure.has_value());
        return far.failure ? far.failure->detail : std::string{};
    };
    CHECK(why_unknown("6h0m0s", "21T15:01:00").empty());
    CHECK(why_unknown("6h0m0s", "21T14:59:00") == "Velero has not looked whether it is available for 12h");
    CHECK(why_unknown("30s", "22T02:01:00").empty());
    for (const char* usual : {"", "30s", "-1s", "often"}) {
        CAPTURE(usual);
        CHECK(why_unknown(usual, "22T01:59:00") == "Velero has not looked whether it is available for 1h");
    }
    // What it said before that was switched off is old, and what it says of one that it never saw is nothing.
    for (const char* looked : {"22T02:59:00", ""}) {
        CAPTURE(looked);
        CHECK(why_unknown("0s", looked) ==
              "Velero is told never to look whether it is available\nhint: give it a spec.validationFrequency other "
              "than 0");
    }
    CHECK(why_unknown("6h0m0s", "") == "Velero never looked whether it is available");
}

TEST_CASE("a cluster may have none of Velero's volumes, but whoever may not list them knows nothing of them") {
    KubeApi api;
    api.objects["backups"] = {object("a", R"("status": {"phase": "Completed", "startTimestamp": "2026-11-22T01:00:00Z",
        "completionTimestamp": "2026-11-22T01:10:00Z"})")};
    api.refused["podvolumebackups"] = {404, "404 page not found"};
    const Collected without = api.look(watching({"velero"}));
    CHECK_FALSE(subject(without, "apiserver").failure);
    CHECK(without->complete);
    api.refused["podvolumebackups"] = {403, "{}"};
    CHECK(subject(api.look(watching({"velero"})), "apiserver").failure->kind == FailureKind::refused);
}

TEST_CASE("a restore has passed only when it is Completed without an error and restored something") {
    KubeApi api;
    struct Row {
        std::string phase;
        std::string more;
        ExerciseOutcome outcome;
        std::string message;
    };
    constexpr auto kFailed = ExerciseOutcome::failed;
    constexpr auto kStarted = ExerciseOutcome::started;
    constexpr auto kPassed = ExerciseOutcome::passed;
    const std::vector<Row> rows{
        {"FailedValidation", R"("validationErrors": ["no completed backups found for schedule"])", kFailed,
         "FailedValidation, 0 errors: no completed backups found for schedule"},
        {"Failed", R"("failureReason": "error downloading backup")", kFailed,
         "Failed, 0 errors: error downloading backup"},
        {"PartiallyFailed", R"("errors": 2, "warnings": 1)", kFailed, "PartiallyFailed, 2 errors"},
        {"Completed", R"("errors": 2)", kFailed, "Completed, 2 errors"},
        {"Completed", R"("restoreItemOperationsFailed": 1)", kFailed, "Completed, 0 errors, 1 operations failed"},
        {"Completed", R"("progress": {})", kFailed, "Completed, 0 errors, nothing was restored"},
        {"", R"("progress": {})", kStarted, "New"},
        {"New", R"("errors": 0)", kStarted, "New"},
        {"InProgress", R"("progress": {"totalItems": 9})", kStarted, "InProgress"},
        {"WaitingForPluginOperations", R"("errors": 0)", kStarted, "WaitingForPluginOperations"},
        {"WaitingForPluginOperationsPartiallyFailed", R"("errors": 1)", kStarted,
         "WaitingForPluginOperationsPartiallyFailed"},
        {"Finalizing", R"("errors": 0)", kStarted, "Finalizing"},
        {"FinalizingPartiallyFailed", R"("errors": 1)", kStarted, "FinalizingPartiallyFailed"},
        {"Completed", R"("warnings": 3)", kPassed, "3 warnings: not all may be as it was backed up"},
        {"Completed", R"("progress": {"totalItems": 9, "itemsRestored": 9})", kPassed, ""},
        {"Completed", R"("errors": 0)", kPassed, ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.phase, row.more);
        const std::string ended = row.outcome == kStarted ? "" : R"(, "completionTimestamp": "2026-11-22T02:10:00Z")";
        api.objects["restores"] = {
            restore("a", R"("backupName": "x")",
                    fmt::format(R"("phase": "{}", "startTimestamp": "2026-11-22T02:00:00Z", {}{})", row.phase, row.more,
                                ended))};
        const Collected seen = api.look(watching({"velero"}));
        const auto all = exercises(subject(seen, "shop/backup"));
        REQUIRE(all.size() == 1);
        CHECK(all[0].exercise == "restore-test");
        CHECK(all[0].outcome == row.outcome);
        CHECK(all[0].message == row.message);
        CHECK(all[0].started_at == test::kStart - std::chrono::hours{1});
        CHECK(all[0].ended_at.has_value() == (row.outcome != kStarted));
    }
}

TEST_CASE(
    "a restore that warned proves that it was listed, unless it was into other namespaces or somebody says more") {
    KubeApi api;
    const auto depth = [&](const std::string& status, const std::string& spec = {}, const std::string& metadata = {},
                           const core::config::Table& more = {}) {
        api.objects["restores"] = {restore("a", R"("backupName": "x")" + spec,
                                           R"("phase": "Completed", "startTimestamp": "2026-11-22T02:00:00Z",
                       "completionTimestamp": "2026-11-22T02:10:00Z")" +
                                               status,
                                           metadata)};
        auto table = watching({"velero"});
        table.insert(table.end(), more.begin(), more.end());
        return exercises(subject(api.look(table), "shop/backup")).at(0).depth;
    };
    const std::string warned = R"(, "warnings": 3)";
    CHECK(depth("") == core::Depth::restored);
    CHECK(depth(warned) == core::Depth::listed);
    CHECK(depth(warned, R"(, "namespaceMapping": {})") == core::Depth::listed);
    CHECK(depth(warned, R"(, "namespaceMapping": {"shop": "test"})") == core::Depth::restored);
    CHECK(depth(warned, {}, R"(, "annotations": {"recoverd/depth": "queried"})") == core::Depth::queried);
    CHECK(depth(warned, {}, {}, {text("depth", "restored")}) == core::Depth::restored);
}

TEST_CASE("of two restores that ended in the same second the one that failed counts") {
    KubeApi api;
    const auto ended = [](const std::string& name, const std::string& phase) {
        return restore(name, R"("backupName": "x")",
                       fmt::format(R"("phase": "{}", "startTimestamp": "2026-11-22T02:00:00Z",
                       "completionTimestamp": "2026-11-22T02:10:00Z")",
                                   phase));
    };
    const std::string good = ended("good", "Completed");
    const std::string bad = ended("bad", "Failed");
    for (const auto& both : {std::vector<std::string>{good, bad}, std::vector<std::string>{bad, good}}) {
        api.objects["restores"] = both;
        const Collected seen = api.look(watching({"velero"}));
        CHECK(exercises(subject(seen, "shop/backup")).at(0).outcome == core::ExerciseOutcome::failed);
    }
}

TEST_CASE("a restore that was refused, or that nobody takes up, is as old as it may be") {
    KubeApi api;
    const auto made = test::kStart - std::chrono::minutes{61};
    api.objects["restores"] = {restore("a", R"("backupName": "x")", R"("phase": "FailedValidation")"),
                               restore("b", R"("backupName": "x")", "")};
    const Collected seen = api.look(watching({"velero"}));
    const auto all = exercises(subject(seen, "shop/backup"));
    REQUIRE(all.size() == 2);
    CHECK(all[0].ended_at == made);
    CHECK(all[1].outcome == ExerciseOutcome::started);
    CHECK(all[1].started_at == made);
}

TEST_CASE("restores are told of the series that their backup is in, the newest of each that they stand for") {
    KubeApi api;
    const auto backup = [](const std::string& name, const std::string& metadata) {
        return object(name, R"("status": {"phase": "Completed", "startTimestamp": "2026-11-22T01:00:00Z"})", metadata);
    };
    api.objects["backups"] = {backup("n1", R"(, "labels": {"velero.io/schedule-name": "nightly"})"),
                              backup("by-hand", "")};
    const std::string drill = R"(, "annotations": {"recoverd/exercise": "dr-drill", "recoverd/depth": "queried"})";
    api.objects["restores"] = {restored("old", R"("backupName": "n1")", 1),
                               restored("of-schedule", R"("backupName": "n0", "scheduleName": "nightly")", 2),
                               restored("drill", R"("backupName": "n1")", 1, drill),
                               restored("mine", R"("backupName": "by-hand")", 1),
                               restored("gone", R"("backupName": "deleted")", 2)};
    Collected seen = api.look(watching({"velero"}));
    CHECK(told(seen, "shop/schedule/nightly") ==
          std::vector<std::string>{"uid-drill dr-drill", "uid-of-schedule restore-test"});
    CHECK(exercises(subject(seen, "shop/schedule/nightly")).at(0).depth == core::Depth::queried);
    CHECK(told(seen, "shop/backup") == std::vector<std::string>{"uid-gone restore-test"});
    auto named = watching({"velero"});
    named.push_back(text("exercise", "restore-shop"));
    CHECK(told(api.look(named), "shop/backup") == std::vector<std::string>{"uid-gone restore-shop"});
    // Without the backups only those are told that name their schedule.
    api.refused = {{"backups", {403, "{}"}}};
    seen = api.look(watching({"velero"}));
    CHECK(told(seen, "shop/schedule/nightly") == std::vector<std::string>{"uid-of-schedule restore-test"});
    CHECK_THROWS(subject(seen, "shop/backup"));
    api.refused = {{"restores", {403, "{}"}}};
    seen = api.look(watching({"velero"}));
    CHECK_FALSE(seen->complete);
    CHECK(test::points(seen, "shop/schedule/nightly").count == 1);
    CHECK(exercises(subject(seen, "shop/schedule/nightly")).empty());
}
