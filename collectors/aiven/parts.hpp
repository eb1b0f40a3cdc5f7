// SPDX-License-Identifier: Apache-2.0
// The parts of the `aiven` collector's understanding. Nobody else includes it.
//
// Answers hold credentials (service_uri, users[].password, connection_pools[].connection_uri): none of these is read,
// and no text of Aiven's is passed on but through said().
#pragma once

#include "collectors/aiven.hpp"
#include "collectors/aiven/cursor.hpp"

namespace recoverd::collectors::aiven_parts {

struct Node {
    std::string name;
    std::string state;
    /// master, standby or read-replica; empty for types that know none.
    std::string role;
    std::string shard;
    std::string zone;
    /// "basebackup 45 %", while there is something to say.
    std::string progress;

    bool runs() const { return state == "running"; }
};

struct Service {
    std::string name;
    std::string type;
    std::string plan;
    std::string state;
    std::string cloud;
    core::Time created_at;
    std::optional<std::uint64_t> node_count;
    std::vector<Node> nodes;
    /// All of it; lives as long as the answer does.
    const io::Json* document = nullptr;

    bool off() const { return state == "POWEROFF"; }
    bool kafka() const { return type == "kafka"; }
    /// Does Aiven back up services of this type? Kafka's configuration backup holds no messages.
    bool backed_up() const;
};

/// One that was chosen by the configuration, or why it makes no sense.
struct Found {
    std::string name;
    core::Result<Service> service;
};

/// In the order of the list. Throws io::BadDocument for a list that is none, or holds more than 200 of them.
std::vector<Found> chosen(const AivenExpected& expected, const io::Json& services);

/// A name fit for a label and beside a slash; throws io::BadDocument for any other, or one of more than `most` bytes.
const std::string& name_of(const io::Json& json, std::size_t most);
/// Text of Aiven's in one line, without what may be a credential, cut after 200 bytes.
std::string said(std::string_view text);
/// What went wrong although the status was 200, or nothing.
std::optional<core::Failure> errors_in(const io::Json& answer);

/// How it is by its state and its nodes; nothing for a state that nobody knows.
std::optional<core::Reachability> reachability_of(const Service& service, std::string target, core::Time now);
/// Nothing for a single node, and for types whose nodes have no roles.
std::optional<core::Replication> replication_of(const Service& service);
/// Of the service itself: maintenance, announcements, disaster recovery, and what the configuration expects.
std::vector<core::Assertion> assertions_of(const AivenExpected& expected, const Service& service, core::Time now);

/// By plan. Throws io::BadDocument.
std::map<std::string, Promise, std::less<>> read_plans(const io::Json& plans, core::Time now);

/// What one service's backups say: evidence of the service, and a subject for each additional region.
struct Backups {
    std::optional<core::RecoveryPoints> points;
    std::optional<core::LogArchive> archive;
    std::vector<core::Assertion> assertions;
    std::vector<core::SubjectReport> regions;
};
/// `document`: of /backups, or the service itself, which tells no PITR range. Throws io::BadDocument.
Backups read_backups(const Service& service, const io::Json& document, bool tells_pitr, const Promise* promise,
                     core::Time now);
/// That there are as many as there should be by the plan; not asked while that does not say how many.
core::Assertion count_by_plan(const Service& service, std::uint64_t count, const Promise& promise, core::Time since,
                              core::Time now);

/// A subject for each topic that was chosen. Throws io::BadDocument for what is no list of topics.
std::vector<core::SubjectReport> read_topics(const AivenExpected& expected, const Service& service,
                                             const io::Json& list, const AivenAnswers::ByName& details);
/// Where Aiven tells of it.
std::string topic_target(const AivenExpected& expected, const Service& service, std::string_view topic);
/// What was chosen and is in none of the services whose lists are known, which are all that there are: a topic that is
/// named, and patterns that fit nothing.
void add_absent_topics(const AivenExpected& expected, const std::vector<const Service*>& listed, core::Seen& seen);

} // namespace recoverd::collectors::aiven_parts
