// SPDX-License-Identifier: Apache-2.0
// Velero's objects, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

using namespace recoverd;
using namespace recoverd::collectors;
using core::AssertionState;
using core::PointState;
using core::ReachState;
using test::evidence;
using test::KubeApi;
using test::subject;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

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
        backup("a", "Completed"),
        backup("b", "PartiallyFailed", R"(, "errors": 3)"),
        backup("c", "WaitingForPluginOperations"),
        backup("d", "FailedValidation"),
        backup("e", "InProgress"),
        backup("f", "Completed", R"(, "csiVolumeSnapshotsAttempted": 2, "csiVolumeSnapshotsCompleted": 1)")};
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
    CHECK(states ==
          std::map<std::string, PointState>{
              {"a", PointState::good}, {"b", PointState::bad}, {"c", PointState::incomplete}, {"f", PointState::bad}});
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
