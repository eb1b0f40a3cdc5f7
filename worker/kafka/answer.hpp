// SPDX-License-Identifier: Apache-2.0
// What a cluster told, before anybody says what it means. Filled by client.cpp, and by tests.
#pragma once

#include "core/failure.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace recoverd::worker::kafka {

struct Broker {
    std::int32_t id = 0;
    /// host:port, as the cluster gives it to clients.
    std::string address;
    /// Why it did not answer when it was asked itself. The list of brokers is what a cluster remembers: without a
    /// quorum of controllers nobody is taken off it.
    std::optional<core::Failure> failure;
};

struct Partition {
    std::int32_t id = 0;
    /// -1 for nobody.
    std::int32_t leader = -1;
    std::vector<std::int32_t> replicas;
    std::vector<std::int32_t> isr;
};

using Configs = std::map<std::string, std::string, std::less<>>;

struct Topic {
    std::string name;
    std::vector<Partition> partitions;
    std::optional<core::Failure> failure;
    /// Values that are in force, wherever they are set. Only of topics that are watched.
    core::Result<Configs> configs{std::unexpect, core::FailureKind::bad_answer, "not asked"};
    /// Did a broker say, asked for its settings, that there is no such topic?
    bool absent = false;
};

/// What a group committed in one partition.
struct Committed {
    std::string topic;
    std::int32_t partition = 0;
    /// Nothing for -1001 (RD_KAFKA_OFFSET_INVALID, -1 on the wire): neither at the beginning nor at the end.
    std::optional<std::int64_t> offset;
    std::optional<core::Failure> failure;
};

enum class GroupState : std::uint8_t { unknown, preparing_rebalance, completing_rebalance, stable, dead, empty };

struct Group {
    std::string id;
    /// Or was it asked for by its name alone?
    bool listed = true;
    GroupState state = GroupState::unknown;
    std::vector<Committed> committed;
    /// Why its offsets are not known.
    std::optional<core::Failure> failure;
};

/// The first offset that is there, and the one that the next record gets.
struct Range {
    std::int64_t start = 0;
    std::int64_t end = 0;
};

using TopicPartition = std::pair<std::string, std::int32_t>;

struct Answer {
    /// Empty when not told.
    std::string cluster_id;
    /// -1 for none. Of a cluster without ZooKeeper this is some broker that is there: requests to it are passed on.
    std::int32_t controller = -1;
    std::vector<Broker> brokers;
    std::vector<Topic> topics;
    std::vector<Group> groups;
    /// Why the list of groups is not whole.
    std::optional<core::Failure> groups_failure;
    /// Of partitions that watched groups have to do with.
    std::map<TopicPartition, core::Result<Range>> ranges;

    const Broker* broker(std::int32_t id) const;
    const Topic* topic(std::string_view name) const;
    /// Is it on the list, and did it answer?
    bool answers(std::int32_t broker_id) const;
};

} // namespace recoverd::worker::kafka
