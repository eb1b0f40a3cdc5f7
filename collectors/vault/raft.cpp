// SPDX-License-Identifier: Apache-2.0
// Autopilot's state as replication.
#include "collectors/vault/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::vault_parts {

namespace {

constexpr std::size_t kMaxPeers = 200;

/// It comes to stand in labels and in one line of text.
bool is_name(std::string_view name) {
    constexpr std::size_t kMost = 200;
    return !name.empty() && name.size() <= kMost &&
           std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// A server that was killed stays "alive" for a day (dead_server_last_contact_threshold); that it is not well
/// autopilot says after ten seconds. It is also not well when it trails behind the leader's log, or is of another term.
bool is_well(const io::Json& server) {
    const bool healthy = server["healthy"].boolean();
    return healthy && server["node_status"].text() == "alive";
}

} // namespace

Raft read_raft(const io::Json& answer) {
    const io::Json& data = answer["data"];
    Raft raft;
    for (const auto& [id, server] : data["servers"].object()) {
        if (!is_name(id))
            server.bad("a server with a name");
        if (raft.servers.size() == kMaxPeers)
            server.bad(fmt::format("at most {} servers", kMaxPeers));
        raft.servers.emplace(id, is_well(server));
    }
    // A new leader knows nobody for a moment: that is no cluster without followers.
    if (raft.servers.empty())
        data["servers"].bad("servers");
    raft.leader = data["leader"].text();
    if (!raft.servers.contains(raft.leader))
        data["leader"].bad("one of the servers");
    raft.failure_tolerance = data["failure_tolerance"].integer();
    return raft;
}

core::Replication replication_of(const VaultExpected& expected, const Raft& raft, const Cursor& cursor, bool standby) {
    core::Replication replication;
    replication.role = standby ? "standby" : "active";
    std::vector<std::string> names = expected.peers.empty() ? cursor.peers : expected.peers;
    for (const auto& [id, well] : raft.servers)
        if (std::ranges::find(names, id) == names.end())
            names.push_back(id);
    for (const std::string& name : names) {
        if (name == raft.leader)
            continue;
        core::Follower follower{.name = name, .state = core::FollowerState::missing};
        follower.expected = expected.peers.empty() || std::ranges::find(expected.peers, name) != expected.peers.end();
        if (const auto found = raft.servers.find(name); found != raft.servers.end() && found->second)
            follower.state = core::FollowerState::streaming;
        replication.followers.push_back(std::move(follower));
    }
    return replication;
}

void Cursor::add_peer(const std::string& id) {
    if (peers.size() < kMaxPeers && std::ranges::find(peers, id) == peers.end())
        peers.push_back(id);
}

} // namespace recoverd::collectors::vault_parts
