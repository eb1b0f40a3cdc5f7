// SPDX-License-Identifier: Apache-2.0
#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

namespace {

constexpr std::size_t kMostChecks = 100;

} // namespace

void write_blind(std::string& out, const core::Snapshot& snapshot, core::Time now) {
    std::vector<const core::CheckSnapshot*> blind;
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) {
        if (check.memory.failure || !check.memory.last_success)
            blind.push_back(&check);
    });
    if (blind.empty())
        return;
    out += "<section aria-labelledby=\"blind\">\n<h2 id=\"blind\">Checks that know nothing</h2>\n<ul class=\"rows\">\n";
    for (std::size_t i = 0; i < std::min(kMostChecks, blind.size()); ++i) {
        const core::CheckMemory& memory = blind[i]->memory;
        out +=
            fmt::format("<li>\n<div class=\"top\"><h3>{}</h3>{}</div>\n<p>{}</p>\n", check_link(blind[i]->check->name),
                        tag("none", memory.failure ? name_of(memory.failure->kind) : "not run yet"),
                        memory.failure ? html(memory.failure->detail) : "It has not brought anything yet.");
        if (memory.last_success)
            out += fmt::format("<p class=\"soft\">last knew something {}</p>\n", moment(*memory.last_success, now));
        out += "</li>\n";
    }
    out += "</ul>\n";
    more(out, blind.size(), kMostChecks, "api/v1/checks");
    out += "</section>\n";
}

} // namespace recoverd::exporters::page
