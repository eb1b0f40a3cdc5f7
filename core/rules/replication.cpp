// SPDX-License-Identifier: Apache-2.0
// ReplicaMissing, ReplicationLagHigh, ReplicationSlotRetaining: each follower and each slot is a subject of its own.
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include "core/config/values.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

void found(const SubjectView& view, RuleId id, const std::string& item, Priority priority, std::string reason,
           Judgement& out) {
    Finding made = make_finding(view, id, priority, std::move(reason));
    made.identity.subject = join_subject(view.subject, item);
    add(out, view.policy, std::move(made));
}

void judge_follower(const SubjectView& view, const Follower& follower, Judgement& out) {
    if (follower.state == FollowerState::missing) {
        if (follower.expected)
            found(view, RuleId::replica_missing, follower.name, priority_of(view.policy, RuleId::replica_missing),
                  fmt::format("expected standby {} does not follow", follower.name), out);
        return;
    }
    if (!follower.lag)
        return;
    constexpr RuleId kId = RuleId::replication_lag_high;
    const Duration wanted = follower.wanted_delay.value_or(Duration{0});
    const Duration lag = *follower.lag - wanted;
    const auto over = crossed(thresholds(view.policy, kId, *rule(kId).over), to_seconds(lag));
    if (over)
        found(view, kId, follower.name, over->priority,
              fmt::format("standby {} is {} behind, {} allowed{}", follower.name, in_words(lag),
                          in_words(as_duration(over->over)),
                          wanted > Duration{0} ? fmt::format(" beyond its delay of {}", in_words(wanted)) : ""),
              out);
}

void judge_slot(const SubjectView& view, const ReplicationSlot& slot, Judgement& out) {
    constexpr RuleId kId = RuleId::replication_slot_retaining;
    if (slot.lost)
        return found(view, kId, slot.name, priority_of(view.policy, kId),
                     fmt::format("slot {} is lost: what it needed was removed", slot.name), out);
    if (!slot.retained_bytes)
        return;
    const double limit = slot.limit_bytes ? static_cast<double>(*slot.limit_bytes) : *rule(kId).over;
    const auto over = crossed(thresholds(view.policy, kId, limit), static_cast<double>(*slot.retained_bytes));
    if (over)
        found(view, kId, slot.name, over->priority,
              fmt::format("{} slot {} holds back {}, {} allowed", slot.active ? "active" : "unused", slot.name,
                          config::format_size(*slot.retained_bytes),
                          config::format_size(static_cast<std::uint64_t>(over->over))),
              out);
}

} // namespace

void judge_replication(const SubjectView& view, const Replication& replication, Judgement& out) {
    for (const Follower& follower : replication.followers)
        judge_follower(view, follower, out);
    for (const ReplicationSlot& slot : replication.slots)
        judge_slot(view, slot, out);
}

} // namespace recoverd::core
