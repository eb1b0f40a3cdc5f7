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
# While an agent is not scraped, what it had firing goes on for 5m after its last word: a restart, or another pod in its
# place, ends nothing and begins nothing anew. What it says is over is over at once. The watchdog is not held.
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

/// The last word of an agent that nobody reaches counts for so long: a pod on its way to another node with its volume
/// needs minutes, and RecoverdDown waits as long before it speaks.
constexpr std::string_view kHeld = "5m";

std::string told(std::string_view name) {
    return fmt::format("{}{{alertname=\"{}\",state=\"firing\"}}", metric(MetricId::alert).name, name);
}

/// What fires by the agent's last word. `ALERTS` knows what fired when the rule was asked last: by the window alone
/// each alert that was over within it would fire again, and one whose priority changed beside itself. And an alert of
/// an agent that pushes never gets there, so that its death repeats nothing. An agent that was scraped always tells
/// whether it pushes: then only what it tells besides counts.
std::string firing(std::string_view name) {
    return fmt::format("{}\n"
                       "          or (last_over_time({}[{}])\n"
                       "          and ignoring (state, alertstate) ALERTS{{alertname=\"{}\",alertstate=\"firing\"}}\n"
                       "          unless on (job, instance) {})",
                       told(name), told(name), kHeld, name, metric(MetricId::push_enabled).name);
}

} // namespace

std::string rules_yaml(const std::string& runbook_base, const std::string& dashboard_url) {
    std::string out{kHead};
    for (const core::Rule& rule : core::rules()) {
        const bool watchdog = rule.id == core::RuleId::recoverd_watchdog;
        out += fmt::format("      - alert: {}\n", rule.name);
        // `state` would be one more label; the aggregation keeps all others.
        out += fmt::format("        expr: >-\n"
                           "          max without (state) ({})\n"
                           "          unless on (instance) {} == 1\n",
                           // Whoever waits for the watchdog to fall silent waits long enough.
                           watchdog ? told(rule.name) : firing(rule.name), metric(MetricId::push_enabled).name);
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
        if (!dashboard_url.empty())
            out += fmt::format("          dashboard_url: {}\n", in_quotes(dashboard_url));
    }
    return out;
}

} // namespace recoverd::exporters
