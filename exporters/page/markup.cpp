// SPDX-License-Identifier: Apache-2.0
#include "exporters/page/markup.hpp"

#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"
#include "exporters/escape.hpp"
#include "io/percent.hpp"

#include <fmt/format.h>

namespace recoverd::exporters::page {

namespace {

std::string whole_second(core::Time at) {
    return core::config::format_time(std::chrono::floor<std::chrono::seconds>(at));
}

} // namespace

std::string_view tone(core::Priority priority) {
    return priority <= core::Priority::p2 ? "bad" : priority == core::Priority::p3 ? "warn" : "none";
}

std::string tag(std::string_view tone_name, std::string_view text) {
    return fmt::format("<span class=\"tag {}\">{}</span>", tone_name, html(text));
}

std::string moment(core::Time at, core::Time now) {
    const core::Duration distance = std::chrono::floor<std::chrono::seconds>(std::chrono::abs(now - at));
    const std::string words = distance == core::Duration{0} ? "just now"
                              : at <= now                   ? core::in_words(distance) + " ago"
                                                            : "in " + core::in_words(distance);
    // The comma belongs to what stands before it, wherever the line ends.
    return fmt::format("<time datetime=\"{0}\">{0},</time> {1}", whole_second(at), words);
}

std::string time_only(core::Time at) { return fmt::format("<time datetime=\"{0}\">{0}</time>", whole_second(at)); }

std::string path_part(std::string_view name) {
    // A browser takes a part of nothing but dots for a step in the path.
    if (name == "." || name == "..")
        return "%2E" + std::string{name.substr(1)};
    return io::percent_encoded(name);
}

std::string asset_link(std::string_view name, std::string_view root) {
    return fmt::format("<a href=\"{}asset/{}\">{}</a>", root, path_part(name), html(name));
}

std::string check_link(std::string_view name, std::string_view root) {
    return fmt::format("<a href=\"{}check/{}\">{}</a>", root, path_part(name), html(name));
}

void row(std::string& out, std::string_view term, std::string_view markup) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, markup);
}

void more(std::string& out, std::size_t all, std::size_t shown, std::string_view where_else) {
    if (all > shown)
        out += fmt::format("<p class=\"soft\">and {} more in <a href=\"{}\">{}</a></p>\n", all - shown, where_else,
                           where_else);
}

} // namespace recoverd::exporters::page
