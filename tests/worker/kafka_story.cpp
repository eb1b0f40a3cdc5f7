// SPDX-License-Identifier: Apache-2.0
#include "tests/worker/kafka_story.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::test {

using namespace worker::kafka;

Topic kafka_topic(std::string name, std::int32_t partitions) {
    Topic topic{.name = std::move(name)};
    for (std::int32_t id = 0; id < partitions; ++id)
        topic.partitions.push_back({id, 1 + id % 3, {1, 2, 3}, {1, 2, 3}});
    topic.configs = Configs{{"retention.ms", "604800000"},
                            {"retention.bytes", "-1"},
                            {"cleanup.policy", "delete"},
                            {"min.insync.replicas", "2"}};
    return topic;
}

KafkaStory::KafkaStory() {
    options.brokers = {"kafka1:9092", "kafka2:9092"};
    options.groups = {"billing"};
    answer.cluster_id = "zlFiTJelTOuhnklFwLWixw";
    answer.controller = 1;
    for (std::int32_t id = 1; id <= 3; ++id)
        answer.brokers.push_back({id, fmt::format("kafka{}:9092", id), {}});
    answer.topics.push_back(kafka_topic("orders", 3));
    answer.topics.push_back(kafka_topic("__consumer_offsets", 3));
    Group billing{.id = "billing", .state = GroupState::stable};
    for (std::int32_t id = 0; id < 3; ++id) {
        billing.committed.push_back({"orders", id, 1000, {}});
        answer.ranges.emplace(TopicPartition{"orders", id}, Range{100, 1000});
    }
    answer.groups.push_back(std::move(billing));
}

core::Seen KafkaStory::seen_after(const core::Seen& before) {
    options.cursor = before.cursor;
    return seen();
}

Topic& KafkaStory::topic(const std::string& name) {
    const auto found = std::ranges::find(answer.topics, name, &Topic::name);
    REQUIRE(found != answer.topics.end());
    return *found;
}

void KafkaStory::lose_broker(std::int32_t id) {
    std::erase_if(answer.brokers, [&](const Broker& broker) { return broker.id == id; });
    for (Topic& topic : answer.topics)
        for (Partition& partition : topic.partitions) {
            std::erase(partition.isr, id);
            if (partition.leader == id)
                partition.leader = partition.isr.empty() ? -1 : partition.isr.front();
        }
}

void KafkaStory::silence(std::int32_t id) {
    for (Broker& broker : answer.brokers)
        if (broker.id == id)
            broker.failure = core::Failure{core::FailureKind::timed_out, "kafka:9092: no answer in time"};
}

void KafkaStory::promise(std::string pattern, std::string policy, std::int64_t retention_ms) {
    options.retention.push_back({std::move(pattern), std::move(policy), retention_ms});
}

const core::SubjectReport* subject_of(const core::Seen& seen, std::string_view name) {
    const auto found = std::ranges::find(seen.subjects, name, &core::SubjectReport::subject);
    return found == seen.subjects.end() ? nullptr : &*found;
}

const core::SubjectReport& report_of(const core::Seen& seen, std::string_view name) {
    INFO(name);
    REQUIRE(subject_of(seen, name));
    return *subject_of(seen, name);
}

const core::Reachability& reach_of(const core::Seen& seen, std::string_view name) {
    const auto* found = evidence_of<core::Reachability>(report_of(seen, name));
    REQUIRE(found);
    return *found;
}

const core::Follower& broker_of(const core::Seen& seen, std::int32_t id) {
    const auto* replication = evidence_of<core::Replication>(report_of(seen, ""));
    REQUIRE(replication);
    const auto found = std::ranges::find(replication->followers, fmt::format("broker-{}", id), &core::Follower::name);
    REQUIRE(found != replication->followers.end());
    return *found;
}

const core::Assertion& assertion_of(const core::Seen& seen, std::string_view subject, std::string_view name) {
    const auto* found = evidence_of<core::Assertions>(report_of(seen, subject));
    REQUIRE(found);
    const auto at = std::ranges::find(found->assertions, name, &core::Assertion::name);
    REQUIRE(at != found->assertions.end());
    return *at;
}

double lag_of(const core::Seen& seen) {
    const auto* lag = evidence_of<core::Measurement>(report_of(seen, "group/billing/orders"));
    REQUIRE(lag);
    CHECK(lag->name == "lag");
    return lag->value;
}

} // namespace recoverd::test
