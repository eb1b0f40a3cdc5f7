// SPDX-License-Identifier: Apache-2.0
// A standby as it sees itself. How far it is behind no function of the server tells: now() -
// pg_last_xact_replay_timestamp() is NULL from a start until the first commit is replayed, and grows while the primary
// writes nothing, so that one row after a quiet night would look like a night's lag. So it is remembered up to where
// the log had been received at each look: what is not replayed later has been here for so long.
#include "collectors/postgresql/parts.hpp"

#include <algorithm>
#include <charconv>

namespace recoverd::collectors::pg {

namespace {

using core::Duration;
using core::Follower;
using core::FollowerState;
using core::Time;

// A walreceiver asks for a sign of life after half its wal_receiver_timeout, whose default is this; one that is silent
// for longer does not know how far its primary is.
constexpr double kFreshSeconds = 60;

// A standby that is hours late, on purpose or not, adds one at every look. Thinned out, the lag is told a little low.
constexpr std::size_t kMaxUnreplayed = 64;

/// When something came that was not here yet at the last look: since then at the earliest, and after what was replayed
/// last. On a standby that is late on purpose such a thing is always there, and none of the time between two looks may
/// be held against it: now.
Time earliest(const Server& server, const Cursor& cursor, bool delayed, Time now) {
    if (delayed)
        return now;
    const Time looked = cursor.looked_at.value_or(Time::min());
    const Time written = server.replay_age ? now - *server.replay_age : Time::min();
    const Time since = std::max(looked, written);
    return since == Time::min() ? now : std::min(now, since);
}

/// Does the upstream send, and was it heard of lately? What one that is silent wrote meanwhile nobody here knows.
bool is_heard(const io::PgTable& receiver) {
    if (receiver.rows.empty())
        return false;
    const Row row(receiver, 0);
    return row.text("status") == "streaming" && row.number("silent_for").value_or(kFreshSeconds) < kFreshSeconds;
}

/// Puts what was seen now into the cursor, and says for how long something has been there that is not replayed.
/// Nothing: it is seen for the first time, and nobody knows. What is still on its way counts like what came: a standby
/// that catches up, or whose link is too narrow, has replayed all that it has. With each message an upstream says how
/// far it is itself (walEnd in XLogData: SendRqstPtr of walsender.c).
std::optional<Duration> unreplayed_for(const Server& server, const io::PgTable& receiver, Cursor& cursor, bool delayed,
                                       Time now) {
    auto& unreplayed = cursor.unreplayed;
    const std::uint64_t replayed = server.replay_position.value_or(0);
    std::uint64_t there = server.receive_position.value_or(0);
    if (is_heard(receiver)) {
        there = std::max(there, Row(receiver, 0).natural("upstream_position").value_or(0));
        // What a primary that is gone wrote last may be in nobody's log any more.
        if (there <= replayed)
            unreplayed.clear();
    }
    std::erase_if(unreplayed, [&](const Received& received) { return received.position <= replayed; });
    const std::uint64_t known = unreplayed.empty() ? replayed : unreplayed.back().position;
    if (there > known)
        unreplayed.push_back({there, earliest(server, cursor, delayed, now)});
    if (unreplayed.size() > kMaxUnreplayed) {
        std::size_t index = 0;
        std::erase_if(unreplayed, [&](const Received&) { return index++ % 2 == 1; });
    }
    const bool first_look = !cursor.looked_at;
    cursor.looked_at = now;
    if (unreplayed.empty())
        return Duration{0};
    if (first_look && unreplayed.front().at == now)
        return std::nullopt;
    return std::max(Duration{0}, now - unreplayed.front().at);
}

Duration wanted_delay(const Settings& settings) {
    Duration::rep wanted = 0;
    if (const auto delay = settings.find("recovery_min_apply_delay"); delay != settings.end()) {
        const std::string& raw = delay->second.raw;
        std::from_chars(raw.data(), raw.data() + raw.size(), wanted);
    }
    return Duration{wanted};
}

} // namespace

Follower interpret_standby(const PostgresqlExpected& expected, const Server& server, const Settings& settings,
                           const io::PgTable& receiver, Cursor& cursor, Time now) {
    Follower follower;
    const auto cluster_name = settings.find("cluster_name");
    follower.name =
        cluster_name == settings.end() || cluster_name->second.shown.empty() ? "standby" : cluster_name->second.shown;
    follower.expected = expected.role != "primary";
    const Duration wanted = wanted_delay(settings);
    if (wanted > Duration{0})
        follower.wanted_delay = wanted;
    const auto behind = unreplayed_for(server, receiver, cursor, wanted > Duration{0}, now);
    if (receiver.rows.empty()) {
        // It lives on the archive alone when no primary_conninfo says otherwise. Then the age of the last transaction
        // only tells how long ago the primary wrote one.
        follower.state = server.streams == false ? FollowerState::catching_up : FollowerState::missing;
        if (server.streams != false)
            follower.lag = server.replay_age;
        return follower;
    }
    const Row row(receiver, 0);
    follower.state = row.text("status") == "streaming" ? FollowerState::streaming : FollowerState::catching_up;
    if (const auto upstream = row.natural("upstream_position"); upstream && server.replay_position)
        follower.lag_bytes = *upstream - std::min(*upstream, *server.replay_position);
    follower.lag = is_heard(receiver) ? behind : server.replay_age;
    return follower;
}

} // namespace recoverd::collectors::pg
