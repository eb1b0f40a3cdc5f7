// SPDX-License-Identifier: Apache-2.0
// What the documents mean as evidence.
#include "collectors/patroni.hpp"
#include "collectors/patroni/cursor.hpp"
#include "collectors/patroni/documents.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using core::Assertion;
using core::Duration;
using core::Failure;
using core::FailureKind;
using core::Follower;
using core::FollowerState;
using core::Time;
using patroni_parts::Cluster;
using patroni_parts::Cursor;
using patroni_parts::Member;
using patroni_parts::Newcomer;
using patroni_parts::Node;

/// Patroni looks at the DCS every `loop_wait` (10 s) and gives its lock up after `ttl` (30 s). Clocks may differ.
constexpr Duration kStale = std::chrono::minutes{2};
core::Reachability leader_state(const Cluster& cluster, const std::string& target) {
    core::Reachability seen;
    seen.target = target;
    if (!cluster.leader())
        seen.detail = "the cluster has no leader, so nobody takes writes";
    else if (!cluster.leader()->runs())
        seen.detail =
            fmt::format("leader {} is '{}', so nobody takes writes", cluster.leader()->name, cluster.leader()->state);
    if (!seen.detail.empty())
        seen.state = core::ReachState::down;
    return seen;
}

FollowerState state_of(const Member& member, const Cluster& cluster) {
    // Without a leader nobody can follow; that is said once, as such.
    const Member* leader = cluster.leader();
    if (leader && member.timeline && leader->timeline && *member.timeline != *leader->timeline)
        return FollowerState::missing;
    if (leader && leader->runs() && member.state == "running" && cluster.tells_streaming())
        return FollowerState::missing;
    if (member.runs())
        return FollowerState::streaming;
    return member.state == "in archive recovery" ? FollowerState::catching_up : FollowerState::missing;
}

/// Names that must be there, the leader's among them.
std::vector<std::string> names_of(const PatroniExpected& expected, const Cluster& cluster, const Cursor& cursor) {
    std::vector<std::string> names = expected.members.empty() ? cursor.members : expected.members;
    for (const Member& member : cluster.members)
        if (std::ranges::find(names, member.name) == names.end())
            names.push_back(member.name);
    return names;
}

/// Is it being added? The first copy may take hours, and misses nobody who was there. Where members are named, each of
/// them has to be there from the beginning.
bool is_new(const PatroniExpected& expected, const Cluster& cluster, const Cursor& cursor, const std::string& name) {
    const Member* member = cluster.find(name);
    return expected.members.empty() && member && !cursor.knows(name) && (member->begins() || cursor.is_newcomer(name));
}

bool is_expected(const PatroniExpected& expected, const Cluster& cluster, const Cursor& cursor,
                 const std::string& name) {
    if (!expected.members.empty())
        return std::ranges::find(expected.members, name) != expected.members.end();
    return !is_new(expected, cluster, cursor, name);
}

/// `now`: nothing while the leader's position is not known, on which every lag depends.
core::Replication replication_of(const PatroniExpected& expected, const Cluster& cluster, const Cursor& cursor,
                                 std::optional<Time> now) {
    core::Replication replication;
    replication.role = cluster.leader() ? "leader" : "";
    if (cluster.leader() && cluster.leader()->timeline)
        replication.timeline = std::to_string(*cluster.leader()->timeline);
    for (const std::string& name : names_of(expected, cluster, cursor)) {
        const Member* member = cluster.find(name);
        if (member && member->leads)
            continue;
        Follower follower{
            .name = name, .state = FollowerState::missing, .expected = is_expected(expected, cluster, cursor, name)};
        if (member) {
            follower.state = state_of(*member, cluster);
            follower.lag_bytes = member->lag;
            if (now && member->lag && follower.state != FollowerState::missing)
                follower.lag = cursor.lag(*member->lag, *now);
            if (const auto delay = expected.standby_delays.find(name); delay != expected.standby_delays.end())
                follower.wanted_delay = delay->second;
        }
        replication.followers.push_back(std::move(follower));
    }
    return replication;
}

Assertion pause_of(const Cluster& cluster) {
    // Somebody meant it, for a planned work as a rule; that it was forgotten is what this is for.
    Assertion assertion{.name = "pause", .expected = "off", .actual = cluster.paused ? "on" : "off"};
    assertion.priority = core::Priority::p3;
    if (cluster.paused)
        assertion.detail = "nobody takes over when the leader fails";
    return assertion;
}

/// What their tags allow, not how they are right now: a member that does not follow is said as such, but for one that
/// is new. Not asked while one is missing, whose tags nobody knows.
std::optional<Assertion> candidates_of(const PatroniExpected& expected, const Cluster& cluster, const Cursor& cursor) {
    for (const std::string& name : names_of(expected, cluster, cursor))
        if (!cluster.find(name) && is_expected(expected, cluster, cursor, name))
            return std::nullopt;
    std::vector<std::string_view> names;
    for (const Member& member : cluster.members)
        if (!member.leads && member.may_take_over && !is_new(expected, cluster, cursor, member.name))
            names.push_back(member.name);
    Assertion assertion{.name = "failover_candidates",
                        .expected = std::to_string(expected.min_candidates),
                        .actual = std::to_string(names.size()),
                        .compare = core::Compare::at_least};
    assertion.priority = core::Priority::p3;
    if (!names.empty())
        assertion.detail = fmt::format("{}", fmt::join(names, ", "));
    return assertion;
}

/// By their own word: two that take writes at once lose those of one. One that runs and could not be asked may be the
/// second.
core::Assertion primaries_of(const Cluster& cluster, const std::optional<Failure>& unasked) {
    const auto leading = std::ranges::count(cluster.nodes, true, &Node::leads);
    core::Assertion primaries{
        .name = "primaries", .expected = "1", .actual = std::to_string(leading), .compare = core::Compare::at_most};
    if (leading < 2 && unasked && std::ranges::count_if(cluster.members, &Member::runs) > std::ssize(cluster.nodes)) {
        primaries.actual.reset();
        primaries.detail = "not every member that runs could be asked: " + unasked->detail;
    }
    return primaries;
}

core::Assertions assertions_of(const PatroniExpected& expected, const Cluster& cluster, const Cursor& cursor,
                               const std::optional<Failure>& unasked) {
    core::Assertions found;
    found.assertions.push_back(pause_of(cluster));
    if (cluster.leader())
        if (auto candidates = candidates_of(expected, cluster, cursor))
            found.assertions.push_back(std::move(*candidates));
    found.assertions.push_back(primaries_of(cluster, unasked));
    return found;
}

/// One row for each end of a timeline: [timeline, position, reason, time, new leader], the last two since 1.6 and 2.0.
core::Measurement failovers_of(const PatroniExpected& expected, const io::Json& history, Time now) {
    core::Measurement measurement{.name = "failovers_last_day", .unit = "failovers"};
    for (const io::Json& row : history.items())
        if (const io::Json& at = row[std::size_t{3}]; at && at.time() > now - core::kDay)
            ++measurement.value;
    if (expected.max_failovers)
        measurement.above = static_cast<double>(*expected.max_failovers);
    return measurement;
}

/// Why something of it remains unknown although the cluster's document is there.
std::optional<Failure> unknown_in(const Cluster& cluster, const core::Replication& replication) {
    if (!cluster.leader())
        return std::nullopt;
    std::vector<std::string_view> names;
    for (const Follower& follower : replication.followers)
        if (follower.state != FollowerState::missing && !follower.lag)
            names.push_back(follower.name);
    if (names.empty())
        return std::nullopt;
    const Node* leading = cluster.leading_node();
    const std::string_view hint =
        leading ? "" : "\nhint: name the REST API of every member in urls: only the leader tells where its log stands";
    return Failure{FailureKind::bad_answer,
                   fmt::format("expected how far behind {} {}, found nothing{}", fmt::join(names, ", "),
                               names.size() == 1 ? "is" : "are", hint)};
}

/// Nobody could read the DCS. When all were asked and none of them leads, that much is known.
core::Result<core::Seen> without_cluster(const PatroniExpected& expected, const PatroniAnswers& answers,
                                         const Cluster& cluster, const Cursor& cursor) {
    Failure failure = answers.cluster.error();
    const bool all = !answers.unasked && !cursor.members.empty() &&
                     cluster.nodes.size() >= std::max(cursor.members.size(), expected.members.size());
    const bool unlocked = std::ranges::all_of(cluster.nodes, [](const Node& n) { return n.unlocked && !n.leads; });
    if (!all || !unlocked)
        return std::unexpected(std::move(failure));
    core::Reachability none;
    none.target = expected.target;
    none.state = core::ReachState::down;
    none.detail = "no member leads, and none can read the DCS, so nobody takes writes";
    core::Seen seen;
    seen.subjects.push_back({.subject = {}, .location = {}, .evidence = {std::move(none)}, .failure = failure});
    seen.cursor = patroni_parts::write_cursor(cursor);
    return seen;
}

/// A member that has lost the DCS may answer from memory.
std::optional<Failure> stale(const Cluster& cluster, Time now) {
    std::optional<Time> newest;
    for (const Node& node : cluster.nodes)
        newest = std::max(newest, node.dcs_seen);
    if (!newest || now - *newest <= kStale)
        return std::nullopt;
    return Failure{FailureKind::bad_answer, fmt::format("expected members that see the DCS, found none that has seen "
                                                        "it for {}",
                                                        core::config::format_duration(now - *newest))};
}

/// Keeps what the next look needs. Is the leader's position known?
bool remember(const Cluster& cluster, Cursor& cursor, Time now) {
    // A name that is new to a cluster that is known is that of a member that is being added.
    const bool first_look = cursor.members.empty();
    std::erase_if(cursor.newcomers, [&](const Newcomer& one) { return !cluster.find(one.name); });
    for (const Member& member : cluster.members) {
        const bool comes = first_look ? member.state == "creating replica" : member.begins();
        if (!comes && (first_look || member.state != "stopped" || !cursor.comes_stopped(member.name, now)))
            cursor.add_member(member.name);
    }
    const Node* leading = cluster.leading_node();
    if (!leading || !leading->position)
        return false;
    cursor.add_position(*leading->position, now);
    return true;
}

void add_fingerprints(const Cluster& cluster, const std::string& timeline, std::vector<core::Evidence>& evidence) {
    const Node* leading = cluster.leading_node();
    const Node& told = leading ? *leading : cluster.nodes.front();
    if (!told.system_id.empty())
        evidence.emplace_back(core::Fingerprint{.name = "system_identifier", .value = told.system_id});
    if (!timeline.empty())
        evidence.emplace_back(
            core::Fingerprint{.name = "timeline", .value = timeline, .constancy = core::Constancy::rising});
}

} // namespace

core::Result<core::Seen> interpret_patroni(const PatroniExpected& expected, const PatroniAnswers& answers,
                                           std::string_view cursor_text, Time now) {
    const Cluster cluster = patroni_parts::read_cluster(answers);
    Cursor cursor = patroni_parts::read_cursor(cursor_text);
    if (!answers.cluster)
        return without_cluster(expected, answers, cluster, cursor);
    if (auto failure = stale(cluster, now))
        return std::unexpected(std::move(*failure));
    const bool positioned = remember(cluster, cursor, now);
    core::Replication replication =
        replication_of(expected, cluster, cursor, positioned ? std::optional{now} : std::nullopt);
    core::SubjectReport report;
    report.failure = unknown_in(cluster, replication);
    report.evidence.emplace_back(leader_state(cluster, expected.target));
    report.evidence.emplace_back(assertions_of(expected, cluster, cursor, answers.unasked));
    add_fingerprints(cluster, replication.timeline, report.evidence);
    // Without a lag a lag that was found would be over, so that what was last seen stays and ages; but that somebody is
    // missing is told.
    if (!report.failure || std::ranges::any_of(replication.followers, [](const Follower& f) {
            return f.expected && f.state == FollowerState::missing;
        }))
        report.evidence.emplace_back(std::move(replication));
    if (answers.history)
        report.evidence.emplace_back(failovers_of(expected, *answers.history, now));
    else if (!report.failure)
        report.failure = answers.history.error();
    core::Seen seen;
    seen.subjects.push_back(std::move(report));
    seen.cursor = patroni_parts::write_cursor(cursor);
    return seen;
}

} // namespace recoverd::collectors
