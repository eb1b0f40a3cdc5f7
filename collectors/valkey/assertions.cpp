// SPDX-License-Identifier: Apache-2.0
// What the server is expected to be, beside what it is.
#include "collectors/valkey/parts.hpp"
#include "core/assertion.hpp"
#include "io/connection.hpp"
#include "io/json.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace recoverd::collectors::vk {

namespace {

/// Settings that INFO tells as well: nobody needs to be allowed CONFIG GET for them, which shows passwords too.
struct Told {
    std::string_view setting;
    std::string_view field;
};
constexpr std::array kInInfo{Told{"appendonly", "aof_enabled"}, Told{"maxmemory", "maxmemory"},
                             Told{"maxmemory-policy", "maxmemory_policy"}};

std::optional<std::string> in_info(const Info& info, std::string_view setting) {
    const auto* told = std::ranges::find(kInInfo, setting, &Told::setting);
    if (told == kInInfo.end())
        return std::nullopt;
    auto value = info.find(told->field);
    if (value && setting == "appendonly")
        value = *value == "0" ? "no" : "yes";
    return value;
}

/// Of a reply to CONFIG GET: the setting's name and its value, or nothing at all.
void read_setting(const io::RespValue& reply, const std::string& user, core::Assertion& assertion) {
    if (reply.is_error()) {
        assertion.detail = io::printable(std::string_view{reply.text}.substr(0, 200));
        if (reply.text.starts_with("NOPERM"))
            assertion.detail += fmt::format(" (ACL SETUSER {} +config|get)", user);
        return;
    }
    if (reply.kind != io::RespValue::Kind::list || reply.items.size() % 2 != 0)
        throw io::BadDocument("CONFIG GET: expected a name and a value, found something else");
    if (reply.items.empty())
        assertion.detail = "this server has no such setting";
    else
        assertion.actual = io::printable(text_of(reply.items[1], "CONFIG GET"));
}

/// What would otherwise be hidden by the append-only file, which is as new as ever. It may be switched off at any time:
/// then nothing rewrites it, and a save that failed is a job that did.
void add_persistence(const Info& info, core::Assertions& found) {
    for (const char* status : {"rdb_last_bgsave_status", "aof_last_bgrewrite_status"})
        if (info.flag("aof_enabled"))
            found.assertions.push_back({.name = status, .expected = "ok", .actual = io::printable(info.text(status))});
        else
            found.assertions.push_back(core::not_asked(status, "there is no append-only file"));
}

} // namespace

std::vector<std::string> asked_settings(const ValkeyExpected& expected) {
    std::vector<std::string> asked;
    for (const auto& [name, value] : expected.settings)
        if (std::ranges::find(kInInfo, name, &Told::setting) == kInInfo.end())
            asked.push_back(name);
    return asked;
}

core::Assertions interpret_assertions(const ValkeyExpected& expected, const Server& server, const Info& info,
                                      const std::vector<io::RespValue>& replies) {
    core::Assertions found;
    if (expected.role != "any")
        found.assertions.push_back(
            {.name = "role", .expected = expected.role, .actual = server.replica ? "replica" : "primary"});
    add_persistence(info, found);
    const std::vector<std::string> asked = asked_settings(expected);
    for (const auto& [name, value] : expected.settings) {
        core::Assertion assertion{.name = name, .expected = value, .actual = in_info(info, name)};
        const auto place = static_cast<std::size_t>(std::ranges::find(asked, name) - asked.begin());
        if (place < asked.size())
            read_setting(replies.at(1 + place), expected.user, assertion);
        else if (!assertion.actual)
            assertion.detail = "INFO does not tell it";
        found.assertions.push_back(std::move(assertion));
    }
    return found;
}

void add_cluster(const Info& cluster, core::Assertions& assertions) {
    const auto add = [&](const char* field, std::string expected) {
        assertions.assertions.push_back(
            {.name = field, .expected = std::move(expected), .actual = io::printable(cluster.text(field))});
    };
    // The state stays ok with cluster-require-full-coverage no, whatever is missing.
    add("cluster_state", "ok");
    add("cluster_slots_assigned", "16384");
    add("cluster_slots_fail", "0");
}

} // namespace recoverd::collectors::vk
