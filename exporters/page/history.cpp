// SPDX-License-Identifier: Apache-2.0
#include "exporters/page/history.hpp"

#include "core/finding.hpp"
#include "core/names.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace recoverd::exporters::page {

namespace {

std::string_view label(const core::Event& event, std::string_view name) {
    const auto found = event.labels.find(std::string{name});
    return found == event.labels.end() ? std::string_view{} : std::string_view{found->second};
}

/// What began badly is as bad as its priority; what is over is well.
std::string_view tone_of(const core::Event& event) {
    if (event.state == "resolved" || event.state == "passed")
        return "good";
    if (event.state == "failed")
        return "bad";
    const auto priority = core::from_name<core::Priority>(label(event, "priority"));
    return priority ? tone(*priority) : "none";
}

/// Which subject of which check, or of which scenario.
std::string where_of(const core::Event& event) {
    std::string out;
    for (const std::string_view part : {label(event, "check"), label(event, "subject"), label(event, "scenario")})
        if (!part.empty())
            out += fmt::format("{}{}", out.empty() ? "" : " ", part);
    return out;
}

void write_event(std::string& out, const core::Event& event, core::Time now) {
    const std::string_view priority = label(event, "priority");
    const std::string where = where_of(event);
    out += fmt::format("<li>{} <b>{}</b>{}{}{}{}{} <span class=\"soft\">{}</span></li>\n",
                       tag(tone_of(event), event.state), html(event.name), priority.empty() ? "" : " ", html(priority),
                       where.empty() ? "" : ", ", html(where), event.reason.empty() ? "" : ": " + html(event.reason),
                       moment(event.at, now));
}

} // namespace

std::string history(const core::Result<std::vector<core::Event>>& events, std::string_view where_else, core::Time now) {
    std::string out = "<section aria-labelledby=\"past\">\n<h2 id=\"past\">What happened</h2>\n";
    if (!events)
        return out + fmt::format("<p>{} it cannot be read now: {}</p>\n</section>\n", tag("none", "unknown"),
                                 html(events.error().detail));
    if (events->empty())
        return out + "<p>Nothing that was written down: no alert has fired, and no outcome was reported.</p>\n"
                     "</section>\n";
    out += "<ul class=\"rows\">\n";
    for (std::size_t i = 0; i < std::min(kMostEvents, events->size()); ++i)
        write_event(out, (*events)[i], now);
    out += "</ul>\n";
    if (events->size() > kMostEvents)
        out += fmt::format("<p class=\"soft\">Earlier ones are in <a href=\"{}\">the API</a>.</p>\n", html(where_else));
    return out + "</section>\n";
}

} // namespace recoverd::exporters::page
