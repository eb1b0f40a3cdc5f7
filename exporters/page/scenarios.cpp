// SPDX-License-Identifier: Apache-2.0
#include "core/rules/threshold.hpp"
#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"
#include "exporters/page/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace recoverd::exporters::page {

namespace {

constexpr std::size_t kMostGroups = 100;
constexpr std::size_t kMostOutages = 5;

struct Shown {
    const core::ScenarioSnapshot* scenario;
    const core::ScenarioSnapshot::Group* group;
};

/// 0 while an outage goes on, 1 where nothing can be told, 2 when all is well.
int order(const Shown& shown) {
    if (shown.group->outages.running)
        return 0;
    return shown.group->decision.state == core::ScenarioState::unknown ? 1 : 2;
}

/// How much of its time an outage has used up, as a bar that also says so.
void burn(std::string& out, core::Duration lasted, core::Duration rto) {
    const double share = core::to_seconds(lasted) / core::to_seconds(rto);
    out += fmt::format(
        "<p><progress max=\"100\" value=\"{}\" aria-label=\"RTO used up\"></progress> {} of {}, {:.0f} % of "
        "the RTO</p>\n",
        static_cast<int>(std::min(share, 1.0) * 100), core::in_words(lasted), core::in_words(rto), share * 100);
}

/// "; lost the writes of 4s (12 rows)" where a canary told, marked where that was too much.
std::string lost_words(const core::Outage& outage, const std::optional<core::Duration>& rpo) {
    if (!outage.lost)
        return {};
    if (*outage.lost == core::Loss{})
        return "; nothing was lost";
    std::string words = fmt::format("; lost the writes of {} ({} row{})", core::in_words(outage.lost->time),
                                    outage.lost->rows, outage.lost->rows == 1 ? "" : "s");
    if (rpo && core::lost_more(outage, *rpo))
        words += " " + tag("bad", "more than its RPO of " + core::in_words(*rpo));
    return words;
}

/// " longer than its RTO of 5m", marked, where it was.
std::string exceeded_words(const core::Outage& outage, const std::optional<core::Duration>& rto, core::Time now) {
    return rto && core::exceeds(outage, *rto, now) ? " " + tag("bad", "longer than its RTO of " + core::in_words(*rto))
                                                   : std::string{};
}

void past_outages(std::string& out, const std::vector<core::Outage>& past, const core::Scenario& scenario,
                  core::Time now) {
    if (past.empty())
        return;
    const auto too_long = std::ranges::count_if(
        past, [&](const core::Outage& outage) { return scenario.rto && core::exceeds(outage, *scenario.rto, now); });
    out +=
        fmt::format("<details><summary>{} past outage{}{}</summary>\n<ul class=\"why\">\n", past.size(),
                    past.size() == 1 ? "" : "s", too_long > 0 ? fmt::format(", {} longer than the RTO", too_long) : "");
    for (std::size_t i = 0; i < std::min(kMostOutages, past.size()); ++i) {
        const core::Outage& outage = past[past.size() - 1 - i];
        out += fmt::format("<li>{} from {}: {}{}{}</li>\n", core::in_words(*outage.ended_at - outage.began_at),
                           moment(outage.began_at, now), html(outage.cause), lost_words(outage, scenario.rpo),
                           exceeded_words(outage, scenario.rto, now));
    }
    out += "</ul></details>\n";
}

void write_group(std::string& out, const Shown& shown, core::Time now) {
    const core::Scenario& scenario = shown.scenario->scenario;
    const core::Decision& decision = shown.group->decision;
    const auto& running = shown.group->outages.running;
    const bool unknown = decision.state == core::ScenarioState::unknown;
    const std::string name =
        shown.group->name.empty() ? scenario.name : fmt::format("{} {}", scenario.name, shown.group->name);
    out += fmt::format("<li>\n<div class=\"top\"><h3>{}</h3>{}</div>\n", html(name),
                       running   ? tag(tone(scenario.priority), unknown ? "Outage, not seen any more" : "Outage")
                       : unknown ? tag("none", "Unknown")
                                 : tag("good", "Clear"));
    if (!scenario.description.empty())
        out += fmt::format("<p class=\"soft\">{}</p>\n", html(scenario.description));
    if (running) {
        const core::Duration lasted = std::max(now - running->began_at, core::Duration{0});
        out += fmt::format("<p>Since {}. Began with {}{}.</p>\n", moment(running->began_at, now), html(running->cause),
                           lost_words(*running, scenario.rpo));
        if (scenario.rto)
            burn(out, lasted, *scenario.rto);
    }
    if (decision.members == 0)
        out += "<p>No check decides it yet.</p>\n";
    else if (running || unknown)
        out += fmt::format(
            "<p>{} of {} down, {} decide it{}</p>\n", decision.down.size(), decision.members, decision.needed,
            decision.unknown.empty() ? "." : fmt::format("; unknown: {}.", html(core::name_some(decision.unknown))));
    past_outages(out, shown.group->outages.past, scenario, now);
    out += "</li>\n";
}

void write_readiness(std::string& out, const core::ScenarioSnapshot& snapshot, core::Time now) {
    const Word verdict = word(snapshot.readiness->state);
    out += fmt::format("<li>\n<div class=\"top\"><h3>{}: could we recover?</h3>{}</div>\n",
                       html(snapshot.scenario.name), tag(verdict.tone, verdict.text));
    if (!snapshot.scenario.description.empty())
        out += fmt::format("<p class=\"soft\">{}</p>\n", html(snapshot.scenario.description));
    if (snapshot.readiness->assets.empty())
        out += "<p>No asset that must be is looked at here.</p>\n";
    out += "<ul class=\"why\">\n";
    for (const core::AssetReadiness& asset : snapshot.readiness->assets) {
        const Word own = word(asset.state);
        out += fmt::format("<li>{} {}", tag(own.tone, own.text), asset_link(asset.asset));
        if (!asset.from.empty())
            out += fmt::format(" from {}", html(asset.from));
        if (asset.newest)
            out += fmt::format(", back to {}", moment(*asset.newest, now));
        if (asset.oldest)
            out += fmt::format(", and as far back as {}", moment(*asset.oldest, now));
        if (asset.takes)
            out += fmt::format(", in {}", core::in_words(*asset.takes));
        for (const std::string& block : asset.blocks)
            out += fmt::format("<br><span class=\"soft\">{}</span>", html(block));
        out += "</li>\n";
    }
    out += "</ul>\n</li>\n";
}

} // namespace

void write_scenarios(std::string& out, const core::Snapshot& snapshot, core::Time now) {
    std::vector<Shown> groups;
    for (const auto& scenario : snapshot.scenarios)
        for (const core::ScenarioSnapshot::Group& group : scenario->groups)
            groups.push_back({scenario.get(), &group});
    std::vector<const core::ScenarioSnapshot*> asked;
    for (const auto& scenario : snapshot.scenarios)
        if (scenario->readiness)
            asked.push_back(scenario.get());
    if (groups.empty() && asked.empty())
        return;
    std::ranges::stable_sort(asked, std::ranges::greater{}, [](const auto* one) { return one->readiness->state; });
    std::ranges::stable_sort(groups, {}, order);
    out +=
        "<section aria-labelledby=\"scenarios\">\n<h2 id=\"scenarios\">Failure scenarios</h2>\n<ul class=\"rows\">\n";
    for (std::size_t i = 0; i < std::min(kMostGroups, groups.size()); ++i)
        write_group(out, groups[i], now);
    for (std::size_t i = 0; i < std::min(kMostGroups, asked.size()); ++i)
        write_readiness(out, *asked[i], now);
    out += "</ul>\n";
    more(out, groups.size(), kMostGroups, "api/v1/scenarios");
    out += "</section>\n";
}

} // namespace recoverd::exporters::page
