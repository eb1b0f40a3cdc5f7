// SPDX-License-Identifier: Apache-2.0
// Brokers, controller, and whether all replicas are in sync that could be.
#include "worker/kafka/interpret.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace recoverd::worker::kafka {

namespace {

using core::FollowerState;

/// Of every broker that somebody knows of, by its replicas in all topics.
struct Standing {
    bool holds_replicas = false;
    bool behind = false;
};

std::map<std::int32_t, Standing> standings(const Options& options, const Answer& answer) {
    std::map<std::int32_t, Standing> standing;
    for (const Broker& broker : answer.brokers)
        standing[broker.id];
    for (const std::int32_t id : options.broker_ids)
        standing[id];
    for (const Topic& topic : answer.topics)
        for (const Partition& partition : topic.partitions)
            for (const std::int32_t id : partition.replicas) {
                standing[id].holds_replicas = true;
                if (std::ranges::find(partition.isr, id) == partition.isr.end())
                    standing[id].behind = true;
            }
    return standing;
}

core::Replication replication_of(const Options& options, const Answer& answer,
                                 const std::map<std::int32_t, Standing>& standing) {
    core::Replication replication;
    replication.role = "cluster";
    for (const auto& [id, is] : standing) {
        core::Follower follower{.name = fmt::format("broker-{}", id)};
        follower.expected = options.broker_ids.empty()
                                ? is.holds_replicas || answer.broker(id)
                                : std::ranges::find(options.broker_ids, id) != options.broker_ids.end();
        if (!answer.answers(id))
            follower.state = FollowerState::missing;
        else
            follower.state = is.behind ? FollowerState::catching_up : FollowerState::streaming;
        replication.followers.push_back(std::move(follower));
    }
    return replication;
}

/// Without them no group can commit, and no transaction end.
std::optional<std::string> internal_topic_down(const Answer& answer) {
    for (const Topic& topic : answer.topics)
        if (is_internal(topic.name))
            if (const auto offline = offline_partitions(answer, topic); !offline.empty())
                return fmt::format("{}: partition {}", topic.name, some_of(offline));
    return std::nullopt;
}

/// Brokers that are there and not in sync. Those that are not there are said once, as such.
std::vector<std::int32_t> behind(const Answer& answer, const Partition& partition) {
    std::vector<std::int32_t> ids;
    for (const std::int32_t id : partition.replicas)
        if (answer.answers(id) && std::ranges::find(partition.isr, id) == partition.isr.end())
            ids.push_back(id);
    return ids;
}

/// "3 of orders on broker 2" for each topic of which replicas are not in sync although their broker is there.
std::vector<std::string> lagging(const Options& options, const Answer& answer) {
    std::vector<std::string> topics;
    for (const Topic& topic : answer.topics) {
        if (!options.watches_topic(topic.name) && !is_internal(topic.name))
            continue;
        std::size_t partitions = 0;
        std::set<std::string> brokers;
        for (const Partition& partition : topic.partitions) {
            const auto ids = behind(answer, partition);
            partitions += ids.empty() ? 0 : 1;
            for (const std::int32_t id : ids)
                brokers.insert(std::to_string(id));
        }
        if (partitions > 0)
            topics.push_back(fmt::format("{} of {} on broker {}", partitions, topic.name,
                                         some_of({brokers.begin(), brokers.end()})));
    }
    return topics;
}

std::vector<std::string> silent(const Answer& answer) {
    std::vector<std::string> words;
    for (const Broker& broker : answer.brokers)
        if (broker.failure)
            words.push_back(fmt::format("broker {}: {}", broker.id, broker.failure->detail));
    return words;
}

core::Reachability state_of(const Options& options, const Answer& answer) {
    core::Reachability state;
    state.target = options.target();
    state.state = core::ReachState::down;
    // Who listens there may know the others from before only.
    if (const auto words = silent(answer); words.size() * 2 > answer.brokers.size()) {
        state.detail =
            fmt::format("{} of {} brokers do not answer: {}", words.size(), answer.brokers.size(), some_of(words));
        return state;
    }
    if (answer.brokers.empty()) {
        state.detail = "no broker is listed";
        return state;
    }
    if (answer.controller < 0) {
        state.detail = "there is no controller: nobody chooses leaders";
        return state;
    }
    if (const auto down = internal_topic_down(answer)) {
        state.detail = *down;
        return state;
    }
    if (const auto topics = lagging(options, answer); !topics.empty()) {
        state.state = core::ReachState::degraded;
        state.detail =
            fmt::format("partitions are under-replicated though their brokers are there: {}", some_of(topics));
        return state;
    }
    state.state = core::ReachState::up;
    return state;
}

} // namespace

core::SubjectReport cluster_report(const Options& options, const Answer& answer) {
    core::SubjectReport report;
    report.evidence.emplace_back(state_of(options, answer));
    report.evidence.emplace_back(replication_of(options, answer, standings(options, answer)));
    if (!answer.cluster_id.empty())
        report.evidence.emplace_back(core::Fingerprint{.name = "cluster_id", .value = answer.cluster_id});
    double partitions = 0;
    for (const Topic* topic : watched_topics(options, answer))
        partitions += static_cast<double>(under_replicated(*topic));
    report.evidence.emplace_back(
        core::Measurement{.name = "under_replicated_partitions", .value = partitions, .unit = "partitions"});
    report.failure = answer.groups_failure;
    return report;
}

} // namespace recoverd::worker::kafka
