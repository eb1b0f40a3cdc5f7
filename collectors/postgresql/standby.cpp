// SPDX-License-Identifier: Apache-2.0
// A standby as it sees itself. How far it is behind no function of the server tells: now() -
// pg_last_xact_replay_timestamp() is NULL from a start until the first commit is replayed, and grows while the primary
// writes nothing, so that one row after a quiet night would look like a night's lag. So it is remembered up to where
// the log had been received at each look: what is not replayed later has been here for so long.
#include "collectors/postgresql/parts.hpp"
#include "io/remembered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace recoverd::collectors::pg {

namespace {

using core::Duration;
using core::Failure;
using core::FailureKind;
using core::Follower;
using core::FollowerState;
using core::Time;

// A walreceiver asks for a sign of life after half its wal_receiver_timeout, and has an answer after so long.
constexpr double kAnsweredSeconds = 30;
// With the default of 60 s, one that is silent for longer does not know how far its primary is.
constexpr double kFreshSeconds = 60;
// What is silent for longer may be further behind than a standby may be by default, however rarely it asks.
constexpr double kMostSilentSeconds = 300;

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

/// A setting of milliseconds, an `int` of the server's.
std::optional<Duration> milliseconds(const Settings& settings, std::string_view name) {
    const auto setting = settings.find(name);
    if (setting == settings.end())
        return std::nullopt;
    Duration::rep found = 0;
    const std::string& raw = setting->second.raw;
    std::from_chars(raw.data(), raw.data() + raw.size(), found);
    return Duration{std::clamp<Duration::rep>(found, 0, std::numeric_limits<std::int32_t>::max())};
}

/// After how many seconds of silence an upstream that is there has been asked for a sign of life, and has given it;
/// nothing where the setting is not known. 0: it is not asked.
std::optional<double> answered_after(const Settings& settings) {
    const auto timeout = milliseconds(settings, "wal_receiver_timeout");
    if (!timeout)
        return std::nullopt;
    return *timeout == Duration{0} ? 0 : core::to_seconds(*timeout) / 2 + kAnsweredSeconds;
}

/// Does the upstream send, and was it heard of lately? What one that is silent wrote meanwhile nobody here knows.
bool is_heard(const io::PgTable& receiver, const Settings& settings) {
    if (receiver.rows.empty())
        return false;
    const Row row(receiver, 0);
    const double fresh =
        std::clamp(answered_after(settings).value_or(kFreshSeconds), kFreshSeconds, kMostSilentSeconds);
    return row.text("status") == "streaming" && row.number("silent_for").value_or(fresh) < fresh;
}

/// It has replayed all that it received, hears nothing, and asks hardly ever: of an idle primary, or of one that is
/// gone, and then the age of the last transaction tells how long ago the primary wrote one.
bool rarely_asks(const Server& server, const Settings& settings) {
    const auto answered = answered_after(settings);
    return answered && (*answered == 0 || *answered > kMostSilentSeconds) &&
           server.receive_position.value_or(0) <= server.replay_position.value_or(0);
}

/// Puts what was seen now into the cursor, and says for how long something has been there that is not replayed.
/// Nothing: it is seen for the first time, and nobody knows. What is still on its way counts like what came: a standby
/// that catches up, or whose link is too narrow, has replayed all that it has. With each message an upstream says how
/// far it is itself (walEnd in XLogData: SendRqstPtr of walsender.c).
/// `heard`: what is_heard() says.
std::optional<Duration> unreplayed_for(const Server& server, const io::PgTable& receiver, bool heard, Cursor& cursor,
                                       bool delayed, Time now) {
    auto& unreplayed = cursor.unreplayed;
    const std::uint64_t replayed = server.replay_position.value_or(0);
    std::uint64_t there = server.receive_position.value_or(0);
    if (heard) {
        there = std::max(there, Row(receiver, 0).natural("upstream_position").value_or(0));
        // What a primary that is gone wrote last may be in nobody's log any more.
        if (there <= replayed)
            unreplayed.clear();
    }
    std::erase_if(unreplayed, [&](const Received& received) { return received.position <= replayed; });
    const std::uint64_t known = unreplayed.empty() ? replayed : unreplayed.back().position;
    if (there > known)
        unreplayed.push_back({there, earliest(server, cursor, delayed, now)});
    if (unreplayed.size() > kMaxUnreplayed)
        io::thin_out(unreplayed);
    const bool first_look = !cursor.looked_at;
    cursor.looked_at = now;
    if (unreplayed.empty())
        return Duration{0};
    if (first_look && unreplayed.front().at == now)
        return std::nullopt;
    return std::max(Duration{0}, now - unreplayed.front().at);
}

Failure unknown_lag(std::string_view because) {
    return {FailureKind::bad_answer,
            fmt::format("expected how far behind this standby is, found nothing: {}", because)};
}

/// Its receiver tells nothing, as it has none: the age of the last transaction only tells how long ago its primary
/// wrote one, and nobody but who runs that knows how long it may be silent.
void judge_by_archive(const PostgresqlExpected& expected, const Cursor& cursor, Time now, Standby& found) {
    Follower& follower = found.follower;
    follower.state = FollowerState::catching_up;
    if (expected.archive_lag && cursor.replayed_at) {
        follower.lag = std::max(Duration{0}, now - *cursor.replayed_at);
        follower.wanted_delay = follower.wanted_delay.value_or(Duration{0}) + *expected.archive_lag;
    } else if (follower.expected) {
        found.unknown = unknown_lag(
            expected.archive_lag ? "it lives on the archive alone, and has replayed no transaction since it started"
                                 : "it lives on the archive alone\nhint: set archive_lag to how old its last "
                                   "transaction may be, quiet hours of its primary included");
    }
}

} // namespace

Standby interpret_standby(const PostgresqlExpected& expected, const Server& server, const Settings& settings,
                          const io::PgTable& receiver, Cursor& cursor, Time now) {
    Standby found;
    Follower& follower = found.follower;
    const auto cluster_name = settings.find("cluster_name");
    follower.name =
        cluster_name == settings.end() || cluster_name->second.shown.empty() ? "standby" : cluster_name->second.shown;
    follower.expected = expected.role != "primary";
    const Duration wanted = milliseconds(settings, "recovery_min_apply_delay").value_or(Duration{0});
    if (wanted > Duration{0})
        follower.wanted_delay = wanted;
    if (server.replay_age)
        cursor.replayed_at = now - *server.replay_age;
    const bool heard = is_heard(receiver, settings);
    const auto behind = unreplayed_for(server, receiver, heard, cursor, wanted > Duration{0}, now);
    if (receiver.rows.empty()) {
        // No primary_conninfo, no primary that it could lack.
        if (server.streams == false)
            judge_by_archive(expected, cursor, now, found);
        else {
            follower.state = FollowerState::missing;
            follower.lag = server.replay_age;
        }
        return found;
    }
    const Row row(receiver, 0);
    follower.state = row.text("status") == "streaming" ? FollowerState::streaming : FollowerState::catching_up;
    if (const auto upstream = row.natural("upstream_position"); upstream && server.replay_position)
        follower.lag_bytes = *upstream - std::min(*upstream, *server.replay_position);
    if (heard)
        follower.lag = behind;
    else if (follower.state == FollowerState::streaming && rarely_asks(server, settings))
        found.unknown = unknown_lag("its primary is silent, and with its wal_receiver_timeout it asks rarely or never "
                                    "whether that is there\nhint: set wal_receiver_timeout to 9min at most");
    else
        follower.lag = server.replay_age;
    return found;
}

} // namespace recoverd::collectors::pg
