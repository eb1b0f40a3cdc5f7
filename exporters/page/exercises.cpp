// SPDX-License-Identifier: Apache-2.0
#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

void write_exercises(std::string& out, const core::Snapshot& snapshot, core::Time now) {
    constexpr std::size_t kMostExercises = 40;
    struct Row {
        const core::AssetSnapshot* asset;
        const core::ExerciseDue* due;
    };
    std::vector<Row> rows;
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) {
        for (const core::ExerciseDue& due : asset.due)
            rows.push_back({&asset, &due});
    });
    if (rows.empty())
        return;
    std::ranges::stable_sort(rows, {}, [](const Row& row) { return row.due->due_at; });
    out += "<section aria-labelledby=\"exercises\">\n<h2 id=\"exercises\">Exercises</h2>\n<ul class=\"rows\">\n";
    for (std::size_t i = 0; i < std::min(kMostExercises, rows.size()); ++i) {
        const bool overdue = rows[i].due->due_at <= now;
        out += fmt::format("<li>\n<div class=\"top\"><h3>{} of {}</h3>{}</div>\n<p>{} {}</p>\n</li>\n",
                           html(rows[i].due->exercise), asset_link(rows[i].asset->asset.name),
                           overdue ? tag("warn", "Due") : tag("none", "Planned"), overdue ? "was due" : "due",
                           moment(rows[i].due->due_at, now));
    }
    out += "</ul>\n";
    more(out, rows.size(), kMostExercises, "api/v1/assets");
    out += "</section>\n";
}

} // namespace recoverd::exporters::page
