// SPDX-License-Identifier: Apache-2.0
// packaging/config/resilience-guide.toml: behind each row of the guide that it names stands a rule that fires, with the
// priority that the guide asks for, and that is silent while all is well.
#include "agent/config/load.hpp"
#include "core/engine/engine.hpp"
#include "tests/core/engine/fleet.hpp"
#include "tests/places.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

using namespace recoverd;
using namespace recoverd::core;
using std::chrono::days;

namespace {

const std::filesystem::path kGuide = test::source_folder() / "packaging/config/resilience-guide.toml";

/// What a check sees of its subject at a moment.
using Sight = std::function<std::vector<Evidence>(Time)>;

struct Row {
    std::string_view id;
    /// The check that sees it, or "asset/" with the asset whose exercise it is, or of which the alert is.
    std::string_view from;
    Sight well;
    Sight ill;
    /// Between the last good look and the bad one. Without `ill`, silence alone is what is wrong.
    Duration later;
    /// Priority and name of the alert.
    std::string_view alert;
    /// Of exercises.
    std::string_view exercise = {};
    /// Of scenarios; then `from` may name several checks, with a blank between.
    std::string_view scenario = {};
};

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

/// One that its source asks for with a priority of its own.
Sight graded(std::string name, std::string expected, std::string actual, Priority priority) {
    return [=](Time) -> std::vector<Evidence> {
        return {Assertions{{{.name = name, .expected = expected, .actual = actual, .priority = priority}}}};
    };
}

Sight reachable(ReachState state) {
    return [=](Time) -> std::vector<Evidence> {
        return {Reachability{.target = "target", .state = state, .detail = "as it is"}};
    };
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

Sight measured(double value, double above) {
    return [=](Time) -> std::vector<Evidence> { return {Measurement{.name = "lag", .value = value, .above = above}}; };
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
             std::string_view alert) {
    return {.id = id,
            .from = checks,
            .well = std::move(well),
            .ill = std::move(ill),
            .later = 1min,
            .alert = alert,
            .scenario = name};
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
    scenario("RR4", "db-primary", "postgresql-port", kUp, kDown, "P1 RtoExceeded"),
    scenario("RR5", "region", "zone-a zone-b zone-c", kUp, kDown, "P1 ScenarioActive"),
    scenario("RL7", "pool-exhausted", "postgresql-pooler", assertion("waiting", "0", "0", Compare::at_most),
             assertion("waiting", "0", "4", Compare::at_most), "P1 RtoExceeded"),
    scenario("RL7", "consumer-lag", "kafka", measured(10, 100'000), measured(200'000, 100'000), "P2 RtoExceeded"),
    scenario("RL7", "certificate", "mesh-certificate", certificate(days{60}), certificate(days{3}),
             "P2 ScenarioActive"),
    {"FM1", "workloads", kUp, kDown, 1min, "P1 EndpointDown"},
    {"FM2", "nodes", kUp, kDown, 1min, "P2 EndpointDown"},
    scenario("RR1", "pod", "workloads", kUp, kDown, "P1 RtoExceeded"),
    scenario("RR2", "node", "nodes", kUp, kDown, "P1 RtoExceeded"),
    {"RL1", "workloads", assertion("liveness_probe", "yes", "yes"), assertion("liveness_probe", "yes", "no"), 1min,
     "P2 AssertionFailed"},
    {"RL6", "deployments", kUp, kDown, 1min, "P2 EndpointDown"},
    {"HC1", "workloads", kUp, kDown, 1min, "P1 EndpointDown"},
    {"HC2", "metrics-flow", measured(10, 300), measured(400, 300), 1min, "P2 MeasurementOutOfRange"},
    {"HC3", "logs-flow", measured(10, 600), measured(700, 600), 1min, "P2 MeasurementOutOfRange"},
    {"HC4", "traces-flow", measured(10, 1800), measured(1900, 1800), 1min, "P3 MeasurementOutOfRange"},
    {"HC5", "checkout", kUp, kDown, 1min, "P1 EndpointDown"},
    {"HC6", "error-rate", measured(0.001, 0.01), measured(0.2, 0.01), 1min, "P2 MeasurementOutOfRange"},
    {"DV1", "postgresql-data", graded("checksum_failures", "0", "0", Priority::p1),
     graded("checksum_failures", "0", "2", Priority::p1), 1min, "P1 AssertionFailed"},
    {"DV2", "postgresql-data", graded("row_count", "100", "100", Priority::p2),
     graded("row_count", "100", "12", Priority::p2), 1min, "P2 AssertionFailed"},
    {"DV3", "postgresql-data", graded("orphans", "0", "0", Priority::p2), graded("orphans", "0", "1", Priority::p2),
     1min, "P2 AssertionFailed"},
    {"DV4", "postgresql-data", graded("canary", "read back", "read back", Priority::p1),
     graded("canary", "read back", "no answer", Priority::p1), 1min, "P1 AssertionFailed"},
    {"BM1", "postgresql", backups, no_backups, 1min, "P1 BackupMissing"},
    {"BM1", "postgresql", backups, only_today, days{9}, "P3 BackupRetentionShort"},
    {"BM2", "postgresql", log(24h, 0ms), log(2h, 0ms), days{3}, "P3 PitrWindowShort"},
    {"BM3", "kafka", assertion("retention.ms", "604800000", "604800000", Compare::at_least),
     assertion("retention.ms", "604800000", "3600000", Compare::at_least), 1min, "P2 AssertionFailed"},
    {"BM4", "valkey", backups, a_failed_job, 1min, "P2 BackupFailed"},
    {"BM5", "terraform-bucket", assertion("versioning", "Enabled", "Enabled"),
     assertion("versioning", "Enabled", "Suspended"), 1min, "P2 AssertionFailed"},
    {"BM6", "git-mirror", assertion("refs", "0", "0", Compare::at_most), assertion("refs", "0", "3", Compare::at_most),
     1min, "P2 AssertionFailed"},
    {"BM7", "vault", kUp, kDown, 1min, "P2 EndpointDown"},
    {"BM7", "vault", kFollows, kGone, 1min, "P2 ReplicaMissing"},
    {"BV1", "postgresql-restore-test", kPassed, exercise("restore-test", ExerciseOutcome::failed), days{1},
     "P2 RestoreTestFailed"},
    {"BV1", "asset/postgresql", kPassed, {}, days{9}, "P2 RestoreTestOverdue"},
    {"BV2", "terraform-state", assertion("resources", "1", "40", Compare::at_least),
     assertion("resources", "1", "0", Compare::at_least), 1min, "P3 AssertionFailed"},
    {"BV3", "vault-snapshots", backups, a_damaged_one, 1min, "P2 BackupCorrupt"},
    {"BV4", "git-clone-test", exercise("clone-test", ExerciseOutcome::passed),
     exercise("clone-test", ExerciseOutcome::failed), days{1}, "P4 ExerciseFailed"},
    {"MO1", "postgresql", backups, {}, 2h + 1min, "P2 BackupTooOld"},
    {"MO2", "postgresql", backups, half_empty, 1min, "P3 BackupSizeAnomaly"},
    {"MO3", "postgresql", backups, a_failed_job, 1min, "P2 BackupFailed"},
    {"MO4", "postgresql", log(24h, 0ms), log(24h, 2h), 1min, "P2 PitrLagHigh"},
    {"RL2", "postgresql-pooler", assertion("paused", "no", "no"), assertion("paused", "no", "yes"), 1min,
     "P2 AssertionFailed"},
    {"RL3", "kafka", measured(10, 100'000), measured(200'000, 100'000), 1min, "P3 MeasurementOutOfRange"},
    {"RL4", "valkey", kFollows, kGone, 1min, "P2 ReplicaMissing"},
    {"RL5", "shop", kUp, kDown, 1min, "P2 EndpointDown"},
    {"RL5", "mesh-certificate", certificate(days{60}), certificate(days{3}), 1min, "P3 CertificateExpiring"},
    {"DR1", "terraform-bucket", assertion("object_lock", "COMPLIANCE", "COMPLIANCE"),
     assertion("object_lock", "COMPLIANCE", "none"), 1min, "P2 AssertionFailed"},
    due("CH1", "asset/shop", "pod-kill", days{1}),
    due("CH2", "asset/shop", "network-latency", days{7}),
    due("CH3", "asset/shop", "node-drain", days{7}),
    due("CH4", "asset/shop", "database-failover", days{30}),
    timed("CH4", "asset/shop", "database-failover", 5min),
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

std::set<std::string, std::less<>> ids_in_file() {
    std::set<std::string, std::less<>> ids;
    std::ifstream file{kGuide};
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("# Guide: "))
            continue;
        std::istringstream words{line.substr(9)};
        for (std::string id; words >> id;)
            ids.insert(id);
    }
    return ids;
}

std::vector<std::string> checks_of(const Row& row) {
    std::istringstream words{std::string{row.from}};
    return {std::istream_iterator<std::string>{words}, {}};
}

/// An engine with the guide's configuration, and what fires for one row.
class Watch {
  public:
    Watch(const std::shared_ptr<const Config>& config, const Row& row) : row_(row) {
        engine_.configure(config, now_);
        constexpr std::string_view kAsset = "asset/";
        if (row.from.starts_with(kAsset))
            checks_ = {engine_.outcome_check(row.from.substr(kAsset.size()), row.exercise, now_)};
        else
            checks_ = checks_of(row);
    }

    /// Six looks, a minute between them: enough for whatever has to be seen in a row.
    void sees(const Sight& sight) {
        for (int looks = 0; looks < 6; ++looks) {
            for (const std::string& check : checks_)
                engine_.learn(check, fleet::report(now_, {{"main", {.node = "n1"}, sight(now_), {}}}), now_);
            engine_.advance(now_);
            fleet::pass(engine_, now_, 1min);
        }
    }
    void pass(Duration duration) { fleet::pass(engine_, now_, duration); }

    bool fires() {
        bool found = false;
        for_each_alert(engine_.snapshot(now_), [&](const Alert& alert) {
            const auto says = [&](std::string_view label) {
                const auto at = alert.labels.find(label);
                return at == alert.labels.end() ? std::string_view{} : std::string_view{at->second};
            };
            const bool ours = !row_.exercise.empty()            ? says("exercise") == row_.exercise
                              : !row_.scenario.empty()          ? says("scenario") == row_.scenario
                              : row_.from.starts_with("asset/") ? says("asset") == row_.from.substr(6)
                                                                : says("check") == checks_.front();
            // With the priority that it has by itself: a scenario over the same check lowers it.
            found |= ours && alert.state == AlertState::firing &&
                     fmt::format("{} {}", name_of(alert.finding.raw_priority), says("alertname")) == row_.alert;
        });
        return found;
    }

  private:
    const Row& row_;
    Time now_ = fleet::kNow;
    Engine engine_{now_};
    std::vector<std::string> checks_;
};

agent::Loaded guide() {
    agent::Loaded loaded = agent::load(kGuide.string());
    for (const auto& diagnostic : loaded.diagnostics.all())
        UNSCOPED_INFO(config::format(diagnostic));
    REQUIRE(loaded.diagnostics.all().empty());
    return loaded;
}

} // namespace

TEST_CASE("every row of the guide that its configuration names is proven here, and no other") {
    std::set<std::string, std::less<>> proven;
    for (const Row& row : kRows)
        proven.emplace(row.id);
    CHECK(ids_in_file() == proven);
}

TEST_CASE("the rule behind each row of the guide is silent while all is well, and fires as the guide asks") {
    const agent::Loaded loaded = guide();
    for (const Row& row : kRows) {
        CAPTURE(row.id, row.from, row.exercise, row.alert);
        Watch watch{loaded.config, row};
        watch.sees(row.well);
        CHECK_FALSE(watch.fires());
        watch.pass(row.later);
        if (row.ill)
            watch.sees(row.ill);
        CHECK(watch.fires());
    }
}

TEST_CASE("what a row of the guide rests on is what the check's collector brings") {
    const agent::Loaded loaded = guide();
    for (const Row& row : kRows) {
        CAPTURE(row.id, row.from);
        for (const auto& check : loaded.config->checks)
            if (const auto names = checks_of(row); std::ranges::find(names, check->name) != names.end())
                CHECK(std::ranges::find(check->brings, kind_of(row.well(fleet::kNow).front())) != check->brings.end());
    }
}

TEST_CASE("what the guide lists for after a recovery is validated in its order, with its priorities, by itself") {
    const agent::Loaded loaded = guide();
    const auto& validation = loaded.config->validations.at(0);
    std::vector<std::string> steps;
    for (const ValidationStep& step : validation.steps)
        steps.push_back(fmt::format("{} {}", name_of(step.priority), step.check));
    CHECK(steps == std::vector<std::string>{"P1 workloads", "P2 metrics-flow", "P2 logs-flow", "P3 traces-flow",
                                            "P1 checkout", "P2 error-rate"});
    Engine engine{fleet::kNow};
    Time now = fleet::kNow;
    engine.configure(loaded.config, now);
    const auto cache = [&](ReachState state) {
        for (int looks = 0; looks < 3; ++looks) {
            engine.learn("valkey-port", fleet::report(now, {fleet::reach(state, "cache")}), now);
            fleet::pass(engine, now, 5s);
        }
    };
    cache(ReachState::up);
    cache(ReachState::down);
    CHECK_FALSE(engine.validation("after-recovery")->memory.running);
    cache(ReachState::up);
    REQUIRE(engine.validation("after-recovery")->memory.running);
    CHECK(engine.validation("after-recovery")->memory.running->cause == "scenario cache is over");
}
