// SPDX-License-Identifier: Apache-2.0
#include "agent/reference.hpp"

#include "agent/commands/all.hpp"
#include "collectors/all.hpp"
#include "core/config/compile.hpp"
#include "core/config/values.hpp"
#include "core/rules/table.hpp"
#include "exporters/prometheus/table.hpp"

#include <fmt/format.h>

#include <initializer_list>
#include <iterator>

namespace recoverd::agent {

namespace {

using core::config::Need;
using core::config::OptionInfo;

constexpr std::string_view kOpening =
    R"(# Reference

Generated from the tables of the program; a test compares. After a change of a table, `tools/accept-golden` writes this
page again. Durations are written as Prometheus does (`90s`, `1h30m`, `7d`), sizes as `10GiB`, ratios as 0 to 1.

- [Commands](#commands)
- [Configuration](#configuration)
- [Collectors](#collectors)
- [Alerts and policy keys](#alerts-and-policy-keys)
- [Metrics](#metrics)
)";

constexpr std::string_view kPolicies =
    R"(Also `[class.NAME.policy]`, `[asset.NAME.policy]`, `[check.NAME.policy]` and `policy = { … }` of a subject; the later
ones win, key by key. The keys are under [Alerts and policy keys](#alerts-and-policy-keys). A value is `false` (switched
off, and shown as such), one step, or a list of steps:

| key of a step | what |
|---|---|
| `over` | the threshold, in the unit of the rule |
| `priority` | `P1` to `P4`: what crossing it means |
| `backup_type` | only for backups of this type; rules about backups |
| `for` | how long it must hold before it fires |

A secret is `{ file = "PATH" }`, `{ env = "NAME" }` or `{ credential = "NAME" }` (of systemd's `LoadCredential`).
`${NAME}` in any string is an environment variable; a missing one is a mistake. `[defaults]` holds values for all
checks, `[defaults.COLLECTOR]` for those of one collector.
)";

constexpr std::string_view kAlerts =
    R"(Each alert has a page in [runbooks](runbooks/). The threshold is what `over` replaces; where it depends on what was
promised, the last column says how. What has no threshold takes `false`, `priority` and `for`.
)";

/// `cell` without what would end it.
std::string escaped(std::string_view cell) {
    std::string out;
    for (const char c : cell) {
        if (c == '|')
            out += '\\';
        out += c;
    }
    return out;
}

/// Summaries in the tables begin small and end without a full stop.
std::string sentence(std::string_view words) {
    std::string out{words};
    if (!out.empty() && out.front() >= 'a' && out.front() <= 'z')
        out.front() = static_cast<char>(out.front() - 'a' + 'A');
    return out + ".";
}

std::string code(std::string_view text) { return text.empty() ? std::string{} : fmt::format("`{}`", text); }

class Page {
  public:
    void text(std::string_view words) { out_ += words; }
    void heading(int level, std::string_view words) {
        if (!out_.ends_with("\n\n"))
            out_ += '\n';
        fmt::format_to(std::back_inserter(out_), "{} {}\n\n", std::string(static_cast<std::size_t>(level), '#'), words);
    }
    void paragraph(std::string_view words) { fmt::format_to(std::back_inserter(out_), "{}\n\n", words); }
    void table(std::initializer_list<std::string_view> names) {
        std::string rule;
        for (const std::string_view name : names) {
            fmt::format_to(std::back_inserter(out_), "| {} ", name);
            rule += "|---";
        }
        fmt::format_to(std::back_inserter(out_), "|\n{}|\n", rule);
    }
    void row(std::initializer_list<std::string> cells) {
        for (const std::string& cell : cells)
            fmt::format_to(std::back_inserter(out_), "| {} ", escaped(cell));
        out_ += "|\n";
    }

    std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

/// Writes down what a command declares, instead of parsing it.
class Declared : public Arguments {
  public:
    struct Argument {
        std::string form;
        std::string standard;
        std::string help;
    };

    void flag(std::string_view name, bool& /*to*/, std::string_view help) override {
        add(fmt::format("--{}", name), {}, help);
    }
    void option(std::string_view name, std::string& to, std::string_view help,
                std::vector<std::string> choices) override {
        add(choices.empty() ? fmt::format("--{} TEXT", name) : fmt::format("--{} {}", name, fmt::join(choices, "|")),
            to, help);
    }
    void options(std::string_view name, std::vector<std::string>& to, std::string_view help) override {
        add(fmt::format("--{} TEXT …", name), fmt::format("{}", fmt::join(to, " ")), help);
    }
    void positional(std::string_view name, std::string& to, std::string_view help, bool required) override {
        add(required ? std::string{name} : fmt::format("[{}]", name), to, help);
    }
    void positionals(std::string_view name, std::vector<std::string>& /*to*/, std::string_view help) override {
        add(fmt::format("[{} …]", name), {}, help);
    }
    void rest(std::vector<std::string>& /*to*/, std::string_view help) override { add("-- …", {}, help); }

    const std::vector<Argument>& arguments() const { return arguments_; }

  private:
    void add(std::string form, std::string standard, std::string_view help) {
        arguments_.push_back({std::move(form), std::move(standard), std::string{help}});
    }

    std::vector<Argument> arguments_;
};

void write_commands(Page& page) {
    page.heading(2, "Commands");
    page.paragraph(
        fmt::format("Every command takes `--help` and `--config.file` (default `{}`).", Console{}.config_file));
    for (const Command& command : all_commands()) {
        page.heading(3, fmt::format("`recoverd {}`", command.name));
        page.paragraph(sentence(command.summary));
        Declared declared;
        command.declare(declared);
        if (declared.arguments().empty())
            continue;
        page.table({"argument", "default", "what"});
        for (const auto& argument : declared.arguments())
            page.row({code(argument.form), code(argument.standard), argument.help});
    }
}

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
    page.text(kPolicies);
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
        page.paragraph(
            fmt::format("- Brings: {}\n- Needs: {}\n- Runs: {}{}", brings, kind.access,
                        kind.every > core::Duration{0}
                            ? fmt::format("every {}, for at most {}", core::config::format_duration(kind.every),
                                          core::config::format_duration(kind.timeout))
                            : "never by itself; it is told",
                        kind.probes ? "\n- Not reaching its target is evidence that it is down" : ""));
        write_options(page, kind.options);
    }
}

std::string threshold_of(const core::Rule& rule) {
    if (rule.unit == core::Unit::none)
        return "";
    if (!rule.over)
        return "see right";
    switch (rule.unit) {
    case core::Unit::duration:
        return code(core::config::format_duration(core::from_seconds(*rule.over)));
    case core::Unit::bytes:
        return code(core::config::format_size(static_cast<std::uint64_t>(*rule.over)));
    default:
        return code(fmt::to_string(*rule.over));
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

void write_metrics(Page& page) {
    page.heading(2, "Metrics");
    page.paragraph("At `/metrics`. A series goes when its asset or check goes.");
    page.table({"metric", "type", "labels", "what"});
    for (const exporters::Metric& metric : exporters::metrics())
        page.row({code(metric.name), std::string{name_of(metric.type)}, std::string{metric.labels},
                  std::string{metric.help}});
}

} // namespace

std::string reference_markdown() {
    Page page;
    page.text(kOpening);
    write_commands(page);
    write_configuration(page);
    write_collectors(page);
    write_alerts(page);
    write_metrics(page);
    return page.take();
}

} // namespace recoverd::agent
