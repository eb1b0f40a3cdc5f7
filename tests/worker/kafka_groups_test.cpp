// SPDX-License-Identifier: Apache-2.0
#include "core/assertion.hpp"
#include "tests/worker/kafka_story.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::test;
using namespace recoverd::worker::kafka;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::ReachState;
using core::state_of;

namespace {

constexpr const char* kLag = "group/billing/orders";

Range& range(KafkaStory& story, std::int32_t partition) {
    return story.answer.ranges.at({"orders", partition}).value();
}

AssertionState place_of(const core::Seen& seen) { return state_of(assertion_of(seen, kLag, "committed_offsets")); }

} // namespace

TEST_CASE("kafka: a group whose consumers stopped is behind by what it committed, although it has no members") {
    KafkaStory story;
    story.options.max_lag = 100;
    story.group().state = GroupState::empty;
    range(story, 0).end = 1200;
    range(story, 2).end = 1050;
    const auto seen = story.seen();
    CHECK(lag_of(seen) == 250);
    CHECK(evidence_of<core::Measurement>(report_of(seen, kLag))->above == 100.0);
    // By itself that is no fault: some run at night only.
    CHECK(reach_of(seen, "group/billing").state == ReachState::up);
    story.options.expect_members = true;
    CHECK(reach_of(story.seen(), "group/billing").state == ReachState::down);
}

TEST_CASE("kafka: a group that has read all is not behind") {
    const KafkaStory story;
    CHECK(lag_of(story.seen()) == 0);
    CHECK(place_of(story.seen()) == AssertionState::holds);
    CHECK(reach_of(story.seen(), "group/billing").state == ReachState::up);
}

TEST_CASE("kafka: a group that rebalances is degraded: meanwhile nobody reads") {
    for (const GroupState state : {GroupState::preparing_rebalance, GroupState::completing_rebalance}) {
        KafkaStory story;
        story.group().state = state;
        CHECK(reach_of(story.seen(), "group/billing").state == ReachState::degraded);
    }
}

TEST_CASE("kafka: a group's state that is not told is not called good") {
    KafkaStory story;
    story.group().state = GroupState::unknown;
    CHECK_FALSE(subject_of(story.seen(), "group/billing"));
    CHECK(lag_of(story.seen()) == 0);
    // Nor is it gone.
    CHECK_FALSE(story.seen().complete);
}

TEST_CASE("kafka: offset -1001 is neither no lag nor all of it: unknown, but for what came since") {
    KafkaStory story;
    story.group().committed[1].offset.reset();
    const auto first = story.seen();
    CHECK(lag_of(first) == 0);
    CHECK(place_of(first) == AssertionState::unknown);
    CHECK_THAT(assertion_of(first, kLag, "committed_offsets").detail,
               ContainsSubstring("nothing is committed in partition 1 (900 records)"));
    range(story, 1).end = 1300;
    const auto second = story.seen_after(first);
    CHECK(lag_of(second) == 300);
    CHECK(place_of(second) == AssertionState::unknown);
    // Once it commits, all is known.
    story.group().committed[1].offset = 1250;
    const auto third = story.seen_after(second);
    CHECK(lag_of(third) == 50);
    CHECK(place_of(third) == AssertionState::holds);
    CHECK(read_cursor(third.cursor).ends.empty());
}

TEST_CASE("kafka: a partition that the answer leaves out has nothing committed, like -1001") {
    KafkaStory story;
    story.group().committed.erase(story.group().committed.begin());
    const auto first = story.seen();
    CHECK(place_of(first) == AssertionState::unknown);
    range(story, 0).end = 1010;
    CHECK(lag_of(story.seen_after(first)) == 10);
}

TEST_CASE("kafka: an empty partition needs no committed offset") {
    KafkaStory story;
    story.group().committed[0].offset.reset();
    range(story, 0) = {.start = 0, .end = 0};
    const auto first = story.seen();
    CHECK(lag_of(first) == 0);
    CHECK(place_of(first) == AssertionState::holds);
    // And when records come that nobody commits, all of them are unread for certain.
    range(story, 0).end = 7;
    const auto second = story.seen_after(first);
    CHECK(lag_of(second) == 7);
    CHECK(place_of(second) == AssertionState::holds);
}

TEST_CASE("kafka: what was uncommitted at first sight is unread for certain once retention took all that was before") {
    KafkaStory story;
    story.group().committed[0].offset.reset();
    const auto first = story.seen();
    range(story, 0) = {.start = 1000, .end = 1400};
    CHECK(lag_of(story.seen_after(first)) == 400);
    CHECK(place_of(story.seen_after(first)) == AssertionState::holds);
}

TEST_CASE("kafka: a committed offset before the beginning means that retention took what was not read") {
    KafkaStory story;
    story.group().committed[0].offset = 40;
    const auto seen = story.seen();
    const auto& place = assertion_of(seen, kLag, "committed_offsets");
    CHECK(place.actual == "before its beginning");
    CHECK_THAT(place.detail, ContainsSubstring("partition 0 (60 records)"));
    CHECK_FALSE(place.priority);
    CHECK(lag_of(seen) == 960);
    // Of a group that nobody runs it is less of a loss.
    story.group().state = GroupState::empty;
    CHECK(assertion_of(story.seen(), kLag, "committed_offsets").priority == core::Priority::p3);
}

TEST_CASE("kafka: what is deleted because it was read, between two questions, was not taken by retention") {
    KafkaStory story;
    const std::int64_t before = story.group().committed[0].offset.value();
    range(story, 0) = {.start = before + 50, .end = before + 60};
    std::vector<Group> again = overtaken(story.answer);
    REQUIRE(again.size() == 1);
    CHECK(again[0].id == "billing");
    again[0].committed = story.group().committed;
    take_newer(again, story.answer); // it has not read on
    CHECK(place_of(story.seen()) == AssertionState::fails);
    again[0].committed[0].offset = before + 70; // beyond the end that was seen
    take_newer(again, story.answer);
    CHECK(place_of(story.seen()) == AssertionState::holds);
    CHECK(lag_of(story.seen()) == 0);
    CHECK(overtaken(story.answer).empty());
}

TEST_CASE("kafka: a committed offset beyond the end means another topic, not a negative lag") {
    KafkaStory story;
    range(story, 0) = {.start = 0, .end = 30};
    const auto seen = story.seen();
    CHECK(assertion_of(seen, kLag, "committed_offsets").actual == "beyond its end");
    CHECK(lag_of(seen) == 30);
}

TEST_CASE("kafka: lag is unknown while a partition has no leader or its offsets are not told") {
    KafkaStory story;
    story.answer.ranges.erase({"orders", 1});
    CHECK(report_of(story.seen(), kLag).failure->kind == core::FailureKind::unreachable);
    CHECK(report_of(story.seen(), kLag).evidence.empty());
    story.answer.ranges.emplace(TopicPartition{"orders", 1}, core::failed(core::FailureKind::timed_out, "late"));
    CHECK(report_of(story.seen(), kLag).failure->detail == "orders partition 1: late");
    KafkaStory refused;
    refused.group().committed[2].failure = core::Failure{core::FailureKind::refused, "no"};
    CHECK(report_of(refused.seen(), kLag).failure->kind == core::FailureKind::refused);
    KafkaStory lying;
    range(lying, 0) = {.start = 50, .end = 10};
    CHECK(report_of(lying.seen(), kLag).failure->kind == core::FailureKind::bad_answer);
}

TEST_CASE("kafka: what was uncommitted is not forgotten over a look that learned nothing of it") {
    KafkaStory story;
    story.group().committed[1].offset.reset();
    const auto first = story.seen();
    KafkaStory broken = story;
    broken.group().failure = core::Failure{core::FailureKind::timed_out, "late"};
    CHECK(broken.seen_after(first).cursor == first.cursor);
    KafkaStory unheard = story;
    unheard.answer.groups.clear();
    unheard.answer.groups_failure = core::Failure{core::FailureKind::timed_out, "late"};
    CHECK(unheard.seen_after(first).cursor == first.cursor);
    KafkaStory leaderless = story;
    leaderless.answer.ranges.erase({"orders", 1});
    CHECK(leaderless.seen_after(first).cursor == first.cursor);
}

TEST_CASE("kafka: a group that was named and is not there is down, one that a pattern would match is not missed") {
    KafkaStory story;
    story.options.groups = {"billing", "report-*"};
    CHECK(unlisted_groups(story.options, story.answer).empty());
    story.answer.groups.clear();
    story.answer.groups = unlisted_groups(story.options, story.answer);
    REQUIRE(story.answer.groups.size() == 1);
    CHECK(story.group().id == "billing");
    CHECK(reach_of(story.seen(), "group/billing").state == ReachState::down);
    CHECK(story.seen().complete);
    CHECK_FALSE(subject_of(story.seen(), "group/report-*"));
    story.answer.groups.clear();
    story.answer.groups.push_back({.id = "billing", .state = GroupState::dead});
    CHECK(reach_of(story.seen(), "group/billing").state == ReachState::down);
}

TEST_CASE("kafka: a group that was named and may not be described is unknown, not gone: no list shows it") {
    KafkaStory story;
    story.answer.groups.clear();
    story.answer.groups = unlisted_groups(story.options, story.answer);
    story.group().failure = core::Failure{core::FailureKind::refused, "Broker: Group authorization failed"};
    const auto seen = story.seen();
    CHECK(report_of(seen, "group/billing").failure == story.group().failure);
    CHECK(report_of(seen, "group/billing").evidence.empty());
    CHECK_FALSE(seen.complete);
}

TEST_CASE("kafka: a group that was made while the groups were listed is there") {
    KafkaStory story;
    story.group().listed = false;
    story.group().state = GroupState::unknown;
    CHECK_FALSE(subject_of(story.seen(), "group/billing"));
    CHECK(lag_of(story.seen()) == 0);
}

TEST_CASE("kafka: patterns that no group matches are no pass") {
    KafkaStory story;
    story.options.groups = {"report-*", "!report-test"};
    CHECK_FALSE(report_of(story.seen(), "").failure);
    story.answer.groups.clear();
    const auto seen = story.seen();
    REQUIRE(report_of(seen, "").failure);
    CHECK(report_of(seen, "").failure->kind == core::FailureKind::bad_answer);
    CHECK_THAT(report_of(seen, "").failure->detail, ContainsSubstring("expected consumer groups to watch, found none"));
    CHECK_FALSE(seen.complete);
    // One that was named is down by now.
    story.options.groups = {"report-*", "billing"};
    CHECK_FALSE(report_of(story.seen(), "").failure);
    story.options.groups.clear();
    CHECK_FALSE(report_of(story.seen(), "").failure);
}

TEST_CASE("kafka: groups that could not be listed are not taken for groups that are gone") {
    KafkaStory story;
    story.answer.groups.clear();
    story.answer.groups_failure = core::Failure{core::FailureKind::timed_out, "groups: no answer in time"};
    const auto seen = story.seen();
    CHECK_FALSE(seen.complete);
    CHECK(report_of(seen, "").failure == story.answer.groups_failure);
    CHECK_FALSE(subject_of(seen, "group/billing"));
}

TEST_CASE("kafka: a group whose offsets may not be read fails alone, and what it read before does not vanish") {
    KafkaStory story;
    story.group().committed.clear();
    story.group().failure = core::Failure{core::FailureKind::refused, "Group authorization failed"};
    const auto seen = story.seen();
    CHECK_FALSE(seen.complete);
    CHECK(report_of(seen, "group/billing").failure->kind == core::FailureKind::refused);
    CHECK(reach_of(seen, "orders").state == ReachState::up);
}

TEST_CASE("kafka: a group that commits nothing keeps its offsets elsewhere, and its lag is unknown") {
    KafkaStory story;
    story.group().committed.clear();
    CHECK(report_of(story.seen(), "group/billing").failure->kind == core::FailureKind::bad_answer);
}

TEST_CASE("kafka: groups are measured in the topics that are watched, and a topic that is gone is said") {
    KafkaStory story;
    story.group().committed.push_back({"payments", 0, 5, {}});
    CHECK(report_of(story.seen(), "group/billing/payments").failure);
    story.options.topics = {"orders"};
    CHECK_FALSE(subject_of(story.seen(), "group/billing/payments"));
    CHECK(subject_of(story.seen(), kLag));
}

TEST_CASE("kafka: offsets are asked of all partitions of what was committed, where somebody answers") {
    KafkaStory story;
    story.topic().partitions[1].leader = -1;
    story.silence(3); // leads partition 2
    story.answer.topics.push_back(kafka_topic("unread", 2));
    CHECK(partitions_to_ask(story.options, story.answer) == std::vector<TopicPartition>{{"orders", 0}});
}

TEST_CASE("kafka: a group may have any name, and none is taken for another's topic") {
    KafkaStory story;
    story.options.groups = {"*"};
    story.group().id = "team/billing\n\xff";
    CHECK(subject_of(story.seen(), "group/team%2Fbilling\\x0a\\xff"));
    CHECK(subject_of(story.seen(), "group/team%2Fbilling\\x0a\\xff/orders"));
}

TEST_CASE("kafka: no more partitions without offsets are remembered than a cursor may hold, and the rest is unknown") {
    KafkaStory story;
    story.answer.topics.push_back(kafka_topic("wide", static_cast<std::int32_t>(kMaxUncommitted) + 10));
    story.group().committed.push_back({"wide", 0, 5, {}});
    for (const Partition& partition : story.topic("wide").partitions)
        story.answer.ranges.emplace(TopicPartition{"wide", partition.id}, Range{0, 10});
    const auto seen = story.seen();
    CHECK(report_of(seen, "group/billing/wide").failure);
    CHECK(read_cursor(seen.cursor).ends.size() == kMaxUncommitted);
    CHECK(seen.cursor.size() < 1'000'000);
}

TEST_CASE("kafka: a cursor comes back as it went, and one that is damaged counts as none") {
    Cursor cursor;
    cursor.ends[{"a\"b", "orders", 3}] = 17;
    CHECK(read_cursor(write_cursor(cursor)) == cursor);
    for (const char* damaged : {"", "{}", "[1]", R"({"uncommitted":[{"group":1}]})", "\xff"})
        CHECK(read_cursor(damaged) == Cursor{});
}
