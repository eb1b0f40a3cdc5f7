// SPDX-License-Identifier: Apache-2.0
// `recoverd config check [F]`: every mistake and every warning, without running or opening anything.
#include "agent/commands/all.hpp"
#include "agent/commands/config_report.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

struct Options {
    std::string file;
};

void declare(Arguments& arguments, Options& options) {
    arguments.positional("FILE", options.file, "The configuration, instead of --config.file");
}

std::string counted(std::size_t n, std::string_view what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); }

int run(const Options& options, Console& console) {
    return check_configuration(options.file.empty() ? console.config_file : options.file, console);
}

} // namespace

int check_configuration(const std::string& file, Console& console) {
    const Loaded loaded = load(file);
    report_diagnostics(loaded.diagnostics, console);
    if (loaded.diagnostics.has_mistakes())
        return kFailed;
    fmt::print(console.out, "{}: {}, {}, no mistakes\n", file, counted(loaded.config->assets.size(), "asset"),
               counted(loaded.config->checks.size(), "check"));
    return 0;
}

void report_diagnostics(const core::config::Diagnostics& diagnostics, Console& console) {
    for (const auto& diagnostic : diagnostics.all())
        fmt::print(console.err, "{}\n", core::config::format(diagnostic));
}

Command config_check_command() {
    return command<Options>("config check", "Tell every mistake and warning, with file, line and column", declare, run);
}

} // namespace recoverd::agent
