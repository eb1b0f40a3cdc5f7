// SPDX-License-Identifier: Apache-2.0
// Which of Velero's backups are a series, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

using namespace recoverd;
using namespace recoverd::collectors;
using test::KubeApi;
using test::subject;
using test::kube::object;
using test::kube::watching;

namespace {

bool tells_points(const core::SubjectReport& report) {
    return std::ranges::any_of(report.evidence,
                               [](const Evidence& one) { return std::holds_alternative<core::RecoveryPoints>(one); });
}

std::string backup(const std::string& name, const std::string& clock, const std::string& location,
                   const std::string& phase = "Completed", const std::string& made = "00:59") {
    return object(name,
                  fmt::format(R"("spec": {{"storageLocation": "{}"}},
                                 "status": {{"phase": "{}", "startTimestamp": "2026-11-22T{}:00Z"}})",
                              location, phase, clock),
                  fmt::format(R"(, "creationTimestamp": "2026-11-22T{}:00Z",
                                 "labels": {{"velero.io/schedule-name": "nightly"}})",
                              made));
}

std::string location(const std::string& name, const std::string& phase, const std::string& spec = {}) {
    return object(name, fmt::format(R"("spec": {{{}}}, "status": {{"phase": "{}",
                                       "lastValidationTime": "2026-11-22T02:59:00Z"}})",
                                    spec, phase));
}

constexpr const char* kNightly = "shop/schedule/nightly";

} // namespace

TEST_CASE("a backup of Velero that was made by hand is no series beside a Schedule of its namespace") {
    KubeApi api;
    api.objects["backups"] = {object("by-hand", R"("status": {"phase": "Completed",
        "startTimestamp": "2026-11-22T01:00:00Z"})")};
    api.objects["restores"] = {object("mine", R"("spec": {"backupName": "by-hand"},
        "status": {"phase": "Completed", "completionTimestamp": "2026-11-22T02:10:00Z"})")};
    Collected seen = api.look(watching({"velero"}));
    CHECK(test::points(seen, "shop/backup").count == 1);
    CHECK_FALSE(subject(seen, "shop/backup").passing);
    // Not known is not told.
    api.refused = {{"schedules", {403, "{}"}}};
    seen = api.look(watching({"velero"}));
    CHECK_FALSE(tells_points(subject(seen, "shop/backup")));
    CHECK(subject(seen, "shop/backup").failure);
    api.refused.clear();
    // Of that name, too.
    api.objects["schedules"] = {object("backup", R"("spec": {}, "status": {"phase": "Enabled"})")};
    seen = api.look(watching({"velero"}));
    CHECK(test::points(seen, "shop/schedule/backup").count == 0);
    CHECK_FALSE(subject(seen, "shop/schedule/backup").passing);
    CHECK_FALSE(tells_points(subject(seen, "shop/backup")));
    CHECK(test::kube::exercises(subject(seen, "shop/backup")).size() == 1);
    CHECK(subject(seen, "shop/backup").passing);
    // What was a series before the Schedule came is not gone.
    api.objects["restores"].clear();
    seen = api.look(watching({"velero"}));
    CHECK(subject(seen, "shop/backup").passing);
    CHECK_FALSE(tells_points(subject(seen, "shop/backup")));
    api.objects["backups"].clear();
    CHECK_THROWS(subject(api.look(watching({"velero"})), "shop/backup"));
}

TEST_CASE("what lies in a location of Velero that is not Available is out of reach, and nobody knows how good it is") {
    KubeApi api;
    api.objects["schedules"] = {object("nightly", R"("spec": {}, "status": {"phase": "Enabled"})")};
    api.objects["backupstoragelocations"] = {location("near", "Available"), location("far", "Unavailable")};
    api.objects["backups"] = {backup("a", "01:00", "near"), backup("b", "02:00", "far")};
    Collected seen = api.look(watching({"velero"}));
    REQUIRE(subject(seen, kNightly).failure);
    CHECK(subject(seen, kNightly).failure->kind == FailureKind::unreachable);
    CHECK(subject(seen, kNightly).failure->detail == "its backups are in shop/far, which is Unavailable");
    CHECK_FALSE(tells_points(subject(seen, kNightly)));
    // Whether it is paused is known all the same.
    CHECK(test::kube::state(subject(seen, kNightly), "paused") == core::AssertionState::holds);
    CHECK(seen->complete);
    // The newest one that is good decides.
    for (const auto& newest : {backup("c", "02:30", "near"), backup("b", "02:00", "far", "PartiallyFailed"),
                               backup("b", "02:00", "unheard"), backup("b", "02:00", "")}) {
        CAPTURE(newest);
        api.objects["backups"] = {backup("a", "01:00", "near"), newest};
        seen = api.look(watching({"velero"}));
        CHECK_FALSE(subject(seen, kNightly).failure);
        CHECK(test::points(seen, kNightly).count == 2);
    }
    // That the locations cannot be listed makes nothing well.
    api.refused["backupstoragelocations"] = {403, "{}"};
    CHECK(subject(api.look(watching({"velero"})), kNightly).failure->kind == FailureKind::refused);
}

TEST_CASE("where selected backups are, or will be put, is looked at, and no other location") {
    KubeApi api;
    api.objects["backupstoragelocations"] = {location("default", "Available"), location("near", "Unavailable"),
                                             location("other", "Unavailable")};
    api.objects["backups"] = {backup("a", "01:00", "near")};
    api.objects["schedules"] = {object("nightly", R"("spec": {}, "status": {"phase": "Enabled"})")};
    core::config::Table selecting = watching({"velero"});
    CHECK_FALSE(subject(api.look(selecting), "shop/backupstoragelocation/other").passing);
    selecting.push_back(test::text("selector", "team=shop"));
    api.world.asked.clear();
    const Collected seen = api.look(selecting);
    for (const std::string& url : api.world.asked)
        CHECK_FALSE((url.contains("/backupstoragelocations") && url.contains("labelSelector")));
    CHECK(subject(seen, kNightly).failure->detail == "its backups are in shop/near, which is Unavailable");
    CHECK(subject(seen, "shop/backupstoragelocation/near").passing);
    CHECK(test::has_subject(seen, "shop/backupstoragelocation/default"));
    CHECK_FALSE(test::has_subject(seen, "shop/backupstoragelocation/other"));
    // Deleted while a backup is in it.
    api.objects["backupstoragelocations"] = {location("default", "Available")};
    const Collected deleted = api.look(selecting);
    CHECK(subject(deleted, "shop/backupstoragelocation/near").failure->detail ==
          "backups or schedules that are selected name it, and it is not there");
    // Whoever may not list them knows of none that is missing.
    api.refused["backupstoragelocations"] = {403, "{}"};
    CHECK_FALSE(test::has_subject(api.look(selecting), "shop/backupstoragelocation/near"));
}

TEST_CASE("what another cluster made under the same Schedule's name lies elsewhere, and is a series of its own") {
    KubeApi api;
    constexpr const char* kOther = "shop/schedule/nightly@other";
    const auto schedule = [](const std::string& spec) {
        return object("nightly", fmt::format(R"("spec": {{{}}}, "status": {{"phase": "Enabled"}})", spec));
    };
    const std::string named = R"("template": {"storageLocation": "own"})";
    const std::string is_default = R"("default": true)";
    api.objects["backups"] = {backup("old", "01:00", "own"), backup("new", "02:00", "other", "Completed", "02:30"),
                              backup("refused", "02:30", "", "FailedValidation")};
    api.objects["restores"] = {object("r", R"("spec": {"backupName": "new", "scheduleName": "nightly"},
        "status": {"phase": "Completed", "completionTimestamp": "2026-11-22T02:10:00Z"})")};
    const auto look = [&](const std::string& spec, const std::vector<std::string>& locations) {
        api.objects["schedules"] = {schedule(spec)};
        api.objects["backupstoragelocations"] = locations;
        return api.look(watching({"velero"}));
    };
    const std::string other = location("other", "Available");
    for (const Collected& seen : {look(named, {location("own", "Available"), other}), look(named, {}),
                                  look("", {location("own", "Available", is_default), other})}) {
        REQUIRE(test::points(seen, kNightly).points.size() == 1);
        CHECK(test::points(seen, kNightly).points[0].id == "old");
        // Where it would have been put nobody knows.
        CHECK(test::points(seen, kNightly).jobs.size() == 1);
        REQUIRE(test::points(seen, kOther).points.size() == 1);
        CHECK(test::points(seen, kOther).points[0].id == "new");
        // What it proves it proves of the other one.
        CHECK(test::kube::exercises(subject(seen, kOther)).size() == 1);
        CHECK(test::kube::exercises(subject(seen, kNightly)).empty());
    }
    // Which is the Schedule's own is not known.
    CHECK(test::points(look("", {location("own", "Available"), other}), kNightly).count == 2);
    // Unless one has the name that is taken otherwise.
    api.objects["backups"][0] = backup("old", "01:00", "own", "Completed", "02:30");
    const Collected by_name = look("", {location("default", "Available"), other});
    CHECK(test::points(by_name, kNightly).points.empty());
    CHECK(test::points(by_name, "shop/schedule/nightly@own").count == 1);
    // What was made here stays its own, wherever it puts the next ones.
    api.objects["backups"] = {backup("old", "01:00", "own"), backup("new", "02:00", "other", "Completed", "02:30")};
    const Collected moved = look(R"("template": {"storageLocation": "next"})", {});
    REQUIRE(test::points(moved, kNightly).points.size() == 1);
    CHECK(test::points(moved, kNightly).points[0].id == "old");
    CHECK(test::points(moved, kOther).points.size() == 1);
    // No Schedule says where it puts its own.
    api.objects["schedules"].clear();
    CHECK(test::points(api.look(watching({"velero"})), kNightly).count == 2);
}
