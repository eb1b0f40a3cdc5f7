// SPDX-License-Identifier: Apache-2.0
// What Aiven's list of services means: which are chosen, how they are, what is expected of them. Their backups are in
// aiven_backups_test.cpp, their topics in aiven_topics_test.cpp, the asking in aiven_api_test.cpp.
#include "collectors/aiven.hpp"

#include "collectors/aiven/parts.hpp"
#include "tests/collectors/aiven_story.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using collectors::Collected;
using core::AssertionState;
using core::FollowerState;
using core::ReachState;

namespace {

using core::SubjectReport;

std::vector<std::string> subjects(const Collected& seen) {
    REQUIRE(seen);
    std::vector<std::string> names;
    for (const SubjectReport& report : seen->subjects)
        names.push_back(report.subject);
    return names;
}

/// The one service of a project, with these nodes.
SubjectReport with_nodes(const std::string& nodes, const std::string& state = "RUNNING", const std::string& type = "pg",
                         const std::string& created = "2026-08-24T03:00:00Z") {
    const Project project(pg_service(fmt::format(R"(, "node_states": [{}])", nodes), state, type, created));
    return subject(project.look(), "orders-pg");
}

std::string node(const std::string& name, const std::string& state, const std::string& role = {},
                 const std::string& more = {}) {
    return fmt::format(R"({{"name": "{}", "state": "{}"{}{}}})", name, state,
                       role.empty() ? "" : fmt::format(R"(, "role": "{}")", role), more);
}

std::vector<FollowerState> followers(const SubjectReport& report) {
    std::vector<FollowerState> states;
    if (tells<core::Replication>(report))
        for (const core::Follower& follower : evidence<core::Replication>(report).followers)
            states.push_back(follower.state);
    return states;
}

} // namespace

TEST_CASE("a project that is well: each service, topic and additional region is a subject") {
    const Collected seen = Project{}.look();
    CHECK(subjects(seen) == std::vector<std::string>{"orders-pg", "orders-pg/aws-eu-west-1", "events-kafka",
                                                     "events-kafka/orders", "events-kafka/payments",
                                                     "sessions-valkey"});
    CHECK(seen->complete);
    for (const SubjectReport& report : seen->subjects) {
        CAPTURE(report.subject);
        CHECK(failure_of(report).empty());
        for (const core::Evidence& item : report.evidence) {
            if (const auto* reach = std::get_if<core::Reachability>(&item))
                CHECK(reach->state == ReachState::up);
            if (const auto* all = std::get_if<core::Assertions>(&item))
                for (const core::Assertion& one : all->assertions) {
                    CAPTURE(one.name, one.expected);
                    CHECK(core::state_of(one) == AssertionState::holds);
                }
        }
    }
    CHECK(followers(subject(seen, "orders-pg")) == std::vector{FollowerState::streaming});
    CHECK(subject(seen, "orders-pg").location.region == "aws-eu-west-3");
    CHECK(evidence<core::Reachability>(subject(seen, "orders-pg")).target == kApi + "/project/shop/service/orders-pg");
}

TEST_CASE("services are chosen by name, by tags, or all of them") {
    Project project;
    project.expected.services = {"orders-pg"};
    CHECK(subjects(project.look()).front() == "orders-pg");
    CHECK(subjects(project.look()).size() == 2);
    project.expected.services = {};
    project.expected.tags = {{"env", "prod"}};
    CHECK(subjects(project.look()).size() == 6);
    project.expected.tags = {{"env", "prod"}, {"team", "shop"}};
    const Collected none = project.look();
    REQUIRE_FALSE(none);
    CHECK_THAT(none.error().detail, ContainsSubstring("expected services with these tags in project shop, found none"));
}

TEST_CASE("a project without services is no answer, and one that lost them has lost them") {
    Project project;
    const std::string cursor = project.look()->cursor;
    project.answers.services = json(R"({"services": []})");
    CHECK_FALSE(project.look());
    const Collected seen = project.look(cursor);
    REQUIRE(seen);
    CHECK(seen->subjects.empty());
    CHECK(seen->complete);
}

TEST_CASE("a service that is named and not there is a mistake, or gone when it was seen before") {
    Project project;
    project.expected.services = {"orders-pg", "missing-pg"};
    const Collected seen = project.look();
    CHECK(subject(seen, "missing-pg").failure->kind == core::FailureKind::misconfigured);
    CHECK(subject(seen, "orders-pg").evidence.size() > 3);
    const std::string cursor = Project{}.look()->cursor;
    project.expected.services = {"orders-pg", "sessions-valkey"};
    project.answers.services = json(changed(aiven_document("services"), "sessions-valkey", "another-valkey"));
    CHECK(subjects(project.look(cursor)) == std::vector<std::string>{"orders-pg", "orders-pg/aws-eu-west-1"});
    CHECK(project.look(cursor)->complete);
}

TEST_CASE("a service that makes no sense is unknown, and the others are not") {
    Project project;
    project.answers.services = json(changed(aiven_document("services"), R"("service_type": "valkey")", R"("x": 1)"));
    const Collected seen = project.look();
    CHECK_THAT(failure_of(subject(seen, "sessions-valkey")), ContainsSubstring("$.services[2].service_type"));
    CHECK_FALSE(subject(seen, "orders-pg").failure);
    CHECK_FALSE(seen->complete);
    // One part of it that makes none leaves the others.
    const Collected odd =
        Project(pg_service(R"(, "maintenance": {"updates": [1]}, "node_states": [], "errors": 1)")).look();
    CHECK(subject(odd, "orders-pg").failure);
    CHECK(tells<core::Reachability>(subject(odd, "orders-pg")));
    for (const char* list : {"{}", "[]", R"({"services": 1})", R"({"services": [{}]})", R"({"services": null})",
                             R"({"services": [{"service_name": "a/b"}]})", R"({"services": [{"service_name": ""}]})"}) {
        CAPTURE(list);
        CHECK_THROWS_AS(Project(list).look(), io::BadDocument);
    }
}

TEST_CASE("a state that nobody knows yet is unknown, neither well nor ill") {
    const SubjectReport report = with_nodes("", "HIBERNATING");
    CHECK_FALSE(tells<core::Reachability>(report));
    CHECK_THAT(failure_of(report), ContainsSubstring("found state 'HIBERNATING'"));
}

TEST_CASE("a powered-off service is down, and its backups are kept; what a Kafka held is not") {
    const SubjectReport pg = with_nodes("", "POWEROFF");
    CHECK(evidence<core::Reachability>(pg).state == ReachState::down);
    CHECK_THAT(evidence<core::Reachability>(pg).detail, ContainsSubstring("its backups are kept"));
    CHECK_FALSE(tells<core::Replication>(pg));
    Project project(pg_service("", "POWEROFF", "kafka"));
    const Collected kafka = project.look();
    CHECK_THAT(evidence<core::Reachability>(subject(kafka, "orders-pg")).detail, ContainsSubstring("is gone"));
    // Its topics cannot be asked for: they are not said to have vanished.
    CHECK_FALSE(kafka->complete);
    CHECK_FALSE(collectors::aiven_questions(project.expected, project.answers.services).at(0).topics);
}

TEST_CASE("a service whose master does not run takes no writes, whatever its own state says") {
    for (const char* state : {"RUNNING", "REBUILDING", "REBALANCING"}) {
        CAPTURE(state);
        const SubjectReport lost =
            with_nodes(node("pg-1", "timing_out", "master") + "," + node("pg-2", "running", "standby"), state);
        CHECK(evidence<core::Reachability>(lost).state == ReachState::down);
        CHECK(evidence<core::Reachability>(lost).detail == "no master runs: pg-1 is timing_out");
        const SubjectReport serves =
            with_nodes(node("pg-1", "running", "master") + "," + node("pg-3", "setting_up_vm"), state);
        CHECK(evidence<core::Reachability>(serves).state == ReachState::up);
    }
    const SubjectReport sharded = with_nodes(node("v-1", "running", "master", R"(, "shard": {"name": "s1"})") + "," +
                                             node("v-2", "syncing_data", "master", R"(, "shard": {"name": "s2"})"));
    CHECK(evidence<core::Reachability>(sharded).detail == "no master runs in shard s2: v-2 is syncing_data");
}

TEST_CASE("of nodes without roles each counts, and none is down") {
    const auto brokers = [&](const std::string& one, const std::string& other) {
        const std::string nodes =
            fmt::format(R"(, "node_count": 3, "node_states": [{}, {}])", node("kafka-1", one), node("kafka-2", other));
        return evidence<core::Reachability>(
            subject(Project(pg_service(nodes, "RUNNING", "kafka")).look(), "orders-pg"));
    };
    CHECK(brokers("running", "running").state == ReachState::degraded);
    CHECK(brokers("running", "running").detail == "2 of 3 nodes run: no other node is there");
    CHECK(brokers("leaving", "unknown").state == ReachState::down);
    CHECK(brokers("leaving", "unknown").detail == "0 of 3 nodes run: kafka-1 is leaving, kafka-2 is unknown");
}

TEST_CASE("a service that is being made is not down yet, and one that is rebuilt without a word is not up") {
    const std::string young = "2026-11-22T02:40:00Z";
    CHECK(evidence<core::Reachability>(with_nodes(node("pg-1", "setting_up_vm"), "REBUILDING", "pg", young)).state ==
          ReachState::degraded);
    CHECK(evidence<core::Reachability>(with_nodes(node("pg-1", "setting_up_vm"), "REBUILDING")).state ==
          ReachState::down);
    CHECK(evidence<core::Reachability>(with_nodes("", "REBUILDING")).state == ReachState::degraded);
    CHECK(evidence<core::Reachability>(with_nodes("")).state == ReachState::up);
}

TEST_CASE("a standby that is replaced is missing until the new one copies, and maintenance is not seen at all") {
    const std::string master = node("pg-1", "running", "master");
    const auto states = [&](const std::string& others) {
        return followers(subject(
            Project(pg_service(fmt::format(R"(, "node_count": 2, "node_states": [{}{}])", master, others))).look(),
            "orders-pg"));
    };
    CHECK(states("," + node("pg-2", "running", "standby")) == std::vector{FollowerState::streaming});
    CHECK(states("") == std::vector{FollowerState::missing});
    CHECK(states("," + node("pg-2", "timing_out", "standby")) == std::vector{FollowerState::missing});
    CHECK(states("," + node("pg-3", "setting_up_vm")) == std::vector{FollowerState::missing});
    CHECK(states("," + node("pg-3", "syncing_data")) == std::vector{FollowerState::catching_up});
    // The new one comes before the old one goes.
    CHECK(states("," + node("pg-2", "running", "standby") + "," + node("pg-3", "setting_up_vm")) ==
          std::vector{FollowerState::streaming});
    // Names of nodes change with every replacement: those of places do not.
    const SubjectReport report = subject(Project{}.look(), "orders-pg");
    CHECK(evidence<core::Replication>(report).followers.at(0).name == "standby-1");
}

TEST_CASE("a node is named by either name, may have no zone, and tells how far it has come") {
    const SubjectReport report = with_nodes(
        R"({"node_name": "pg-1", "state": "syncing_data", "progress_updates": [
            {"phase": "prepare", "completed": true, "current": null, "max": null, "min": null},
            {"phase": "basebackup", "completed": false, "current": 3410567, "min": 0, "max": 7569280,
             "unit": "bytes_uncompressed"}]})");
    CHECK(evidence<core::Reachability>(report).detail == "0 of 1 nodes run: pg-1 is syncing_data (basebackup 45 %)");
    CHECK(report.location.zone.empty());
}

TEST_CASE("a service that was made anew under the same name shows it") {
    const auto created = [](const char* at) {
        return evidence<core::Fingerprint>(subject(Project(pg_service("", "RUNNING", "pg", at)).look(), "orders-pg"));
    };
    CHECK(created("2026-08-24T03:00:00.000000Z") == created("2026-08-24T03:00:00Z"));
    CHECK(created("2026-08-24T03:00:00Z").value != created("2026-08-25T03:00:00Z").value);
}

TEST_CASE("what Aiven announces is told: the end of life, and the removal that takes the backups with it") {
    const SubjectReport report = subject(Project(pg_service(R"(, "service_notifications": [
            {"level": "warning", "type": "service_powered_off_removal", "message": "Will be\nremoved", "metadata": {}}],
            "maintenance": {"dow": "sunday", "time": "03:00:00", "updates": [
                {"deadline": "2026-11-21T00:00:00Z", "description": "minor version"}, {"deadline": null},
                {"deadline": "2026-12-21T00:00:00Z"}, {}]})"))
                                             .look(),
                                         "orders-pg");
    CHECK(state(report, "service_powered_off_removal") == AssertionState::fails);
    CHECK(assertion(report, "service_powered_off_removal")->detail == "Will be removed");
    CHECK(state(report, "service_end_of_life") == AssertionState::holds);
    CHECK(assertion(report, "maintenance_updates_overdue")->actual == "1");
    CHECK(assertion(report, "maintenance_updates_overdue")->detail == "minor version");
}

TEST_CASE("in disaster recovery active and passive are well, and failed is not") {
    const auto role = [](const std::string& is, const std::string& wanted) {
        Project project(pg_service(is.empty() ? "" : fmt::format(R"(, "disaster_recovery_role": "{}")", is)));
        project.expected.disaster_recovery_role = wanted;
        const SubjectReport report = subject(project.look(), "orders-pg");
        return state(report, "disaster_recovery_role");
    };
    CHECK(role("active", "") == AssertionState::holds);
    CHECK(role("passive", "") == AssertionState::holds);
    CHECK(role("failed", "") == AssertionState::fails);
    CHECK(role("passive", "active") == AssertionState::fails);
    // A service without a peer, maybe one that had one which failed.
    CHECK(role("", "") == AssertionState::holds);
    CHECK(role("", "active") == AssertionState::fails);
}

TEST_CASE("settings are compared as they are written, and one that is not set is not known") {
    Project project(pg_service(R"(, "termination_protection": false, "user_config": {"valkey_persistence": "off",
        "backup_hour": 3, "static_ips": true, "pg": {"idle_timeout": 900}})"));
    project.expected.termination_protection = true;
    project.expected.user_config = {{"valkey_persistence", "rdb"}, {"backup_hour", "3"}, {"static_ips", "true"},
                                    {"pg.idle_timeout", "900"},    {"pg", "x"},          {"none.such", "1"}};
    const SubjectReport report = subject(project.look(), "orders-pg");
    CHECK(state(report, "termination_protection") == AssertionState::fails);
    CHECK(state(report, "user_config.valkey_persistence") == AssertionState::fails);
    for (const char* holds : {"user_config.backup_hour", "user_config.static_ips", "user_config.pg.idle_timeout"})
        CHECK(state(report, holds) == AssertionState::holds);
    for (const char* unknown : {"user_config.pg", "user_config.none.such"})
        CHECK(state(report, unknown) == AssertionState::unknown);
}

TEST_CASE("a list that carries errors is not whole") {
    Project project;
    project.answers.services = json(changed(aiven_document("services"), R"("services": [)",
                                            R"("errors": [{"message": "half", "status": 503}], "services": [)"));
    const Collected seen = project.look();
    CHECK_FALSE(seen->complete);
    for (const SubjectReport& report : seen->subjects)
        CHECK(failure_of(report) == "answered with errors: half");
    CHECK(tells<core::RecoveryPoints>(subject(seen, "orders-pg")));
    // Empty errors are none.
    project.answers.services =
        json(changed(aiven_document("services"), R"("services": [)", R"("errors": [], "message": "", "services": [)"));
    CHECK(project.look()->complete);
}

TEST_CASE("what is passed on of Aiven's words is one line without credentials") {
    using collectors::aiven_parts::said;
    CHECK(said("could not reach pg://avnadmin:AVNS_x@h:5432/d?a, twice") ==
          "could not reach pg://***@h:5432/d?a, twice");
    CHECK(said("password AVNS_abc-_1 is wrong") == "password *** is wrong");
    CHECK(said("header 'aivenv1 abc' is wrong") == "header '***' is wrong");
    CHECK(said("see https://aiven.io/docs and a@b") == "see https://aiven.io/docs and a@b");
    CHECK(said("a\nb\x7F") == "a b ");
    CHECK(said(std::string(150, 'x') + std::string(100, '\xC3')).size() <= 204);
    CHECK(said("://").size() == 3);
    CHECK(said("x://@") == "x://@");
}
