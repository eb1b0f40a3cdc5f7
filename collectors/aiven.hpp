// SPDX-License-Identifier: Apache-2.0
// What Aiven's API says of a project's services. Pure: tests feed it documents. The service's own servers are for
// `postgresql`, `kafka` and `valkey`.
#pragma once

#include "core/labels.hpp"
#include "core/report.hpp"
#include "io/json.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says about the services.
struct AivenExpected {
    /// Without a slash at the end; for the evidence.
    std::string api_url;
    std::string project;
    /// Their names; those with `tags`, or all, when empty.
    std::vector<std::string> services;
    core::Labels tags;
    /// May the list of backups be asked for, which tells the PITR range?
    bool pitr = true;
    /// Globs over the names of Kafka topics; none are looked at when empty.
    std::vector<std::string> topics{"*"};
    /// Is each topic asked for its partitions?
    bool partitions = false;
    std::optional<core::Duration> retention;
    std::int64_t replication = 2;
    std::optional<std::int64_t> min_insync_replicas;
    /// Keys of user_config, inner ones by dots, and the values they must have.
    core::Labels user_config;
    std::optional<bool> termination_protection;
    std::string disaster_recovery_role;
};

/// What was brought back from one run.
struct AivenAnswers {
    using ByName = std::map<std::string, core::Result<io::Json>, std::less<>>;

    /// `/service`
    io::Json services;
    /// `/service/NAME/backups` and `/service/NAME/topic`, of the services that were asked.
    ByName backups;
    ByName topics;
    /// `/service/NAME/topic/TOPIC`, by "NAME/TOPIC".
    ByName topic;
    /// `/service-types/TYPE/plans`, by type.
    ByName plans;
};

/// What is asked of one service besides the list.
struct AivenQuestions {
    std::string service;
    std::string type;
    bool backups = false;
    bool topics = false;
};
std::vector<AivenQuestions> aiven_questions(const AivenExpected& expected, const io::Json& services);
/// The topics of a service whose partitions are asked for.
std::vector<std::string> aiven_topics(const AivenExpected& expected, const io::Json& topics);
/// The types of these services whose plans nobody knows, or not of late.
std::vector<std::string> aiven_types(const AivenExpected& expected, const io::Json& services, std::string_view cursor,
                                     core::Time now);

/// `cursor` is what the last call left in `Seen::cursor`, or empty. A failure when there is nothing to look at. Throws
/// io::BadDocument for a list of services that is none.
core::Result<core::Seen> interpret_aiven(const AivenExpected& expected, const AivenAnswers& answers,
                                         std::string_view cursor, core::Time now);

} // namespace recoverd::collectors
