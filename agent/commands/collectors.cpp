// SPDX-License-Identifier: Apache-2.0
// `recoverd collectors [NAME]`: what can be looked at, and with which options; and what `kubernetes` must be allowed.
#include "agent/commands/all.hpp"

#include "collectors/all.hpp"
#include "collectors/kubernetes/rbac.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

struct Options {
    std::string name;
    bool rbac = false;
    std::vector<std::string> watch;
    std::string of_namespace;
};

void declare(Arguments& arguments, Options& options) {
    arguments.positional("NAME", options.name, "Tell everything about this one");
    arguments.flag("rbac", options.rbac, "Print the least roles that kubernetes needs, for kubectl apply");
    arguments.options("watch", options.watch, "With --rbac: what kubernetes is to watch, instead of its default");
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

int print_rbac(const Options& options, Console& console) {
    if (options.name != "kubernetes") {
        fmt::print(console.err, "recoverd: --rbac is for the collector kubernetes\n");
        return kFailed;
    }
    const auto& watch = options.watch.empty() ? collectors::kubernetes_default_watch() : options.watch;
    for (const std::string& word : watch)
        if (!collectors::kubernetes_watches(word)) {
            fmt::print(console.err, "recoverd: kubernetes does not watch '{}'\n", word);
            return kFailed;
        }
    fmt::print(console.out, "{}", collectors::kubernetes_rbac(watch, {}, options.of_namespace));
    return 0;
}

int run(const Options& options, Console& console) {
    if (options.rbac || !options.watch.empty() || !options.of_namespace.empty())
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
