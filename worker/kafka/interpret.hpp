// SPDX-License-Identifier: Apache-2.0
// What a cluster's answer means as evidence. Pure: tests and fuzzers make answers up.
#pragma once

#include "core/report.hpp"
#include "worker/kafka/answer.hpp"
#include "worker/kafka/cursor.hpp"
#include "worker/kafka/options.hpp"

namespace recoverd::worker::kafka {

/// Subjects: the cluster itself has no name; a topic has its own; a group is group/GROUP, and what it reads of a topic
/// group/GROUP/TOPIC, with %2F for a slash in GROUP.
core::Seen interpret(const Options& options, const Answer& answer);

// Its parts.
core::SubjectReport cluster_report(const Options& options, const Answer& answer);
core::SubjectReport topic_report(const Options& options, const Answer& answer, const Topic& topic);
void add_groups(const Options& options, const Answer& answer, Cursor& cursor, core::Seen& seen);

/// Topics and groups that were named and are not listed: brokers leave out what they may not show, without a word. To
/// be asked for by name, after which `keep_hidden` takes over the topics that are there all the same, or of which
/// nobody knows, each with the reason.
std::vector<Topic> unlisted_topics(const Options& options, const Answer& answer);
std::vector<Group> unlisted_groups(const Options& options, const Answer& answer);
void keep_hidden(std::vector<Topic> asked, Answer& answer);

/// The topics that are watched, as they were listed.
std::vector<const Topic*> watched_topics(const Options& options, const Answer& answer);
/// Partitions whose leader is missing or does not answer, each with the reason, such as "2: leader 3 does not answer".
std::vector<std::string> offline_partitions(const Answer& answer, const Topic& topic);
/// Whose first and last offsets the lag of watched groups takes: those of every topic in which they committed
/// something.
std::vector<TopicPartition> partitions_to_ask(const Options& options, const Answer& answer);
/// Groups that seem to have been overtaken by retention, by their ids alone: to be asked again.
std::vector<Group> overtaken(const Answer& answer);
/// Takes over what they had committed by then.
void take_newer(const std::vector<Group>& again, Answer& answer);
/// Those with fewer in sync than replicas.
std::uint64_t under_replicated(const Topic& topic);
/// The first few of a list, and how many more there are.
std::string some_of(const std::vector<std::string>& list);

} // namespace recoverd::worker::kafka
