// SPDX-License-Identifier: Apache-2.0
// What the kafka job is asked: where the cluster is, what to look at, and what was promised of it.
#pragma once

#include "core/time.hpp"
#include "io/http.hpp"
#include "io/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::worker::kafka {

/// What a pattern of topics promises: to keep records so long (`delete`), to keep the newest of each key (`compact`),
/// or nothing.
struct Promise {
    std::string pattern;
    /// `cleanup.policy`; empty for nothing.
    std::string policy;
    /// With `delete`.
    std::int64_t retention_ms = 0;
};

struct Options {
    /// host:port of each broker that is asked first.
    std::vector<std::string> brokers;
    /// Globs; one that begins with ! takes out.
    std::vector<std::string> topics;
    std::vector<std::string> groups;
    std::vector<Promise> retention;
    /// Ids of the brokers that must be there; those that hold replicas when empty.
    std::vector<std::int32_t> broker_ids;
    std::optional<std::int64_t> min_insync_replicas;
    std::optional<std::int64_t> replication_factor;
    /// Records that a group may be behind in a topic.
    std::optional<std::int64_t> max_lag;
    /// Must every watched group have members?
    bool expect_members = false;

    std::string username;
    io::Secret password;
    /// PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    std::string mechanism;
    bool tls = false;
    io::TlsOptions tls_options;

    /// Whatever was not learned after this is not waited for.
    core::Duration time_limit{15'000};
    /// What the last run left.
    std::string cursor;

    /// The brokers as one label.
    std::string target() const;
    bool watches_topic(std::string_view name) const;
    bool watches_group(std::string_view id) const;
    /// The promise of the pattern that says most about this name, or nullptr.
    const Promise* promise_of(std::string_view topic) const;
};

/// Throws io::BadDocument.
Options read_options(const io::Json& json);

/// A name that is meant as it stands, and must be there.
bool is_name(std::string_view pattern);
/// Kafka's own topics, which keep what they need.
bool is_internal(std::string_view topic);

} // namespace recoverd::worker::kafka
