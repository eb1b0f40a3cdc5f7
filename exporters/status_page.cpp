// SPDX-License-Identifier: Apache-2.0
#include "exporters/status_page.hpp"

#include "core/config/values.hpp"
#include "core/rules/threshold.hpp"
#include "exporters/alerts.hpp"
#include "exporters/escape.hpp"
#include "exporters/status_page_style.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters {

namespace {

// More than anyone reads; the rest is in the API. What is worst comes first, so nothing bad is cut while good is shown.
constexpr std::size_t kMostAlerts = 200;
constexpr std::size_t kMostAssets = 500;
constexpr std::size_t kMostChecks = 200;
constexpr std::size_t kMostReasons = 8;

struct Word {
    std::string_view text;
    std::string_view tone;
};

Word word(core::Status status) {
    switch (status) {
    case core::Status::operational:
        return {"Operational", "good"};
    case core::Status::degraded:
        return {"Degraded", "warn"};
    case core::Status::partial_outage:
        return {"Partial outage", "bad"};
    case core::Status::major_outage:
        return {"Major outage", "bad"};
    }
    return {"Unknown", "none"};
}

Word word(core::VerdictState state) {
    switch (state) {
    case core::VerdictState::recoverable:
        return {"Recoverable", "good"};
    case core::VerdictState::at_risk:
        return {"At risk", "warn"};
    case core::VerdictState::unknown:
        return {"Unknown", "none"};
    case core::VerdictState::unrecoverable:
        return {"Unrecoverable", "bad"};
    }
    return {"Unknown", "none"};
}

std::string_view tone(core::Priority priority) {
    return priority <= core::Priority::p2 ? "bad" : priority == core::Priority::p3 ? "warn" : "none";
}

std::string tag(std::string_view tone_name, std::string_view text) {
    return fmt::format("<span class=\"tag {}\">{}</span>", tone_name, html(text));
}

/// "2026-11-22T02:57:00Z, 3m ago"
std::string moment(core::Time at, core::Time now) {
    const std::string text = core::config::format_time(at);
    const std::string distance = at <= now ? core::in_words(now - at) + " ago" : "in " + core::in_words(at - now);
    return fmt::format("<time datetime=\"{0}\">{0}</time>, {1}", text, distance);
}

void row(std::string& out, std::string_view term, std::string_view markup) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, markup);
}

void more(std::string& out, std::size_t all, std::size_t shown, std::string_view where_else) {
    if (all > shown)
        out += fmt::format("<p class=\"soft\">and {} more in <a href=\"{}\">{}</a></p>\n", all - shown, where_else,
                           where_else);
}

std::string promised(const std::optional<core::Duration>& objective, std::string_view sentence) {
    return objective ? fmt::format(" <span class=\"soft\">({} {})</span>", sentence,
                                   core::config::format_duration(*objective))
                     : std::string{};
}

void asset_facts(std::string& out, const core::AssetSnapshot& snapshot, core::Time now) {
    const core::Verdict& verdict = snapshot.verdict;
    const core::Objectives& objectives = snapshot.asset.objectives;
    out += "<dl>\n";
    row(out, "Recoverable until",
        (verdict.recoverable_until ? moment(*verdict.recoverable_until, now) : "no moment is known") +
            promised(objectives.rpo, "may lose"));
    row(out, "Recovery takes",
        (verdict.proven_rto ? core::in_words(*verdict.proven_rto) : "nobody knows") +
            promised(objectives.rto, "may take"));
    std::string proof = "none";
    if (verdict.proven_at)
        proof = (verdict.proven_depth ? fmt::format("{}, ", name_of(*verdict.proven_depth)) : std::string{}) +
                moment(*verdict.proven_at, now);
    row(out, "Last proof", proof + promised(objectives.restore_test_every, "every"));
    for (const core::ExerciseDue& due : snapshot.due)
        row(out, "Next due", fmt::format("{}: {}", html(due.exercise), moment(due.due_at, now)));
    if (!snapshot.checks.empty()) {
        std::string checks;
        for (const std::string& check : snapshot.checks)
            checks += (checks.empty() ? "" : ", ") + html(check);
        row(out, "Seen by", checks);
    }
    out += "</dl>\n";
}

void asset_card(std::string& out, const core::AssetSnapshot& snapshot, core::Time now) {
    const Word verdict = word(snapshot.verdict.state);
    out += fmt::format("<li class=\"card\" id=\"asset-{}\">\n<div class=\"top\"><h3>{}</h3>{}</div>\n",
                       anchor(snapshot.asset.name), html(snapshot.asset.name), tag(verdict.tone, verdict.text));
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
    asset_facts(out, snapshot, now);
    out += "</li>\n";
}

void write_assets(std::string& out, const core::Snapshot& snapshot) {
    std::vector<const core::AssetSnapshot*> assets;
    snapshot.assets.for_each([&](const core::AssetSnapshot& asset) { assets.push_back(&asset); });
    std::ranges::stable_sort(assets, std::ranges::greater{}, [](const auto* asset) { return asset->verdict.state; });
    out += "<section aria-labelledby=\"assets\">\n<h2 id=\"assets\">Assets</h2>\n";
    if (assets.empty())
        out += "<p>No asset is configured: recoverd does not know what must be recoverable.</p>\n";
    else
        out += "<ul class=\"cards\">\n";
    for (std::size_t i = 0; i < std::min(kMostAssets, assets.size()); ++i)
        asset_card(out, *assets[i], snapshot.made_at);
    if (!assets.empty())
        out += "</ul>\n";
    more(out, assets.size(), kMostAssets, "api/v1/assets");
    out += "</section>\n";
}

void write_alert(std::string& out, const core::Alert& alert, const core::Config& config, core::Time now) {
    const core::Finding& finding = alert.finding;
    const Annotations notes = annotations(alert, config);
    const bool linked = notes.runbook_url.starts_with("https://") || notes.runbook_url.starts_with("http://");
    const std::string name = html(core::rule(finding.identity.rule).name);
    out += fmt::format("<li>\n<div class=\"top\"><h3>{}</h3>{}</div>\n",
                       linked ? fmt::format("<a href=\"{}\">{}</a>", html(notes.runbook_url), name) : name,
                       tag(tone(finding.priority), name_of(finding.priority)));
    out += fmt::format("<p><b>{}</b> {}</p>\n", html(where(finding.identity)), html(finding.reason));
    out += fmt::format("<p class=\"soft\">since {}{}</p>\n</li>\n", moment(alert.started_at, now),
                       finding.lowered_by.empty() ? ""
                                                  : fmt::format("; lowered from {}: {}", name_of(finding.raw_priority),
                                                                html(finding.lowered_by)));
}

void write_alerts(std::string& out, const core::Snapshot& snapshot) {
    std::vector<const core::Alert*> firing;
    std::size_t pending = 0;
    core::for_each_alert(snapshot, [&](const core::Alert& alert) {
        pending += alert.state == core::AlertState::pending ? 1 : 0;
        if (alert.state == core::AlertState::firing && alert.finding.identity.rule != core::RuleId::recoverd_watchdog)
            firing.push_back(&alert);
    });
    std::ranges::stable_sort(firing, {}, [](const auto* alert) { return alert->finding.priority; });
    out += "<section aria-labelledby=\"alerts\">\n<h2 id=\"alerts\">Alerts</h2>\n";
    if (firing.empty()) {
        out += "<p>Nothing fires.</p>\n";
    } else {
        out += "<ul class=\"rows\">\n";
        for (std::size_t i = 0; i < std::min(kMostAlerts, firing.size()); ++i)
            write_alert(out, *firing[i], *snapshot.config, snapshot.made_at);
        out += "</ul>\n";
    }
    more(out, firing.size(), kMostAlerts, "api/v1/alerts");
    if (pending > 0)
        out += fmt::format("<p class=\"soft\">{} more would fire if they last.</p>\n", pending);
    out += "</section>\n";
}

/// Checks that know nothing: nothing is green only because nobody looked.
void write_blind(std::string& out, const core::Snapshot& snapshot) {
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
        out += fmt::format("<li>\n<div class=\"top\"><h3>{}</h3>{}</div>\n<p>{}</p>\n", html(blind[i]->check->name),
                           tag("none", memory.failure ? name_of(memory.failure->kind) : "not run yet"),
                           memory.failure ? html(memory.failure->detail) : "It has not brought anything yet.");
        if (memory.last_success)
            out += fmt::format("<p class=\"soft\">last knew something {}</p>\n",
                               moment(*memory.last_success, snapshot.made_at));
        out += "</li>\n";
    }
    out += "</ul>\n";
    more(out, blind.size(), kMostChecks, "api/v1/checks");
    out += "</section>\n";
}

std::string summary(const core::Snapshot& snapshot) {
    std::array<std::size_t, 4> verdicts{};
    snapshot.assets.for_each(
        [&](const core::AssetSnapshot& asset) { ++verdicts[static_cast<std::size_t>(asset.verdict.state)]; });
    std::string text = fmt::format("{} of {} assets recoverable", verdicts[0], snapshot.assets.size());
    if (verdicts[1] > 0)
        text += fmt::format(", {} at risk", verdicts[1]);
    if (verdicts[2] > 0)
        text += fmt::format(", {} unknown", verdicts[2]);
    if (verdicts[3] > 0)
        text += fmt::format(", {} unrecoverable", verdicts[3]);
    return text;
}

} // namespace

std::string status_page(const core::Snapshot& snapshot, const AgentFacts& facts) {
    const Word overall = word(snapshot.status);
    const std::string instance =
        snapshot.config->instance.empty() ? std::string{} : " · " + html(snapshot.config->instance);
    std::string out;
    out += fmt::format("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta http-equiv=\"refresh\" content=\"60\">\n"
                       "<title>{}{} – recoverd</title>\n<style>{}</style>\n</head>\n<body>\n",
                       overall.text, instance, kStatusPageStyle);
    out += fmt::format("<header>\n<h1>recoverd{}</h1>\n<div class=\"word {}\" role=\"status\"><strong>{}</strong>"
                       "<span>{}</span></div>\n</header>\n<main>\n",
                       instance, overall.tone, overall.text, summary(snapshot));
    write_alerts(out, snapshot);
    write_assets(out, snapshot);
    write_blind(out, snapshot);
    out += fmt::format("</main>\n<footer>\n<p><a href=\"metrics\">Metrics</a><a href=\"api/v1/status\">Status</a>"
                       "<a href=\"api/v1/assets\">Assets</a><a href=\"api/v1/checks\">Checks</a>"
                       "<a href=\"api/v1/alerts\">Alerts</a><a href=\"api/v1/openapi.json\">API</a>"
                       "<a href=\"config\">Configuration</a></p>\n"
                       "<p>As of <time datetime=\"{0}\">{0}</time>. recoverd {1}.</p>\n</footer>\n</body>\n</html>\n",
                       core::config::format_time(snapshot.made_at), html(facts.version));
    return out;
}

} // namespace recoverd::exporters
