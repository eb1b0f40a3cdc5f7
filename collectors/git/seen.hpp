// SPDX-License-Identifier: Apache-2.0
// What is known of a repository and its copy, as evidence. The refs and the copy are the check itself, the clone is a
// subject of its own: one that comes to no end makes nothing of what was listed old.
#pragma once

#include "collectors/collector.hpp"
#include "collectors/git/protect.hpp"

namespace recoverd::collectors::git_parts {

struct Looked {
    Refs origin;
    /// Nothing where no mirror is configured.
    std::optional<Refs> mirror;
    std::vector<Difference> lacks;
    /// What the names of protected refs left open, and nobody with the objects answered.
    std::vector<Question> open;
    /// Only known of a mirror on this host.
    bool shallow = false;
    std::optional<Time> newest_commit;
    /// A bundle's list of refs stands in its header, and says nothing of the rest.
    bool bundle = false;
    /// Nobody looked before.
    bool first = false;
    bool clones = false;
    std::string exercise;
};

Seen seen_of(const Looked& looked, const State& state, Time now);

} // namespace recoverd::collectors::git_parts
