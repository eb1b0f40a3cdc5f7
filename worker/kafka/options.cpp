// SPDX-License-Identifier: Apache-2.0
#include "worker/kafka/options.hpp"

#include "core/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace recoverd::worker::kafka {

namespace {

std::vector<std::string> read_list(const io::Json& json) {
    std::vector<std::string> list;
    if (json)
        for (const io::Json& item : json.items())
            list.push_back(item.text());
    return list;
}

std::string read_text(const io::Json& json) { return json ? json.text() : std::string{}; }

std::optional<std::int64_t> read_integer(const io::Json& json) {
    return json ? std::optional{json.integer()} : std::nullopt;
}

std::vector<Promise> read_promises(const io::Json& json) {
    std::vector<Promise> promises;
    if (json)
        for (const io::Json& item : json.items())
            promises.push_back(
                {item["pattern"].text(), read_text(item["policy"]), read_integer(item["retention_ms"]).value_or(0)});
    return promises;
}

io::TlsOptions read_tls(const io::Json& json) {
    io::TlsOptions tls;
    tls.ca_file = read_text(json["ca_file"]);
    tls.cert_file = read_text(json["cert_file"]);
    tls.key_file = read_text(json["key_file"]);
    if (const auto& skip = json["insecure_skip_verify"])
        tls.insecure_skip_verify = skip.boolean();
    return tls;
}

core::Duration read_limit(const io::Json& json) {
    constexpr double kDayInSeconds = 86'400;
    const double seconds = json.number();
    if (!(seconds > 0 && seconds <= kDayInSeconds))
        json.bad("seconds up to a day");
    return core::from_seconds(seconds);
}

/// Does one pattern take the name in, and none take it out? Without any that takes in, all are.
bool selects(const std::vector<std::string>& patterns, std::string_view name) {
    bool any = false;
    bool in = false;
    for (const std::string_view pattern : patterns) {
        if (pattern.starts_with('!') && core::glob_matches(pattern.substr(1), name))
            return false;
        if (pattern.starts_with('!'))
            continue;
        any = true;
        in = in || core::glob_matches(pattern, name);
    }
    return in || !any;
}

std::ptrdiff_t literals(std::string_view pattern) {
    return std::ranges::count_if(pattern, [](char c) { return c != '*' && c != '?'; });
}

} // namespace

bool is_name(std::string_view pattern) {
    return !pattern.starts_with('!') && pattern.find_first_of("*?") == std::string_view::npos;
}

bool is_internal(std::string_view topic) { return topic.starts_with("__"); }

std::string Options::target() const { return fmt::format("{}", fmt::join(brokers, ",")); }

bool Options::watches_topic(std::string_view name) const {
    // Kafka's own only by name.
    if (is_internal(name) && std::ranges::find(topics, name) == topics.end())
        return false;
    return selects(topics, name);
}

bool Options::watches_group(std::string_view id) const { return !groups.empty() && selects(groups, id); }

const Promise* Options::promise_of(std::string_view topic) const {
    const Promise* best = nullptr;
    for (const Promise& promise : retention) {
        if (!core::glob_matches(promise.pattern, topic))
            continue;
        const auto rank = [](const Promise& p) { return std::pair{is_name(p.pattern), literals(p.pattern)}; };
        if (!best || rank(promise) > rank(*best))
            best = &promise;
    }
    return best;
}

Options read_options(const io::Json& json) {
    Options options;
    options.brokers = read_list(json["brokers"]);
    if (options.brokers.empty())
        json["brokers"].bad("a broker");
    options.topics = read_list(json["topics"]);
    options.groups = read_list(json["groups"]);
    options.retention = read_promises(json["retention"]);
    if (const auto& ids = json["broker_ids"])
        for (const io::Json& id : ids.items())
            options.broker_ids.push_back(static_cast<std::int32_t>(id.natural()));
    options.min_insync_replicas = read_integer(json["min_insync_replicas"]);
    options.replication_factor = read_integer(json["replication_factor"]);
    options.max_lag = read_integer(json["max_lag"]);
    if (const auto& expect = json["expect_members"])
        options.expect_members = expect.boolean();
    options.username = read_text(json["username"]);
    options.password = io::Secret{read_text(json["password"])};
    options.mechanism = read_text(json["mechanism"]);
    options.tls = !!json["tls"];
    if (options.tls)
        options.tls_options = read_tls(json["tls"]);
    if (const auto& limit = json["time_limit"])
        options.time_limit = read_limit(limit);
    options.cursor = read_text(json["cursor"]);
    return options;
}

} // namespace recoverd::worker::kafka
