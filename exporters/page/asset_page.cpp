// SPDX-License-Identifier: Apache-2.0
#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/details.hpp"
#include "exporters/page/frame.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

namespace {

constexpr std::string_view kRoot = "../";
constexpr std::size_t kMostPoints = 20;

const core::AssetSnapshot* find_asset(const core::Snapshot& snapshot, std::string_view name) {
    const core::AssetSnapshot* found = nullptr;
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) {
        if (asset.asset.name == name)
            found = &asset;
    });
    return found;
}

/// What no source tells is declared, by a label of that name; nobody has seen it.
constexpr std::string_view kDeclared = "declared_";

void write_labels(std::string& out, const core::Labels& labels) {
    std::string declared;
    std::string others;
    for (const auto& [name, value] : labels) {
        const bool is_declared = name.starts_with(kDeclared);
        std::string& told = is_declared ? declared : others;
        told += fmt::format("{}{}: {}", told.empty() ? "" : ", ",
                            html(is_declared ? name.substr(kDeclared.size()) : name), html(value));
    }
    if (labels.empty())
        return;
    out += "<section aria-labelledby=\"said\">\n<h2 id=\"said\">What is said of it</h2>\n<dl>\n";
    if (!declared.empty())
        row(out, "Declared, not verified", declared);
    if (!others.empty())
        row(out, "Labels", others);
    out += "</dl>\n</section>\n";
}

void write_points(std::string& out, const core::RecoveryPoints& points, core::Time now) {
    out += fmt::format("<p class=\"soft\">{} recovery point{} by {}</p>\n", points.count, points.count == 1 ? "" : "s",
                       html(points.method));
    if (points.points.empty())
        return;
    out += "<table>\n<thead><tr><th scope=\"col\">Data of</th><th scope=\"col\">Type</th><th scope=\"col\">Size</th>"
           "<th scope=\"col\">State</th></tr></thead>\n<tbody>\n";
    for (std::size_t i = 0; i < std::min(kMostPoints, points.points.size()); ++i) {
        const core::RecoveryPoint& point = points.points[points.points.size() - 1 - i];
        out +=
            fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td></tr>\n", moment(point.data_at, now),
                        html(point.backup_type), point.size_bytes ? core::config::format_size(*point.size_bytes) : "",
                        name_of(point.state), point.detail.empty() ? "" : ": " + html(point.detail));
    }
    out += "</tbody>\n</table>\n";
    if (points.points.size() > kMostPoints)
        out += fmt::format("<p class=\"soft\">and {} older ones</p>\n", points.points.size() - kMostPoints);
}

void write_runs(std::string& out, const std::vector<core::Exercise>& exercises, core::Time now) {
    if (exercises.empty())
        return;
    out += "<ul class=\"why\">\n";
    for (const core::Exercise& run : exercises) {
        const auto at = run.ended_at ? run.ended_at : run.started_at;
        out += fmt::format("<li>{} {}{}{}</li>\n", html(run.exercise), name_of(run.outcome),
                           at ? ", " + moment(*at, now) : "", run.message.empty() ? "" : ": " + html(run.message));
    }
    out += "</ul>\n";
}

/// What one check saw of the asset: its recovery points and the exercises that were reported.
void write_sight(std::string& out, const core::CheckSnapshot& check, std::string_view asset, core::Time now) {
    std::size_t i = 0;
    for (const auto& [subject, seen] : check.memory->subjects) {
        const std::size_t at = i++;
        if (at >= check.subject_assets.size() || check.subject_assets[at] != asset)
            continue;
        out += fmt::format("<li>\n<h3>{}{}{}</h3>\n", check_link(check.check->name, kRoot), subject.empty() ? "" : " ",
                           html(subject));
        out += fmt::format("<p class=\"soft\">learned {}</p>\n", moment(seen.learned_at, now));
        if (seen.failure)
            out += fmt::format("<p>{} {}</p>\n", tag("none", name_of(seen.failure->kind)), html(seen.failure->detail));
        for (const core::Evidence& evidence : *seen.evidence)
            if (const auto* points = std::get_if<core::RecoveryPoints>(&evidence))
                write_points(out, *points, now);
        write_runs(out, seen.exercises, now);
        out += "</li>\n";
    }
}

} // namespace

std::optional<Detail> asset_page(const core::Snapshot& snapshot, const AgentFacts& facts, std::string_view name) {
    const core::AssetSnapshot* asset = find_asset(snapshot, name);
    if (!asset)
        return std::nullopt;
    const core::Time now = shown_at(snapshot, facts);
    Detail page;
    std::string& out = page.above;
    begin_page(out, snapshot, name, kRoot);
    out += "</header>\n<main>\n<ul class=\"cards\">\n";
    write_asset(out, *asset, backups_of(backups_by_asset(snapshot), name), now, kRoot);
    out += "</ul>\n";
    write_labels(out, asset->asset.labels);
    out += "<section aria-labelledby=\"wrong\">\n<h2 id=\"wrong\">What is wrong</h2>\n<ul class=\"rows\">\n";
    std::vector<const core::Alert*> firing;
    core::for_each_alert(snapshot, [&](const core::Alert& alert) {
        if (alert.state == core::AlertState::firing && alert.finding.identity.asset == name)
            firing.push_back(&alert);
    });
    std::ranges::stable_sort(firing, {}, [](const auto* alert) { return alert->finding.priority; });
    for (const core::Alert* alert : firing)
        write_alert(out, *alert, *snapshot.config, now);
    out += firing.empty() ? "<li>Nothing fires.</li>\n</ul>\n</section>\n" : "</ul>\n</section>\n";
    std::string& rest = page.below;
    rest += "<section aria-labelledby=\"seen\">\n<h2 id=\"seen\">What is seen</h2>\n<ul class=\"rows\">\n";
    snapshot.checks.for_each([&](const core::CheckSnapshot& check) { write_sight(rest, check, name, now); });
    rest += "</ul>\n</section>\n";
    end_page(rest, snapshot, facts, kRoot);
    return page;
}

} // namespace recoverd::exporters::page
