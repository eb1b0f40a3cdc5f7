// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.hpp"
#include "collectors/connect_options.hpp"
#include "collectors/vault/parts.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::vault_parts {

namespace {

/// A cache between us and the server may answer for it long after it is sealed. Clocks may differ by a little.
constexpr Duration kOfNow = std::chrono::minutes{2};

/// The status alone says nothing: an administrator may have remapped it (standbycode, sealedcode), and what stands
/// between may use the same. 429 is a standby, and not "too many requests", where the body says so.
bool is_health(const io::Json& json) {
    return json.is_object() && json["initialized"] && json["sealed"] && json["standby"];
}

Health read_document(const io::Json& json, int status) {
    Health health;
    health.answered = true;
    health.initialized = json["initialized"].boolean();
    health.sealed = json["sealed"].boolean();
    health.standby = json["standby"].boolean();
    if (const io::Json& mode = json["replication_dr_mode"]; mode.is_text())
        health.dr_secondary = mode.text() == "secondary";
    if (const io::Json& standby = json["performance_standby"])
        health.performance_standby = standby.boolean();
    if (const io::Json& connection = json["ha_connection_healthy"])
        health.cut_off = health.standby && !connection.boolean();
    health.cut_off = health.cut_off || (health.standby && status == 474);
    if (const io::Json& id = json["cluster_id"]; id.is_text())
        health.cluster_id = id.text();
    const io::Json& removed = json["removed_from_cluster"];
    if (!health.initialized)
        health.down = "it is not initialized";
    else if (health.sealed)
        health.down = "it is sealed";
    else if (removed && removed.boolean())
        health.down = "it was removed from its cluster";
    return health;
}

std::optional<Failure> not_of_now(const io::Json& json, Time now) {
    const io::Json& told = json["server_time_utc"];
    if (!told)
        return std::nullopt;
    const Duration behind = now - told.unix_time();
    if (behind <= kOfNow && behind >= -kOfNow)
        return std::nullopt;
    return Failure{FailureKind::bad_answer,
                   fmt::format("expected an answer of now, found one that is dated {}: a cache answers, or a clock "
                               "is wrong",
                               core::config::format_time(told.unix_time()))};
}

Health down(std::string why) {
    Health health;
    health.down = std::move(why);
    return health;
}

} // namespace

Result<Health> read_health(const Result<io::HttpAnswer>& answer, Time now) {
    // Not to be reached is what it is asked for; not to know how to ask is not.
    if (!answer && answer.error().kind == FailureKind::misconfigured)
        return std::unexpected(answer.error());
    if (!answer)
        return down(answer.error().detail);
    if (answer->status == 0)
        return down(distrust(answer->certificate));
    const auto json = understood([&] { return io::Json::parse(answer->body); });
    if (json && is_health(*json)) {
        if (auto failure = not_of_now(*json, now))
            return std::unexpected(std::move(*failure));
        return read_document(*json, answer->status);
    }
    // What stands before it answers for it, and cannot reach it.
    if (answer->status >= 500)
        return down(fmt::format("expected its health, found status {}", answer->status));
    if (answer->status == 401 || answer->status == 403)
        return core::failed(FailureKind::refused, fmt::format("sys/health: refused with status {}", answer->status));
    return core::failed(FailureKind::bad_answer, fmt::format("expected Vault's health, found status {} and {}",
                                                             answer->status, json ? "another document" : "no JSON"));
}

Result<io::Json> read_answer(const Result<io::HttpAnswer>& answer, std::string_view what) {
    if (!answer)
        return std::unexpected(answer.error());
    const int status = answer->status;
    if (status == 401 || status == 403)
        return core::failed(
            FailureKind::refused,
            fmt::format("{}: refused with status {}\nhint: its token is not valid any more, or its policy does not "
                        "allow `read` there",
                        what, status));
    if (status >= 500)
        return core::failed(FailureKind::unreachable, fmt::format("{}: nobody answers, status {}", what, status));
    if (status != 200)
        return core::failed(FailureKind::bad_answer, fmt::format("{}: expected status 200, found {}", what, status));
    auto json = understood([&] { return io::Json::parse(answer->body); });
    if (!json)
        return core::failed(FailureKind::bad_answer, fmt::format("{}: {}", what, json.error().detail));
    return json;
}

} // namespace recoverd::collectors::vault_parts
