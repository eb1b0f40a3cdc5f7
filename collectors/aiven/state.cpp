// SPDX-License-Identifier: Apache-2.0
// How a service is, by its state and the states of its nodes. REBUILDING and REBALANCING are said of services that
// serve as well as of such that do not, so the nodes decide.
#include "collectors/aiven/parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

namespace recoverd::collectors::aiven_parts {

namespace {

using core::Follower;
using core::FollowerState;
using core::ReachState;

/// A service that is being made has no node that runs yet, and nobody who misses it.
constexpr core::Duration kYoung = std::chrono::hours{1};

bool has_roles(const Service& service) {
    return std::ranges::any_of(service.nodes, [](const Node& n) { return n.role == "master" || n.role == "standby"; });
}

std::set<std::string_view> shards_of(const Service& service) {
    std::set<std::string_view> shards;
    for (const Node& node : service.nodes)
        shards.insert(node.shard);
    // Nodes that are being set up know no shard yet.
    if (shards.size() > 1)
        shards.erase("");
    return shards;
}

/// "kafka-2 is syncing_data (basebackup 45 %)": of the nodes that do not run.
std::string in_words(const Service& service) {
    std::vector<std::string> words;
    for (const Node& node : service.nodes)
        if (!node.runs())
            words.push_back(fmt::format("{} is {}{}", node.name, node.state,
                                        node.progress.empty() ? "" : fmt::format(" ({})", node.progress)));
    return words.empty() ? "no other node is there" : fmt::format("{}", fmt::join(words, ", "));
}

/// Why nobody takes writes; empty while every shard has its master.
std::string without_master(const Service& service) {
    for (const std::string_view shard : shards_of(service)) {
        const bool led = std::ranges::any_of(service.nodes, [&](const Node& node) {
            return node.runs() && node.role == "master" && node.shard == shard;
        });
        if (!led)
            return fmt::format("no master runs{}: {}", shard.empty() ? "" : fmt::format(" in shard {}", shard),
                               in_words(service));
    }
    return {};
}

void judge_nodes(const Service& service, core::Reachability& seen) {
    if (has_roles(service)) {
        seen.detail = without_master(service);
        // That a standby is missing is said by the replication.
        seen.state = seen.detail.empty() ? ReachState::up : ReachState::down;
        return;
    }
    const auto running = static_cast<std::uint64_t>(std::ranges::count_if(service.nodes, &Node::runs));
    const std::uint64_t wanted = service.node_count.value_or(service.nodes.size());
    if (running >= std::max<std::uint64_t>(wanted, 1))
        return;
    seen.state = running == 0 ? ReachState::down : ReachState::degraded;
    seen.detail = fmt::format("{} of {} nodes run: {}", running, wanted, in_words(service));
}

/// Best first: who fills the places of those that should follow.
std::vector<FollowerState> states_of(const Service& service) {
    std::vector<FollowerState> states;
    for (const Node& node : service.nodes)
        if (node.role == "standby" && node.runs())
            states.push_back(FollowerState::streaming);
    // A new node may not have been told its role yet.
    for (const Node& node : service.nodes)
        if ((node.role == "standby" || node.role.empty()) && node.state == "syncing_data")
            states.push_back(FollowerState::catching_up);
    return states;
}

} // namespace

std::optional<core::Reachability> reachability_of(const Service& service, std::string target, core::Time now) {
    static constexpr std::array<std::string_view, 4> kKnown{"POWEROFF", "REBALANCING", "REBUILDING", "RUNNING"};
    if (std::ranges::find(kKnown, service.state) == kKnown.end())
        return std::nullopt;
    core::Reachability seen;
    seen.target = std::move(target);
    if (service.off()) {
        seen.state = ReachState::down;
        seen.detail = service.kafka()       ? "powered off: what its topics held is gone, there are no backups of it"
                      : service.backed_up() ? "powered off: its backups are kept as long as Aiven keeps the service"
                                            : "powered off";
    } else if (!service.nodes.empty()) {
        judge_nodes(service, seen);
    } else if (service.state == "REBUILDING") {
        seen.state = ReachState::degraded;
        seen.detail = "REBUILDING, and nothing is told of its nodes";
    }
    if (seen.state == ReachState::down && service.state == "REBUILDING" && now - service.created_at < kYoung)
        seen.state = ReachState::degraded;
    return seen;
}

std::optional<core::Replication> replication_of(const Service& service) {
    if (service.off() || !has_roles(service))
        return std::nullopt;
    std::vector<FollowerState> states = states_of(service);
    const auto masters = static_cast<std::uint64_t>(shards_of(service).size());
    const auto standbys =
        static_cast<std::uint64_t>(std::ranges::count(service.nodes, std::string_view{"standby"}, &Node::role));
    // A node that is replaced gets another name, so the places have names and the nodes fill them.
    const std::uint64_t places =
        service.node_count ? *service.node_count - std::min(masters, *service.node_count) : standbys;
    if (places == 0)
        return std::nullopt;
    core::Replication replication;
    replication.role = "master";
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(places, 200); ++i)
        replication.followers.push_back({.name = fmt::format("standby-{}", i + 1),
                                         .state = i < states.size() ? states[i] : FollowerState::missing,
                                         .expected = true,
                                         .lag = std::nullopt,
                                         .lag_bytes = std::nullopt,
                                         .wanted_delay = std::nullopt});
    return replication;
}

} // namespace recoverd::collectors::aiven_parts
