// SPDX-License-Identifier: Apache-2.0
// Text of INFO into values.
#include "collectors/valkey/parts.hpp"
#include "io/connection.hpp"
#include "io/json.hpp"

#include <charconv>
#include <fmt/format.h>

namespace recoverd::collectors::vk {

namespace {

// Longer ones (an uptime, an age) are no time that anything could be said about: 100 years.
constexpr std::uint64_t kMostSeconds = 3'153'600'000;
// The year 9999.
constexpr std::uint64_t kMostMicroseconds = 253'402'300'799'000'000;

[[noreturn]] void bad(std::string_view field, std::string_view wanted, std::string_view found) {
    throw io::BadDocument(
        fmt::format("{}: expected {}, found '{}'", io::printable(field), wanted, io::printable(found.substr(0, 60))));
}

std::optional<std::uint64_t> read_natural(std::string_view field, std::string_view text) {
    if (text == "-1")
        return std::nullopt;
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end)
        bad(field, "a whole number", text);
    return number;
}

/// Calls `found` with what stands between separators.
void split(std::string_view text, char separator, auto found) {
    while (!text.empty()) {
        const auto size = std::min(text.find(separator), text.size());
        found(text.substr(0, size));
        text.remove_prefix(std::min(size + 1, text.size()));
    }
}

} // namespace

Info::Info(std::string_view text) {
    split(text, '\n', [&](std::string_view line) {
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        // Values may hold colons (addresses); names of fields do not.
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && !line.starts_with('#'))
            fields_.emplace(line.substr(0, colon), line.substr(colon + 1));
    });
}

std::optional<std::string> Info::find(std::string_view field) const {
    const auto found = fields_.find(field);
    return found == fields_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> Info::natural(std::string_view field) const {
    const auto found = fields_.find(field);
    return found == fields_.end() ? std::nullopt : read_natural(field, found->second);
}

std::optional<core::Duration> Info::seconds(std::string_view field) const {
    const auto value = natural(field);
    if (!value)
        return std::nullopt;
    if (*value > kMostSeconds)
        bad(field, "seconds", *find(field));
    return std::chrono::seconds{*value};
}

bool Info::flag(std::string_view field) const {
    const auto value = natural(field);
    return value && *value != 0;
}

std::string Info::text(std::string_view field) const {
    if (auto found = find(field))
        return *found;
    throw io::BadDocument(fmt::format("INFO: expected {}, found none", field));
}

std::vector<std::string> Info::numbered(std::string_view prefix) const {
    std::map<unsigned, std::string> found;
    for (const auto& [field, value] : fields_) {
        if (!field.starts_with(prefix))
            continue;
        unsigned number = 0;
        const char* end = field.data() + field.size();
        const auto [stop, error] = std::from_chars(field.data() + prefix.size(), end, number);
        if (error == std::errc{} && stop == end)
            found.emplace(number, value);
    }
    std::vector<std::string> values;
    for (auto& [number, value] : found)
        values.push_back(std::move(value));
    return values;
}

Parts read_parts(std::string_view text) {
    Parts parts;
    split(text, ',', [&](std::string_view part) {
        const auto equals = part.find('=');
        if (equals != std::string_view::npos)
            parts.emplace(part.substr(0, equals), part.substr(equals + 1));
    });
    return parts;
}

std::optional<std::uint64_t> natural(const Parts& parts, std::string_view name) {
    const auto found = parts.find(name);
    return found == parts.end() ? std::nullopt : read_natural(name, found->second);
}

Server read_server(const Info& info, core::Time now) {
    // Valkey 8 calls it server_mode.
    const std::string mode = info.find("redis_mode").value_or(info.find("server_mode").value_or(""));
    Server server;
    server.sentinel = mode == "sentinel";
    server.cluster = info.flag("cluster_enabled");
    server.run_id = info.text("run_id");
    server.started_at = now - info.seconds("uptime_in_seconds").value_or(core::Duration{0});
    if (const auto there = info.natural("server_time_usec"); there && *there < kMostMicroseconds)
        server.ahead = core::Time{core::Duration{*there / 1'000}} - now;
    if (server.sentinel)
        return server;
    // Valkey still says slave.
    const std::string role = info.text("role");
    if (role != "master" && role != "slave" && role != "replica")
        bad("role", "master or slave", role);
    server.replica = role != "master";
    for (const std::string& database : info.numbered("db"))
        server.keys += natural(read_parts(database), "keys").value_or(0);
    return server;
}

} // namespace recoverd::collectors::vk
