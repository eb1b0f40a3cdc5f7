// SPDX-License-Identifier: Apache-2.0
// Three brokers, a topic, and a group that reads it, all well; tests break something of it.
#pragma once

#include "worker/kafka/interpret.hpp"

#include <string>

namespace recoverd::test {

struct KafkaStory {
    worker::kafka::Options options;
    worker::kafka::Answer answer;

    /// orders (3 partitions), __consumer_offsets, and the group billing, which has read all.
    KafkaStory();

    core::Seen seen() const { return worker::kafka::interpret(options, answer); }
    /// The same after `seen`, which the next look remembers.
    core::Seen seen_after(const core::Seen& before);

    worker::kafka::Topic& topic(const std::string& name = "orders");
    worker::kafka::Group& group() { return answer.groups.at(0); }
    /// Not on the list any more, not in sync, not leading: as the controller leaves it.
    void lose_broker(std::int32_t id);
    /// On the list, but silent.
    void silence(std::int32_t id);
    void promise(std::string pattern, std::string policy, std::int64_t retention_ms = 0);
};

inline constexpr std::int64_t kSevenDays = 604'800'000;

worker::kafka::Topic kafka_topic(std::string name, std::int32_t partitions);

const core::SubjectReport* subject_of(const core::Seen& seen, std::string_view name);
/// Fails the test when there is none.
const core::SubjectReport& report_of(const core::Seen& seen, std::string_view name);

/// The first evidence of this kind, or nullptr.
template <class T>
const T* evidence_of(const core::SubjectReport& report) {
    for (const core::Evidence& evidence : report.evidence)
        if (const auto* found = std::get_if<T>(&evidence))
            return found;
    return nullptr;
}

const core::Reachability& reach_of(const core::Seen& seen, std::string_view name);
const core::Follower& broker_of(const core::Seen& seen, std::int32_t id);
/// By name; fails the test when there is none.
const core::Assertion& assertion_of(const core::Seen& seen, std::string_view subject, std::string_view name);
/// The lag of billing in orders.
double lag_of(const core::Seen& seen);

} // namespace recoverd::test
