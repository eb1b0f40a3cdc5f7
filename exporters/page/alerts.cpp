// SPDX-License-Identifier: Apache-2.0
#include "exporters/alerts.hpp"

#include "exporters/escape.hpp"
#include "exporters/page/markup.hpp"
#include "exporters/page/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::exporters::page {

namespace {

/// Worst first; those beyond are told in a line each, and those beyond that by the API.
constexpr std::size_t kMostInFull = 30;
constexpr std::size_t kMostAlerts = 100;

std::string when_words(const core::Alert& alert, core::Time now) {
    switch (alert.state) {
    case core::AlertState::pending:
        return "would fire if it lasts; since " + moment(alert.since, now);
    case core::AlertState::firing:
        return "since " + moment(alert.started_at, now);
    case core::AlertState::resolved:
        return fmt::format("from {} until {}", time_only(alert.started_at), moment(alert.resolved_at, now));
    }
    return {};
}

void write_alert_line(std::string& out, const core::Alert& alert) {
    const core::Finding& finding = alert.finding;
    out += fmt::format("<li>{} <b>{}</b> {}: {}</li>\n", tag(tone(finding.priority), name_of(finding.priority)),
                       html(where(finding.identity)), core::rule(finding.identity.rule).name, html(finding.reason));
}

} // namespace

void write_alert(std::string& out, const core::Alert& alert, const core::Config& config, core::Time now) {
    const core::Finding& finding = alert.finding;
    const Annotations notes = annotations(alert, config);
    const bool linked = notes.runbook_url.starts_with("https://") || notes.runbook_url.starts_with("http://");
    const std::string name = html(core::rule(finding.identity.rule).name);
    out += fmt::format("<li>\n<div class=\"top\"><h3>{}</h3>{}</div>\n",
                       linked ? fmt::format("<a href=\"{}\">{}</a>", html(notes.runbook_url), name) : name,
                       tag(tone(finding.priority), name_of(finding.priority)));
    out += fmt::format("<p><b>{}</b> {}</p>\n", html(where(finding.identity)), html(finding.reason));
    out += fmt::format("<p class=\"soft\">{}{}</p>\n</li>\n", when_words(alert, now),
                       finding.is_lowered() ? fmt::format("; lowered from {}: {}", name_of(finding.raw_priority),
                                                          html(finding.lowered_by))
                                            : "");
}

void write_alerts(std::string& out, const core::Snapshot& snapshot, core::Time now) {
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
        for (std::size_t i = 0; i < std::min(kMostInFull, firing.size()); ++i)
            write_alert(out, *firing[i], *snapshot.config, now);
        out += "</ul>\n";
    }
    if (firing.size() > kMostInFull) {
        out += "<ul class=\"rows more\">\n";
        for (std::size_t i = kMostInFull; i < std::min(kMostAlerts, firing.size()); ++i)
            write_alert_line(out, *firing[i]);
        out += "</ul>\n";
    }
    more(out, firing.size(), kMostAlerts, "api/v1/alerts");
    if (pending > 0)
        out += fmt::format("<p class=\"soft\">{} more would fire if they last.</p>\n", pending);
    out += "</section>\n";
}

} // namespace recoverd::exporters::page
