// SPDX-License-Identifier: Apache-2.0
// Kafka topics as Aiven tells of them.
#include "tests/collectors/aiven_story.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::FailureKind;
using core::FollowerState;
using core::ReachState;
using core::SubjectReport;

namespace {

using Seen = core::Result<core::Seen>;

/// The project's topic `orders` with something in its line changed.
SubjectReport orders(Project& project, const std::string& from = "orders", const std::string& to = "orders") {
    project.set_topics(changed(aiven_document("topics"), from, to));
    return subject(project.look(), "events-kafka/orders");
}

/// The same, by its partitions.
SubjectReport detailed(const std::string& from, const std::string& to) {
    Project project;
    project.expected.retention = 168h;
    project.set_topic("orders", changed(aiven_document("topic-orders"), from, to));
    project.set_topic("payments", aiven_document("topic-payments"));
    return subject(project.look(), "events-kafka/orders");
}

std::vector<std::string> topics(const Seen& seen) {
    std::vector<std::string> names;
    for (const SubjectReport& report : seen->subjects)
        if (report.subject.starts_with("events-kafka/"))
            names.push_back(report.subject.substr(13));
    return names;
}

} // namespace

TEST_CASE("topics that could not be listed have not vanished, and their service is not wholly known") {
    for (const FailureKind kind : {FailureKind::refused, FailureKind::bad_answer, FailureKind::timed_out}) {
        Project project;
        project.answers.topics.insert_or_assign("events-kafka", core::failed(kind, "501: retry later"));
        const Seen seen = project.look();
        CHECK_FALSE(seen->complete);
        CHECK(topics(seen).empty());
        CHECK(failure_of(subject(seen, "events-kafka")) == "501: retry later");
        CHECK(tells<core::Reachability>(subject(seen, "events-kafka")));
    }
    for (const char* bad :
         {"{}", R"({"topics": null})", R"({"topics": [{}]})", R"({"topics": [{"topic_name": "a b"}]})",
          R"({"topics": [], "errors": [{"message": "half", "status": 500}]})"}) {
        CAPTURE(bad);
        Project project;
        project.set_topics(bad);
        const Seen seen = project.look();
        CHECK_FALSE(seen->complete);
        CHECK(subject(seen, "events-kafka").failure);
    }
    Project none;
    none.set_topics(R"({"topics": []})");
    CHECK(none.look()->complete);
}

TEST_CASE("topics are chosen by name or glob, Kafka's own only by theirs") {
    Project project;
    const auto chosen = [&](std::vector<std::string> patterns) {
        project.expected.topics = std::move(patterns);
        return topics(project.look());
    };
    project.set_topics(changed(aiven_document("topics"), "payments", "__consumer_offsets"));
    CHECK(chosen({"*"}) == std::vector<std::string>{"orders"});
    CHECK(chosen({"__*", "ord*"}) == std::vector<std::string>{"orders", "__consumer_offsets"});
    CHECK(chosen({"orders"}) == std::vector<std::string>{"orders"});
    CHECK(chosen({}).empty());
    CHECK_FALSE(collectors::aiven_questions(project.expected, project.answers.services).at(1).topics);
    project.expected.topics = {"*"};
    CHECK(collectors::aiven_topics(project.expected, *project.answers.topics.at("events-kafka")).empty());
    project.expected.partitions = true;
    CHECK(collectors::aiven_topics(project.expected, *project.answers.topics.at("events-kafka")) ==
          std::vector<std::string>{"orders"});
}

TEST_CASE("a topic that is named and not listed is down, and patterns that fit nothing are no pass") {
    Project project;
    const auto with = [&](std::vector<std::string> patterns) {
        project.expected.topics = std::move(patterns);
        return project.look();
    };
    const Seen named = with({"orders", "odrers"});
    CHECK(evidence<core::Reachability>(subject(named, "events-kafka/odrers")).state == ReachState::down);
    CHECK(evidence<core::Reachability>(subject(named, "events-kafka/odrers")).target ==
          kApi + "/project/shop/service/events-kafka/topic/odrers");
    CHECK_FALSE(subject(named, "events-kafka").failure);
    CHECK_THAT(failure_of(subject(with({"x*", "y*"}), "events-kafka")),
               ContainsSubstring("expected topics to look at, found none that x*, y* fits"));
    CHECK_FALSE(subject(with({"ord*", "y*"}), "events-kafka").failure);
    CHECK_FALSE(subject(with({}), "events-kafka").failure);
    // A service that is new has none, and nobody asked for any.
    project.set_topics(R"({"topics": []})");
    CHECK_FALSE(subject(with({"*"}), "events-kafka").failure);
    // What could not be listed is not known to be missing.
    project.answers.topics.insert_or_assign("events-kafka", core::failed(FailureKind::timed_out, "late"));
    CHECK(topics(with({"orders"})).empty());
}

TEST_CASE("a topic that is named is looked for in all services, and where it should be is only known of one") {
    Project project;
    project.answers.services =
        json(changed(aiven_document("services"), R"("service_type": "valkey")", R"("service_type": "kafka")"));
    project.answers.topics.insert_or_assign("sessions-valkey", json(R"({"topics": []})"));
    project.expected.topics = {"orders", "odrers"};
    const Seen seen = project.look();
    CHECK(topics(seen) == std::vector<std::string>{"orders"});
    CHECK(failure_of(subject(seen, "events-kafka")) ==
          "expected topic 'odrers' in one of 2 services, found it in none");
    CHECK_FALSE(subject(seen, "sessions-valkey").failure);
    project.answers.topics.insert_or_assign("sessions-valkey", core::failed(FailureKind::timed_out, "late"));
    CHECK_FALSE(subject(project.look(), "events-kafka").failure);
}

TEST_CASE("a topic that makes no sense is unknown, and the others are not; one that comes twice is no list") {
    Project project;
    const SubjectReport report = orders(project, R"("retention_hours": 168)", R"("retention_hours": "long")");
    CHECK_THAT(failure_of(report), ContainsSubstring("retention_hours"));
    CHECK(report.evidence.empty());
    CHECK_FALSE(subject(project.look(), "events-kafka/payments").failure);
    CHECK(project.look()->complete);
    project.set_topics(changed(aiven_document("topics"), "payments", "orders"));
    CHECK_THAT(failure_of(subject(project.look(), "events-kafka")), ContainsSubstring("expected each topic once"));
}

TEST_CASE("a topic that is being deleted is not well, however well its partitions are") {
    Project project;
    const auto is = [&](const std::string& to) {
        return orders(project, R"("state": "ACTIVE")", fmt::format(R"("state": "{}")", to));
    };
    CHECK(state(is("ACTIVE"), "state") == AssertionState::holds);
    const SubjectReport deleted = is("DELETING");
    CHECK(state(deleted, "state") == AssertionState::fails);
    CHECK(assertion(deleted, "state")->actual == "DELETING");
    // A new one for a moment, and one that never gets ready for ever.
    CHECK(state(is("CONFIGURING"), "state") == AssertionState::unknown);
    CHECK(state(is("whatever comes"), "state") == AssertionState::fails);
    CHECK_THAT(failure_of(orders(project, R"("state": "ACTIVE",)", "")), ContainsSubstring("state"));

    const SubjectReport by_partitions = detailed(R"("state": "ACTIVE")", R"("state": "DELETING")");
    CHECK(state(by_partitions, "state") == AssertionState::fails);
    CHECK(evidence<core::Reachability>(by_partitions).state == ReachState::down);
    CHECK(evidence<core::Reachability>(by_partitions).detail == "it is being deleted, with all that it holds");
    CHECK(evidence<core::Reachability>(detailed("ACTIVE", "ACTIVE")).state == ReachState::up);
}

TEST_CASE("a topic must keep what it holds as long as is promised") {
    Project project;
    CHECK_FALSE(assertion(orders(project), "retention_hours"));
    project.expected.retention = 168h;
    CHECK(state(orders(project), "retention_hours") == AssertionState::holds);
    CHECK(state(orders(project, R"("retention_hours": 168)", R"("retention_hours": 167)"), "retention_hours") ==
          AssertionState::fails);
    project.expected.retention = 90min;
    CHECK(assertion(orders(project), "retention_hours")->expected == "1.5");
}

TEST_CASE("a retention of -1 is without end, and not the shortest there is") {
    Project project;
    project.expected.retention = 168h;
    const SubjectReport report = orders(project, R"("retention_hours": 168)", R"("retention_hours": -1)");
    CHECK(state(report, "retention_hours") == AssertionState::holds);
    CHECK(assertion(report, "retention_hours")->actual == "unlimited");
}

TEST_CASE("a limit by size lets records go however young they are") {
    Project project;
    project.expected.retention = 168h;
    const SubjectReport report = orders(project, R"("retention_bytes": -1)", R"("retention_bytes": 1073741824)");
    CHECK(state(report, "retention_bytes") == AssertionState::fails);
    CHECK(state(report, "retention_hours") == AssertionState::holds);
    CHECK(state(orders(project), "retention_bytes") == AssertionState::holds);
}

TEST_CASE("what is compacted only is kept by key, and age is no matter") {
    Project project;
    project.expected.retention = 168h;
    const auto policy = [&](const std::string& cleanup) {
        project.set_topics(
            changed(changed(aiven_document("topics"), R"("retention_hours": 168)", R"("retention_hours": 1)"),
                    R"("cleanup_policy": "delete")", fmt::format(R"("cleanup_policy": "{}")", cleanup)));
        return subject(project.look(), "events-kafka/orders");
    };
    CHECK(state(policy("compact"), "retention_hours") == AssertionState::holds);
    CHECK(assertion(policy("compact"), "retention_hours")->actual == "compact");
    CHECK(state(policy("compact"), "retention_bytes") == AssertionState::holds);
    CHECK(state(policy("compact,delete"), "retention_hours") == AssertionState::fails);
}

TEST_CASE("one replica is none, and a write may not need all of them") {
    Project project;
    const auto replicas = [&](int replication, int min_isr) {
        project.set_topics(changed(
            changed(aiven_document("topics"), R"("replication": 3)", fmt::format(R"("replication": {})", replication)),
            R"("min_insync_replicas": 2)", fmt::format(R"("min_insync_replicas": {})", min_isr)));
        return subject(project.look(), "events-kafka/orders");
    };
    CHECK(state(replicas(1, 1), "replication") == AssertionState::fails);
    CHECK(is_not_asked(assertion(replicas(1, 1), "replicas_to_spare")));
    CHECK(state(replicas(2, 1), "replication") == AssertionState::holds);
    CHECK(state(replicas(2, 2), "replicas_to_spare") == AssertionState::fails);
    CHECK(state(replicas(3, 5), "replicas_to_spare") == AssertionState::fails);
    CHECK(state(replicas(3, 2), "replicas_to_spare") == AssertionState::holds);
    CHECK_FALSE(assertion(replicas(3, 1), "min_insync_replicas"));
    project.expected.min_insync_replicas = 2;
    CHECK(state(replicas(3, 1), "min_insync_replicas") == AssertionState::fails);
    CHECK(state(replicas(3, 2), "min_insync_replicas") == AssertionState::holds);
    project.expected.replication = 3;
    CHECK(state(replicas(2, 1), "replication") == AssertionState::fails);
}

TEST_CASE("the partition with the fewest replicas in sync decides, and without its minimum nothing is written") {
    const auto report = [](int isr) {
        return detailed("\"partition\": 1,\n    \"isr\": 3", fmt::format(R"("partition": 1, "isr": {})", isr));
    };
    const auto followers = [&](int isr) {
        std::vector<FollowerState> states;
        const SubjectReport one = report(isr);
        for (const core::Follower& follower : evidence<core::Replication>(one).followers)
            states.push_back(follower.state);
        return states;
    };
    CHECK(followers(3) == std::vector{FollowerState::streaming, FollowerState::streaming});
    CHECK(followers(2) == std::vector{FollowerState::streaming, FollowerState::missing});
    CHECK(followers(1) == std::vector{FollowerState::missing, FollowerState::missing});
    CHECK(evidence<core::Reachability>(report(2)).state == ReachState::up);
    CHECK(evidence<core::Reachability>(report(1)).state == ReachState::down);
    CHECK(evidence<core::Reachability>(report(1)).detail ==
          "partition 1 has 1 in-sync replicas, min.insync.replicas is 2: it takes no writes with acks=all");
}

TEST_CASE("the document of a topic knows its retention to the millisecond, its line in the list does not") {
    const std::string ms = std::to_string(168LL * 3'600'000);
    const auto kept = [&](const std::string& value) {
        const SubjectReport report = detailed(ms, value);
        return *assertion(report, "retention_hours");
    };
    CHECK(core::state_of(kept(ms)) == AssertionState::holds);
    CHECK(core::state_of(kept("604799999")) == AssertionState::fails);
    CHECK(kept("-1").actual == "unlimited");
}

TEST_CASE("a topic whose partitions cannot be had is known by its line, and that is said") {
    Project project;
    project.set_topic("orders", "{}");
    project.answers.topic.insert_or_assign("events-kafka/orders", core::failed(FailureKind::timed_out, "late"));
    const SubjectReport late = subject(project.look(), "events-kafka/orders");
    CHECK(failure_of(late) == "late");
    CHECK(state(late, "replication") == AssertionState::holds);
    CHECK_FALSE(tells<core::Reachability>(late));
    for (const char* bad : {"{}", R"({"topic": {"partitions": []}})", R"({"topic": {"partitions": [{"isr": -1}]}})",
                            R"({"topic": {"partitions": [{"isr": 3, "partition": 0}], "config": 1}})"}) {
        CAPTURE(bad);
        project.set_topic("orders", bad);
        CHECK(subject(project.look(), "events-kafka/orders").failure);
    }
    project.set_topic("orders", changed(aiven_document("topic-orders"), "{\n \"topic\"",
                                        R"({"errors": [{"message": "half", "status": 500}], "topic")"));
    CHECK(failure_of(subject(project.look(), "events-kafka/orders")) == "answered with errors: half");
}
