// SPDX-License-Identifier: Apache-2.0
#include "exporters/page/frame.hpp"

#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

core::Time shown_at(const core::Snapshot& snapshot, const AgentFacts& facts) {
    return std::max(snapshot.made_at, facts.now);
}

void begin_page(std::string& out, const core::Snapshot& snapshot, std::string_view title, std::string_view root) {
    const std::string instance =
        snapshot.config->instance.empty() ? std::string{} : " · " + html(snapshot.config->instance);
    out += fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<noscript><meta http-equiv=\"refresh\" content=\"60\"></noscript>\n"
                       "<title>{0}{1} – recoverd</title>\n<link rel=\"stylesheet\" href=\"{2}page.css\">\n"
                       "<script src=\"{2}page.js\" defer></script>\n</head>\n<body>\n"
                       // For the script; without it they stay empty.
                       "<p id=\"gone\" role=\"alert\" data-own></p>\n<header>\n<p id=\"age\" data-own></p>\n",
                       html(title), instance, root);
    out += root.empty()
               ? fmt::format("<h1>recoverd{}</h1>\n", instance)
               : fmt::format("<p class=\"soft\"><a href=\"{}\">recoverd{}</a></p>\n<h1 class=\"name\">{}</h1>\n", root,
                             instance, html(title));
}

void end_page(std::string& out, const core::Snapshot& snapshot, const AgentFacts& facts, std::string_view root) {
    out += "</main>\n<footer>\n<p>";
    for (const auto& [path, text] :
         std::initializer_list<std::pair<std::string_view, std::string_view>>{{"metrics", "Metrics"},
                                                                              {"api/v1/status", "Status"},
                                                                              {"api/v1/assets", "Assets"},
                                                                              {"api/v1/checks", "Checks"},
                                                                              {"api/v1/scenarios", "Scenarios"},
                                                                              {"api/v1/validations", "Validations"},
                                                                              {"api/v1/alerts", "Alerts"},
                                                                              {"api/v1/openapi.json", "API"},
                                                                              {"config", "Configuration"}})
        out += fmt::format("<a href=\"{}{}\">{}</a>", root, path, text);
    out += fmt::format("</p>\n<p>As of {}, judged at {}. recoverd {}.</p>\n</footer>\n</body>\n</html>\n",
                       time_only(shown_at(snapshot, facts)), time_only(snapshot.made_at), html(facts.version));
}

} // namespace recoverd::exporters::page
