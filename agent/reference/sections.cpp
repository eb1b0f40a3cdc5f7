// SPDX-License-Identifier: Apache-2.0
#include "agent/reference/sections.hpp"

#include "agent/commands/all.hpp"
#include "agent/reference/declared_arguments.hpp"
#include "collectors/all.hpp"
#include "core/config/compile.hpp"
#include "core/config/values.hpp"
#include "core/rules/table.hpp"
#include "exporters/prometheus/table.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

using core::config::Need;
using core::config::OptionInfo;

constexpr std::string_view kPolicyLayers =
    R"(Also `[class.NAME.policy]`, `[asset.NAME.policy]`, `[check.NAME.policy]` and `policy = { … }` of a subject; the later
ones win, key by key. The keys are under [Alerts and policy keys](#alerts-and-policy-keys). A value is `false` (switched
off, and shown as such), one step, or a list of steps:)";

constexpr std::string_view kValues =
    R"(A secret is `{ file = "PATH" }`, `{ env = "NAME" }` or `{ credential = "NAME" }` (of systemd's `LoadCredential`).
`${NAME}` in any string is an environment variable; a missing one is a mistake. `[defaults]` holds values for all
checks, `[defaults.COLLECTOR]` for those of one collector.)";

constexpr std::string_view kAlerts =
    R"(Each alert has a page in [runbooks](runbooks/). The threshold is what `over` replaces; where it depends on what was
promised, its description says how. What has no threshold takes `false`, `priority` and `for`; what the agent says of itself
(the last four) no policy changes.)";

/// Summaries in the tables begin small and end without a full stop.
std::string sentence(std::string_view words) {
    std::string out{words};
    if (!out.empty() && out.front() >= 'a' && out.front() <= 'z')
        out.front() = static_cast<char>(out.front() - 'a' + 'A');
    return out + ".";
}

std::string code(std::string_view text) { return text.empty() ? std::string{} : fmt::format("`{}`", text); }

std::string type_of(const OptionInfo& option) {
    std::string type{option.type};
    if (!option.choices.empty())
        type += fmt::format(": {}", option.choices);
    return type;
}

void write_options(Page& page, const std::vector<OptionInfo>& options) {
    if (options.empty())
        return;
    page.table({"key", "type", "default", "what"});
    for (const OptionInfo& option : options)
        page.row({code(option.key), type_of(option),
                  option.need == Need::required ? std::string{"required"} : code(option.default_text),
                  std::string{option.help}});
}

/// How a section's path is written in a document: "check.NAME.subject[]" is "[[check.NAME.subject]]".
std::string in_brackets(std::string_view path) {
    if (path.empty())
        return "At the top";
    if (path.ends_with("[]"))
        return fmt::format("`[[{}]]`", path.substr(0, path.size() - 2));
    return fmt::format("`[{}]`", path);
}

std::string threshold_of(const core::Rule& rule) {
    if (rule.unit == core::Unit::none)
        return "";
    if (!rule.over)
        return "as described";
    switch (rule.unit) {
    case core::Unit::duration:
        return code(core::config::format_duration(core::from_seconds(*rule.over)));
    case core::Unit::bytes:
        return code(core::config::format_size(static_cast<std::uint64_t>(*rule.over)));
    default:
        return code(fmt::to_string(*rule.over));
    }
}

std::string_view name_of(exporters::MetricType type) {
    switch (type) {
    case exporters::MetricType::gauge:
        return "gauge";
    case exporters::MetricType::counter:
        return "counter";
    case exporters::MetricType::histogram:
        return "histogram";
    }
    return "";
}

void write_policy(Page& page) {
    page.paragraph(kPolicyLayers);
    page.table({"key of a step", "what"});
    page.row({"`over`", "the threshold, in the unit of the rule"});
    page.row({"`priority`", "`P1` to `P4`: what crossing it means"});
    page.row({"`backup_type`", "only for backups of this type; `backup_too_old`"});
    page.row({"`for`", "how long it must hold before it fires"});
    page.paragraph(kValues);
}

} // namespace

void write_commands(Page& page) {
    page.heading(2, "Commands");
    page.paragraph(
        fmt::format("Every command takes `--help` and `--config.file` (default `{}`).", Console{}.config_file));
    for (const Command& command : all_commands()) {
        page.heading(3, fmt::format("`recoverd {}`", command.name));
        page.paragraph(sentence(command.summary));
        const auto arguments = arguments_of(command);
        if (arguments.empty())
            continue;
        page.table({"argument", "default", "what"});
        for (const DeclaredArgument& argument : arguments)
            page.row({code(argument.form()), code(argument.default_text), argument.help});
    }
}

void write_configuration(Page& page) {
    page.heading(2, "Configuration");
    page.paragraph(
        "TOML, in `/etc/recoverd/recoverd.toml`. `recoverd config check` names every mistake with its line.");
    for (const auto& section : core::config::sections()) {
        page.heading(3, in_brackets(section.path));
        page.paragraph(sentence(section.help));
        write_options(page, section.options);
    }
    page.heading(3, "`[policy]`");
    write_policy(page);
}

void write_collectors(Page& page) {
    page.heading(2, "Collectors");
    page.paragraph("Their options stand in `[check.NAME]` beside the common ones.");
    for (const auto& kind : collectors::all()) {
        page.heading(3, fmt::format("`{}`", kind.name));
        page.paragraph(sentence(kind.summary));
        std::string brings;
        for (const auto evidence : kind.brings)
            brings += fmt::format("{}`{}`", brings.empty() ? "" : ", ", core::name_of(evidence));
        std::vector<std::string> facts{"Brings: " + brings, fmt::format("Needs: {}", kind.access),
                                       kind.every > core::Duration{0}
                                           ? fmt::format("Runs: every {}, for at most {}",
                                                         core::config::format_duration(kind.every),
                                                         core::config::format_duration(kind.timeout))
                                           : "Runs: never by itself; it is told"};
        if (kind.probes)
            facts.emplace_back("Not reaching its target is evidence that it is down");
        page.list(facts);
        write_options(page, kind.options);
    }
}

void write_alerts(Page& page) {
    page.heading(2, "Alerts and policy keys");
    page.paragraph(kAlerts);
    page.table({"alert", "policy key", "priority", "threshold", "when"});
    for (const core::Rule& rule : core::rules())
        page.row({fmt::format("[{0}](runbooks/{0}.md)", rule.name), code(rule.key),
                  std::string{core::name_of(rule.priority)}, threshold_of(rule), std::string{rule.when}});
}

void write_metrics(Page& page) {
    page.heading(2, "Metrics");
    page.paragraph("At `/metrics`. A series goes when its asset or check goes.");
    page.table({"metric", "type", "labels", "what"});
    for (const exporters::Metric& metric : exporters::metrics())
        page.row({code(metric.name), std::string{name_of(metric.type)}, std::string{metric.labels},
                  std::string{metric.help}});
}

} // namespace recoverd::agent
