// SPDX-License-Identifier: Apache-2.0
// Consumer groups: what state they are in, and how far each is behind in each topic. By what they committed, not by
// their members: a group that nobody runs is behind all the same.
#include "worker/kafka/interpret.hpp"
#include "worker/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace recoverd::worker::kafka {

namespace {

using core::Failure;
using core::FailureKind;
using core::ReachState;

using ByPartition = std::map<std::int32_t, const Committed*>;
using ByTopic = std::map<std::string, ByPartition, std::less<>>;

/// No topic has a slash in its name, but a group may.
std::string subject_of(const std::string& id) {
    constexpr std::size_t kMaxId = 200;
    std::string subject = "group/";
    for (const char c : printable(std::string_view{id}.substr(0, kMaxId)))
        subject += c == '/' ? std::string{"%2F"} : std::string{c};
    return subject;
}

ByTopic by_topic(const Options& options, const Group& group) {
    ByTopic topics;
    for (const Committed& committed : group.committed)
        if (options.watches_topic(committed.topic))
            topics[committed.topic][committed.partition] = &committed;
    // The answer may name partitions that have nothing, and nothing else.
    std::erase_if(topics, [](const auto& topic) {
        return std::ranges::all_of(topic.second,
                                   [](const auto& each) { return !each.second->offset && !each.second->failure; });
    });
    return topics;
}

core::Reachability reachability_of(const Options& options, ReachState state, std::string detail) {
    return {.target = options.target(), .state = state, .latency = {}, .detail = std::move(detail), .certificate = {}};
}

std::optional<core::Reachability> state_of(const Options& options, const Group& group) {
    switch (group.state) {
    case GroupState::stable:
        return reachability_of(options, ReachState::up, "");
    case GroupState::preparing_rebalance:
        return reachability_of(options, ReachState::degraded, "it is rebalancing (PreparingRebalance): nobody reads");
    case GroupState::completing_rebalance:
        return reachability_of(options, ReachState::degraded, "it is rebalancing (CompletingRebalance): nobody reads");
    case GroupState::empty:
        return options.expect_members ? reachability_of(options, ReachState::down, "it has no members (Empty)")
                                      : reachability_of(options, ReachState::up, "");
    case GroupState::dead:
        return reachability_of(options, ReachState::down, "there is no such group (Dead)");
    case GroupState::unknown: // brokers before 2.6 do not tell it
        break;
    }
    return std::nullopt;
}

/// Adds up what one group has not read of one topic.
class Lag {
  public:
    Lag(const Answer& answer, const Group& group, const std::string& topic, const Cursor& before, Cursor& after)
        : answer_(answer), group_(group), topic_(topic), before_(before), after_(after) {}

    void add(std::int32_t partition, const Committed* committed) {
        if (committed && committed->failure)
            return unknown(partition, *committed->failure);
        const auto found = answer_.ranges.find({topic_, partition});
        if (found == answer_.ranges.end())
            return unknown(partition, {FailureKind::unreachable, "its leader is missing or does not answer"});
        if (!found->second)
            return unknown(partition, found->second.error());
        const Range& range = *found->second;
        if (range.start < 0 || range.end < range.start)
            return unknown(partition, {FailureKind::bad_answer,
                                       fmt::format("expected offsets, found {} to {}", range.start, range.end)});
        if (committed && committed->offset)
            add_committed(partition, *committed->offset, range);
        else
            add_uncommitted(partition, range);
    }

    core::SubjectReport report(const Options& options, std::string subject) const {
        core::SubjectReport made{.subject = std::move(subject), .location = {}, .evidence = {}, .failure = failure_};
        if (failure_)
            return made;
        core::Measurement lag{.name = "lag", .value = records_, .unit = "records"};
        if (options.max_lag)
            lag.above = static_cast<double>(*options.max_lag);
        made.evidence.emplace_back(std::move(lag));
        made.evidence.emplace_back(core::Assertions{{place()}});
        return made;
    }

  private:
    void unknown(std::int32_t partition, const Failure& why) {
        if (const auto known = before_.ends.find({group_.id, topic_, partition}); known != before_.ends.end())
            after_.ends.insert(*known);
        if (!failure_)
            failure_ = Failure{why.kind, fmt::format("{} partition {}: {}", topic_, partition, why.detail)};
    }

    void add_committed(std::int32_t partition, std::int64_t offset, const Range& range) {
        if (offset > range.end) {
            beyond_.push_back(fmt::format("{} ({} of {})", partition, offset, range.end));
            // Where it goes on is for auto.offset.reset; at worst from the beginning.
            records_ += static_cast<double>(range.end - range.start);
            return;
        }
        if (offset < range.start)
            expired_.push_back(fmt::format("{} ({} records)", partition, range.start - offset));
        records_ += static_cast<double>(range.end - offset);
    }

    /// -1001 is neither no lag nor all of it: what came since it was seen so is unread for certain, and whether what
    /// was there before is to be read is for auto.offset.reset, which only the consumers know.
    void add_uncommitted(std::int32_t partition, const Range& range) {
        const Uncommitted where{group_.id, topic_, partition};
        const auto known = before_.ends.find(where);
        const std::int64_t since = known == before_.ends.end() ? range.end : std::min(known->second, range.end);
        if (after_.ends.size() >= kMaxUncommitted)
            return unknown(partition, {FailureKind::bad_answer,
                                       fmt::format("expected at most {} partitions without a committed offset, found "
                                                   "more",
                                                   kMaxUncommitted)});
        after_.ends.emplace(where, since);
        records_ += static_cast<double>(range.end - std::max(since, range.start));
        if (since > range.start)
            unsure_.push_back(fmt::format("{} ({} records)", partition, since - range.start));
    }

    core::Assertion place() const {
        core::Assertion assertion{
            .name = "committed_offsets", .expected = "within the log", .actual = "within the log"};
        if (!beyond_.empty()) {
            assertion.actual = "beyond its end";
            assertion.detail = fmt::format("partition {}: the topic was made anew or cut off", some_of(beyond_));
        } else if (!expired_.empty()) {
            assertion.actual = "before its beginning";
            assertion.detail = fmt::format("partition {}: retention removed what was not read yet", some_of(expired_));
            // Nobody was there to read it.
            if (group_.state == GroupState::empty)
                assertion.priority = core::Priority::p3;
        } else if (!unsure_.empty()) {
            assertion.actual.reset();
            assertion.detail = fmt::format("nothing is committed in partition {}", some_of(unsure_));
        }
        return assertion;
    }

    const Answer& answer_;
    const Group& group_;
    const std::string& topic_;
    const Cursor& before_;
    Cursor& after_;
    double records_ = 0;
    std::vector<std::string> beyond_;
    std::vector<std::string> expired_;
    std::vector<std::string> unsure_;
    std::optional<Failure> failure_;
};

core::SubjectReport lag_report(const Options& options, const Answer& answer, const Group& group,
                               const std::string& topic, const ByPartition& committed, const Cursor& before,
                               Cursor& after) {
    const std::string subject = subject_of(group.id) + "/" + topic;
    const Topic* known = answer.topic(topic);
    if (!known || known->failure || known->partitions.empty())
        return {.subject = subject,
                .location = {},
                .evidence = {},
                .failure =
                    Failure{FailureKind::bad_answer,
                            fmt::format("expected topic {}, of which it committed something, found none", topic)}};
    Lag lag(answer, group, topic, before, after);
    for (const Partition& partition : known->partitions) {
        const auto at = committed.find(partition.id);
        lag.add(partition.id, at == committed.end() ? nullptr : at->second);
    }
    return lag.report(options, subject);
}

/// What is not known of a group now is not forgotten either.
void keep(const std::string& group, const Cursor& before, Cursor& after) {
    for (const auto& known : before.ends)
        if (std::get<0>(known.first) == group)
            after.ends.insert(known);
}

bool commits_nothing(const Group& group) {
    return std::ranges::none_of(group.committed, [](const Committed& c) { return c.offset || c.failure; });
}

core::SubjectReport absent_group(const Options& options, const Group& group) {
    core::SubjectReport report{.subject = subject_of(group.id)};
    report.evidence.emplace_back(reachability_of(options, ReachState::down, "there is no such group"));
    return report;
}

void add_group(const Options& options, const Answer& answer, const Group& group, const Cursor& before, Cursor& after,
               core::Seen& seen) {
    core::SubjectReport report{.subject = subject_of(group.id)};
    if (const auto state = state_of(options, group))
        report.evidence.emplace_back(*state);
    report.failure = group.failure;
    if (!group.failure && commits_nothing(group))
        report.failure = Failure{FailureKind::bad_answer, "expected committed offsets, found none: how far behind the "
                                                          "group is, nobody knows"};
    const bool told = !report.evidence.empty() || report.failure;
    if (group.failure) {
        seen.complete = false;
        keep(group.id, before, after);
    }
    if (told)
        seen.subjects.push_back(std::move(report));
    else
        // It is there; only how it is was said in a word that librdkafka does not know (Reconciling and Assigning of
        // KIP-848), or not at all, by brokers before 2.6.
        seen.complete = false;
    if (!group.failure)
        for (const auto& [topic, committed] : by_topic(options, group))
            seen.subjects.push_back(lag_report(options, answer, group, topic, committed, before, after));
}

/// As with topics: nothing to look at is no pass, and whoever may describe no group is shown none.
void say_none(const Options& options, const Answer& answer, core::Seen& seen) {
    if (options.groups.empty() || !answer.groups.empty() || answer.groups_failure ||
        std::ranges::any_of(options.groups, is_name))
        return;
    seen.complete = false;
    if (core::SubjectReport& cluster = seen.subjects.front(); !cluster.failure)
        cluster.failure =
            Failure{FailureKind::bad_answer, "expected consumer groups to watch, found none\nhint: groups "
                                             "are shown to whom an ACL allows DESCRIBE"};
}

} // namespace

std::vector<TopicPartition> partitions_to_ask(const Options& options, const Answer& answer) {
    std::set<TopicPartition> wanted;
    for (const Group& group : answer.groups)
        for (const auto& [name, committed] : by_topic(options, group))
            if (const Topic* topic = answer.topic(name))
                for (const Partition& partition : topic->partitions)
                    if (answer.answers(partition.leader))
                        wanted.emplace(name, partition.id);
    return {wanted.begin(), wanted.end()};
}

void add_groups(const Options& options, const Answer& answer, Cursor& cursor, core::Seen& seen) {
    const Cursor before = std::exchange(cursor, {});
    for (const Group& group : answer.groups)
        if (!group.listed && !group.failure && commits_nothing(group))
            seen.subjects.push_back(absent_group(options, group));
        else
            add_group(options, answer, group, before, cursor, seen);
    if (answer.groups_failure) {
        seen.complete = false;
        for (const auto& known : before.ends)
            if (std::ranges::find(answer.groups, std::get<0>(known.first), &Group::id) == answer.groups.end())
                cursor.ends.insert(known);
    }
    say_none(options, answer, seen);
}

} // namespace recoverd::worker::kafka
