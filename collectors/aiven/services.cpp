// SPDX-License-Identifier: Apache-2.0
// Aiven's list of services, read. Only what is used is read: a key that comes or goes elsewhere changes nothing.
#include "collectors/aiven/parts.hpp"
#include "collectors/collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace recoverd::collectors::aiven_parts {

namespace {

using io::Json;

/// More than that of a project are not meant to be watched by one check.
constexpr std::size_t kMaxServices = 200;
constexpr std::size_t kMaxNodes = 200;
/// A service's name has 63 characters, that of a cloud 256.
constexpr std::size_t kMaxName = 63;
constexpr std::size_t kMaxCloud = 256;
constexpr std::size_t kMaxSaid = 200;

/// "basebackup 45 %": the first phase that is not completed. A restore of hours shows it here.
std::string progress_of(const Json& updates) {
    if (!updates)
        return {};
    for (const Json& update : updates.items()) {
        if (!update["completed"] || update["completed"].boolean())
            continue;
        std::string phase = said(update["phase"].text());
        // Each may be missing or null, and max may change on the way.
        const Json& current = update["current"];
        const double least = update["min"] ? update["min"].number() : 0;
        const double most = update["max"] ? update["max"].number() : 0;
        if (current && most > least)
            phase += fmt::format(" {:.0f} %", std::clamp((current.number() - least) / (most - least), 0.0, 1.0) * 100);
        return phase;
    }
    return {};
}

Node read_node(const Json& json) {
    Node node;
    // The guide to restores calls it node_name, the API name.
    node.name = said((json["name"] ? json["name"] : json["node_name"]).text());
    node.state = said(json["state"].text());
    if (json["role"])
        node.role = said(json["role"].text());
    if (json["shard"]["name"])
        node.shard = said(json["shard"]["name"].text());
    // Required by the schema, and missing where there are no zones.
    if (json["availability_zone"])
        node.zone = said(json["availability_zone"].text());
    node.progress = progress_of(json["progress_updates"]);
    return node;
}

Service read_service(const Json& json) {
    Service service;
    service.name = name_of(json["service_name"], kMaxName);
    service.type = name_of(json["service_type"], kMaxName);
    service.plan = said(json["plan"].text());
    service.state = said(json["state"].text());
    service.cloud = name_of(json["cloud_name"], kMaxCloud);
    service.created_at = json["create_time"].time();
    if (json["node_count"])
        service.node_count = json["node_count"].natural();
    if (json["node_states"])
        for (const Json& node : json["node_states"].items()) {
            if (service.nodes.size() == kMaxNodes)
                node.bad(fmt::format("at most {} nodes", kMaxNodes));
            service.nodes.push_back(read_node(node));
        }
    service.document = &json;
    return service;
}

bool has_tags(const Json& service, const core::Labels& tags) {
    return std::ranges::all_of(tags, [&](const auto& tag) {
        const Json& value = service["tags"][tag.first];
        return value.is_text() && value.text() == tag.second;
    });
}

bool is_chosen(const AivenExpected& expected, const Json& service, const std::string& name) {
    if (!expected.services.empty())
        return std::ranges::find(expected.services, name) != expected.services.end();
    return has_tags(service, expected.tags);
}

/// From `at` on, up to white space, a quote or a bracket.
std::size_t end_of_word(std::string_view text, std::size_t at) {
    return std::min(text.find_first_of(" \t\r\n\"'<>(),;", at), text.size());
}

/// `scheme://user:password@host` becomes `scheme://***@host`, and what begins as Aiven's own secrets do becomes `***`.
void hide(std::string& text, std::string_view mark, bool before_at) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
        std::size_t from = before_at ? at + mark.size() : at;
        std::size_t to = end_of_word(text, before_at ? from : at + mark.size());
        if (before_at) {
            const std::size_t last = std::string_view{text}.substr(0, to).rfind('@');
            to = last == std::string::npos || last < from ? from : last;
        }
        if (to > from)
            text.replace(from, to - from, "***");
        at = from + 3;
        if (at >= text.size())
            return;
    }
}

} // namespace

const std::string& name_of(const Json& json, std::size_t most) {
    const std::string& name = json.text();
    // It comes to stand in labels, in one line of text, and beside a slash.
    if (name.empty() || name.size() > most ||
        std::ranges::any_of(name, [](unsigned char c) { return c <= 0x20 || c == 0x7F || c == '/'; }))
        json.bad(fmt::format("a name of 1 to {} characters without space and slash", most));
    return name;
}

bool Service::backed_up() const {
    static constexpr std::array<std::string_view, 5> kNone{"kafka", "kafka_connect", "kafka_mirrormaker",
                                                           "m3aggregator", "m3coordinator"};
    return std::ranges::find(kNone, type) == kNone.end();
}

std::vector<Found> chosen(const AivenExpected& expected, const Json& services) {
    std::vector<Found> found;
    for (const Json& json : services["services"].items()) {
        const std::string& name = name_of(json["service_name"], kMaxName);
        if (!is_chosen(expected, json, name))
            continue;
        if (std::ranges::find(found, name, &Found::name) != found.end())
            json["service_name"].bad("each service once");
        if (found.size() == kMaxServices)
            throw io::BadDocument(fmt::format("{}: expected at most {} services, found more\nhint: choose them by "
                                              "service or tags, in several checks",
                                              json.path(), kMaxServices));
        found.push_back({name, understood([&] { return read_service(json); })});
    }
    return found;
}

std::string said(std::string_view text) {
    std::string line{text};
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            c = ' ';
    hide(line, "://", true);
    // Passwords that Aiven made, and a header that somebody repeats.
    hide(line, "AVNS_", false);
    hide(line, "aivenv1 ", false);
    if (line.size() <= kMaxSaid)
        return line;
    std::size_t cut = kMaxSaid;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U)
        --cut;
    return line.substr(0, cut) + "…";
}

std::optional<core::Failure> errors_in(const Json& answer) {
    // What is no document at all is for whoever reads it to say.
    if (!answer.is_object() || !answer["errors"])
        return std::nullopt;
    const Json& errors = answer["errors"];
    if (errors.is_array() && errors.items().empty())
        return std::nullopt;
    std::string message = "no message";
    if (errors.is_array() && errors[std::size_t{0}].is_object())
        if (const Json& told = errors[std::size_t{0}]["message"]; told.is_text())
            message = said(told.text());
    return core::Failure{core::FailureKind::bad_answer, "answered with errors: " + message};
}

} // namespace recoverd::collectors::aiven_parts
