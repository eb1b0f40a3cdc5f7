// SPDX-License-Identifier: Apache-2.0
// Asks Aiven's API about a project's services: their state, backups, PITR ranges and Kafka topics, and what their plans
// promise. Its list of services is asked first, and says what else to ask.
#include "collectors/aiven.hpp"

#include "collectors/aiven/api.hpp"
#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "io/client_options.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;

struct Options {
    std::string project;
    std::optional<Node> service;
    SecretRef token;
    std::string api_url = "https://api.aiven.io/v1";
    core::Labels tags;
    bool pitr = true;
    std::vector<std::string> topics{"*"};
    bool partitions = false;
    std::optional<Duration> retention;
    std::int64_t replication = 2;
    std::optional<std::int64_t> min_insync_replicas;
    core::Labels user_config;
    std::optional<bool> termination_protection;
    std::string disaster_recovery_role;
    std::optional<Node> tls;
    std::string proxy;
};

constexpr Option<Options> kOptions[] = {
    {"project", &Options::project, "the project whose services are looked at", Need::required},
    {"service", &Options::service,
     "name of a service, or a list of names; when left out those with the tags, or all. Each is a subject of its own"},
    {"token", &Options::token, "token of an application user; sent as `Authorization: aivenv1 TOKEN`", Need::required},
    {"api_url", &Options::api_url, "where the API is, with its version"},
    {"tags", &Options::tags, "tags that a service must have to be looked at: { env = \"prod\" }"},
    {"pitr", &Options::pitr,
     "ask each service for its backups and the range of point-in-time recovery; false takes the backups from the list "
     "of services, and says nothing of the range"},
    {"topics", &Options::topics,
     "Kafka topics to look at, by name or glob, each a subject SERVICE/TOPIC; one that is named must be there, and "
     "those "
     "that begin with __ are looked at only when a pattern does. [] for none"},
    {"partitions", &Options::partitions,
     "ask each of these topics for its partitions' in-sync replicas: one request for each of them"},
    {"retention", &Options::retention, "how long a topic must keep what it holds; not looked at when left out"},
    {"replication", &Options::replication, "replicas that a topic must have"},
    {"min_insync_replicas", &Options::min_insync_replicas,
     "in-sync replicas that a write with acks=all must reach; not looked at when left out"},
    {"user_config", &Options::user_config,
     "settings of the service and the values they must have, inner ones by dots: { valkey_persistence = \"rdb\" }"},
    {"termination_protection", &Options::termination_protection,
     "must the service be protected against being deleted and powered off? Not looked at when left out"},
    {"disaster_recovery_role", &Options::disaster_recovery_role,
     "the role that the service must have in cross-region disaster recovery; when left out, any but failed",
     Need::optional, "active|passive"},
    {"tls", &Options::tls, "how to trust and be trusted"},
    {"proxy", &Options::proxy, "URL of an HTTP proxy; the environment's is never used"},
};

std::string base_url(const Options& options) {
    return options.api_url.substr(0, options.api_url.find_last_not_of('/') + 1);
}

std::string target(const Options& options) {
    return fmt::format("{}/project/{}", io::bare_url(base_url(options)), io::percent_encoded(options.project));
}

constexpr std::array kBrings{EvidenceKind::recovery_points, EvidenceKind::log_archive, EvidenceKind::replication,
                             EvidenceKind::reachability,    EvidenceKind::assertions,  EvidenceKind::fingerprint,
                             EvidenceKind::measurement};

/// The list of services tells their backups, and nothing of the log between them.
std::vector<EvidenceKind> brings(const Options& options) {
    std::vector<EvidenceKind> kinds{kBrings.begin(), kBrings.end()};
    if (!options.pitr)
        std::erase(kinds, EvidenceKind::log_archive);
    return kinds;
}

/// One name, or several.
std::vector<std::string> read_services(const Options& options, const std::string& path, Diagnostics& diagnostics) {
    std::vector<std::string> names;
    if (!options.service)
        return names;
    if (options.service->text())
        names.push_back(*options.service->text());
    else
        core::config::read(*options.service, path, names, diagnostics);
    return names;
}

/// Values that a setting like this has are secrets, and what was found comes to stand in alerts.
bool is_secret(std::string_view key) {
    // Not every "key": there is valkey_persistence.
    return key.contains("password") || key.contains("secret") || key.contains("token") || key.ends_with("_key");
}

void check_services(const Options& options, const Place& place, Diagnostics& diagnostics) {
    const std::string path = place.path + ".service";
    const std::vector<std::string> names = read_services(options, path, diagnostics);
    for (const std::string& name : names)
        if (name.empty() || std::ranges::count(names, name) > 1)
            diagnostics.mistake(options.service->at, path,
                                fmt::format("expected the name of each service once, found '{}'", name));
    if (options.service && options.service->array() && names.empty())
        diagnostics.mistake(options.service->at, path, "expected the name of a service, found none",
                            "leave it out to look at all of them");
    if (!names.empty() && !options.tags.empty())
        diagnostics.mistake(place.at, place.path + ".tags", "expected service or tags, found both");
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    check_url(options.api_url, place.inside("api_url"), diagnostics);
    if (options.api_url.find_first_of("?#") != std::string::npos)
        diagnostics.mistake(place.at, place.path + ".api_url", "expected a URL without query and fragment");
    check_services(options, place, diagnostics);
    if (options.replication < 1)
        diagnostics.mistake(place.at, place.path + ".replication", "expected 1 or more");
    if (options.min_insync_replicas && *options.min_insync_replicas < 1)
        diagnostics.mistake(place.at, place.path + ".min_insync_replicas", "expected 1 or more");
    for (const auto& [key, value] : options.user_config)
        if (is_secret(key))
            diagnostics.mistake(place.at, place.path + ".user_config",
                                fmt::format("expected a setting whose value may be shown, found '{}'", key));
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
}

AivenExpected expectations(const Options& options) {
    Diagnostics checked_already;
    return {.api_url = io::bare_url(base_url(options)),
            .project = options.project,
            .services = read_services(options, "service", checked_already),
            .tags = options.tags,
            .pitr = options.pitr,
            .topics = options.topics,
            .partitions = options.partitions,
            .retention = options.retention,
            .replication = options.replication,
            .min_insync_replicas = options.min_insync_replicas,
            .user_config = options.user_config,
            .termination_protection = options.termination_protection,
            .disaster_recovery_role = options.disaster_recovery_role};
}

aiven_parts::Api::Settings settings(const Options& options) {
    Diagnostics checked_already;
    return {.url = base_url(options),
            .tls = options.tls ? io::read_tls(*options.tls, "tls", checked_already) : io::TlsOptions{},
            .proxy = options.proxy};
}

/// The topics of one service, and each of them where that is wanted.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): collect's own, which outlive all it awaits
Task<void> ask_topics(aiven_parts::Api& api, const AivenExpected& expected, std::string path, std::string service,
                      AivenAnswers& answers) {
    const std::string list_path = path + "/topic";
    auto list = co_await api.get(list_path);
    std::vector<std::string> topics;
    if (list) {
        auto names = understood([&] { return aiven_topics(expected, *list); });
        if (names)
            topics = std::move(*names);
    }
    answers.topics.insert_or_assign(service, std::move(list));
    for (const std::string& topic : topics) {
        std::string topic_path = fmt::format("{}/{}", list_path, io::percent_encoded(topic));
        auto document = co_await api.get(std::move(topic_path));
        answers.topic.insert_or_assign(fmt::format("{}/{}", service, topic), std::move(document));
    }
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

Task<Collected> collect(Options options, Run run) {
    const AivenExpected expected = expectations(options);
    auto token = co_await run.world.secret(options.token);
    if (!token)
        co_return std::unexpected(std::move(token.error()));
    aiven_parts::Api api(run, settings(options), std::move(*token));
    const std::string project = "/project/" + io::percent_encoded(options.project);
    AivenAnswers answers;
    std::string list_path = project + "/service";
    auto services = co_await api.get(std::move(list_path));
    if (!services)
        co_return std::unexpected(std::move(services.error()));
    answers.services = std::move(*services);
    const std::vector<AivenQuestions> all = aiven_questions(expected, answers.services);
    for (const AivenQuestions& questions : all) {
        const std::string path = fmt::format("{}/service/{}", project, io::percent_encoded(questions.service));
        if (questions.backups) {
            std::string backups_path = path + "/backups";
            auto backups = co_await api.get(std::move(backups_path));
            answers.backups.insert_or_assign(questions.service, std::move(backups));
        }
        if (questions.topics)
            co_await ask_topics(api, expected, path, questions.service, answers);
    }
    const std::vector<std::string> types = aiven_types(expected, answers.services, run.cursor, run.now);
    for (const std::string& type : types) {
        std::string plans_path = fmt::format("{}/service-types/{}/plans", project, io::percent_encoded(type));
        auto plans = co_await api.get(std::move(plans_path));
        answers.plans.insert_or_assign(type, std::move(plans));
    }
    co_return interpret_aiven(expected, answers, run.cursor, run.now);
}

} // namespace

Kind aiven() {
    return kind<Options>(
        {.name = "aiven",
         .summary = "state, backups, PITR, topics and plans of the services in an Aiven project",
         .brings = {kBrings.begin(), kBrings.end()},
         .access =
             "the token of an application user who may see services and nothing else: among the permissions of the "
             "project (aiven_organization_permission in Terraform, or PUT /v1/organization/ORG/permissions/project/"
             "PROJECT, which replaces them all) "
             R"(`{"permissions": ["project:services:read"], "principal_type": "user", "principal_id": "USER_ID"}`, )"
             "and not service:secrets:read, so that answers hold no passwords. `curl -H 'Authorization: aivenv1 TOKEN' "
             "https://api.aiven.io/v1/project/PROJECT/service` shows what it gets; it only asks, "
             "and never for include_secrets. Aiven names service:configuration:write for the list of backups, "
             "service:data:write for Kafka topics and project:services:write for plans: where a token is refused "
             "these, pitr = false and topics = [] do without, and what plans promise stays untold",
         .every = Duration{60'000},
         .timeout = Duration{45'000}},
        kOptions, collect, {.check = check, .target = target, .brings = brings});
}

} // namespace recoverd::collectors
