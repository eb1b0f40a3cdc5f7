// SPDX-License-Identifier: Apache-2.0
#include "exporters/rules_yaml.hpp"

#include "core/rules/table.hpp"
#include "exporters/prometheus/table.hpp"

#include <fmt/format.h>

namespace recoverd::exporters {

namespace {

/// A YAML scalar in single quotes: only the quote itself needs care, and no newline comes in here.
std::string in_quotes(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out.append(c == '\'' ? 2 : 1, c);
    return out + "'";
}

constexpr std::string_view kHead =
    R"(# Prometheus alerting rules over recoverd's own verdicts: `recoverd rules` prints this.
# The agent has judged already (thresholds, maintenance, how long it must hold), so no rule has a `for`.
# Where the agent pushes to Alertmanager by itself these stay silent: never both notify.
groups:
  - name: recoverd
    rules:
)";

/// What an alert is about. A scenario has no check and a check no scenario: each says what it has.
constexpr std::string_view kAbout =
    ":{{ with $labels.asset }} {{ . }}{{ end }}{{ with $labels.check }} {{ . }}{{ end }}"
    "{{ with $labels.scenario }} {{ . }}{{ end }}"
    "{{ with $labels.exercise }} {{ . }}{{ end }}"
    "{{ with $labels.subject }} {{ . }}{{ end }}";

} // namespace

std::string rules_yaml(const std::string& runbook_base) {
    std::string out{kHead};
    for (const core::Rule& rule : core::rules()) {
        const bool watchdog = rule.id == core::RuleId::recoverd_watchdog;
        out += fmt::format("      - alert: {}\n", rule.name);
        // `state` would be one more label; the aggregation keeps all others.
        out += fmt::format("        expr: >-\n"
                           "          max without (state) ({}{{alertname=\"{}\",state=\"firing\"}})\n"
                           "          unless on (instance) {} == 1\n",
                           metric(MetricId::alert).name, rule.name, metric(MetricId::push_enabled).name);
        out += "        labels:\n          severity: '{{ $labels.severity }}'\n";
        out += "        annotations:\n";
        out += fmt::format("          summary: {}\n",
                           in_quotes(fmt::format("{}{}", rule.name, watchdog ? std::string_view{} : kAbout)));
        out += fmt::format("          description: {}\n",
                           in_quotes(fmt::format("{}. First: {}", rule.when, rule.first_step)));
        if (!runbook_base.empty())
            out += fmt::format(
                "          runbook_url: {}\n",
                in_quotes(fmt::format("{}{}{}", runbook_base, runbook_base.ends_with('/') ? "" : "/", rule.name)));
    }
    return out;
}

} // namespace recoverd::exporters
