// SPDX-License-Identifier: Apache-2.0
// What the `kubernetes` collector remembers: how often which pod had restarted, and what restarts there were; of
// snapshots of volumes which are worth nothing.
#pragma once

#include "collectors/kubernetes/pods.hpp"
#include "collectors/kubernetes/volume_snapshots.hpp"

namespace recoverd::collectors::kubernetes_parts {

struct Restarts {
    Time at;
    std::uint64_t count = 0;

    bool operator==(const Restarts&) const = default;
};

struct Cursor {
    /// When pods were last looked at; nothing before the first time.
    std::optional<Time> looked_at;
    /// Of pods that had restarted, 5,000 at most, by UID.
    std::map<std::string, std::uint64_t> pods;
    /// Were these all of them?
    bool whole = true;
    /// By workload, of the last hour, oldest first.
    std::map<std::string, std::vector<Restarts>> restarts;
    /// When their contents could last be listed. What is wrong with one is not over because nobody may look any more;
    /// 200 at most.
    SpoiledSnapshots snapshots;
    /// Could these contents be listed, ever? Only then is it a loss that they cannot be.
    bool contents_seen = false;

    /// Counts what is new since the last look, and forgets what is older than an hour.
    void look(const AllPods& seen, Time now);
    std::uint64_t last_hour(const std::string& workload) const;

    bool operator==(const Cursor&) const = default;
};

/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

} // namespace recoverd::collectors::kubernetes_parts
