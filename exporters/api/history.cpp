// SPDX-License-Identifier: Apache-2.0
#include "exporters/api.hpp"
#include "exporters/api/parts.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

#include <charconv>

namespace recoverd::exporters::api {

namespace {

constexpr std::string_view kHint = "hint: /api/v1/history?asset=NAME, or check, scenario, alert; with &limit=100";

std::unexpected<std::string> mistake(std::string_view expected, std::string_view found) {
    return std::unexpected(fmt::format("expected {}, found '{}'\n{}", expected, found, kHint));
}

/// Nothing when it is no number from 1 to kMostEvents.
std::optional<std::size_t> limit_of(std::string_view text) {
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && limit >= 1 && limit <= kMostEvents ? std::optional{limit} : std::nullopt;
}

} // namespace

std::expected<HistoryQuery, std::string> read_history_query(std::string_view query) {
    HistoryQuery asked;
    for (std::string_view rest = query; !rest.empty();) {
        const std::string_view part = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        const auto equals = std::min(part.find('='), part.size());
        const std::string key = io::percent_decoded(part.substr(0, equals));
        std::string value = io::percent_decoded(part.substr(std::min(part.size(), equals + 1)));
        if (key == "limit") {
            const auto limit = limit_of(value);
            if (!limit)
                return mistake(fmt::format("a limit from 1 to {}", kMostEvents), value);
            asked.most = *limit;
        } else if (const auto of = core::from_name<core::HistoryOf>(key); of && asked.name.empty() && !value.empty()) {
            asked.of = *of;
            asked.name = std::move(value);
        } else {
            return mistake("the name of one asset, check, scenario or alert", part);
        }
    }
    if (asked.name.empty())
        return mistake("the name of one asset, check, scenario or alert", query);
    return asked;
}

std::string history(const HistoryQuery& asked, const std::vector<core::Event>& events) {
    JsonWriter out;
    out.begin_object();
    out.field(core::name_of(asked.of), asked.name);
    out.key("events").begin_array();
    for (const core::Event& event : events) {
        out.begin_object();
        field(out, "at", event.at);
        out.field("kind", event.kind).field("name", event.name).field("state", event.state);
        if (!event.reason.empty())
            out.field("reason", event.reason);
        object(out, "labels", event.labels);
        out.end_object();
    }
    out.end_array();
    return end(out);
}

} // namespace recoverd::exporters::api
