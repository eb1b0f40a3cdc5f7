// SPDX-License-Identifier: Apache-2.0
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

TEST_CASE("a threshold is known though nobody configured one, where the check brings what it judges") {
    Check check{.name = "backup", .asset = "db", .every = 5min, .brings = {EvidenceKind::recovery_points}};
    Asset asset{.name = "db"};
    CHECK(first_threshold(check, &asset, backup_too_old) == 7'200);
    CHECK(first_threshold(check, nullptr, backup_too_old) == 7'200);
    CHECK(first_threshold(check, &asset, backup_retention_short) == std::nullopt);
    CHECK(first_threshold(check, &asset, pitr_lag_high) == std::nullopt);
    CHECK(first_threshold(check, &asset, evidence_missing) == 900);
    CHECK(first_threshold(check, &asset, backup_size_anomaly) == 0.5);
    asset.objectives.backup_every = kDay;
    asset.objectives.retention = 7 * kDay;
    CHECK(first_threshold(check, &asset, backup_too_old) == 2 * 86'400);
    CHECK(first_threshold(check, &asset, backup_retention_short) == 86'400);
    check.brings = {EvidenceKind::log_archive};
    check.every = Duration{0};
    CHECK(first_threshold(check, &asset, pitr_lag_high) == 3'600);
    CHECK(first_threshold(check, &asset, wal_archiving_failing) == 300);
    CHECK(first_threshold(check, &asset, evidence_missing) == std::nullopt);
    // As much shorter as it may be.
    CHECK(first_threshold(check, &asset, pitr_window_short) == 43'200);
    asset.objectives.pitr_window = 7 * kDay;
    CHECK(first_threshold(check, &asset, pitr_window_short) == 6 * 86'400);
}

TEST_CASE("of several steps the lowest is where it begins to be bad, and none is when it is off") {
    Check check{.name = "backup", .asset = "db", .brings = {EvidenceKind::recovery_points}};
    const Asset asset{.name = "db"};
    check.policy[backup_too_old].steps = {{.over = 9e3}, {.over = 5e3}, {.over = 1.0, .backup_type = "full"}};
    CHECK(first_threshold(check, &asset, backup_too_old) == 5e3);
    check.policy[backup_too_old].steps = {{.over = 1.0, .backup_type = "full"}};
    CHECK(first_threshold(check, &asset, backup_too_old) == 7'200);
    check.policy[backup_too_old].enabled = false;
    CHECK(first_threshold(check, &asset, backup_too_old) == std::nullopt);
}

TEST_CASE("of two steps of one priority the lower one is told, in whatever order they stand") {
    for (const auto& steps : {std::vector<Step>{{.over = 3'600.0}, {.over = 7'200.0}},
                              std::vector<Step>{{.over = 7'200.0}, {.over = 3'600.0}}}) {
        Policy policy;
        policy[backup_too_old].steps = steps;
        Judgement out;
        const auto over = crossed(thresholds(policy, backup_too_old, 0), Time{}, Time{3h}, out);
        REQUIRE(over);
        CHECK(over->over == 3'600.0);
    }
}

TEST_CASE("a duration is told as exactly as its length deserves") {
    CHECK(in_words(500ms) == "500ms");
    CHECK(in_words(1s) == "1s");
    CHECK(in_words(1500ms) == "1s");
    CHECK(in_words(90s) == "1m30s");
    CHECK(in_words(10min + 1s) == "10m");
    CHECK(in_words(47h + 59min) == "1d23h59m");
    CHECK(in_words(2 * kDay + 59min) == "2d");
}

TEST_CASE("for a subject of another asset that asset's policy counts, under the check's own") {
    Check check{.name = "backup", .asset = "{subject}", .brings = {EvidenceKind::recovery_points}};
    Asset asset{.name = "db"};
    asset.policy[backup_too_old].steps = {{.over = 100.0}};
    CHECK(first_threshold(check, &asset, backup_too_old) == 100);
    check.own_policy[backup_too_old].steps = {{.over = 50.0}};
    CHECK(first_threshold(check, &asset, backup_too_old) == 50);
}

} // namespace recoverd::core
