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
    api.objects["restores"].clear();
    CHECK_THROWS(subject(api.look(watching({"velero"})), "shop/backup"));
}
