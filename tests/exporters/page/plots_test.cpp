// SPDX-License-Identifier: Apache-2.0
// The small plots of an asset's backups.
#include "core/rules/points.hpp"
#include "exporters/page/plots.hpp"
#include "tests/exporters/support/snapshots.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::exporters::page;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string plotted(const Backups& backups) {
    std::string out;
    write_plots(out, backups, test::kNow);
    return out;
}

std::size_t limits_in(const std::string& picture) {
    std::size_t count = 0;
    for (auto at = picture.find("\"limit\""); at != std::string::npos; at = picture.find("\"limit\"", at + 1))
        ++count;
    return count;
}

const Backups kFour{.marks = {{test::kNow - 4h, 1'000'000},
                              {test::kNow - 3h, 1'000'000},
                              {test::kNow - 2h, 1'000'000},
                              {test::kNow - 1h, 400'000}}};

} // namespace

TEST_CASE("from where on a backup is too old, and of which size it is usual, is drawn in and said") {
    Backups backups = kFour;
    CHECK(limits_in(plotted(backups)) == 0);
    backups.threshold = 2h;
    CHECK(limits_in(plotted(backups)) == 1);
    backups.usual = {500'000, 1'500'000};
    const std::string picture = plotted(backups);
    CHECK(limits_in(picture) == 3);
    CHECK_THAT(picture,
               ContainsSubstring("Age (too old from 2h, dashed) and size (usual from 488.3KiB to 1.4MiB, dashed)") &&
                   ContainsSubstring("the newest 390.6KiB, usual are 488.3KiB to 1.4MiB"));
}

TEST_CASE("what is usual is within the threshold of the median of what came before") {
    core::Snapshot snapshot = test::sample_snapshot();
    core::CheckSnapshot check = snapshot.checks[0];
    core::RecoveryPoints points{.method = "file"};
    core::CheckMemory& memory = test::memory_of(check);
    core::SubjectMemory& seen = memory.subjects[""];
    seen.past_points.clear();
    for (const BackupMark& mark : kFour.marks) {
        core::RecoveryPoint point;
        point.id = std::to_string(points.points.size());
        point.data_at = point.ended_at = mark.at;
        point.size_bytes = mark.bytes;
        points.points.push_back(point);
        seen.past_points.push_back({.method = "file", .ended_at = mark.at, .size_bytes = mark.bytes});
    }
    seen.evidence = std::make_shared<core::EvidenceList>(core::EvidenceList{points});
    memory.subjects = {{"", seen}};
    check.subject_assets = {"orders-db"};
    core::Check configured = *check.check;
    configured.brings = {core::EvidenceKind::recovery_points};
    check.check = std::make_shared<const core::Check>(std::move(configured));
    snapshot.checks.set(0, std::make_shared<const core::CheckSnapshot>(std::move(check)));
    const BackupsByAsset all = backups_by_asset(snapshot);
    const Backups& found = backups_of(all, "orders-db");
    REQUIRE(found.usual);
    CHECK(found.usual->first == 500'000);
    CHECK(found.usual->second == 1'500'000);
}
