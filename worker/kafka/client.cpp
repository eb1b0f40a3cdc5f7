// SPDX-License-Identifier: Apache-2.0
// Opening, closing, and the first question. What is asked then is in client_asks.cpp.
#include "worker/kafka/client.hpp"

#include "worker/kafka/client_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::worker::kafka {

namespace {

using core::failed;
using core::FailureKind;

/// The longest that its words may be: librdkafka quotes OpenSSL, which quotes itself.
constexpr std::size_t kMaxWords = 300;

using Setting = std::pair<const char*, std::string>;

std::vector<Setting> settings_of(const Options& options) {
    std::vector<Setting> settings{
        {"bootstrap.servers", options.target()},
        {"client.id", "recoverd"},
        {"security.protocol",
         fmt::format("{}{}", options.mechanism.empty() ? "" : "sasl_", options.tls ? "ssl" : "plaintext")},
        // To the end of what was written. That of what was committed stands still behind a transaction that hangs, and
        // whoever reads up to there would seem not to be behind.
        {"isolation.level", "read_uncommitted"},
        {"allow.auto.create.topics", "false"},
        {"reconnect.backoff.ms", "100"},
        {"reconnect.backoff.max.ms", "1000"},
        {"socket.connection.setup.timeout.ms",
         std::to_string(std::max<core::Duration::rep>(1'000, options.time_limit.count() / 3))},
    };
    if (!options.mechanism.empty()) {
        settings.emplace_back("sasl.mechanism", options.mechanism);
        settings.emplace_back("sasl.username", options.username);
        settings.emplace_back("sasl.password", options.password.reveal());
    }
    if (!options.tls)
        return settings;
    const io::TlsOptions& tls = options.tls_options;
    // "probe" looks where distributions keep theirs.
    settings.emplace_back("ssl.ca.location", tls.ca_file.empty() ? "probe" : tls.ca_file);
    if (!tls.cert_file.empty()) {
        settings.emplace_back("ssl.certificate.location", tls.cert_file);
        settings.emplace_back("ssl.key.location", tls.file_of_key());
    }
    if (tls.insecure_skip_verify) {
        settings.emplace_back("enable.ssl.certificate.verification", "false");
        settings.emplace_back("ssl.endpoint.identification.algorithm", "none");
    }
    return settings;
}

/// A broker says so by an alert of TLS, which OpenSSL quotes in words only. With TLS 1.3 it comes after the handshake:
/// librdkafka takes it for a connection that was lost.
bool certificate_refused(std::string_view words) {
    constexpr std::string_view kBefore = "SSL alert number ";
    // RFC 8446, 6: bad_certificate, unsupported_, _revoked, _expired, _unknown, unknown_ca, access_denied,
    // certificate_required.
    constexpr std::array<std::string_view, 8> kAlerts{"42", "43", "44", "45", "46", "48", "49", "116"};
    const auto at = words.find(kBefore);
    if (at == std::string_view::npos)
        return false;
    const std::string_view rest = words.substr(at + kBefore.size());
    return std::ranges::find(kAlerts, rest.substr(0, rest.find_first_not_of("0123456789"))) != kAlerts.end();
}

bool closed_port(const core::Failure& failure) { return failure.detail.contains("Connection refused"); }

/// Of what is heard while nobody lets us in, what says most. One broker may be gone while another one wants a password.
int weight(const core::Failure& failure) {
    switch (failure.kind) {
    case FailureKind::refused:
    case FailureKind::bad_answer:
        return closed_port(failure) ? 1 : 2;
    case FailureKind::unreachable:
        return 1;
    case FailureKind::timed_out:
    case FailureKind::misconfigured:
        break;
    }
    return 0;
}

} // namespace

core::Failure failure_of(rd_kafka_resp_err_t error, std::string_view words) {
    FailureKind kind = FailureKind::bad_answer;
    switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        kind = FailureKind::timed_out;
        break;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        // It tells these apart in words only.
        kind = words.contains("Connection refused") || certificate_refused(words) ? FailureKind::refused
               : words.contains("timed out")                                      ? FailureKind::timed_out
                                                                                  : FailureKind::unreachable;
        break;
    case RD_KAFKA_RESP_ERR__SSL:
        // What is wrong with the broker's own certificate is no refusal.
        if (certificate_refused(words))
            kind = FailureKind::refused;
        break;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        kind = FailureKind::refused;
        break;
    default:
        break;
    }
    std::string detail = words.empty() ? rd_kafka_err2str(error) : std::string{words.substr(0, kMaxWords)};
    std::ranges::replace_if(detail, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return {kind, std::move(detail)};
}

/// What librdkafka says by itself, in the thread that polls.
struct Client::Heard {
    std::optional<core::Failure> cause;
    bool all_down = false;

    static void on_error(rd_kafka_t* /*handle*/, int error, const char* reason, void* self) {
        auto& heard = *static_cast<Heard*>(self);
        if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
            heard.all_down = true;
            return;
        }
        core::Failure failure = failure_of(static_cast<rd_kafka_resp_err_t>(error), reason);
        if (!heard.cause || weight(failure) >= weight(*heard.cause))
            heard.cause = std::move(failure);
    }
    /// Would it be the same after a while?
    bool final() const { return all_down && cause && weight(*cause) == 2; }
    /// So far: it may be the first of several addresses of a name.
    bool all_closed() const { return all_down && cause && closed_port(*cause); }
};

std::unique_ptr<Client::Heard> Client::make_heard() { return std::make_unique<Heard>(); }

core::Result<Client> Client::open(const Options& options) {
    std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)> conf{rd_kafka_conf_new(), rd_kafka_conf_destroy};
    char words[512] = "";
    for (const auto& [name, value] : settings_of(options))
        if (rd_kafka_conf_set(conf.get(), name, value.c_str(), words, sizeof words) != RD_KAFKA_CONF_OK)
            return failed(FailureKind::misconfigured, failure_of(RD_KAFKA_RESP_ERR__INVALID_ARG, words).detail);
    auto heard = make_heard();
    rd_kafka_conf_set_opaque(conf.get(), heard.get());
    rd_kafka_conf_set_error_cb(conf.get(), &Heard::on_error);
    // What matters of it comes as an error as well.
    rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
    rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), words, sizeof words);
    if (!handle)
        return failed(FailureKind::misconfigured, failure_of(RD_KAFKA_RESP_ERR__INVALID_ARG, words).detail);
    (void)conf.release(); // is the handle's now
    return Client{options, std::move(heard), handle};
}

Client::Client(const Options& options, std::unique_ptr<Heard> heard, rd_kafka_s* handle)
    : limit_(options.time_limit), began_(monotonic()), heard_(std::move(heard)), handle_(handle) {}

Client::Client(Client&& other) noexcept
    : limit_(other.limit_),
      began_(other.began_),
      heard_(std::move(other.heard_)),
      handle_(std::exchange(other.handle_, nullptr)) {}

Client::~Client() {
    if (handle_)
        rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void Client::abandon() {
    handle_ = nullptr;
    // Its threads may still call back.
    (void)heard_.release();
}

core::Duration Client::left() const { return std::max(core::Duration{0}, limit_ - (monotonic() - began_)); }

int Client::left_ms(core::Duration at_most) const { return static_cast<int>(std::min(left(), at_most).count()); }

namespace {

Topic read_topic(const rd_kafka_metadata_topic_t& told) {
    Topic topic{.name = told.topic};
    if (told.err)
        topic.failure = failure_of(told.err);
    for (const auto& part : std::span{told.partitions, static_cast<std::size_t>(told.partition_cnt)})
        topic.partitions.push_back({part.id,
                                    part.leader,
                                    {part.replicas, part.replicas + part.replica_cnt},
                                    {part.isrs, part.isrs + part.isr_cnt}});
    return topic;
}

Answer read_metadata(const rd_kafka_metadata_t& told) {
    Answer answer;
    for (const auto& broker : std::span{told.brokers, static_cast<std::size_t>(told.broker_cnt)})
        answer.brokers.push_back({broker.id, fmt::format("{}:{}", broker.host, broker.port), std::nullopt});
    for (const auto& topic : std::span{told.topics, static_cast<std::size_t>(told.topic_cnt)})
        answer.topics.push_back(read_topic(topic));
    return answer;
}

} // namespace

core::Result<Answer> Client::metadata() {
    const rd_kafka_metadata_t* told = nullptr;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__TIMED_OUT;
    // In rounds, to hear meanwhile that there is nothing to wait for; longer ones each time, since a round that ends
    // too early asks anew. The rest has the other half of the time.
    for (core::Duration round{300}; error && left() > limit_ / 2; round *= 2) {
        error = rd_kafka_metadata(handle_, 1, nullptr, &told, left_ms(std::min(round, left() - limit_ / 2)));
        rd_kafka_poll(handle_, 0);
        if (error && (heard_->final() || (heard_->all_closed() && left() < limit_ * 3 / 4)))
            break;
    }
    if (error)
        return std::unexpected(heard_->cause.value_or(core::Failure{
            FailureKind::timed_out, fmt::format("no broker answered within {} s", core::to_seconds(limit_ / 2))}));
    Answer answer = read_metadata(*told);
    rd_kafka_metadata_destroy(told);
    answer.controller = rd_kafka_controllerid(handle_, 0);
    if (char* id = rd_kafka_clusterid(handle_, 0)) {
        answer.cluster_id = id;
        rd_kafka_mem_free(handle_, id);
    }
    return answer;
}

} // namespace recoverd::worker::kafka
