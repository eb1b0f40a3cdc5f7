// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/guide_rows.hpp"

#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::core;
using std::chrono::days;

namespace recoverd {

test::Sight test::reachable(ReachState state) {
    return [=](Time) -> std::vector<Evidence> {
        return {Reachability{.target = "target", .state = state, .detail = "as it is"}};
    };
}

test::Sight test::measured(std::string name, double value, double above) {
    return [=](Time) -> std::vector<Evidence> { return {Measurement{.name = name, .value = value, .above = above}}; };
}

test::Sight test::graded(std::string name, std::string expected, std::string actual, Priority priority) {
    return [=](Time) -> std::vector<Evidence> {
        return {Assertions{{{.name = name, .expected = expected, .actual = actual, .priority = priority}}}};
    };
}

test::Sight test::canary(bool written) {
    const std::string well = "written and read back";
    return graded("canary", well, written ? well : "no answer", Priority::p1);
}

} // namespace recoverd

namespace {

using test::canary;
using test::graded;
using test::measured;
using test::reachable;
using test::Row;
using test::Sight;

RecoveryPoint point(Time at, std::uint64_t size, PointState state = PointState::good) {
    RecoveryPoint made = fleet::point(at, size);
    made.state = state;
    return made;
}

RecoveryPoints points(Time now, std::vector<Duration> ages) {
    RecoveryPoints made;
    made.method = "aiven";
    for (const Duration age : ages)
        made.points.push_back(point(now - age, 1'000'000'000));
    made.count = made.points.size();
    if (!made.points.empty())
        made.oldest_at = made.points.front().data_at;
    return made;
}

std::vector<Evidence> backups(Time now) { return {points(now, {4h, 3h, 2h, 1h, 1min})}; }
std::vector<Evidence> no_backups(Time now) { return {points(now, {})}; }
std::vector<Evidence> only_today(Time now) { return {points(now, {2h, 1h, 1min})}; }
std::vector<Evidence> half_empty(Time now) {
    RecoveryPoints seen = points(now, {8h, 7h, 6h, 5h, 4h, 3h, 2h, 1h});
    // One and the same at every look: three of them would be a new usual size.
    seen.points.push_back(point(fleet::kNow + 6min, 400'000'000));
    ++seen.count;
    return {seen};
}
Sight snapshot(Told encrypted) {
    return [=](Time now) -> std::vector<Evidence> {
        RecoveryPoints seen = points(now, {1min});
        seen.points.back().encrypted = encrypted;
        return {seen};
    };
}
std::vector<Evidence> a_failed_job(Time now) {
    RecoveryPoints seen = points(now, {4h, 3h, 2h, 1h});
    seen.jobs.push_back({JobState::failed, "full", now - 2min, now - 1min, "no space left"});
    return {seen};
}
std::vector<Evidence> a_damaged_one(Time now) {
    RecoveryPoints seen = points(now, {2h});
    seen.points.push_back(point(now - 1min, 1'000'000'000, PointState::bad));
    ++seen.count;
    return {seen};
}

Sight log(Duration window, Duration behind) {
    return [=](Time now) -> std::vector<Evidence> {
        LogArchive seen;
        seen.enabled = Told::yes;
        seen.oldest_at = now - window;
        seen.newest_at = now - behind;
        seen.pending = told(behind > 0ms);
        return {seen};
    };
}

Sight assertion(std::string name, std::string expected, std::string actual, Compare compare = Compare::equal) {
    return [=](Time) -> std::vector<Evidence> {
        return {Assertions{{{.name = name, .expected = expected, .actual = actual, .compare = compare}}}};
    };
}

/// A hash over the rows of a table.
Sight content(std::string hash) {
    return [=](Time) -> std::vector<Evidence> { return {Fingerprint{.name = "content", .value = hash}}; };
}

Sight certificate(Duration left) {
    return [=](Time now) -> std::vector<Evidence> {
        return {Reachability{.target = "target",
                             .certificate = Certificate{now - days{60}, now + left, {}, {}, "CN=orders"}}};
    };
}

Sight follower(FollowerState state) {
    return [=](Time) -> std::vector<Evidence> {
        Replication seen;
        seen.role = "primary";
        seen.followers.push_back({.name = "second", .state = state, .expected = true});
        return {seen};
    };
}

Sight exercise(std::string name, ExerciseOutcome outcome, Depth depth = Depth::queried, Duration took = 1min) {
    return [=](Time now) -> std::vector<Evidence> {
        Exercise seen;
        seen.id = fmt::format("{} at {}", name, to_unix_seconds(now));
        seen.exercise = name;
        seen.outcome = outcome;
        seen.started_at = now - took;
        seen.ended_at = now;
        seen.depth = depth;
        return {seen};
    };
}

/// Of an exercise that is nothing but due again and again: it passed once, and then nobody heard of it.
Row due(std::string_view id, std::string_view asset, std::string_view name, Duration cadence) {
    return {.id = id,
            .from = asset,
            .well = exercise(std::string{name}, ExerciseOutcome::passed),
            .later = cadence * 5 / 4 + 1min,
            .alert = "P3 ExerciseOverdue",
            .exercise = name};
}

/// Of one that has so long: it passed, but not within that.
Row timed(std::string_view id, std::string_view asset, std::string_view name, Duration planned) {
    return {.id = id,
            .from = asset,
            .well = exercise(std::string{name}, ExerciseOutcome::passed, Depth::queried, planned - 1min),
            .ill = exercise(std::string{name}, ExerciseOutcome::passed, Depth::queried, planned + 1min),
            .later = 1h,
            .alert = "P3 ExerciseTooLong",
            .exercise = name};
}

/// Six bad looks, a minute between them: the scenario fires, and one of a few minutes is over its RTO, too.
Row scenario(std::string_view id, std::string_view name, std::string_view checks, Sight well, Sight ill,
             std::string_view alert, std::string_view subject = "main") {
    return {.id = id,
            .from = checks,
            .well = std::move(well),
            .ill = std::move(ill),
            .later = 1min,
            .alert = alert,
            .scenario = name,
            .subject = subject};
}

const auto kUp = reachable(ReachState::up);
const auto kDown = reachable(ReachState::down);
const auto kFollows = follower(FollowerState::streaming);
const auto kGone = follower(FollowerState::missing);
const auto kPassed = exercise("restore-test", ExerciseOutcome::passed);

const std::vector<Row> kRows{
    {"FM4", "postgresql", kUp, kDown, 1min, "P2 EndpointDown"},
    {"FM5", "kafka", kUp, kDown, 1min, "P2 EndpointDown"},
    {"FM6", "valkey-port", kUp, kDown, 1min, "P2 EndpointDown"},
    scenario("FM3", "az", "zone-a", kUp, kDown, "P2 ScenarioActive"),
    scenario("FM7", "region", "zone-a zone-b zone-c", kUp, kDown, "P1 ScenarioActive"),
    scenario("RR3", "az", "zone-b", kUp, kDown, "P1 RtoExceeded"),
    scenario("FM5", "broker", "kafka", kFollows, kGone, "P2 ScenarioActive"),
    scenario("FM4", "db-primary", "postgresql-canary", canary(true), canary(false), "P1 RtoExceeded"),
    scenario("RR4", "db-primary", "postgresql-port", kUp, kDown, "P1 RtoExceeded"),
    scenario("RR5", "region", "zone-a zone-b zone-c", kUp, kDown, "P1 ScenarioActive"),
    scenario("RL7", "consumer-lag", "kafka", measured("lag", 10, 100'000), measured("lag", 200'000, 100'000),
             "P2 RtoExceeded"),
    scenario("RL7", "certificate", "mesh-certificate", certificate(days{60}), certificate(days{3}), "P2 ScenarioActive",
             ""),
    {"HC2", "metrics-flow", measured("age", 10, 300), measured("age", 400, 300), 1min, "P2 MeasurementOutOfRange"},
    {"HC3", "logs-flow", measured("age", 10, 600), measured("age", 700, 600), 1min, "P2 MeasurementOutOfRange"},
    {"HC4", "traces-flow", measured("age", 10, 1800), measured("age", 1900, 1800), 1min, "P3 MeasurementOutOfRange"},
    {"HC5", "checkout", kUp, kDown, 1min, "P1 EndpointDown"},
    {"HC6", "error-rate", measured("value", 0.001, 0.01), measured("value", 0.2, 0.01), 1min,
     "P2 MeasurementOutOfRange"},
    {.id = "DV1",
     .from = "postgresql-canary",
     .well = graded("checksum_failures", "0", "0", Priority::p1),
     .ill = graded("checksum_failures", "0", "2", Priority::p1),
     .later = 1min,
     .alert = "P1 AssertionFailed",
     .subject = ""},
    {.id = "DV1",
     .from = "postgresql-data",
     .well = graded("verify_heapam", "sound", "sound", Priority::p1),
     .ill = graded("verify_heapam", "sound", "damaged", Priority::p1),
     .later = 1min,
     .alert = "P1 AssertionFailed",
     .subject = "public.orders"},
    {.id = "DV1",
     .from = "postgresql-data",
     .well = content("5d41402abc4b2a76"),
     .ill = content("7d793037a0760186"),
     .later = 1min,
     .alert = "P1 AssertionFailed",
     .subject = "public.orders_2025"},
    {.id = "DV2",
     .from = "postgresql-rows",
     .well = graded("row_count", "100", "100", Priority::p2),
     .ill = graded("row_count", "100", "12", Priority::p2),
     .later = 1min,
     .alert = "P2 AssertionFailed",
     .subject = "public.orders"},
    {.id = "DV3",
     .from = "postgresql-rows",
     .well = graded("orphans", "0", "0", Priority::p2),
     .ill = graded("orphans", "0", "1", Priority::p2),
     .later = 1min,
     .alert = "P2 AssertionFailed",
     .subject = "public.payments.payments_order_fkey"},
    {.id = "DV4",
     .from = "postgresql-canary",
     .well = canary(true),
     .ill = canary(false),
     .later = 1min,
     .alert = "P1 AssertionFailed",
     .subject = ""},
    {"BM1", "postgresql", backups, no_backups, 1min, "P1 BackupMissing"},
    {"BM1", "postgresql", backups, only_today, days{9}, "P3 BackupRetentionShort"},
    {"BM2", "postgresql", log(24h, 0ms), log(2h, 0ms), days{3}, "P3 PitrWindowShort"},
    {"BM3", "kafka", assertion("retention.ms", "604800000", "604800000", Compare::at_least),
     assertion("retention.ms", "604800000", "3600000", Compare::at_least), 1min, "P2 AssertionFailed"},
    {"BM4", "valkey", backups, a_failed_job, 1min, "P2 BackupFailed"},
    {"BM4", "valkey-backups", backups, only_today, days{2}, "P3 BackupRetentionShort"},
    {"BM7", "vault", kUp, kDown, 1min, "P2 EndpointDown"},
    {"BM7", "vault", kFollows, kGone, 1min, "P2 ReplicaMissing"},
    {"BM7", "vault-snapshots", snapshot(Told::yes), snapshot(Told::no), 1min, "P2 AssertionFailed"},
    {"BV1", "postgresql-restore-test", kPassed, exercise("restore-test", ExerciseOutcome::failed), days{1},
     "P2 RestoreTestFailed"},
    {"BV1", "asset/postgresql", kPassed, {}, days{9}, "P2 RestoreTestOverdue"},
    {"BV2", "terraform-state", assertion("resources", "1", "40", Compare::at_least),
     assertion("resources", "1", "0", Compare::at_least), 1min, "P3 AssertionFailed"},
    {"BV3", "vault-snapshots", backups, a_damaged_one, 1min, "P2 BackupCorrupt"},
    {"BV4", "git-clone-test", exercise("clone-test", ExerciseOutcome::passed),
     exercise("clone-test", ExerciseOutcome::failed), days{1}, "P4 ExerciseFailed"},
    {"BV4",
     "asset/git",
     exercise("clone-test", ExerciseOutcome::passed),
     {},
     days{38},
     "P4 ExerciseOverdue",
     "clone-test"},
    {"MO1", "postgresql", backups, {}, 2h + 1min, "P2 BackupTooOld"},
    {"MO2", "postgresql", backups, half_empty, 1min, "P3 BackupSizeAnomaly"},
    {"MO3", "postgresql", backups, a_failed_job, 1min, "P2 BackupFailed"},
    {"MO4", "postgresql", log(24h, 0ms), log(24h, 2h), 1min, "P2 PitrLagHigh"},
    {"RL2", "postgresql", kFollows, kGone, 1min, "P2 ReplicaMissing"},
    {"RL3", "kafka", measured("lag", 10, 100'000), measured("lag", 200'000, 100'000), 1min, "P3 MeasurementOutOfRange"},
    {"RL5", "shop", kUp, kDown, 1min, "P2 EndpointDown"},
    {"RL5", "mesh-certificate", certificate(days{60}), certificate(days{3}), 1min, "P3 CertificateExpiring"},
    due("CH1", "asset/shop", "pod-kill", days{1}),
    due("CH2", "asset/shop", "network-latency", days{7}),
    {"CH2", "latency", measured("value", 0.1, 0.5), measured("value", 2, 0.5), 1min, "P3 MeasurementOutOfRange"},
    due("CH3", "asset/shop", "node-drain", days{7}),
    due("CH4", "asset/postgresql", "database-failover", days{30}),
    timed("CH4", "asset/postgresql", "database-failover", 15min),
    due("CH5", "asset/shop", "cache-flush", days{7}),
    due("CH6", "asset/shop", "zone-failure", days{90}),
    due("GD1", "asset/shop", "chaos-friday", days{7}),
    due("GD2", "asset/shop", "game-day", days{30}),
    due("GD3", "asset/shop", "dr-drill", days{90}),
    due("GD4", "asset/shop", "production-chaos", days{365}),
    timed("GD5", "asset/postgresql", "restore-test", 30min),
    due("GD6", "asset/postgresql", "failover-test", days{30}),
    timed("GD6", "asset/postgresql", "failover-test", 1h),
    timed("GD7", "asset/shop", "dr-drill", 4h),
    due("GD8", "asset/shop", "full-dr-test", days{365}),
    timed("GD8", "asset/shop", "full-dr-test", 8h),
};

} // namespace

std::span<const test::Row> recoverd::test::guide_rows() { return kRows; }
