// SPDX-License-Identifier: Apache-2.0
#include "worker/kafka/interpret.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace recoverd::worker::kafka {

namespace {

using core::Failure;
using core::FailureKind;

/// A topic that must be there, and is neither listed nor hidden.
core::SubjectReport absent_topic(const Options& options, const std::string& name) {
    core::Reachability none;
    none.target = options.target();
    none.state = core::ReachState::down;
    none.detail = "there is no such topic: it was deleted, or was never made";
    return {.subject = name, .location = {}, .evidence = {std::move(none)}, .failure = {}};
}

bool is_refused(const Topic* topic) { return topic->failure && topic->failure->kind == FailureKind::refused; }

/// Whatever an answer lists twice is told once.
void keep_first(std::vector<core::SubjectReport>& reports) {
    std::set<std::string> names;
    std::erase_if(reports, [&](const core::SubjectReport& report) { return !names.insert(report.subject).second; });
}

} // namespace

std::vector<const Topic*> watched_topics(const Options& options, const Answer& answer) {
    std::vector<const Topic*> watched;
    for (const Topic& topic : answer.topics)
        if (options.watches_topic(topic.name))
            watched.push_back(&topic);
    return watched;
}

std::vector<std::string> offline_partitions(const Answer& answer, const Topic& topic) {
    std::vector<std::string> offline;
    for (const Partition& partition : topic.partitions)
        if (partition.leader < 0)
            offline.push_back(fmt::format("{} has no leader", partition.id));
        else if (!answer.answers(partition.leader))
            offline.push_back(fmt::format("leader {} of {} does not answer", partition.leader, partition.id));
    return offline;
}

std::uint64_t under_replicated(const Topic& topic) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        topic.partitions, [](const Partition& partition) { return partition.isr.size() < partition.replicas.size(); }));
}

std::string some_of(const std::vector<std::string>& list) {
    constexpr std::size_t kSaid = 5;
    const std::size_t said = std::min(kSaid, list.size());
    std::string words =
        fmt::format("{}", fmt::join(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(said), ", "));
    if (list.size() > said)
        words += fmt::format(" and {} more", list.size() - said);
    return words;
}

core::Seen interpret(const Options& options, const Answer& answer) {
    core::Seen seen;
    seen.subjects.push_back(cluster_report(options, answer));
    const auto watched = watched_topics(options, answer);
    for (const Topic* topic : watched)
        seen.subjects.push_back(topic_report(options, answer, *topic));
    for (const std::string& name : options.topics)
        if (is_name(name) && !answer.topic(name))
            seen.subjects.push_back(absent_topic(options, name));
    // Whoever may describe no topic any more is shown none: that is not to say that they are gone. Who may not describe
    // one may be kept from others as well.
    if (watched.empty() || std::ranges::any_of(watched, is_refused))
        seen.complete = false;
    // And nothing to look at is no pass. A topic that was named is down by now.
    if (watched.empty() && std::ranges::none_of(options.topics, is_name))
        seen.subjects.front().failure =
            Failure{FailureKind::bad_answer, fmt::format("expected topics to watch, found none among {}\nhint: topics "
                                                         "are shown to whom an ACL allows DESCRIBE",
                                                         answer.topics.size())};
    Cursor cursor = read_cursor(options.cursor);
    add_groups(options, answer, cursor, seen);
    keep_first(seen.subjects);
    seen.cursor = write_cursor(cursor);
    return seen;
}

} // namespace recoverd::worker::kafka
