// SPDX-License-Identifier: Apache-2.0
#include "exporters/alerts.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::exporters {

using core::RuleId;

core::Alert watchdog(const core::Snapshot& snapshot, const AgentFacts& facts) {
    core::Alert alert;
    alert.finding.identity.rule = RuleId::recoverd_watchdog;
    alert.finding.priority = core::Priority::p4;
    alert.finding.raw_priority = core::Priority::p4;
    alert.finding.reason = "recoverd is alive; this alert is meant to fire always";
    alert.state = core::AlertState::firing;
    alert.since = facts.started_at;
    alert.started_at = facts.started_at;
    alert.labels = snapshot.config->alert_labels;
    alert.labels["alertname"] = core::rule(RuleId::recoverd_watchdog).name;
    alert.labels["severity"] = "none";
    alert.labels["source"] = "recoverd";
    if (!snapshot.config->instance.empty())
        alert.labels["instance"] = snapshot.config->instance;
    return alert;
}

std::string where(const core::Identity& identity) {
    std::string text = identity.asset;
    for (const std::string* part : {&identity.check, &identity.scenario, &identity.subject, &identity.assertion,
                                    &identity.exercise, &identity.target, &identity.measurement}) {
        if (part->empty())
            continue;
        if (!text.empty())
            text += text == identity.asset ? ": " : " ";
        text += *part;
    }
    return text;
}

Annotations annotations(const core::Alert& alert, const core::Config& config) {
    const core::Finding& finding = alert.finding;
    const core::Rule& rule = core::rule(finding.identity.rule);
    const std::string about = where(finding.identity);
    Annotations out;
    out.summary = about.empty() ? std::string{rule.name} : fmt::format("{}: {}", rule.name, about);
    out.description = fmt::format("{}\nSince {}.", finding.reason, core::config::format_time(alert.since));
    if (finding.is_lowered())
        out.description += fmt::format("\nLowered from {} to {}: {}.", name_of(finding.raw_priority),
                                       name_of(finding.priority), finding.lowered_by);
    if (!rule.first_step.empty())
        out.description += fmt::format("\nFirst: {}", rule.first_step);
    if (!config.runbook_base.empty())
        out.runbook_url =
            fmt::format("{}{}{}", config.runbook_base, config.runbook_base.ends_with('/') ? "" : "/", rule.name);
    out.dashboard_url = config.dashboard_url;
    return out;
}

} // namespace recoverd::exporters
