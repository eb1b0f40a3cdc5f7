// SPDX-License-Identifier: Apache-2.0
// Who follows whom, from whichever end we stand at. A primary tells how many bytes a replica is behind; since when
// those have been there is remembered from look to look.
#include "collectors/valkey/parts.hpp"
#include "io/connection.hpp"
#include "io/url.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::collectors::vk {

namespace {

using core::Duration;
using core::Follower;
using core::FollowerState;
using core::Time;

// A replica that is hours late adds one at every look. Thinned out, the lag is told a little low.
constexpr std::size_t kMaxOffsets = 64;

/// Puts the primary's position into the cursor.
void note_offset(const Info& info, std::uint64_t position, std::uint64_t reached, Cursor& cursor, Time now) {
    const std::string id = info.text("master_replid");
    if (cursor.replication_id != id || (!cursor.offsets.empty() && cursor.offsets.back().position > position))
        cursor.offsets.clear();
    cursor.replication_id = id;
    if (cursor.offsets.empty() || cursor.offsets.back().position < position)
        cursor.offsets.push_back({position, now});
    std::erase_if(cursor.offsets, [&](const Offset& offset) { return offset.position <= reached; });
    if (cursor.offsets.size() > kMaxOffsets) {
        std::size_t index = 0;
        std::erase_if(cursor.offsets, [&](const Offset&) { return index++ % 2 == 1; });
    }
}

/// For how long something has been written that this position lacks, as far as was seen.
Duration behind_for(std::uint64_t position, const Cursor& cursor, Time now) {
    const auto first =
        std::ranges::find_if(cursor.offsets, [&](const Offset& offset) { return offset.position > position; });
    return first == cursor.offsets.end() ? Duration{0} : std::max(Duration{0}, now - first->at);
}

std::string name_of(const Parts& parts) {
    const auto part = [&](std::string_view name) {
        const auto found = parts.find(name);
        return found == parts.end() ? std::string{} : io::printable(std::string_view{found->second}.substr(0, 253));
    };
    return fmt::format("{}:{}", io::bracketed(part("ip")), part("port"));
}

std::vector<Follower> read_followers(const Info& info, Cursor& cursor, Time now) {
    const std::uint64_t position = info.natural("master_repl_offset").value_or(0);
    std::vector<std::pair<Parts, std::uint64_t>> rows;
    std::uint64_t reached = position;
    for (const std::string& row : info.numbered("slave")) {
        Parts parts = read_parts(row);
        const std::uint64_t offset = natural(parts, "offset").value_or(0);
        reached = std::min(reached, offset);
        rows.emplace_back(std::move(parts), offset);
    }
    note_offset(info, position, reached, cursor, now);
    std::vector<Follower> followers;
    for (const auto& [parts, offset] : rows) {
        Follower follower{.name = name_of(parts)};
        const auto state = parts.find("state");
        follower.state =
            state != parts.end() && state->second == "online" ? FollowerState::streaming : FollowerState::catching_up;
        follower.lag_bytes = position - std::min(position, offset);
        // Its last word came `lag` seconds ago; what it has taken in since nobody knows.
        const Duration silent =
            std::chrono::seconds{std::min<std::uint64_t>(natural(parts, "lag").value_or(0), 1'000'000'000)};
        follower.lag = std::max(behind_for(offset, cursor, now), follower.lag_bytes == 0U ? Duration{0} : silent);
        const auto same = [&](const Follower& other) { return other.name == follower.name; };
        if (std::ranges::none_of(followers, same))
            followers.push_back(std::move(follower));
    }
    return followers;
}

/// The replica we are asking, as it sees itself.
Follower read_self(const ValkeyExpected& expected, const Info& info) {
    Follower self{.name = "replica", .expected = expected.role != "primary"};
    if (info.text("master_link_status") != "up") {
        self.state = info.flag("master_sync_in_progress") ? FollowerState::catching_up : FollowerState::missing;
        // Nothing for one that was never connected.
        self.lag = info.seconds("master_link_down_since_seconds");
        return self;
    }
    // What the primary wrote since its last word is not here; with nothing to write it sends a ping every ten seconds.
    self.lag = info.seconds("master_last_io_seconds_ago");
    const auto read = info.natural("slave_read_repl_offset");
    const auto applied = info.natural("slave_repl_offset");
    if (read && applied)
        self.lag_bytes = *read - std::min(*read, *applied);
    return self;
}

} // namespace

void expect_followers(const std::vector<std::string>& expected, bool judged, std::vector<Follower>& followers) {
    for (const std::string& name : expected) {
        const auto found = std::ranges::find_if(followers, [&](const Follower& follower) {
            return follower.name == name || follower.name.starts_with(name + ":") ||
                   follower.name.starts_with("[" + name + "]:");
        });
        if (found != followers.end()) {
            found->expected = true;
            // By the name that was chosen for it, whatever port it came from.
            found->name = name;
        } else if (judged) {
            followers.push_back({.name = name, .state = FollowerState::missing, .expected = true});
        }
    }
}

core::Replication interpret_replication(const ValkeyExpected& expected, const Server& server, const Info& info,
                                        Cursor& cursor, Time now) {
    core::Replication replication;
    replication.role = server.replica ? "replica" : "primary";
    replication.timeline = io::printable(info.text("master_replid").substr(0, 40));
    replication.followers = read_followers(info, cursor, now);
    // One that turned out to be a replica is not the one they should follow, unless it was meant to be one.
    expect_followers(expected.replicas, !server.replica || expected.role == "replica", replication.followers);
    if (server.replica)
        replication.followers.insert(replication.followers.begin(), read_self(expected, info));
    return replication;
}

} // namespace recoverd::collectors::vk
