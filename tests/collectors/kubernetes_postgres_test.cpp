// SPDX-License-Identifier: Apache-2.0
// CloudNativePG's Clusters and Backups, asked of a scripted API server.
#include "tests/collectors/kubernetes_api.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::PointState;
using core::ReachState;
using test::evidence;
using test::KubeApi;
using test::subject;
using test::kube::assertion;
using test::kube::object;
using test::kube::state;
using test::kube::watching;

namespace {

constexpr const char* kOrders = "shop/cluster/orders-db";

const std::string kHealthy = R"("phase": "Cluster in healthy state")";
const std::string kPrimary = R"(, "currentPrimary": "orders-db-1", "targetPrimary": "orders-db-1")";
const std::string kAllServe = R"(, "instancesStatus": {"healthy": ["orders-db-1", "orders-db-2", "orders-db-3"]})";
const std::string kWell = kHealthy + R"(, "readyInstances": 3)" + kPrimary + kAllServe;

std::string cluster(const std::string& status, const std::string& spec = {}, const std::string& metadata = {}) {
    return object("orders-db", fmt::format(R"("spec": {{"instances": 3{}}}, "status": {{{}}})", spec, status),
                  metadata);
}

std::string backup(const std::string& name, const std::string& day, const std::string& method = {}) {
    return object(name, fmt::format(R"("spec": {{"cluster": {{"name": "orders-db"}}{}}}, "status": {{
        "phase": "completed", "startedAt": "{}T01:00:00Z", "stoppedAt": "{}T01:10:00Z"}})",
                                    method, day, day));
}

bool is_told(const core::SubjectReport& report, std::string_view name) {
    for (const Evidence& one : report.evidence)
        if (const auto* found = std::get_if<core::Assertions>(&one))
            return std::ranges::find(found->assertions, name, &core::Assertion::name) != found->assertions.end();
    return false;
}

bool has_reach(const core::SubjectReport& report) {
    return std::ranges::any_of(report.evidence,
                               [](const Evidence& one) { return std::holds_alternative<core::Reachability>(one); });
}

} // namespace

TEST_CASE("a PostgreSQL cluster that is being set up is degraded for half an hour, with its pods, and down after it") {
    KubeApi api;
    const auto reach = [&](const std::string& phase, const std::string& made) {
        api.objects["clusters"] = {cluster(fmt::format(R"("phase": "{}")", phase), "",
                                           fmt::format(R"(, "creationTimestamp": "2026-11-22T{}Z")", made))};
        return evidence<core::Reachability>(subject(api.look(watching({"pods", "cnpg"})), kOrders));
    };
    for (const char* phase :
         {"Setting up primary", "Creating a new replica", "Waiting for the instances to become active"}) {
        CAPTURE(phase);
        CHECK(reach(phase, "02:31:00").state == ReachState::degraded);
        CHECK(reach(phase, "02:29:00").state == ReachState::down);
    }
    // A new one may be lost as well.
    CHECK(reach("Failing over", "02:59:00").state == ReachState::down);
    api.objects["pods"] = {test::pod({.owner_kind = "Cluster", .owner = "orders-db", .ready = "False"})};
    CHECK(reach("Setting up primary", "02:31:00").state == ReachState::degraded);
    CHECK(reach("Setting up primary", "02:29:00").state == ReachState::down);
}

TEST_CASE("a PostgreSQL cluster is down without a primary that serves, and degraded until its operator is content") {
    KubeApi api;
    struct Row {
        const char* what;
        std::string status;
        ReachState state;
        std::string detail;
    };
    const std::vector<Row> rows{
        {"nothing is ready", kHealthy + kPrimary, ReachState::down, "0 of 3 instances ready"},
        {"its primary is not",
         kHealthy + R"(, "readyInstances": 2)" + kPrimary +
             R"(, "instancesStatus": {"healthy": ["orders-db-2", "orders-db-3"], "failed": ["orders-db-1"]})",
         ReachState::down, "2 of 3 instances ready; its primary orders-db-1 is not"},
        {"none of its instances is healthy",
         kHealthy + R"(, "readyInstances": 3, "instancesStatus": {"failed": ["orders-db-1"]})" + kPrimary,
         ReachState::down, "3 of 3 instances ready; its primary orders-db-1 is not"},
        {"a standby is not ready", kHealthy + R"(, "readyInstances": 2)" + kPrimary + kAllServe, ReachState::degraded,
         "2 of 3 instances ready"},
        {"another is to be primary",
         R"("phase": "Switchover in progress", "readyInstances": 3, "currentPrimary": "orders-db-1",
            "targetPrimary": "orders-db-2")" +
             kAllServe,
         ReachState::degraded,
         "3 of 3 instances ready; its primary is orders-db-1, to be orders-db-2; Switchover in progress"},
        {"nobody knows yet which is to be",
         R"("phase": "Failing over", "phaseReason": "not ready", "readyInstances": 2, "currentPrimary": "orders-db-1",
            "targetPrimary": "pending")",
         ReachState::degraded,
         "2 of 3 instances ready; its primary is orders-db-1, to be pending; Failing over: not ready"},
        {"somebody has to do something",
         R"("phase": "Waiting for user action", "readyInstances": 3)" + kPrimary + kAllServe, ReachState::degraded,
         "3 of 3 instances ready; Waiting for user action"},
        {"all is well", kWell, ReachState::up, ""},
        {"all is well, and who is healthy is not told", kHealthy + R"(, "readyInstances": 3)" + kPrimary,
         ReachState::up, ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        api.objects["clusters"] = {cluster(row.status)};
        const Collected seen = api.look(watching({"cnpg"}));
        const auto& reach = evidence<core::Reachability>(subject(seen, kOrders));
        CHECK(reach.state == row.state);
        CHECK(reach.detail == row.detail);
        CHECK_FALSE(subject(seen, kOrders).failure);
    }
}

TEST_CASE(
    "a PostgreSQL cluster of which its operator has told nothing is unknown, and one that hibernates is not down") {
    KubeApi api;
    api.objects["clusters"] = {cluster("")};
    Collected seen = api.look(watching({"cnpg"}));
    CHECK_THAT(subject(seen, kOrders).failure->detail, ContainsSubstring("does its operator run?"));
    CHECK_FALSE(has_reach(subject(seen, kOrders)));
    // That it has no backup is known.
    CHECK(test::points(seen, kOrders).count == 0);
    api.objects["clusters"] = {cluster(kHealthy, "", R"(, "annotations": {"cnpg.io/hibernation": "on"})")};
    seen = api.look(watching({"cnpg"}));
    CHECK_FALSE(subject(seen, kOrders).failure);
    CHECK_FALSE(has_reach(subject(seen, kOrders)));
    api.objects["clusters"] = {cluster(kHealthy, "", R"(, "annotations": {"cnpg.io/hibernation": "off"})")};
    CHECK(has_reach(subject(api.look(watching({"cnpg"})), kOrders)));
}

TEST_CASE(
    "a PostgreSQL cluster has pods, backups and an operator in one subject, which is as well as the worst of them") {
    KubeApi api;
    api.objects["clusters"] = {cluster(kWell)};
    api.objects["pods"] = {test::pod({.owner_kind = "Cluster", .owner = "orders-db"})};
    api.objects["backups"] = {
        backup("a", "2026-11-22"),
        object("b", R"("spec": {"cluster": {"name": "orders-db"}}, "status": {"phase": "walArchivingFailing"})",
               R"(, "creationTimestamp": "2026-11-22T02:00:00Z")")};
    const auto reach = [&] {
        const Collected seen = api.look(watching({"pods", "cnpg"}));
        const auto& all = subject(seen, kOrders).evidence;
        CHECK(std::ranges::count_if(
                  all, [](const auto& one) { return std::holds_alternative<core::Reachability>(one); }) == 1);
        CHECK(evidence<core::RecoveryPoints>(subject(seen, kOrders)).count == 1);
        CHECK(evidence<core::RecoveryPoints>(subject(seen, kOrders)).jobs.at(0).state == core::JobState::failed);
        return evidence<core::Reachability>(subject(seen, kOrders));
    };
    CHECK(reach() == core::Reachability{});
    api.objects["clusters"] = {cluster(kHealthy + R"(, "readyInstances": 2)" + kPrimary)};
    CHECK(reach().state == ReachState::degraded);
    CHECK(reach().detail == "2 of 3 instances ready");
    api.objects["pods"] = {test::pod({.owner_kind = "Cluster", .owner = "orders-db", .ready = "False"})};
    CHECK(reach().state == ReachState::down);
    CHECK(reach().detail == "0 of 1 pods ready: 1 not ready; 2 of 3 instances ready");
}

TEST_CASE("that WAL is archived is asked only where somebody configured where to") {
    KubeApi api;
    const auto look = [&](const std::string& spec, const std::string& condition) {
        api.objects["clusters"] = {cluster(kWell + fmt::format(R"(, "conditions": [{}])", condition), spec)};
        return api.look(watching({"cnpg"}));
    };
    const std::string works = R"({"type": "ContinuousArchiving", "status": "True",
        "reason": "ContinuousArchivingSuccess", "message": "Continuous archiving is working"})";
    const std::string fails = R"({"type": "ContinuousArchiving", "status": "False",
        "reason": "ContinuousArchivingFailing", "message": "exit status 4"})";
    const std::string store = R"(, "backup": {"barmanObjectStore": {"destinationPath": "s3://wal"}})";
    const std::string plugin = R"(, "plugins": [{"name": "other", "enabled": false},
        {"name": "barman-cloud", "isWALArchiver": true)";
    const std::string silent = R"(, "plugins": [{"name": "other"}])";
    for (const std::string& spec : {std::string{}, plugin + R"(, "enabled": false}])",
                                    std::string{R"(, "backup": {"volumeSnapshot": {"className": "fast"}})"}}) {
        CAPTURE(spec);
        CHECK_FALSE(is_told(subject(look(spec, works), kOrders), "continuous_archiving"));
        CHECK_FALSE(is_told(subject(look(spec, fails), kOrders), "continuous_archiving"));
    }
    // One that archives need not say so. Where none does, the operator says True all the same.
    CHECK(assertion(subject(look(silent, works), kOrders), "continuous_archiving").detail ==
          "no plug-in says that it archives (isWALArchiver)");
    CHECK_FALSE(is_told(subject(look(silent, ""), kOrders), "continuous_archiving"));
    for (const std::string& spec : {store, plugin + "}]", silent}) {
        CAPTURE(spec);
        CHECK(state(subject(look(spec, works), kOrders), "continuous_archiving") == AssertionState::holds);
        CHECK(state(subject(look(spec, fails), kOrders), "continuous_archiving") == AssertionState::fails);
        CHECK(assertion(subject(look(spec, fails), kOrders), "continuous_archiving").detail ==
              "ContinuousArchivingFailing: exit status 4");
        if (spec != silent)
            CHECK(state(subject(look(spec, ""), kOrders), "continuous_archiving") == AssertionState::unknown);
    }
    // A segment that did not go at the first try goes at the next.
    const auto failing_since = [](const char* since) {
        return fmt::format(
            R"({{"type": "ContinuousArchiving", "status": "False", "reason": "ContinuousArchivingFailing",
            "message": "switchover in progress, refusing archiving", "lastTransitionTime": "{}"}})",
            since);
    };
    CHECK(state(subject(look(store, failing_since("2026-11-22T02:59:30Z")), kOrders), "continuous_archiving") ==
          AssertionState::unknown);
    CHECK(state(subject(look(store, failing_since("2026-11-22T02:50:00Z")), kOrders), "continuous_archiving") ==
          AssertionState::fails);
}

TEST_CASE("a WAL segment that did not go at the first try is tried again, and for five minutes no finding") {
    KubeApi api;
    const auto look = [&](const std::string& status, const std::string& since) {
        api.objects["clusters"] = {
            cluster(kWell + fmt::format(R"(, "conditions": [{{"type": "ContinuousArchiving", "status": "{}",
                        "reason": "ContinuousArchivingFailing", "message": "switchover in progress, refusing archiving",
                        "lastTransitionTime": "2026-11-22T{}Z"}}])",
                                        status, since),
                    R"(, "backup": {"barmanObjectStore": {"destinationPath": "s3://wal"}})")};
        return assertion(subject(api.look(watching({"cnpg"})), kOrders), "continuous_archiving");
    };
    CHECK(core::state_of(look("False", "02:59:00")) == AssertionState::unknown);
    CHECK(look("False", "02:59:00").detail == "ContinuousArchivingFailing: switchover in progress, refusing archiving");
    CHECK(core::state_of(look("False", "02:55:01")) == AssertionState::unknown);
    CHECK(core::state_of(look("False", "02:55:00")) == AssertionState::fails);
    CHECK(core::state_of(look("True", "02:59:00")) == AssertionState::holds);
}

TEST_CASE("the last backup of a cluster is told once it ended, and a failed one only once") {
    KubeApi api;
    const auto look = [&](const std::string& status, const std::string& reason) {
        api.objects["clusters"] = {cluster(
            kWell +
            fmt::format(R"(, "conditions": [{{"type": "LastBackupSucceeded", "status": "{}", "reason": "{}"}}])",
                        status, reason))};
        return api.look(watching({"cnpg"}));
    };
    CHECK(state(subject(look("False", "LastBackupFailed"), kOrders), "last_backup") == AssertionState::fails);
    CHECK(state(subject(look("True", "LastBackupSucceeded"), kOrders), "last_backup") == AssertionState::holds);
    // Says CloudNativePG while one runs.
    CHECK_FALSE(is_told(subject(look("False", "BackupStarted"), kOrders), "last_backup"));
    api.objects["backups"] = {object("b",
                                     R"("spec": {"cluster": {"name": "orders-db"}}, "status": {"phase": "failed"})",
                                     R"(, "creationTimestamp": "2026-11-22T02:00:00Z")")};
    CHECK_FALSE(is_told(subject(look("False", "LastBackupFailed"), kOrders), "last_backup"));
    CHECK(state(subject(look("True", "LastBackupSucceeded"), kOrders), "last_backup") == AssertionState::holds);
    api.refused["backups"] = {403, "{}"};
    CHECK(state(subject(look("False", "LastBackupFailed"), kOrders), "last_backup") == AssertionState::fails);
}

TEST_CASE("a Backup outlives its data: beyond the retention of its cluster only the newest is good") {
    KubeApi api;
    using States = std::map<std::string, PointState>;
    const auto states = [&](const std::string& policy, const std::string& method = {}) {
        api.objects["clusters"] = {cluster(
            kWell, fmt::format(R"(, "backup": {{"retentionPolicy": "{}", "barmanObjectStore": {{}}}})", policy))};
        api.objects["backups"] = {backup("oldest", "2026-08-01", method), backup("older", "2026-09-01", method),
                                  backup("old", "2026-10-01", method), backup("young", "2026-11-21", method)};
        const Collected seen = api.look(watching({"cnpg"}));
        const core::RecoveryPoints& points = test::points(seen, kOrders);
        States found;
        for (const auto& point : points.points)
            found[point.id] = point.state;
        CHECK(points.count == 4);
        CHECK(std::ranges::is_sorted(points.points, {}, &core::RecoveryPoint::ended_at));
        CHECK(points.oldest_at ==
              std::ranges::find(points.points, PointState::good, &core::RecoveryPoint::state)->data_at);
        return found;
    };
    constexpr auto kGood = PointState::good;
    constexpr auto kBad = PointState::bad;
    const States all_good{{"oldest", kGood}, {"older", kGood}, {"old", kGood}, {"young", kGood}};
    const States window{{"oldest", kBad}, {"older", kBad}, {"old", kGood}, {"young", kGood}};
    for (const char* month : {"30d", "4w", "1m"}) {
        CAPTURE(month);
        CHECK(states(month) == window);
    }
    CHECK(states("60d") == States{{"oldest", kBad}, {"older", kGood}, {"old", kGood}, {"young", kGood}});
    for (const char* never : {"", "30", "d", "30y", "30dd", "-1d", "0d"}) {
        CAPTURE(never);
        CHECK(states(never) == all_good);
    }
    // Snapshots are not deleted by it, and what a plug-in keeps it says elsewhere.
    for (const char* other : {R"(, "method": "volumeSnapshot")", R"(, "method": "plugin")"})
        CHECK(states("30d", other) == all_good);
    CHECK(states("30d", R"(, "method": "barmanObjectStore")") == window);
}
