// SPDX-License-Identifier: Apache-2.0
// Who follows whom, from whichever end we stand at.
#include "collectors/postgresql/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace recoverd::collectors::pg {

namespace {

using core::Duration;
using core::Follower;
using core::FollowerState;
using core::Replication;
using core::ReplicationSlot;

std::string text_or(const Row& row, std::string_view column) { return row.text(column).value_or(""); }

/// A row of pg_stat_replication with the names it may go by.
struct Sender {
    Follower follower;
    std::string address;
    std::string slot;

    bool is(std::string_view name) const { return follower.name == name || slot == name || address == name; }
};

Sender read_sender(const Row& row) {
    Sender sender;
    sender.follower.name = text_or(row, "application_name");
    sender.address = text_or(row, "address");
    sender.slot = text_or(row, "slot_name");
    sender.follower.state =
        text_or(row, "state") == "streaming" ? FollowerState::streaming : FollowerState::catching_up;
    sender.follower.lag_bytes = row.natural("behind");
    if (const auto lag = row.number("replay_lag"))
        sender.follower.lag = std::max(Duration{0}, core::from_seconds(*lag));
    else if (sender.follower.lag_bytes == 0U)
        // The server forgets the lag of who has caught up and hears nothing new.
        sender.follower.lag = Duration{0};
    return sender;
}

std::vector<Sender> read_senders(const io::PgTable& table) {
    std::vector<Sender> senders;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const Row row(table, i);
        // pg_basebackup is no follower, and never was expected to stay.
        if (text_or(row, "state") != "backup")
            senders.push_back(read_sender(row));
    }
    return senders;
}

void add_followers(const PostgresqlExpected& expected, const Server& server, std::vector<Sender> senders,
                   Replication& replication) {
    // Those who stream first: of two that go by one name, the better one answers for it.
    std::stable_sort(senders.begin(), senders.end(),
                     [](const Sender& a, const Sender& b) { return a.follower.state < b.follower.state; });
    std::set<std::string, std::less<>> taken;
    const auto add = [&](Follower follower) {
        if (const auto delay = expected.standby_delays.find(follower.name); delay != expected.standby_delays.end())
            follower.wanted_delay = delay->second;
        if (taken.insert(follower.name).second)
            replication.followers.push_back(std::move(follower));
    };
    // A server that turned out to be a standby is not the one they should follow, unless it was meant to be one.
    const bool judged = !server.in_recovery || expected.role == "standby";
    for (const std::string& name : expected.standbys) {
        const auto found =
            std::find_if(senders.begin(), senders.end(), [&](const Sender& sender) { return sender.is(name); });
        if (found == senders.end()) {
            if (judged)
                add({.name = name, .state = FollowerState::missing, .expected = true});
            continue;
        }
        Follower follower = found->follower;
        follower.name = name;
        follower.expected = true;
        add(std::move(follower));
        senders.erase(found);
    }
    for (const Sender& sender : senders) {
        Follower follower = sender.follower;
        // Standbys that nobody named all call themselves walreceiver.
        if (taken.contains(follower.name) && !sender.address.empty())
            follower.name += "@" + sender.address;
        add(std::move(follower));
    }
}

std::vector<ReplicationSlot> read_slots(const io::PgTable& table, const Settings& settings) {
    std::optional<std::uint64_t> limit;
    if (const auto keep = settings.find("max_slot_wal_keep_size"); keep != settings.end()) {
        // In MB; -1 is no limit, and before 13 there was none.
        std::int64_t megabytes = -1;
        std::from_chars(keep->second.raw.data(), keep->second.raw.data() + keep->second.raw.size(), megabytes);
        if (megabytes >= 0)
            limit = static_cast<std::uint64_t>(megabytes) << 20U;
    }
    std::vector<ReplicationSlot> slots;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const Row row(table, i);
        ReplicationSlot slot;
        slot.name = text_or(row, "slot_name");
        slot.active = row.flag("active").value_or(false);
        slot.lost = row.text("wal_status") == "lost" || row.text("invalidation_reason").has_value();
        slot.retained_bytes = row.natural("retained");
        slot.limit_bytes = limit;
        slots.push_back(std::move(slot));
    }
    return slots;
}

std::string timeline_of(const Server& server, const io::PgTable& receiver) {
    // pg_control_checkpoint() names the old timeline after a promotion until the next checkpoint, so it comes last.
    std::uint64_t timeline = 0;
    if (!server.timeline.empty())
        std::from_chars(server.timeline.data(), server.timeline.data() + server.timeline.size(), timeline, 16);
    else if (!receiver.rows.empty())
        timeline = Row(receiver, 0).natural("timeline").value_or(0);
    if (timeline == 0)
        timeline = server.checkpoint_timeline;
    return timeline == 0 ? "" : std::to_string(timeline);
}

} // namespace

Replicating interpret_replication(const PostgresqlExpected& expected, const Server& server, const Settings& settings,
                                  const io::PgAnswer& answer, Cursor& cursor, core::Time now) {
    const io::PgTable& receiver = answer.tables[receiver_table];
    Replicating found;
    Replication& replication = found.replication;
    replication.role = server.in_recovery ? "standby" : "primary";
    replication.timeline = timeline_of(server, receiver);
    if (server.in_recovery) {
        Standby standby = interpret_standby(expected, server, settings, receiver, cursor, now);
        replication.followers.push_back(std::move(standby.follower));
        found.unknown = std::move(standby.unknown);
    }
    add_followers(expected, server, read_senders(answer.tables[followers_table]), replication);
    replication.slots = read_slots(answer.tables[slots_table], settings);
    return found;
}

} // namespace recoverd::collectors::pg
