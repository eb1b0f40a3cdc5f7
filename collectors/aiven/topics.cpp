// SPDX-License-Identifier: Apache-2.0
// Kafka topics: what they hold is their only backup, so how long they keep it and how many copies there are is what
// can be known of their recovery.
#include "collectors/aiven/parts.hpp"
#include "collectors/collector.hpp"
#include "core/assertion.hpp"
#include "core/config.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::aiven_parts {

namespace {

using core::Assertion;
using core::Compare;
using core::Follower;
using core::FollowerState;
using core::Priority;
using io::Json;

constexpr std::size_t kMaxTopics = 500;
constexpr std::size_t kMaxName = 249;
constexpr std::size_t kMaxPartitions = 100'000;
constexpr double kHour = 3600.0;
constexpr double kMillisecondsInHour = 3'600'000.0;

/// Kafka's own topics (__consumer_offsets) only when somebody names them.
bool is_chosen(const AivenExpected& expected, const std::string& name) {
    return std::ranges::any_of(expected.topics, [&](const std::string& pattern) {
        return core::glob_matches(pattern, name) && (!name.starts_with("__") || pattern.starts_with("__"));
    });
}

std::string hours(double value) { return fmt::format("{:.10g}", value); }

struct Partitions {
    std::size_t count = 0;
    /// In-sync replicas of the partition that has the fewest.
    std::uint64_t fewest = 0;
    std::uint64_t worst = 0;
};

struct Topic {
    std::string name;
    std::uint64_t replication = 0;
    std::uint64_t min_isr = 0;
    /// -1: without end.
    double retention_hours = 0;
    std::int64_t retention_bytes = 0;
    std::string cleanup_policy;
    /// ACTIVE, CONFIGURING or DELETING.
    std::string state;
    std::optional<Partitions> partitions;

    bool deletes() const { return cleanup_policy.contains("delete"); }
};

Partitions read_partitions(const Json& json) {
    Partitions read;
    for (const Json& partition : json.items()) {
        const std::uint64_t isr = partition["isr"].natural();
        if (read.count == 0 || isr < read.fewest) {
            read.fewest = isr;
            read.worst = partition["partition"].natural();
        }
        if (++read.count > kMaxPartitions)
            json.bad(fmt::format("at most {} partitions", kMaxPartitions));
    }
    if (read.count == 0)
        json.bad("partitions");
    return read;
}

Topic read_topic(const Json& json) {
    return {.name = name_of(json["topic_name"], kMaxName),
            .replication = json["replication"].natural(),
            .min_isr = json["min_insync_replicas"].natural(),
            .retention_hours = json["retention_hours"].number(),
            .retention_bytes = json["retention_bytes"].integer(),
            .cleanup_policy = said(json["cleanup_policy"].text()),
            .state = said(json["state"].text()),
            .partitions = std::nullopt};
}

/// The document of one topic knows more than its line in the list, whose retention_hours is rounded.
void read_details(const Json& json, Topic& topic) {
    topic.partitions = read_partitions(json["partitions"]);
    if (const Json& state = json["state"])
        topic.state = said(state.text());
    const Json& config = json["config"];
    if (const Json& retention = config["retention_ms"]["value"]) {
        const auto ms = static_cast<double>(retention.integer());
        topic.retention_hours = ms < 0 ? -1 : ms / kMillisecondsInHour;
    }
    if (const Json& bytes = config["retention_bytes"]["value"])
        topic.retention_bytes = bytes.integer();
    if (const Json& isr = config["min_insync_replicas"]["value"])
        topic.min_isr = isr.natural();
    if (const Json& policy = config["cleanup_policy"]["value"])
        topic.cleanup_policy = said(policy.text());
}

/// While it is being configured, nobody knows yet whether it will be: what lasts is told as what could not be learned.
Assertion expect_active(const Topic& topic) {
    Assertion active{.name = "state", .expected = "ACTIVE", .actual = topic.state};
    if (topic.state == "CONFIGURING") {
        active.actual.reset();
        active.detail = "Aiven is still configuring it";
    }
    return active;
}

void expect_retention(core::Duration wanted, const Topic& topic, std::vector<Assertion>& found) {
    Assertion kept{.name = "retention_hours",
                   .expected = hours(static_cast<double>(wanted.count()) / 1000 / kHour),
                   .actual = hours(topic.retention_hours),
                   .compare = Compare::at_least};
    // Neither goes by age: without end, and the newest of each key for ever.
    if (!topic.deletes() || topic.retention_hours < 0) {
        kept.compare = Compare::equal;
        kept.expected = *(kept.actual = topic.deletes() ? "unlimited" : topic.cleanup_policy);
    }
    found.push_back(std::move(kept));
    Assertion size{.name = "retention_bytes", .expected = "-1", .actual = std::to_string(topic.retention_bytes)};
    size.priority = Priority::p3;
    if (!topic.deletes())
        size.actual = "-1";
    else if (topic.retention_bytes >= 0)
        size.detail = "the oldest go when a partition has grown to that, however young they are";
    found.push_back(std::move(size));
}

std::vector<Assertion> expectations(const AivenExpected& expected, const Topic& topic) {
    std::vector<Assertion> found{expect_active(topic)};
    if (expected.retention)
        expect_retention(*expected.retention, topic, found);
    found.push_back({.name = "replication",
                     .expected = std::to_string(expected.replication),
                     .actual = std::to_string(topic.replication),
                     .compare = Compare::at_least});
    if (expected.min_insync_replicas)
        found.push_back({.name = "min_insync_replicas",
                         .expected = std::to_string(*expected.min_insync_replicas),
                         .actual = std::to_string(topic.min_isr),
                         .compare = Compare::at_least});
    if (topic.replication <= 1) {
        found.push_back(core::not_asked("replicas_to_spare", "of a topic with one replica its replication says it"));
    } else {
        Assertion spare{.name = "replicas_to_spare",
                        .expected = "1",
                        .actual = std::to_string(topic.replication - std::min(topic.min_isr, topic.replication)),
                        .compare = Compare::at_least};
        spare.priority = Priority::p3;
        spare.detail = fmt::format("min.insync.replicas is {} of {}", topic.min_isr, topic.replication);
        found.push_back(std::move(spare));
    }
    return found;
}

/// Replicas beyond the leader, as the partition with the fewest in sync has them.
core::Replication replication_of(const Topic& topic) {
    core::Replication replication;
    replication.role = "leader";
    for (std::uint64_t i = 2; i <= std::min<std::uint64_t>(topic.replication, 200); ++i)
        replication.followers.push_back(
            {.name = fmt::format("replica-{}", i),
             .state = i <= topic.partitions->fewest ? FollowerState::streaming : FollowerState::missing,
             .expected = true,
             .lag = std::nullopt,
             .lag_bytes = std::nullopt,
             .wanted_delay = std::nullopt});
    return replication;
}

core::Reachability reachability_of(const AivenExpected& expected, const Service& service, const Topic& topic) {
    core::Reachability seen;
    seen.target = topic_target(expected, service, topic.name);
    const Partitions& partitions = *topic.partitions;
    if (topic.state == "DELETING") {
        seen.state = core::ReachState::down;
        seen.detail = "it is being deleted, with all that it holds";
    } else if (partitions.fewest < std::max<std::uint64_t>(topic.min_isr, 1)) {
        seen.state = core::ReachState::down;
        seen.detail = fmt::format("partition {} has {} in-sync replicas, min.insync.replicas is {}: it takes no writes "
                                  "with acks=all",
                                  partitions.worst, partitions.fewest, topic.min_isr);
    }
    return seen;
}

core::SubjectReport report_of(const AivenExpected& expected, const Service& service, const Json& json,
                              const core::Result<Json>* details) {
    core::SubjectReport report;
    report.subject = fmt::format("{}/{}", service.name, name_of(json["topic_name"], kMaxName));
    report.location.region = service.cloud;
    Topic topic = read_topic(json);
    if (details != nullptr && *details) {
        read_details((**details)["topic"], topic);
        report.failure = errors_in(**details);
    } else if (details != nullptr) {
        report.failure = details->error();
    }
    report.evidence.emplace_back(core::Assertions{expectations(expected, topic)});
    if (topic.partitions) {
        report.evidence.emplace_back(reachability_of(expected, service, topic));
        if (topic.replication > 1)
            report.evidence.emplace_back(replication_of(topic));
    }
    return report;
}

} // namespace

std::vector<core::SubjectReport> read_topics(const AivenExpected& expected, const Service& service, const Json& list,
                                             const AivenAnswers::ByName& details) {
    std::vector<core::SubjectReport> reports;
    for (const Json& json : list["topics"].items()) {
        const std::string& name = name_of(json["topic_name"], kMaxName);
        if (!is_chosen(expected, name))
            continue;
        const std::string subject = fmt::format("{}/{}", service.name, name);
        if (std::ranges::find(reports, subject, &core::SubjectReport::subject) != reports.end())
            json["topic_name"].bad("each topic once");
        if (reports.size() == kMaxTopics)
            throw io::BadDocument(fmt::format("{}: expected at most {} topics, found more\nhint: choose them by topics",
                                              json.path(), kMaxTopics));
        const auto detailed = details.find(subject);
        // One topic that makes no sense is no reason to know nothing of the others.
        auto report = understood([&] {
            return report_of(expected, service, json, detailed == details.end() ? nullptr : &detailed->second);
        });
        if (report)
            reports.push_back(std::move(*report));
        else
            reports.push_back(
                {.subject = subject, .location = {}, .evidence = {}, .failure = std::move(report.error())});
    }
    return reports;
}

} // namespace recoverd::collectors::aiven_parts

namespace recoverd::collectors {

std::vector<std::string> aiven_topics(const AivenExpected& expected, const io::Json& topics) {
    std::vector<std::string> names;
    for (const io::Json& json : topics["topics"].items())
        if (const std::string& name = aiven_parts::name_of(json["topic_name"], aiven_parts::kMaxName);
            expected.partitions && aiven_parts::is_chosen(expected, name))
            names.push_back(name);
    return names;
}

} // namespace recoverd::collectors
