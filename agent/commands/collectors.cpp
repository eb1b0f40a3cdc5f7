// SPDX-License-Identifier: Apache-2.0
// `recoverd collectors [NAME]`: what can be looked at, and with which options; and what `kubernetes` must be allowed.
#include "agent/commands/all.hpp"
#include "agent/commands/config_report.hpp"

#include "collectors/all.hpp"
#include "collectors/kubernetes/rbac.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

namespace recoverd::agent {

namespace {

struct Options {
    std::string name;
    bool rbac = false;
    std::vector<std::string> watch;
    std::vector<std::string> require;
    std::string of_namespace;
};

constexpr std::string_view kKubernetes = "kubernetes";

void declare(Arguments& arguments, Options& options) {
    arguments.positional("NAME", options.name, "Tell everything about this one");
    arguments.flag("rbac", options.rbac,
                   "Print the least roles that kubernetes needs, for kubectl apply: for all checks of the "
                   "configuration, or for what the next three say");
    arguments.options("watch", options.watch, "With --rbac: what kubernetes is to watch");
    arguments.options("require", options.require, "With --rbac: what deployments and stateful sets must have");
    arguments.option("namespace", options.of_namespace, "With --rbac: the one namespace to look at");
}

std::string evidence_of(const collectors::Kind& kind) {
    std::string out;
    for (const auto evidence : kind.brings)
        out += (out.empty() ? "" : ", ") + std::string{core::name_of(evidence)};
    return out;
}

void print_list(std::FILE* out) {
    for (const auto& kind : collectors::all())
        fmt::print(out, "{:<16} {}\n", kind.name, kind.summary);
}

void print_option(std::FILE* out, const core::config::OptionInfo& option) {
    std::string about{option.type};
    if (option.need == core::config::Need::required)
        about += ", required";
    if (!option.choices.empty())
        about += fmt::format(", one of {}", option.choices);
    if (!option.default_text.empty())
        about += fmt::format(", default {}", option.default_text);
    fmt::print(out, "  {} ({})\n      {}\n", option.key, about, option.help);
}

void print_one(std::FILE* out, const collectors::Kind& kind) {
    fmt::print(out, "{}: {}\n\nbrings:  {}\nneeds:   {}\nevery:   {}\ntimeout: {}\n", kind.name, kind.summary,
               evidence_of(kind), kind.access, core::config::format_duration(kind.every),
               core::config::format_duration(kind.timeout));
    if (kind.probes)
        fmt::print(out, "Not reaching its target is evidence that it is down, not a failure to look.\n");
    fmt::print(out, "\noptions:\n");
    for (const auto& option : kind.options)
        print_option(out, option);
}

/// What roles are to be printed for.
struct Watched {
    /// A line above them; may be empty.
    std::string about;
    std::vector<collectors::KubernetesWatch> checks;
};

core::config::Node list_of(const std::vector<std::string>& words) {
    core::config::Array array;
    for (const std::string& word : words)
        array.push_back({word, {}});
    return {std::move(array), {}};
}

/// As a check would say it, and refused as one would be.
std::optional<Watched> by_options(const Options& options, Console& console) {
    core::config::Table table;
    if (!options.watch.empty())
        table.push_back({"watch", {}, list_of(options.watch)});
    if (!options.require.empty())
        table.push_back({"require", {}, list_of(options.require)});
    if (!options.of_namespace.empty())
        table.push_back({"namespace", {}, {options.of_namespace, {}}});
    core::config::Diagnostics diagnostics;
    const core::config::Place place{std::string{kKubernetes}, "collector 'kubernetes'", {}};
    collectors::find(kKubernetes)->compile(table, place, {}, diagnostics);
    report_diagnostics(diagnostics, console);
    if (diagnostics.has_mistakes())
        return std::nullopt;
    return Watched{{}, {collectors::kubernetes_watch(table)}};
}

/// Of all checks: what they say is overheard while they are compiled.
std::optional<Watched> by_configuration(Console& console) {
    Watched usual{"# For a check that does not say what it watches.\n", {collectors::KubernetesWatch{}}};
    const bool named = console.config_file != Console{}.config_file;
    std::error_code error;
    if (!named && !std::filesystem::exists(console.config_file, error))
        return usual;
    Watched watched{fmt::format("# For the checks of kubernetes in {}.\n", console.config_file), {}};
    std::vector<collectors::Kind> kinds(collectors::all().begin(), collectors::all().end());
    for (collectors::Kind& kind : kinds)
        if (kind.name == kKubernetes)
            kind.compile = [&watched, compile = kind.compile](const auto& table, const auto& place, auto others,
                                                              auto& diagnostics) {
                watched.checks.push_back(collectors::kubernetes_watch(table));
                return compile(table, place, others, diagnostics);
            };
    const Loaded loaded = load(console.config_file, kinds);
    if (loaded.diagnostics.has_mistakes()) {
        report_diagnostics(loaded.diagnostics, console);
        fmt::print(console.err, "hint: with --watch no configuration is read\n");
        return std::nullopt;
    }
    if (!watched.checks.empty())
        return watched;
    if (!named)
        return usual;
    fmt::print(console.err, "recoverd: {} has no check of kubernetes\nhint: --watch says what is to be watched\n",
               console.config_file);
    return std::nullopt;
}

int print_rbac(const Options& options, Console& console) {
    if (options.name != kKubernetes) {
        fmt::print(console.err, "recoverd: --rbac is for the collector kubernetes\n");
        return kFailed;
    }
    const bool said = !options.watch.empty() || !options.require.empty() || !options.of_namespace.empty();
    const auto watched = said ? by_options(options, console) : by_configuration(console);
    if (!watched)
        return kFailed;
    fmt::print(console.out, "{}{}", watched->about, collectors::kubernetes_rbac(watched->checks));
    return 0;
}

int run(const Options& options, Console& console) {
    if (options.rbac || !options.watch.empty() || !options.require.empty() || !options.of_namespace.empty())
        return print_rbac(options, console);
    if (options.name.empty()) {
        print_list(console.out);
        return 0;
    }
    if (const auto* kind = collectors::find(options.name)) {
        print_one(console.out, *kind);
        return 0;
    }
    std::vector<std::string_view> names;
    for (const auto& kind : collectors::all())
        names.push_back(kind.name);
    fmt::print(console.err, "recoverd: there is no collector '{}'\n", options.name);
    if (const auto near = core::config::nearest(options.name, names); !near.empty())
        fmt::print(console.err, "hint: did you mean '{}'?\n", near);
    return kFailed;
}

} // namespace

Command collectors_command() {
    return command<Options>("collectors", "List the collectors, or tell the options of one", declare, run);
}

} // namespace recoverd::agent
