// SPDX-License-Identifier: Apache-2.0
// What of a service can be expected and found: Aiven's announcements, its role in disaster recovery, and what the
// configuration asks for.
#include "collectors/aiven/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::aiven_parts {

namespace {

using core::Assertion;
using core::Priority;
using io::Json;

/// Updates that Aiven should have installed by now.
Assertion overdue_updates(const Service& service, core::Time now) {
    Assertion assertion{.name = "maintenance_updates_overdue", .expected = "0", .compare = core::Compare::at_most};
    assertion.priority = Priority::p3;
    std::size_t overdue = 0;
    if (const Json& updates = (*service.document)["maintenance"]["updates"])
        for (const Json& update : updates.items()) {
            const Json& deadline = update["deadline"];
            if (!deadline || deadline.time() >= now)
                continue;
            ++overdue;
            if (update["description"].is_text())
                assertion.detail = said(update["description"].text());
        }
    assertion.actual = std::to_string(overdue);
    return assertion;
}

/// `service_end_of_life`, `service_powered_off_removal`: a removed service takes its backups with it.
Assertion announcement(const Service& service, std::string_view type, std::optional<Priority> priority) {
    Assertion assertion{.name = std::string{type}, .expected = "not announced", .actual = "not announced"};
    assertion.priority = priority;
    if (const Json& notifications = (*service.document)["service_notifications"])
        for (const Json& notification : notifications.items())
            if (notification["type"].text() == type) {
                assertion.actual = "announced";
                if (notification["message"].is_text())
                    assertion.detail = said(notification["message"].text());
            }
    return assertion;
}

/// Active and passive change places in a switchover; the one that failed is neither until it is restored, or has a peer
/// no more.
Assertion recovery_role(const AivenExpected& expected, const Service& service) {
    // The key is there when the service has a peer.
    const Json& role = (*service.document)["disaster_recovery_role"];
    Assertion assertion{.name = "disaster_recovery_role",
                        .expected = expected.disaster_recovery_role,
                        .actual = role ? said(role.text()) : "none"};
    if (assertion.expected.empty())
        assertion.expected = !role || assertion.actual == "passive" ? *assertion.actual : "active";
    return assertion;
}

std::optional<std::string> value_of(const Json& value) {
    if (value.is_text())
        return said(value.text());
    if (value.is_number())
        return fmt::format("{}", value.number());
    if (std::holds_alternative<bool>(value.value()))
        return value.boolean() ? "true" : "false";
    return std::nullopt;
}

Assertion setting(const Service& service, const std::string& key, const std::string& expected) {
    Assertion assertion{.name = "user_config." + key, .expected = expected};
    const Json* value = &(*service.document)["user_config"];
    for (std::size_t from = 0; from <= key.size() && value;) {
        const std::size_t dot = std::min(key.find('.', from), key.size());
        value = value->is_object() ? &(*value)[key.substr(from, dot - from)] : nullptr;
        from = dot + 1;
    }
    if (value)
        assertion.actual = value_of(*value);
    if (!assertion.actual)
        assertion.detail = "it is not set in user_config, or is no single value";
    return assertion;
}

} // namespace

std::vector<Assertion> assertions_of(const AivenExpected& expected, const Service& service, core::Time now) {
    std::vector<Assertion> found;
    found.push_back(overdue_updates(service, now));
    found.push_back(announcement(service, "service_end_of_life", Priority::p3));
    found.push_back(announcement(service, "service_powered_off_removal", std::nullopt));
    found.push_back(recovery_role(expected, service));
    if (expected.termination_protection)
        found.push_back({.name = "termination_protection",
                         .expected = *expected.termination_protection ? "true" : "false",
                         .actual = value_of((*service.document)["termination_protection"])});
    for (const auto& [key, value] : expected.user_config)
        found.push_back(setting(service, key, value));
    return found;
}

} // namespace recoverd::collectors::aiven_parts
