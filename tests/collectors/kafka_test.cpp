// SPDX-License-Identifier: Apache-2.0
// What the collector asks the worker, and what it takes for a mistake. What the cluster's answer means is for
// tests/worker.
#include "collectors/all.hpp"
#include "collectors/kafka/promises.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace recoverd::test;
using namespace std::chrono_literals;
namespace config = recoverd::core::config;

namespace {

config::Node text(std::string value) { return {std::move(value), {}}; }
config::Node number(std::int64_t value) { return {value, {}}; }
config::Node list(const std::vector<std::string>& words) {
    config::Array array;
    for (const auto& word : words)
        array.push_back(text(word));
    return {array, {}};
}
config::Node table(const std::vector<std::pair<std::string, config::Node>>& entries) {
    config::Table made;
    for (const auto& [key, node] : entries)
        made.push_back({key, {}, node});
    return {made, {}};
}

using Entries = std::vector<std::pair<std::string, config::Node>>;

Compiled compiled(Entries entries, config::Diagnostics& diagnostics) {
    entries.emplace_back("brokers", list({"kafka1:9092", "kafka2:9092"}));
    return find("kafka")->compile(*table(entries).table(), {"check.bus", "collector 'kafka'", {}}, {}, diagnostics);
}

/// All that is said of these options, mistakes and warnings.
std::string said(const Entries& entries) {
    config::Diagnostics diagnostics;
    compiled(entries, diagnostics);
    std::string words;
    for (const auto& diagnostic : diagnostics.all())
        words += config::format(diagnostic) + "\n";
    return words;
}

/// What the worker is given.
io::Json job_of(const Entries& entries, std::map<std::string, std::string> secrets = {}) {
    asio::io_context ioc;
    FakeWorld world(ioc);
    world.secrets = std::move(secrets);
    std::string input;
    world.on_worker = [&](const std::string& job, const std::string& given) {
        CHECK(job == "kafka");
        input = given;
        return exited("{\"complete\":true,\"cursor\":\"next\"}\n");
    };
    config::Diagnostics diagnostics;
    const auto made = compiled(entries, diagnostics);
    REQUIRE_FALSE(diagnostics.has_mistakes());
    CHECK(made.target == "kafka1:9092,kafka2:9092");
    Run run{world, 20s, "last", kStart, "bus"};
    const auto seen = test::run(ioc, world.timers(), made.collect(std::move(run)));
    REQUIRE(seen);
    CHECK(seen->cursor == "next");
    return io::Json::parse(input);
}

} // namespace

TEST_CASE("kafka: the worker is told the least when nothing is asked") {
    const auto job = job_of({});
    CHECK(job["brokers"][1].text() == "kafka2:9092");
    CHECK(job["topics"].items().empty());
    CHECK(job["retention"].items().empty());
    CHECK(job["max_lag"].absent());
    CHECK(job["password"].absent());
    CHECK(job["tls"].absent());
    CHECK(job["cursor"].text() == "last");
    // In time to hand over what it knows.
    CHECK(job["time_limit"].number() < 17);
}

TEST_CASE("kafka: the worker is told all that is asked, and the password only there") {
    const auto job =
        job_of({{"topics", list({"orders-*", "!orders-tmp"})},
                {"groups", list({"billing"})},
                {"retention", table({{"*", text("7d")}, {"state-*", text("compact")}, {"tmp", text("none")}})},
                {"broker_ids", list({"1", "2"})},
                {"max_lag", number(1000)},
                {"replication_factor", number(3)},
                {"min_insync_replicas", number(2)},
                {"expect_members", {true, {}}},
                {"username", text("recoverd")},
                {"password", table({{"file", text("/run/secret")}})},
                {"tls", table({{"ca_file", text("/etc/ca.pem")}})}},
               {{"/run/secret", "hunter2"}});
    CHECK(job["topics"][1].text() == "!orders-tmp");
    CHECK(job["groups"][0].text() == "billing");
    CHECK(job["retention"][0]["retention_ms"].integer() == 604'800'000);
    CHECK(job["retention"][0]["policy"].text() == "delete");
    CHECK(job["retention"][1]["policy"].text() == "compact");
    CHECK(job["retention"][2]["policy"].text().empty());
    CHECK(job["broker_ids"][1].integer() == 2);
    CHECK(job["max_lag"].integer() == 1000);
    CHECK(job["expect_members"].boolean());
    CHECK(job["mechanism"].text() == "SCRAM-SHA-512");
    CHECK(job["username"].text() == "recoverd");
    CHECK(job["password"].text() == "hunter2");
    CHECK(job["tls"]["ca_file"].text() == "/etc/ca.pem");
}

TEST_CASE("kafka: a promise is a duration, compact or none") {
    config::Diagnostics diagnostics;
    CHECK(kafka_parts::read_promises(text("7d"), "retention", diagnostics) ==
          std::vector<kafka_parts::Promise>{{"*", "delete", 168h}});
    CHECK(diagnostics.all().empty());
    for (const char* wrong : {"weekly", "0s", "", "-1"})
        CHECK(said({{"retention", text(wrong)}}).contains("expected a duration, 'compact' or 'none'"));
    CHECK(said({{"retention", number(7)}}).contains("expected a duration, found an integer"));
    CHECK(said({{"retention", table({{"*", number(7)}})}}).contains("check.bus.retention.*"));
}

TEST_CASE("kafka: options that cannot be meant are mistakes") {
    for (const auto& [key, node, expected] : std::vector<std::tuple<std::string, config::Node, std::string>>{
             {"topics", list({"a", "a"}), "expected each once, found 'a'"},
             {"groups", list({""}), "expected each once, found ''"},
             {"broker_ids", list({"one"}), "expected the id of a broker, found 'one'"},
             {"replication_factor", number(0), "expected 1 or more, found 0"},
             {"max_lag", number(-1), "expected 0 or more, found -1"},
             {"max_lag", number(5), "expected groups beside max_lag"},
             {"username", text("recoverd"), "expected username and password"},
             {"sasl_mechanism", text("GSSAPI"), "GSSAPI"},
             {"tls", table({{"server_name", text("kafka")}}), "each broker is known by the name that it gives itself"},
         }) {
        CAPTURE(key);
        const std::string words = said({{key, node}});
        CAPTURE(words);
        CHECK(words.contains(expected));
    }
    config::Diagnostics diagnostics;
    find("kafka")->compile(*table({{"brokers", list({"kafka1"})}}).table(), {"check.bus", "", {}}, {}, diagnostics);
    CHECK(diagnostics.has_mistakes());
}

TEST_CASE("kafka: a password that goes over the network as it is is warned of") {
    const Entries plain{{"username", text("recoverd")},
                        {"password", table({{"file", text("/run/secret")}})},
                        {"sasl_mechanism", text("PLAIN")}};
    CHECK(said(plain).contains("PLAIN without tls"));
    Entries safe = plain;
    safe.emplace_back("tls", table({}));
    CHECK(said(safe).empty());
}

TEST_CASE("kafka: a lag of 0 is warned of, since the end of a transaction is never committed") {
    const auto with = [](std::int64_t lag) { return said({{"groups", list({"billing"})}, {"max_lag", number(lag)}}); };
    CHECK(with(0).contains("check.bus.max_lag: a group never catches up with a topic that is written in transactions"));
    CHECK(with(1).empty());
}
