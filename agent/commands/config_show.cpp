// SPDX-License-Identifier: Apache-2.0
// `recoverd config show [NAME]`: what a check or an asset came to, and who said each value. Secrets stay references,
// and what comes from the environment stays `${NAME}`.
#include "agent/commands/all.hpp"
#include "agent/commands/config_report.hpp"
#include "agent/config/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

struct Options {
    std::string name;
};

void declare(Arguments& arguments, Options& options) {
    arguments.positional("NAME", options.name, "A check or an asset; all of them when left out");
}

int report_unknown(const std::string& name, const Loaded& loaded, Console& console) {
    std::vector<std::string_view> names;
    names.reserve(loaded.origins.size());
    for (const auto& [section, origins] : loaded.origins)
        names.push_back(std::string_view{section}.substr(section.find('.') + 1));
    fmt::print(console.err, "recoverd: there is no check and no asset '{}'\n", name);
    if (const auto near = core::config::nearest(name, names); !near.empty())
        fmt::print(console.err, "hint: did you mean '{}'?\n", near);
    return kFailed;
}

int run(const Options& options, Console& console) {
    const Loaded loaded = load(console.config_file);
    if (loaded.diagnostics.has_mistakes()) {
        report_diagnostics(loaded.diagnostics, console);
        return kFailed;
    }
    bool first = true;
    for (const auto& [section, origins] : loaded.origins) {
        if (!options.name.empty() && section != options.name && section.substr(section.find('.') + 1) != options.name)
            continue;
        if (!std::exchange(first, false))
            fmt::print(console.out, "\n");
        fmt::print(console.out, "{}", section_text(section, origins));
    }
    return first && !options.name.empty() ? report_unknown(options.name, loaded, console) : 0;
}

} // namespace

Command config_show_command() {
    return command<Options>("config show", "Show the merged result, and where each value came from", declare, run);
}

} // namespace recoverd::agent
