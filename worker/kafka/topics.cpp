// SPDX-License-Identifier: Apache-2.0
// One topic: can it be read and written, and does it keep what was promised?
#include "worker/kafka/interpret.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace recoverd::worker::kafka {

namespace {

using core::Assertion;

constexpr std::string_view kUnlimited = "-1";

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

std::optional<std::string> config(const Topic& topic, std::string_view name) {
    if (!topic.configs)
        return std::nullopt;
    const auto found = topic.configs->find(name);
    return found == topic.configs->end() ? std::nullopt : std::optional{found->second};
}

/// Partitions that take no record with acks=all, the default of producers. Replicas that do not answer are not in sync,
/// whatever the list says that a cluster without a quorum of controllers cannot change.
std::vector<std::string> under_min_isr(const Answer& answer, const Topic& topic) {
    std::vector<std::string> found;
    const auto wanted = number(config(topic, "min.insync.replicas").value_or(""));
    if (!wanted)
        return found;
    for (const Partition& partition : topic.partitions) {
        const auto in_sync = std::ranges::count_if(partition.isr, [&](std::int32_t id) { return answer.answers(id); });
        if (answer.answers(partition.leader) && in_sync < *wanted)
            found.push_back(fmt::format("{} has {} of {}", partition.id, in_sync, *wanted));
    }
    return found;
}

core::Reachability state_of(const Options& options, const Answer& answer, const Topic& topic) {
    core::Reachability state;
    state.target = options.target();
    const auto offline = offline_partitions(answer, topic);
    const auto refusing = under_min_isr(answer, topic);
    if (!offline.empty())
        state.detail = fmt::format("{} of {} partitions are offline: {}", offline.size(), topic.partitions.size(),
                                   some_of(offline));
    else if (!refusing.empty())
        state.detail = fmt::format("{} of {} partitions take no record with acks=all, fewer are in sync than "
                                   "min.insync.replicas: {}",
                                   refusing.size(), topic.partitions.size(), some_of(refusing));
    if (!state.detail.empty())
        state.state = core::ReachState::down;
    return state;
}

/// "compact,delete", whatever the order and the blanks.
std::string in_order(std::string_view policy) {
    std::vector<std::string> parts;
    while (!policy.empty()) {
        const auto comma = std::min(policy.find(','), policy.size());
        std::string_view part = policy.substr(0, comma);
        policy.remove_prefix(std::min(comma + 1, policy.size()));
        while (part.starts_with(' '))
            part.remove_prefix(1);
        while (part.ends_with(' '))
            part.remove_suffix(1);
        if (!part.empty())
            parts.emplace_back(part);
    }
    std::ranges::sort(parts);
    return fmt::format("{}", fmt::join(parts, ","));
}

Assertion cleanup_policy(const Topic& topic, const Promise& promise) {
    Assertion assertion{.name = "cleanup.policy", .expected = promise.policy};
    const auto actual = config(topic, "cleanup.policy");
    if (!actual)
        return assertion;
    assertion.actual = in_order(*actual);
    if (assertion.actual->empty()) // nothing is ever removed
        assertion.expected = "";
    else if (*assertion.actual != promise.policy)
        assertion.detail = promise.policy == "delete"
                               ? "compaction removes older records of a key however long they were promised; topics "
                                 "that are meant to be compacted are named in retention as \"compact\""
                               : "records are removed by age, the newest of a key among them";
    return assertion;
}

Assertion retention_ms(const Topic& topic, const Promise& promise) {
    Assertion assertion{.name = "retention.ms",
                        .expected = std::to_string(promise.retention_ms),
                        .actual = config(topic, "retention.ms"),
                        .compare = core::Compare::at_least};
    if (assertion.actual == kUnlimited) {
        assertion.expected = kUnlimited;
        assertion.compare = core::Compare::equal;
        assertion.detail = "no limit";
    }
    return assertion;
}

/// Whichever limit is met first removes records, and how soon this one is depends on what is written.
Assertion retention_bytes(const Topic& topic) {
    Assertion assertion{
        .name = "retention.bytes", .expected = std::string{kUnlimited}, .actual = config(topic, "retention.bytes")};
    assertion.priority = core::Priority::p3;
    if (assertion.actual && assertion.actual != kUnlimited)
        assertion.detail = "a partition that grows beyond it loses records before retention.ms";
    return assertion;
}

core::Assertions assertions_of(const Options& options, const Topic& topic) {
    core::Assertions found;
    if (const Promise* promise = options.promise_of(topic.name); promise && !promise->policy.empty()) {
        found.assertions.push_back(cleanup_policy(topic, *promise));
        if (promise->policy == "delete") {
            found.assertions.push_back(retention_ms(topic, *promise));
            found.assertions.push_back(retention_bytes(topic));
        }
    }
    if (options.min_insync_replicas)
        found.assertions.push_back({.name = "min.insync.replicas",
                                    .expected = std::to_string(*options.min_insync_replicas),
                                    .actual = config(topic, "min.insync.replicas"),
                                    .compare = core::Compare::at_least});
    if (options.replication_factor && !topic.partitions.empty()) {
        const auto fewest =
            std::ranges::min(topic.partitions, {}, [](const Partition& p) { return p.replicas.size(); });
        found.assertions.push_back({.name = "replication_factor",
                                    .expected = std::to_string(*options.replication_factor),
                                    .actual = std::to_string(fewest.replicas.size()),
                                    .compare = core::Compare::at_least});
    }
    return found;
}

} // namespace

core::SubjectReport topic_report(const Options& options, const Answer& answer, const Topic& topic) {
    core::SubjectReport report{.subject = topic.name};
    if (topic.failure || topic.partitions.empty()) {
        report.failure = topic.failure.value_or(
            core::Failure{core::FailureKind::bad_answer, "expected partitions of the topic, found none"});
        return report;
    }
    report.evidence.emplace_back(state_of(options, answer, topic));
    // A topic that was made anew has other records, and often fewer partitions; they never become fewer otherwise.
    report.evidence.emplace_back(core::Fingerprint{
        .name = "partitions", .value = std::to_string(topic.partitions.size()), .constancy = core::Constancy::rising});
    report.evidence.emplace_back(core::Measurement{.name = "under_replicated_partitions",
                                                   .value = static_cast<double>(under_replicated(topic)),
                                                   .unit = "partitions"});
    if (!topic.configs)
        report.failure = topic.configs.error();
    // Without the settings what was last known of them stays, and ages.
    else if (core::Assertions assertions = assertions_of(options, topic); !assertions.assertions.empty())
        report.evidence.emplace_back(std::move(assertions));
    return report;
}

} // namespace recoverd::worker::kafka
