// SPDX-License-Identifier: Apache-2.0
#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"
#include "exporters/page/plots.hpp"
#include "exporters/page/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

namespace {

/// Worst first; what is beyond is told in a line, and beyond that by the API: hundreds of cards are no overview. Where
/// not all have one, fewer do.
constexpr std::size_t kMostCards = 24;
constexpr std::size_t kFewerCards = 12;
constexpr std::size_t kMostAssets = 300;
constexpr std::size_t kMostReasons = 8;

std::string promised(const std::optional<core::Duration>& objective, std::string_view sentence) {
    return objective ? fmt::format(" <span class=\"soft\">({} {})</span>", sentence,
                                   core::config::format_duration(*objective))
                     : std::string{};
}

/// How much would be lost now; marked where that is more than may be.
std::string loss(core::Time until, const std::optional<core::Duration>& rpo, core::Time now) {
    const core::Duration lost = std::max(now - until, core::Duration{0});
    const std::string text = core::in_words(lost);
    return rpo && lost > *rpo ? tag("bad", text) : text;
}

constexpr std::string_view kTold = "told to agents of the other scope";
constexpr std::string_view kSeen = "seen by agents of the other scope";

std::string lost_now(const core::AssetSnapshot& snapshot, core::Time now) {
    const core::Verdict& verdict = snapshot.verdict;
    const core::Objectives& objectives = snapshot.asset.objectives;
    const bool others_see = snapshot.asset.is_elsewhere(core::EvidenceKind::recovery_points) ||
                            snapshot.asset.is_elsewhere(core::EvidenceKind::log_archive);
    if (verdict.recoverable_until)
        return fmt::format("{}{}, back to {}{}", loss(*verdict.recoverable_until, objectives.rpo, now),
                           promised(objectives.rpo, "may lose"), time_only(*verdict.recoverable_until),
                           others_see ? ", as far as is seen here" : "");
    if (!objectives.backups)
        return "there are no backups of it, on purpose";
    if (snapshot.asset.is_seen_elsewhere())
        return std::string{kSeen};
    return "nobody knows: there is no moment to go back to" + promised(objectives.rpo, "may lose");
}

void asset_facts(std::string& out, const core::AssetSnapshot& snapshot, core::Time now, std::string_view root) {
    const core::Verdict& verdict = snapshot.verdict;
    const core::Objectives& objectives = snapshot.asset.objectives;
    out += "<dl>\n";
    row(out, "Lost if it broke now", lost_now(snapshot, now));
    const bool others_are_told = snapshot.asset.is_elsewhere(core::EvidenceKind::exercise);
    row(out, "Recovery takes",
        (verdict.proven_rto ? core::in_words(*verdict.proven_rto)
                            : std::string{others_are_told ? kTold : "nobody knows"}) +
            promised(objectives.rto, "may take"));
    std::string proof{others_are_told ? kTold : "none"};
    if (verdict.proven_at)
        proof = (verdict.proven_depth ? fmt::format("{}, ", name_of(*verdict.proven_depth)) : std::string{}) +
                moment(*verdict.proven_at, now);
    row(out, "Last proof", proof + promised(objectives.restore_test_every, "every"));
    if (!snapshot.checks.empty()) {
        std::string checks;
        for (const std::string& check : snapshot.checks)
            checks += (checks.empty() ? "" : ", ") + check_link(check, root);
        row(out, "Seen by", checks);
    }
    out += "</dl>\n";
}

} // namespace

void write_asset(std::string& out, const core::AssetSnapshot& snapshot, const Backups& backups, core::Time now,
                 std::string_view root) {
    const Word verdict = word(snapshot.verdict.state);
    // On its own page its name is the heading already.
    const std::string name =
        root.empty() ? fmt::format("<h3>{}</h3>", asset_link(snapshot.asset.name, root)) : std::string{};
    out += fmt::format("<li class=\"card\" id=\"asset-{}\">\n<div class=\"top\">{}{}</div>\n",
                       anchor(snapshot.asset.name), name, tag(verdict.tone, verdict.text));
    if (!snapshot.asset.description.empty() || !snapshot.asset.asset_class.empty())
        out += fmt::format("<p class=\"soft\">{}{}{}</p>\n", html(snapshot.asset.description),
                           snapshot.asset.description.empty() || snapshot.asset.asset_class.empty() ? "" : " · ",
                           html(snapshot.asset.asset_class));
    if (!snapshot.verdict.reasons.empty()) {
        out += "<ul class=\"why\">\n";
        const std::size_t shown = std::min(kMostReasons, snapshot.verdict.reasons.size());
        for (std::size_t i = 0; i < shown; ++i)
            out += fmt::format("<li>{}</li>\n", html(snapshot.verdict.reasons[i]));
        if (snapshot.verdict.reasons.size() > shown)
            out += fmt::format("<li class=\"soft\">and {} more</li>\n", snapshot.verdict.reasons.size() - shown);
        out += "</ul>\n";
    }
    asset_facts(out, snapshot, now, root);
    write_plots(out, backups, now);
    out += "</li>\n";
}

namespace {

void write_asset_line(std::string& out, const core::AssetSnapshot& snapshot, core::Time now) {
    const core::Verdict& verdict = snapshot.verdict;
    const Word state = word(verdict.state);
    out += fmt::format(
        "<li id=\"asset-{}\"><div class=\"top\"><span>{} {}</span><span class=\"soft\">{}</span></div>",
        anchor(snapshot.asset.name), asset_link(snapshot.asset.name), tag(state.tone, state.text),
        verdict.recoverable_until
            ? fmt::format("would lose {}", loss(*verdict.recoverable_until, snapshot.asset.objectives.rpo, now))
        : !snapshot.asset.objectives.backups ? "no backups, on purpose"
        : snapshot.asset.is_seen_elsewhere() ? std::string{kSeen}
                                             : "nothing to go back to");
    if (!verdict.reasons.empty())
        out += fmt::format("<p>{}{}</p>", html(verdict.reasons[0]),
                           verdict.reasons.size() > 1 ? fmt::format(", and {} more", verdict.reasons.size() - 1) : "");
    out += "</li>\n";
}

} // namespace

void write_assets(std::string& out, const core::Snapshot& snapshot, core::Time now) {
    std::vector<const core::AssetSnapshot*> assets;
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) { assets.push_back(&asset); });
    std::ranges::stable_sort(assets, std::ranges::greater{}, [](const auto* asset) { return asset->verdict.state; });
    const BackupsByAsset backups = backups_by_asset(snapshot);
    const std::size_t cards = assets.size() > kMostCards ? kFewerCards : assets.size();
    out += "<section aria-labelledby=\"assets\">\n<h2 id=\"assets\">Assets</h2>\n";
    if (assets.empty())
        out += "<p>No asset is configured: recoverd does not know what must be recoverable.</p>\n";
    else
        out += "<ul class=\"cards\">\n";
    for (std::size_t i = 0; i < cards; ++i)
        write_asset(out, *assets[i], backups_of(backups, assets[i]->asset.name), now, "");
    if (!assets.empty())
        out += "</ul>\n";
    if (assets.size() > cards) {
        out += "<ul class=\"rows more\">\n";
        for (std::size_t i = cards; i < std::min(kMostAssets, assets.size()); ++i)
            write_asset_line(out, *assets[i], now);
        out += "</ul>\n";
    }
    more(out, assets.size(), kMostAssets, "api/v1/assets");
    out += "</section>\n";
}

} // namespace recoverd::exporters::page
