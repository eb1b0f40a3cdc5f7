// SPDX-License-Identifier: Apache-2.0
#include "core/assertion.hpp"
#include "tests/worker/kafka_story.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::test;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::state_of;

namespace {

/// The states of cleanup.policy, retention.ms and retention.bytes when the topic has these settings.
std::string states(std::initializer_list<std::pair<const char*, const char*>> settings, const char* policy = "delete") {
    KafkaStory story;
    story.promise("*", policy, kSevenDays);
    for (const auto& [name, value] : settings)
        (*story.topic().configs)[name] = value;
    const auto seen = story.seen();
    std::string words;
    for (const auto& assertion : evidence_of<core::Assertions>(report_of(seen, "orders"))->assertions)
        words += std::string{words.empty() ? "" : " "} + std::string{core::name_of(state_of(assertion))};
    return words;
}

} // namespace

TEST_CASE("kafka: retention.ms below the promise does not hold, above it and without a limit does") {
    CHECK(states({{"retention.ms", "86400000"}}) == "holds fails holds");
    CHECK(states({{"retention.ms", "604800000"}}) == "holds holds holds");
    CHECK(states({{"retention.ms", "1209600000"}}) == "holds holds holds");
    // -1 is no limit, not less than everything.
    CHECK(states({{"retention.ms", "-1"}}) == "holds holds holds");
    CHECK(states({{"retention.ms", "soon"}}) == "holds unknown holds");
}

TEST_CASE("kafka: retention.bytes removes records before their time, and is less than a page") {
    CHECK(states({{"retention.bytes", "1073741824"}}) == "holds holds fails");
    KafkaStory story;
    story.promise("*", "delete", kSevenDays);
    CHECK(assertion_of(story.seen(), "orders", "retention.bytes").priority == core::Priority::p3);
    CHECK_FALSE(assertion_of(story.seen(), "orders", "retention.ms").priority);
}

TEST_CASE("kafka: a compacted topic ignores retention, so it keeps no promise of days") {
    CHECK(states({{"cleanup.policy", "compact"}}) == "fails holds holds");
    CHECK(states({{"cleanup.policy", "compact,delete"}}) == "fails holds holds");
    CHECK(states({{"cleanup.policy", " delete "}}) == "holds holds holds");
    // Nothing is removed at all.
    CHECK(states({{"cleanup.policy", ""}}) == "holds holds holds");
}

TEST_CASE("kafka: a topic that is promised to be compacted loses keys when records are deleted by age") {
    CHECK(states({{"cleanup.policy", "compact"}}, "compact") == "holds");
    CHECK(states({{"cleanup.policy", "delete"}}, "compact") == "fails");
    CHECK(states({{"cleanup.policy", "delete, compact"}}, "compact") == "fails");
}

TEST_CASE("kafka: of several patterns the one that says most about a topic promises") {
    KafkaStory story;
    story.promise("*", "delete", kSevenDays);
    story.promise("orders-*", "compact");
    story.promise("orders-tmp-*", "");
    story.promise("orders-eu", "delete", 1000);
    CHECK(story.options.promise_of("payments")->retention_ms == kSevenDays);
    CHECK(story.options.promise_of("orders-changelog")->policy == "compact");
    CHECK(story.options.promise_of("orders-tmp-1")->policy.empty());
    CHECK(story.options.promise_of("orders-eu")->retention_ms == 1000);
    story.options.retention.erase(story.options.retention.begin());
    CHECK_FALSE(story.options.promise_of("payments"));
}

TEST_CASE("kafka: Kafka's own topics promise nothing") {
    KafkaStory story;
    story.promise("*", "delete", kSevenDays);
    (*story.topic("__consumer_offsets").configs)["cleanup.policy"] = "compact";
    const core::Seen seen = story.seen();
    for (const auto& report : seen.subjects)
        CHECK_FALSE(report.subject.starts_with("__"));
}

TEST_CASE("kafka: without a promise nothing is expected of a topic") {
    KafkaStory story;
    CHECK_FALSE(evidence_of<core::Assertions>(report_of(story.seen(), "orders")));
    story.promise("orders", "");
    CHECK_FALSE(evidence_of<core::Assertions>(report_of(story.seen(), "orders")));
}

TEST_CASE("kafka: a setting that is not told is unknown, never kept") {
    KafkaStory story;
    story.promise("*", "delete", kSevenDays);
    story.topic().configs->erase("retention.ms");
    CHECK(state_of(assertion_of(story.seen(), "orders", "retention.ms")) == AssertionState::unknown);
}

TEST_CASE("kafka: replicas and min.insync.replicas are counted of the partition that has fewest") {
    KafkaStory story;
    story.options.replication_factor = 3;
    story.options.min_insync_replicas = 2;
    CHECK(state_of(assertion_of(story.seen(), "orders", "replication_factor")) == AssertionState::holds);
    CHECK(state_of(assertion_of(story.seen(), "orders", "min.insync.replicas")) == AssertionState::holds);
    story.topic().partitions[1].replicas = {1};
    (*story.topic().configs)["min.insync.replicas"] = "1";
    CHECK(assertion_of(story.seen(), "orders", "replication_factor").actual == "1");
    CHECK(state_of(assertion_of(story.seen(), "orders", "min.insync.replicas")) == AssertionState::fails);
}
