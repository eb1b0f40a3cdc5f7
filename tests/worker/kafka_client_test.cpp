// SPDX-License-Identifier: Apache-2.0
// The client against what is no cluster, or one of librdkafka's own making. Real ones are for
// tests/smoke/test_kafka.py.
#include "worker/all.hpp"
#include "worker/kafka/client.hpp"
#include "worker/kafka/client_parts.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

using namespace recoverd;
using namespace recoverd::worker::kafka;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Listens, and does with each connection as it is told.
class Port {
  public:
    explicit Port(std::string says) : says_(std::move(says)) {
        ::sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::socklen_t size = sizeof at;
        REQUIRE(::bind(fd_, reinterpret_cast<::sockaddr*>(&at), sizeof at) == 0);
        REQUIRE(::listen(fd_, 8) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<::sockaddr*>(&at), &size) == 0);
        address_ = fmt::format("127.0.0.1:{}", ntohs(at.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    ~Port() {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        for (const int fd : open_)
            ::close(fd);
        ::close(fd_);
    }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    const std::string& address() const { return address_; }

  private:
    void serve() {
        for (int fd = 0; (fd = ::accept(fd_, nullptr, nullptr)) >= 0; open_.push_back(fd))
            if (!says_.empty() && ::send(fd, says_.data(), says_.size(), MSG_NOSIGNAL) < 0)
                return;
    }

    std::string says_;
    int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string address_;
    std::vector<int> open_;
    std::thread thread_;
};

core::Failure failure_of(Options options, core::Duration limit = 2s) {
    options.time_limit = limit;
    auto client = Client::open(options);
    if (!client)
        return client.error();
    const auto answer = client->metadata();
    REQUIRE_FALSE(answer);
    INFO(answer.error().detail);
    CHECK(answer.error().detail.size() < 400);
    CHECK(!answer.error().detail.contains('\n'));
    return answer.error();
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

} // namespace

TEST_CASE("kafka: a port that is closed refuses", "[real]") {
    const auto failure = failure_of({.brokers = {"127.0.0.1:1"}});
    CHECK(failure.kind == core::FailureKind::refused);
    CHECK_THAT(failure.detail, ContainsSubstring("127.0.0.1:1"));
}

TEST_CASE("kafka: a name that nobody knows cannot be reached", "[real]") {
    const auto kind = failure_of({.brokers = {"no-such-host.invalid:9092"}}).kind;
    // Without a network, whoever should know it may be silent as well.
    CHECK((kind == core::FailureKind::unreachable || kind == core::FailureKind::timed_out));
}

TEST_CASE("kafka: a port that says nothing is late, and its descriptors and threads are given back", "[real]") {
    const Port silent{""};
    const std::size_t before = open_descriptors();
    CHECK(failure_of({.brokers = {silent.address()}}).kind == core::FailureKind::timed_out);
    CHECK(open_descriptors() <= before + 2); // the port's own
}

TEST_CASE("kafka: what is no broker is never taken for one", "[real]") {
    for (const char* words :
         {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01\x00\x02\x02\x16"}) {
        const Port other{words};
        const auto failure = failure_of({.brokers = {other.address()}});
        INFO(words);
        CHECK(failure.kind != core::FailureKind::misconfigured);
    }
}

TEST_CASE("kafka: a broker that does not take our certificate, or misses one, refuses us") {
    struct Row {
        rd_kafka_resp_err_t error;
        const char* words;
        core::FailureKind kind;
    };
    using enum core::FailureKind;
    const std::string received = "ssl://b1:9093/bootstrap: Receive failed: error:";
    const std::string handshake = "ssl://b1:9093/bootstrap: SSL handshake failed: error:";
    for (const Row& row : {
             // TLS 1.3: after the handshake.
             Row{RD_KAFKA_RESP_ERR__TRANSPORT,
                 "0A00045C:SSL routines::tlsv13 alert certificate required: SSL alert number 116 (after 4ms in state "
                 "APIVERSION_QUERY)",
                 refused},
             Row{RD_KAFKA_RESP_ERR__TRANSPORT,
                 "0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 (after 5ms in state "
                 "APIVERSION_QUERY, 1 identical error(s) suppressed)",
                 refused},
             Row{RD_KAFKA_RESP_ERR__TRANSPORT, "0A000418:SSL routines::tlsv1 alert unknown ca: SSL alert number 48",
                 refused},
             // TLS 1.2: within it.
             Row{RD_KAFKA_RESP_ERR__SSL, "0A000416:SSL routines::sslv3 alert certificate unknown: SSL alert number 46",
                 refused},
             // Nothing about certificates.
             Row{RD_KAFKA_RESP_ERR__TRANSPORT, "0A000438:SSL routines::tlsv1 alert internal error: SSL alert number 80",
                 unreachable},
             Row{RD_KAFKA_RESP_ERR__SSL, "0A000410:SSL routines::sslv3 alert handshake failure: SSL alert number 40",
                 bad_answer},
             Row{RD_KAFKA_RESP_ERR__SSL,
                 "0A000086:SSL routines::certificate verify failed: broker certificate could "
                 "not be verified",
                 bad_answer},
         }) {
        const std::string words = (row.error == RD_KAFKA_RESP_ERR__SSL ? handshake : received) + row.words;
        INFO(words);
        CHECK(worker::kafka::failure_of(row.error, words).kind == row.kind);
    }
}

TEST_CASE("kafka: files of TLS that cannot be read are misconfigured") {
    Options options{.brokers = {"127.0.0.1:1"}};
    options.tls = true;
    options.tls_options.ca_file = "/does/not/exist.pem";
    CHECK(failure_of(options).kind == core::FailureKind::misconfigured);
}

TEST_CASE("kafka: settings that are not to be had are told in the words of who says so", "[real]") {
    char words[256] = "";
    const std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>> own{
        rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), words, sizeof words)};
    REQUIRE(own);
    // librdkafka's own cluster knows no DescribeConfigs, and old ones have no controller to ask either.
    const std::unique_ptr<rd_kafka_mock_cluster_t, Destroy<rd_kafka_mock_cluster_destroy>> cluster{
        rd_kafka_mock_cluster_new(own.get(), 1)};
    REQUIRE(cluster);
    for (const char* name : {"orders", "payments"})
        REQUIRE(rd_kafka_mock_topic_create(cluster.get(), name, 1, 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
    Options options{.brokers = {rd_kafka_mock_cluster_bootstraps(cluster.get())}};
    options.time_limit = 6s;
    auto client = Client::open(options);
    REQUIRE(client);
    auto answer = client->metadata();
    REQUIRE(answer);
    std::vector<Topic*> topics;
    for (Topic& topic : answer->topics)
        topics.push_back(&topic);
    REQUIRE(topics.size() == 2);
    client->configs(topics);
    for (const Topic* topic : topics) {
        REQUIRE_FALSE(topic->configs);
        INFO(topic->configs.error().detail);
        CHECK(topic->configs.error().detail.starts_with("settings: "));
        CHECK_THAT(topic->configs.error().detail, !ContainsSubstring("no answer in time"));
    }
}

TEST_CASE("kafka: the job takes no options that are none") {
    CHECK_THROWS_AS(worker::kafka::run("{}"), io::BadDocument);
    CHECK_THROWS_AS(worker::kafka::run(R"({"brokers": []})"), io::BadDocument);
    CHECK_THROWS_AS(worker::kafka::run(R"({"brokers": ["a:1"], "time_limit": 0})"), io::BadDocument);
    CHECK_THROWS_AS(worker::kafka::run(R"({"brokers": ["a:1"], "broker_ids": ["one"]})"), io::BadDocument);
}
