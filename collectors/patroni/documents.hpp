// SPDX-License-Identifier: Apache-2.0
// Patroni's documents, read. /cluster is what the members last wrote into the DCS; /patroni is what one member knows of
// itself, whether or not it can reach the DCS.
#pragma once

#include "collectors/patroni.hpp"

namespace recoverd::collectors::patroni_parts {

/// One of /cluster.
struct Member {
    std::string name;
    bool leads = false;
    /// It leads a standby cluster: whom the others follow, and who follows another cluster, or its archive alone.
    bool replays = false;
    std::string state;
    std::optional<std::uint64_t> timeline;
    /// Bytes behind the leader: not received, and since Patroni 4.1 not replayed; nothing when it does not know.
    std::optional<std::uint64_t> lag;
    bool may_take_over = true;

    /// Its server takes connections; whether it follows is another question.
    bool runs() const {
        return state == "running" || state == "streaming" || (replays && state == "in archive recovery");
    }
    /// As a new one does, until it follows for the first time.
    bool begins() const { return state == "creating replica" || state == "starting"; }
};

/// A member's account of itself.
struct Node {
    bool leads = false;
    bool unlocked = false;
    std::optional<core::Time> dcs_seen;
    std::string system_id;
    /// Does its Patroni write of a replica that streams that it does, and not only that it runs? Since 3.0.4.
    bool tells_streaming = false;
    /// Where its log stands, in bytes.
    std::optional<std::uint64_t> position;
};

/// All of it.
struct Cluster {
    std::vector<Member> members;
    std::vector<Node> nodes;
    bool paused = false;

    /// Then a replica that only runs does not stream, and has no archive to replay from. Not while some member that was
    /// asked is still to be upgraded: what it writes of itself, and shows of the others, says less.
    bool tells_streaming() const;
    /// By the DCS, and by its own word; either may be missing, and then it is null.
    const Member* leader() const;
    const Node* leading_node() const;
    const Member* find(std::string_view name) const;
};

/// Throws io::BadDocument for documents that are not Patroni's.
Cluster read_cluster(const PatroniAnswers& answers);

} // namespace recoverd::collectors::patroni_parts
