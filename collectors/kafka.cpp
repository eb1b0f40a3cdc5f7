// SPDX-License-Identifier: Apache-2.0
// Apache Kafka: brokers, topics and what they keep, consumer groups and how far they are behind. The worker program
// asks (worker/kafka), because the client's library has threads, look-ups of names and waits of its own: they end with
// it.
#include "collectors/all.hpp"
#include "collectors/connect_options.hpp"
#include "collectors/kafka/promises.hpp"
#include "collectors/worker_answer.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors {

namespace {

using core::config::Diagnostics;
using core::config::Node;
using core::config::Place;

struct Options {
    std::vector<std::string> brokers;
    std::vector<std::string> topics;
    std::vector<std::string> groups;
    std::optional<Node> retention;
    std::vector<std::string> broker_ids;
    std::optional<std::int64_t> replication_factor;
    std::optional<std::int64_t> min_insync_replicas;
    std::optional<std::int64_t> max_lag;
    bool expect_members = false;
    std::string username;
    SecretRef password;
    std::string sasl_mechanism = "SCRAM-SHA-512";
    std::optional<Node> tls;
};

constexpr Option<Options> kOptions[] = {
    {"brokers", &Options::brokers, "host:port of some brokers; they tell of the others", Need::required},
    {"topics", &Options::topics,
     "topics to watch, * and ? in them, ! before what is left out; one without * must be there. When left out all but "
     "Kafka's own (__…)"},
    {"groups", &Options::groups, "consumer groups to watch, written likewise; none when left out"},
    {"retention", &Options::retention,
     "what topics promise to keep: \"7d\" of each, or by patterns: { \"*\" = \"7d\", \"*-changelog\" = \"compact\", "
     "\"tmp-*\" = \"none\" }; of several the one that says most"},
    {"broker_ids", &Options::broker_ids,
     "ids of the brokers that must be there; when left out those that hold replicas"},
    {"replication_factor", &Options::replication_factor, "replicas that every partition must have"},
    {"min_insync_replicas", &Options::min_insync_replicas, "the least that min.insync.replicas of a topic may be"},
    {"max_lag", &Options::max_lag,
     "records that a group may be behind in a topic, the end of a transaction counted as one; any number when left "
     "out"},
    {"expect_members", &Options::expect_members,
     "a group without members is down; not for those that run now and then"},
    {"username", &Options::username, "user for SASL; nobody when left out"},
    {"password", &Options::password, "password of that user"},
    {"sasl_mechanism", &Options::sasl_mechanism, "how the user says who it is", Need::optional,
     "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512"},
    {"tls", &Options::tls,
     "speak TLS: { ca_file, cert_file, key_file, insecure_skip_verify }, {} to trust what the system does"},
};

std::string target(const Options& options) { return fmt::format("{}", fmt::join(options.brokers, ",")); }

std::optional<std::int32_t> id_of(const std::string& text) {
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc{} && end == text.data() + text.size() && id >= 0 ? std::optional{id} : std::nullopt;
}

void check_list(const std::vector<std::string>& list, const std::string& path, const Place& place,
                Diagnostics& diagnostics) {
    for (const std::string& item : list)
        if (item.empty() || std::ranges::count(list, item) > 1)
            diagnostics.mistake(place.at, path, fmt::format("expected each once, found '{}'", item));
}

void check_numbers(const Options& options, const Place& place, Diagnostics& diagnostics) {
    for (const auto& [name, value, least] :
         {std::tuple{"replication_factor", options.replication_factor, 1},
          std::tuple{"min_insync_replicas", options.min_insync_replicas, 1}, std::tuple{"max_lag", options.max_lag, 0}})
        if (value && *value < least)
            diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, name),
                                fmt::format("expected {} or more, found {}", least, *value));
    // Offsets that hold no record, and that the clients of many languages never commit.
    if (options.max_lag == 0)
        diagnostics.warning(
            place.at, place.path + ".max_lag",
            "a group never catches up with a topic that is written in transactions: the end of the last "
            "one in each partition stays behind",
            "write max_lag = 100, or as many records as do not matter");
    for (const std::string& id : options.broker_ids)
        if (!id_of(id))
            diagnostics.mistake(place.at, place.path + ".broker_ids",
                                fmt::format("expected the id of a broker, found '{}'", id));
}

void check_access(const Options& options, const Place& place, Diagnostics& diagnostics) {
    if (options.tls) {
        const auto tls = io::read_tls(*options.tls, place.path + ".tls", diagnostics);
        if (!tls.server_name.empty())
            diagnostics.mistake(place.at, place.path + ".tls.server_name",
                                "expected none: each broker is known by the name that it gives itself");
    }
    if (options.username.empty() != !options.password)
        diagnostics.mistake(place.at, place.path, "expected username and password, found one of them");
    else if (!options.username.empty() && options.sasl_mechanism == "PLAIN" && !options.tls)
        diagnostics.warning(place.at, place.path, "the password goes over the network as it is: PLAIN without tls");
}

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    for (const std::string& broker : options.brokers)
        check_address(broker, place.inside("brokers"), diagnostics);
    check_list(options.brokers, place.path + ".brokers", place, diagnostics);
    check_list(options.topics, place.path + ".topics", place, diagnostics);
    check_list(options.groups, place.path + ".groups", place, diagnostics);
    check_list(options.broker_ids, place.path + ".broker_ids", place, diagnostics);
    check_numbers(options, place, diagnostics);
    check_access(options, place, diagnostics);
    if (options.retention)
        kafka_parts::read_promises(*options.retention, place.path + ".retention", diagnostics);
    if (options.groups.empty() && (options.max_lag || options.expect_members))
        diagnostics.mistake(place.at, place.path, "expected groups beside max_lag and expect_members, found none");
}

void write_list(io::JsonWriter& out, std::string_view key, const std::vector<std::string>& list) {
    out.key(key).begin_array();
    for (const std::string& item : list)
        out.value(item);
    out.end_array();
}

void write_promises(io::JsonWriter& out, const std::optional<Node>& retention) {
    Diagnostics checked_already;
    out.key("retention").begin_array();
    if (retention)
        for (const auto& promise : kafka_parts::read_promises(*retention, "retention", checked_already))
            out.begin_object()
                .field("pattern", promise.pattern)
                .field("policy", promise.policy)
                .field("retention_ms", std::int64_t{promise.retention.count()})
                .end_object();
    out.end_array();
}

void write_access(io::JsonWriter& out, const Options& options, const io::Secret& password) {
    if (!options.username.empty())
        out.field("mechanism", options.sasl_mechanism)
            .field("username", options.username)
            .field("password", password.reveal());
    if (!options.tls)
        return;
    Diagnostics checked_already;
    const auto tls = io::read_tls(*options.tls, "tls", checked_already);
    out.key("tls")
        .begin_object()
        .field("ca_file", tls.ca_file)
        .field("cert_file", tls.cert_file)
        .field("key_file", tls.key_file)
        .field("insecure_skip_verify", tls.insecure_skip_verify)
        .end_object();
}

/// The worker ends its questions in time to hand over what it knows; a run that is killed has learned nothing.
constexpr Duration time_for_questions(Duration timeout) { return timeout * 8 / 10; }

/// The password goes to the worker's stdin, where nobody else reads.
std::string job(const Options& options, const io::Secret& password, Duration left, const std::string& cursor) {
    io::JsonWriter out;
    out.begin_object();
    write_list(out, "brokers", options.brokers);
    write_list(out, "topics", options.topics);
    write_list(out, "groups", options.groups);
    write_promises(out, options.retention);
    out.key("broker_ids").begin_array();
    for (const std::string& id : options.broker_ids)
        out.value(id_of(id).value_or(0));
    out.end_array();
    for (const auto& [name, value] :
         {std::pair{"replication_factor", options.replication_factor},
          std::pair{"min_insync_replicas", options.min_insync_replicas}, std::pair{"max_lag", options.max_lag}})
        if (value)
            out.field(name, *value);
    out.field("expect_members", options.expect_members);
    write_access(out, options, password);
    out.field("time_limit", core::to_seconds(time_for_questions(left)));
    out.field("cursor", cursor);
    out.end_object();
    return out.take();
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    const auto password = co_await run.world.secret(options.password);
    if (!password)
        co_return std::unexpected(password.error());
    const Duration left = std::max(Duration{1}, until - run.world.timers().elapsed());
    const std::string input = job(options, *password, left, run.cursor);
    const std::string name = "kafka";
    auto finished = co_await run.world.worker(name, input, left);
    if (!finished)
        co_return std::unexpected(finished.error());
    auto seen = co_await read_worker(std::move(run), std::move(*finished));
    co_return seen;
}

} // namespace

Kind kafka() {
    About about{
        .name = "kafka",
        .summary =
            "brokers, topics with their replicas and retention, consumer groups and their lag, of a Kafka cluster",
        .brings = {EvidenceKind::reachability, EvidenceKind::replication, EvidenceKind::assertions,
                   EvidenceKind::fingerprint, EvidenceKind::measurement},
        .access =
            "to connect to every broker by the address it gives itself; where there are ACLs, a user with Describe "
            "and DescribeConfigs on the topics, and Describe on the groups (`kafka-acls --bootstrap-server BROKER:9092 "
            "--add --allow-principal User:recoverd --operation Describe --operation DescribeConfigs --topic '*'` and "
            "`kafka-acls --bootstrap-server BROKER:9092 --add --allow-principal User:recoverd --operation Describe "
            "--group '*'`); it reads no record and changes nothing. Kafka 1.0 or newer, groups' "
            "states 2.6; before 2.1 groups want Describe on the cluster as well (`--operation Describe --cluster`)",
        .resource = Resource::worker,
        .every = Duration{30'000},
        .timeout = Duration{20'000},
    };
    return kind<Options>(std::move(about), kOptions, collect, {.check = check, .target = target});
}

} // namespace recoverd::collectors
