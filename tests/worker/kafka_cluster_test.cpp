// SPDX-License-Identifier: Apache-2.0
#include "core/assertion.hpp"
#include "tests/worker/kafka_story.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::test;
using namespace recoverd::worker::kafka;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::FollowerState;
using core::ReachState;

TEST_CASE("kafka: a broker that is gone is missing, and its replicas out of sync are not said a second time") {
    KafkaStory story;
    story.lose_broker(3);
    const auto seen = story.seen();
    CHECK(broker_of(seen, 3).state == FollowerState::missing);
    CHECK(broker_of(seen, 3).expected);
    CHECK(broker_of(seen, 1).state == FollowerState::streaming);
    CHECK(reach_of(seen, "").state == ReachState::up);
    CHECK(reach_of(seen, "orders").state == ReachState::up);
    CHECK(evidence_of<core::Measurement>(report_of(seen, "orders"))->value == 3);
    CHECK(evidence_of<core::Measurement>(report_of(seen, ""))->value == 3);
}

TEST_CASE("kafka: replicas out of sync while their broker is there degrade the cluster, once for all topics") {
    KafkaStory story;
    story.answer.topics.push_back(kafka_topic("stock", 1));
    for (Partition& partition : story.topic().partitions)
        partition.isr = {1, 3};
    story.topic("stock").partitions[0].isr = {1, 3};
    const auto seen = story.seen();
    CHECK(reach_of(seen, "").state == ReachState::degraded);
    CHECK_THAT(reach_of(seen, "").detail, ContainsSubstring("3 of orders on broker 2, 1 of stock on broker 2"));
    CHECK(reach_of(seen, "orders").state == ReachState::up);
    CHECK(broker_of(seen, 2).state == FollowerState::catching_up);
}

TEST_CASE("kafka: a broker without replicas is missed only when it was named") {
    KafkaStory story;
    story.answer.brokers.push_back({4, "kafka4:9092", {}});
    CHECK(broker_of(story.seen(), 4).state == FollowerState::streaming);
    story.lose_broker(4);
    CHECK(evidence_of<core::Replication>(report_of(story.seen(), ""))->followers.size() == 3);
    story.options.broker_ids = {1, 2, 3, 4};
    CHECK(broker_of(story.seen(), 4).state == FollowerState::missing);
    CHECK(broker_of(story.seen(), 4).expected);
}

TEST_CASE("kafka: a broker on the list that does not answer is missing, and what it leads is down") {
    // Without a quorum of controllers the list stays as it was.
    KafkaStory story;
    story.silence(2);
    const auto seen = story.seen();
    CHECK(broker_of(seen, 2).state == FollowerState::missing);
    CHECK(reach_of(seen, "orders").state == ReachState::down);
    CHECK(reach_of(seen, "orders").detail == "1 of 3 partitions are offline: leader 2 of 1 does not answer");
}

TEST_CASE("kafka: when most brokers are silent the cluster is down, whatever the one that answers remembers") {
    KafkaStory story;
    story.silence(2);
    story.silence(3);
    const auto seen = story.seen();
    CHECK(reach_of(seen, "").state == ReachState::down);
    CHECK_THAT(reach_of(seen, "").detail, ContainsSubstring("2 of 3 brokers do not answer"));
    // Replicas that are said to be in sync and do not answer are not.
    CHECK_THAT(reach_of(seen, "orders").detail, ContainsSubstring("offline"));
}

TEST_CASE("kafka: without a controller the cluster is down") {
    KafkaStory story;
    story.answer.controller = -1;
    CHECK(reach_of(story.seen(), "").state == ReachState::down);
}

TEST_CASE("kafka: an offline partition of Kafka's own topics takes the cluster down, since groups cannot commit") {
    KafkaStory story;
    story.topic("__consumer_offsets").partitions[1].leader = -1;
    CHECK(reach_of(story.seen(), "").state == ReachState::down);
    CHECK(reach_of(story.seen(), "").detail == "__consumer_offsets: partition 1 has no leader");
}

TEST_CASE("kafka: a partition without a leader takes its topic down, and no other") {
    KafkaStory story;
    story.answer.topics.push_back(kafka_topic("stock", 1));
    story.topic().partitions[0].leader = -1;
    const auto seen = story.seen();
    CHECK(reach_of(seen, "orders").state == ReachState::down);
    CHECK(reach_of(seen, "orders").detail == "1 of 3 partitions are offline: 0 has no leader");
    CHECK(reach_of(seen, "stock").state == ReachState::up);
    CHECK(reach_of(seen, "").state == ReachState::up);
}

TEST_CASE("kafka: a topic with fewer in sync than min.insync.replicas takes no record, and is down") {
    KafkaStory story;
    story.lose_broker(2);
    story.lose_broker(3);
    const auto seen = story.seen();
    CHECK(reach_of(seen, "orders").state == ReachState::down);
    CHECK_THAT(reach_of(seen, "orders").detail,
               ContainsSubstring("fewer are in sync than min.insync.replicas: 0 has 1 of 2"));
    // More demanded than there are replicas: nobody ever writes.
    KafkaStory never;
    (*never.topic().configs)["min.insync.replicas"] = "4";
    CHECK(reach_of(never.seen(), "orders").state == ReachState::down);
}

TEST_CASE("kafka: another cluster behind the same names has another fingerprint") {
    KafkaStory story;
    const core::Seen seen = story.seen();
    const auto* print = evidence_of<core::Fingerprint>(report_of(seen, ""));
    REQUIRE(print);
    CHECK(print->name == "cluster_id");
    CHECK(print->constancy == core::Constancy::constant);
    story.answer.cluster_id.clear();
    CHECK_FALSE(evidence_of<core::Fingerprint>(report_of(story.seen(), "")));
}

TEST_CASE("kafka: no topic to watch is a failure, and nothing counts as vanished") {
    // A user that lost its rights is shown none.
    KafkaStory story;
    story.answer.topics.erase(story.answer.topics.begin());
    const auto seen = story.seen();
    CHECK_FALSE(seen.complete);
    REQUIRE(report_of(seen, "").failure);
    CHECK(report_of(seen, "").failure->kind == core::FailureKind::bad_answer);
}

TEST_CASE("kafka: a topic that was named and is not there is down") {
    KafkaStory story;
    story.options.topics = {"orders", "payments", "stock-*"};
    std::vector<Topic> unlisted = unlisted_topics(story.options, story.answer);
    REQUIRE(unlisted.size() == 1);
    CHECK(unlisted[0].name == "payments");
    unlisted[0].absent = true;
    unlisted[0].configs = core::failed(core::FailureKind::bad_answer, "Broker: Unknown topic or partition");
    keep_hidden(unlisted, story.answer);
    const auto seen = story.seen();
    CHECK(reach_of(seen, "payments").state == ReachState::down);
    CHECK_FALSE(subject_of(seen, "stock-*"));
    CHECK(seen.complete);
}

TEST_CASE("kafka: a named topic that is hidden from us is unknown, not gone, nor are others that are not shown") {
    struct Row {
        core::Result<Configs> configs;
        core::FailureKind kind;
        bool complete;
    };
    using enum core::FailureKind;
    for (const Row& row : {Row{core::failed(refused, "Broker: Topic authorization failed"), refused, false},
                           // May be looked into, may not be described.
                           Row{Configs{{"retention.ms", "1"}}, refused, false},
                           Row{core::failed(timed_out, "settings: no answer in time"), timed_out, true}}) {
        KafkaStory story;
        story.options.topics = {"orders", "payments"};
        std::vector<Topic> unlisted = unlisted_topics(story.options, story.answer);
        REQUIRE(unlisted.size() == 1);
        unlisted[0].configs = row.configs;
        keep_hidden(unlisted, story.answer);
        const auto seen = story.seen();
        REQUIRE(report_of(seen, "payments").failure);
        CHECK(report_of(seen, "payments").failure->kind == row.kind);
        CHECK(report_of(seen, "payments").evidence.empty());
        CHECK(seen.complete == row.complete);
    }
}

TEST_CASE("kafka: topics are chosen by patterns, Kafka's own only by name") {
    KafkaStory story;
    story.answer.topics.push_back(kafka_topic("orders-changelog", 1));
    CHECK_FALSE(subject_of(story.seen(), "__consumer_offsets"));
    story.options.topics = {"*", "!*-changelog"};
    CHECK(subject_of(story.seen(), "orders"));
    CHECK_FALSE(subject_of(story.seen(), "orders-changelog"));
    CHECK_FALSE(subject_of(story.seen(), "__consumer_offsets"));
    story.options.topics = {"__consumer_offsets"};
    CHECK(subject_of(story.seen(), "__consumer_offsets"));
    CHECK_FALSE(subject_of(story.seen(), "orders"));
    story.options.topics = {"!orders"};
    CHECK(subject_of(story.seen(), "orders-changelog"));
    CHECK_FALSE(subject_of(story.seen(), "orders"));
}

TEST_CASE("kafka: a topic that its cluster has an error for is a failure of that topic") {
    KafkaStory story;
    story.topic().failure = core::Failure{core::FailureKind::refused, "Topic authorization failed"};
    CHECK(report_of(story.seen(), "orders").evidence.empty());
    CHECK(report_of(story.seen(), "orders").failure->kind == core::FailureKind::refused);
    KafkaStory empty;
    empty.topic().partitions.clear();
    CHECK(report_of(empty.seen(), "orders").failure);
}

TEST_CASE(
    "kafka: settings that may not be read are a failure, and what is known of the partitions is told all the same") {
    KafkaStory story;
    story.promise("*", "delete", kSevenDays);
    story.topic().configs = core::failed(core::FailureKind::refused, "Topic authorization failed");
    story.topic().partitions[0].leader = -1;
    const auto seen = story.seen();
    CHECK(report_of(seen, "orders").failure->kind == core::FailureKind::refused);
    CHECK_FALSE(evidence_of<core::Assertions>(report_of(seen, "orders")));
    CHECK(reach_of(seen, "orders").state == ReachState::down);
}

TEST_CASE("kafka: what two entries of an answer say of one name is told once") {
    KafkaStory story;
    story.answer.topics.push_back(kafka_topic("orders", 1));
    story.answer.groups.push_back(story.group());
    const auto seen = story.seen();
    for (const auto& subject : seen.subjects) {
        CAPTURE(subject.subject);
        CHECK(std::ranges::count(seen.subjects, subject.subject, &core::SubjectReport::subject) == 1);
    }
}

TEST_CASE("kafka: partitions may become more, not fewer: a topic made anew has lost its records") {
    KafkaStory story;
    const core::Seen seen = story.seen();
    const auto* partitions = evidence_of<core::Fingerprint>(report_of(seen, "orders"));
    REQUIRE(partitions);
    CHECK(partitions->value == "3");
    CHECK(partitions->constancy == core::Constancy::rising);
}
