// SPDX-License-Identifier: Apache-2.0
// Servers whose configuration says active = false. Up to Barman 3.16 `list-backup all` leaves them out; from 3.17 on it
// lists them like any other.
#include "collectors/barman.hpp"
#include "core/config/values.hpp"
#include "io/remembered.hpp"

namespace recoverd::collectors {

namespace {

/// What was told a day ago may be over: somebody may have taken the server up again.
constexpr Duration kHolds = std::chrono::hours{24};

} // namespace

std::set<std::string> interpret_barman_inactive(const io::Json& servers) {
    std::set<std::string> inactive;
    for (const auto& [server, told] : servers.object()) {
        // `_INFO`, `_ERROR` …
        if (server.starts_with('_'))
            continue;
        // Barman says so nowhere but behind the description, and whether the node is passive behind that.
        std::string_view description = told["description"].text();
        constexpr std::string_view kPassive = " (Passive)";
        if (description.ends_with(kPassive))
            description.remove_suffix(kPassive.size());
        if (description.ends_with(" (inactive)"))
            inactive.insert(server);
    }
    return inactive;
}

BarmanInactive read_barman_inactive(std::string_view cursor, Time now) {
    // Starting anew costs that servers somebody gave up are watched where Barman does not say which these are.
    auto before = io::read_remembered(cursor, [](const io::Json& json) {
        BarmanInactive told;
        for (const io::Json& server : json["inactive"].items())
            told.servers.insert(server.text());
        told.told_at = json["told_at"].time();
        return told;
    });
    const bool holds = before.told_at && *before.told_at <= now && now - *before.told_at < kHolds;
    return holds ? std::move(before) : BarmanInactive{};
}

std::string write_barman_inactive(const BarmanInactive& inactive) {
    if (!inactive.told_at)
        return {};
    io::JsonWriter out;
    out.begin_object().field("told_at", core::config::format_time(*inactive.told_at)).key("inactive").begin_array();
    for (const std::string& server : inactive.servers)
        out.value(server);
    out.end_array().end_object();
    return out.take();
}

} // namespace recoverd::collectors
