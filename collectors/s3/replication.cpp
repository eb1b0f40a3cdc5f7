// SPDX-License-Identifier: Apache-2.0
// How far the newest object is on its way to where it is replicated to, and since when.
#include "collectors/s3.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using s3_parts::Attributes;
using s3_parts::Entry;
using s3_parts::Pending;

/// One status stands for all destinations: it is COMPLETED when the object is at each of them.
bool has_arrived(const Attributes& head) { return head.replication == "COMPLETED" || head.replication == "COMPLETE"; }

bool is_on_its_way(const Attributes& head) { return head.replication == "PENDING"; }

Pending pending_of(const Entry& entry, const Attributes& head, Time since) {
    // A listing of objects does not tell their versions; each tells its own.
    return {entry.key, entry.version_id.empty() ? head.version_id : entry.version_id, since};
}

bool is_same(const Pending& one, const Pending& other) {
    return one.key == other.key && one.version_id == other.version_id;
}

core::Follower follower_of(const std::string& bucket, bool has_rule, const Attributes& head,
                           const std::optional<Pending>& pending, Time now) {
    core::Follower follower{.name = bucket, .state = core::FollowerState::missing, .expected = true};
    if (!has_rule)
        return follower;
    if (has_arrived(head)) {
        follower.state = core::FollowerState::streaming;
        follower.lag = Duration{0};
    } else if (is_on_its_way(head)) {
        follower.state = core::FollowerState::catching_up;
        if (pending)
            follower.lag = std::max(Duration{0}, now - pending->since);
    }
    return follower;
}

} // namespace

std::optional<Entry> s3_asks_earlier(const std::optional<Pending>& before, const Entry& newest, const S3Newest& told) {
    const Attributes* head = told.attributes();
    if (!before || !head || !is_on_its_way(*head) || is_same(*before, pending_of(newest, *head, {})))
        return std::nullopt;
    Entry earlier;
    earlier.key = before->key;
    // By its key where that is enough: to ask for a version needs s3:GetObjectVersion, which not everybody has.
    if (before->key == newest.key || !newest.version_id.empty())
        earlier.version_id = before->version_id;
    return earlier;
}

std::optional<Pending> s3_pending(std::optional<Pending> before, const Entry& newest, const S3Newest& told, Time now) {
    const Attributes* head = told.attributes();
    if (head && has_arrived(*head))
        return std::nullopt;
    // A clock that was set back.
    if (before)
        before->since = std::min(before->since, now);
    if (!head || !is_on_its_way(*head))
        return before;
    Pending found = pending_of(newest, *head, now);
    if (!before || is_same(*before, found))
        return before ? before : found;
    if (!told.earlier || !*told.earlier)
        return before;
    const std::optional<Attributes>& earlier = **told.earlier;
    if (earlier && is_on_its_way(*earlier))
        return before;
    // That it failed, or is gone, is no arrival.
    if (!earlier || !has_arrived(*earlier))
        found.since = before->since;
    return found;
}

Result<core::Replication> s3_replication(const S3Expected& expected, const s3_parts::Setting& rules,
                                         std::string_view key, const S3Newest& newest,
                                         const std::optional<Pending>& pending, Time now) {
    const auto destinations = s3_parts::destinations_of(rules, key);
    if (!destinations)
        return std::unexpected(destinations.error());
    if (newest.head && !*newest.head)
        return std::unexpected(newest.head->error());
    const Attributes* head = newest.attributes();
    core::Replication replication;
    replication.role = "source";
    for (const std::string& bucket : expected.replicas) {
        const auto rule = std::ranges::find(*destinations, bucket, &s3_parts::Destination::bucket);
        const bool has_rule = rule != destinations->end();
        if (!head && has_rule)
            return core::failed(FailureKind::bad_answer, "expected the newest object's replication status, found none: "
                                                         "the object is gone, or was not asked (head = false)");
        // That is where it came from: what was put at the other end of a replication both ways.
        if (has_rule && head->replication == "REPLICA")
            return core::failed(FailureKind::bad_answer, "the newest object came from another bucket; whether it went "
                                                         "on is not told");
        if (has_rule && rule->conditional && destinations->size() > 1 && !head->replication.empty())
            return core::failed(FailureKind::bad_answer,
                                fmt::format("only objects with certain tags are replicated to {}, and whether the "
                                            "newest one's status is of that or of another bucket is not told",
                                            bucket));
        replication.followers.push_back(follower_of(bucket, has_rule, head ? *head : Attributes{}, pending, now));
    }
    return replication;
}

} // namespace recoverd::collectors
