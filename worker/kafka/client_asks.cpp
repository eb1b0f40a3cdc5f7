// SPDX-License-Identifier: Apache-2.0
// What is asked of a cluster that let us in. librdkafka 2.0 as in Debian 12: it knows no DescribeTopics,
// DescribeCluster and ListOffsets.
#include "worker/kafka/client.hpp"
#include "worker/kafka/client_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

namespace recoverd::worker::kafka {

namespace {

using core::Failure;
using core::FailureKind;

/// Topics per request, and requests about groups at a time: neither a broker nor its answer shall become large.
constexpr std::size_t kTopicsAtOnce = 500;
constexpr std::size_t kGroupsAtOnce = 50;
/// All that is wanted of a topic's settings; of all of them an answer about 1,000 topics would have megabytes.
constexpr const char* kConfigs[] = {"retention.ms", "retention.bytes", "cleanup.policy", "min.insync.replicas"};
constexpr core::Duration kAskAtMost = std::chrono::seconds{5};

AdminOptions options_for(rd_kafka_t* handle, rd_kafka_admin_op_t what, int timeout_ms, void* opaque) {
    AdminOptions options{rd_kafka_AdminOptions_new(handle, what)};
    char words[256];
    rd_kafka_AdminOptions_set_request_timeout(options.get(), std::max(1, timeout_ms), words, sizeof words);
    rd_kafka_AdminOptions_set_opaque(options.get(), opaque);
    return options;
}

/// Answers come in any order; each is told what it is an answer to. Those that do not come in time are not told.
void gather(rd_kafka_queue_t* queue, std::size_t count, core::Duration patience,
            const std::function<void(rd_kafka_event_t*, void*)>& read) {
    const core::Duration until = monotonic() + patience;
    while (count > 0) {
        const core::Duration left = until - monotonic();
        Event event{rd_kafka_queue_poll(queue, static_cast<int>(std::max(core::Duration{0}, left).count()))};
        if (!event && left <= core::Duration{0})
            return;
        if (!event)
            continue;
        read(event.get(), rd_kafka_event_opaque(event.get()));
        --count;
    }
}

/// What librdkafka says of a request that timed out comes a moment after that.
core::Duration with_way_back(int timeout_ms) { return core::Duration{timeout_ms} * 9 / 8; }

Failure late(std::string_view what) { return {FailureKind::timed_out, fmt::format("{}: no answer in time", what)}; }

std::optional<Failure> failure_in(rd_kafka_event_t* event) {
    if (const auto error = rd_kafka_event_error(event)) {
        const char* words = rd_kafka_event_error_string(event);
        return failure_of(error, words ? words : "");
    }
    return std::nullopt;
}

/// Negative ones are librdkafka's own: nothing came, or nothing that it understands.
bool is_answer(rd_kafka_resp_err_t error) { return error >= 0 || error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE; }

core::Result<Configs> read_configs(const rd_kafka_ConfigResource_t* resource) {
    if (const auto error = rd_kafka_ConfigResource_error(resource)) {
        const char* words = rd_kafka_ConfigResource_error_string(resource);
        return std::unexpected(failure_of(error, words ? words : ""));
    }
    std::size_t count = 0;
    const auto** entries = rd_kafka_ConfigResource_configs(resource, &count);
    Configs configs;
    for (const auto* entry : std::span{entries, count})
        // Values that are secret have none.
        if (const char* value = rd_kafka_ConfigEntry_value(entry))
            configs.emplace(rd_kafka_ConfigEntry_name(entry), value);
    return configs;
}

Resource resource_of(rd_kafka_ResourceType_t type, const std::string& name) {
    Resource resource{rd_kafka_ConfigResource_new(type, name.c_str())};
    for (const char* config : kConfigs)
        if (type == RD_KAFKA_RESOURCE_TOPIC || std::string_view{config} == "min.insync.replicas")
            rd_kafka_ConfigResource_set_config(resource.get(), config, "");
    return resource;
}

void describe(rd_kafka_t* handle, std::vector<Resource>& resources, const AdminOptions& options, const Queue& queue) {
    std::vector<rd_kafka_ConfigResource_t*> raw;
    for (Resource& resource : resources)
        raw.push_back(resource.get());
    rd_kafka_DescribeConfigs(handle, raw.data(), raw.size(), options.get(), queue.get());
}

GroupState state_of(rd_kafka_consumer_group_state_t state) {
    switch (state) {
    case RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE:
        return GroupState::preparing_rebalance;
    case RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE:
        return GroupState::completing_rebalance;
    case RD_KAFKA_CONSUMER_GROUP_STATE_STABLE:
        return GroupState::stable;
    case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD:
        return GroupState::dead;
    case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY:
        return GroupState::empty;
    default:
        return GroupState::unknown;
    }
}

std::span<rd_kafka_topic_partition_t> parts_of(const rd_kafka_topic_partition_list_t* list) {
    return list ? std::span{list->elems, static_cast<std::size_t>(list->cnt)} : std::span<rd_kafka_topic_partition_t>{};
}

void read_committed(rd_kafka_event_t* event, Group& group) {
    group.failure = failure_in(event);
    if (group.failure)
        return;
    std::size_t count = 0;
    const auto** results =
        rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    for (const auto* result : std::span{results, count}) {
        // One that is not there has nothing committed, which most brokers say without an error.
        if (const auto* error = rd_kafka_group_result_error(result);
            rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR &&
            rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
            group.failure = failure_of(rd_kafka_error_code(error), rd_kafka_error_string(error));
        for (const auto& part : parts_of(rd_kafka_group_result_partitions(result))) {
            Committed committed{.topic = part.topic, .partition = part.partition};
            if (part.err)
                committed.failure = failure_of(part.err);
            else if (part.offset >= 0)
                committed.offset = part.offset;
            group.committed.push_back(std::move(committed));
        }
    }
}

} // namespace

void Client::knock(std::vector<Broker>& brokers) {
    const Queue queue{rd_kafka_queue_new(handle_)};
    const int timeout = left_ms(std::min(kAskAtMost, left() / 2));
    for (Broker& broker : brokers) {
        broker.failure = late(broker.address);
        const auto options = options_for(handle_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, &broker);
        std::vector<Resource> resources;
        resources.push_back(resource_of(RD_KAFKA_RESOURCE_BROKER, std::to_string(broker.id)));
        describe(handle_, resources, options, queue);
    }
    gather(queue.get(), brokers.size(), with_way_back(timeout), [](rd_kafka_event_t* event, void* asked) {
        auto& broker = *static_cast<Broker*>(asked);
        broker.failure = failure_in(event);
        if (broker.failure && is_answer(rd_kafka_event_error(event)))
            broker.failure.reset();
        if (broker.failure)
            broker.failure->detail = fmt::format("{}: {}", broker.address, broker.failure->detail);
    });
}

void Client::configs(std::vector<Topic*> topics) {
    const Queue queue{rd_kafka_queue_new(handle_)};
    const int timeout = left_ms(std::min(kAskAtMost, left() / 2));
    std::map<std::string_view, Topic*> by_name;
    std::vector<std::span<Topic*>> asked;
    asked.reserve(topics.size() / kTopicsAtOnce + 1); // each request knows its own by address
    for (std::size_t begin = 0; begin < topics.size(); begin += kTopicsAtOnce) {
        auto& some =
            asked.emplace_back(std::span{topics}.subspan(begin, std::min(kTopicsAtOnce, topics.size() - begin)));
        const auto options = options_for(handle_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, &some);
        std::vector<Resource> resources;
        for (Topic* topic : some) {
            topic->configs = std::unexpected(late("settings"));
            by_name.emplace(topic->name, topic);
            resources.push_back(resource_of(RD_KAFKA_RESOURCE_TOPIC, topic->name));
        }
        describe(handle_, resources, options, queue);
    }
    gather(queue.get(), asked.size(), with_way_back(timeout), [&](rd_kafka_event_t* event, void* some) {
        // Of all that was asked with it. Who may not see one topic is told so of that one.
        if (const auto failure = failure_in(event)) {
            for (Topic* topic : *static_cast<std::span<Topic*>*>(some))
                topic->configs = std::unexpected(Failure{failure->kind, fmt::format("settings: {}", failure->detail)});
            return;
        }
        std::size_t count = 0;
        const auto* result = rd_kafka_event_DescribeConfigs_result(event);
        const auto** resources = rd_kafka_DescribeConfigs_result_resources(result, &count);
        for (const auto* resource : std::span{resources, count})
            if (const auto at = by_name.find(rd_kafka_ConfigResource_name(resource)); at != by_name.end()) {
                at->second->configs = read_configs(resource);
                at->second->absent = rd_kafka_ConfigResource_error(resource) == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
            }
    });
}

std::optional<Failure> Client::groups(std::vector<Group>& groups) {
    const Queue queue{rd_kafka_queue_new(handle_)};
    const int timeout = left_ms(std::min(kAskAtMost, left() / 2));
    const auto options = options_for(handle_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, timeout, nullptr);
    rd_kafka_ListConsumerGroups(handle_, options.get(), queue.get());
    std::optional<Failure> failure = late("groups");
    gather(queue.get(), 1, with_way_back(timeout), [&](rd_kafka_event_t* event, void*) {
        failure = failure_in(event);
        if (failure)
            return;
        const auto* result = rd_kafka_event_ListConsumerGroups_result(event);
        std::size_t count = 0;
        const auto** listed = rd_kafka_ListConsumerGroups_result_valid(result, &count);
        for (const auto* group : std::span{listed, count})
            groups.push_back({.id = rd_kafka_ConsumerGroupListing_group_id(group),
                              .state = state_of(rd_kafka_ConsumerGroupListing_state(group))});
        const auto** errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
        for (const auto* error : std::span{errors, count})
            failure = failure_of(rd_kafka_error_code(error), rd_kafka_error_string(error));
    });
    return failure;
}

void Client::committed(std::span<Group> groups) {
    const core::Duration until = monotonic() + left() / 2;
    for (std::size_t begin = 0; begin < groups.size(); begin += kGroupsAtOnce) {
        const auto some = groups.subspan(begin, std::min(kGroupsAtOnce, groups.size() - begin));
        const Queue queue{rd_kafka_queue_new(handle_)};
        const core::Duration patience = std::clamp(until - monotonic(), core::Duration{1}, kAskAtMost);
        for (Group& group : some) {
            group.failure = late(group.id);
            const auto options = options_for(handle_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS,
                                             static_cast<int>(patience.count()), &group);
            // One group per call, and all of its partitions.
            auto* asked = rd_kafka_ListConsumerGroupOffsets_new(group.id.c_str(), nullptr);
            rd_kafka_ListConsumerGroupOffsets(handle_, &asked, 1, options.get(), queue.get());
            rd_kafka_ListConsumerGroupOffsets_destroy(asked);
        }
        gather(queue.get(), some.size(), with_way_back(static_cast<int>(patience.count())),
               [](rd_kafka_event_t* event, void* asked) { read_committed(event, *static_cast<Group*>(asked)); });
    }
}

namespace {

using Ranges = std::map<TopicPartition, core::Result<Range>>;

/// -1 and -2 in place of a time ask for the end and the beginning, of each broker's partitions in one request. One that
/// fails spoils those of all.
void ask_offsets(rd_kafka_t* handle, std::span<const TopicPartition> partitions, std::int64_t which, int timeout_ms,
                 std::int64_t Range::* into, Ranges& ranges) {
    const PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()))};
    for (const auto& [topic, partition] : partitions)
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = which;
    const auto error = rd_kafka_offsets_for_times(handle, list.get(), timeout_ms);
    for (const auto& part : parts_of(list.get())) {
        core::Result<Range>& range = ranges.at({part.topic, part.partition});
        if (error || part.err)
            range = std::unexpected(failure_of(part.err ? part.err : error));
        else if (range && part.offset < 0)
            range = std::unexpected(Failure{FailureKind::bad_answer, "expected an offset, found none"});
        else if (range)
            *range.*into = part.offset;
    }
}

} // namespace

Ranges Client::ranges(const std::vector<TopicPartition>& partitions) {
    Ranges ranges;
    for (const TopicPartition& partition : partitions)
        ranges.emplace(partition, Range{});
    const auto ask = [&](std::span<const TopicPartition> some) {
        for (const TopicPartition& partition : some)
            ranges.at(partition) = Range{};
        ask_offsets(handle_, some, RD_KAFKA_OFFSET_BEGINNING, left_ms(left() / 3), &Range::start, ranges);
        ask_offsets(handle_, some, RD_KAFKA_OFFSET_END, left_ms(left() / 2), &Range::end, ranges);
    };
    if (partitions.empty())
        return ranges;
    ask(partitions);
    if (std::ranges::all_of(ranges, [](const auto& each) { return each.second.has_value(); }))
        return ranges;
    // Topic by topic, as long as there is time, so that the one that fails spoils only its own.
    for (auto begin = partitions.begin(); begin != partitions.end() && left() > limit_ / 10;) {
        const auto end = std::find_if(begin, partitions.end(), [&](const auto& p) { return p.first != begin->first; });
        ask({begin, end});
        begin = end;
    }
    return ranges;
}

} // namespace recoverd::worker::kafka
