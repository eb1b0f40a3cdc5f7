// SPDX-License-Identifier: Apache-2.0
// `recoverd check [NAME…]`: every check once, now, without the daemon and without its memory.
#include "agent/commands/all.hpp"
#include "agent/commands/config_report.hpp"
#include "agent/daemon.hpp"
#include "agent/look/look_output.hpp"
#include "agent/look/one_look.hpp"
#include "io/deadline.hpp"
#include "io/real_world.hpp"

#include <asio/co_spawn.hpp>
#include <asio/signal_set.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include <unistd.h>

namespace recoverd::agent {

namespace {

struct Options {
    std::vector<std::string> names;
    std::string output = "table";
    std::string scope = "all";
};

void declare(Arguments& arguments, Options& options) {
    arguments.positionals("NAME", options.names,
                          "Checks, or assets with all of their checks; everything when left out");
    arguments.option("output", options.output, "The form; nagios for plug-ins", {"table", "json", "nagios"});
    arguments.option("scope", options.scope, "Which checks to run", {"node", "cluster", "all"});
}

/// What was asked for: the setup cut down to it, and the assets that were named; nothing when all were meant.
struct Wanted {
    Setup setup;
    std::optional<std::set<std::string>> assets;
};

/// May one of its subjects belong to the asset? Which do shows only when it has looked.
bool may_see(const core::Check& check, const std::string& asset) {
    constexpr std::string_view kSubject = "{subject}";
    std::string pattern = check.asset;
    if (const auto at = pattern.find(kSubject); at != std::string::npos)
        pattern.replace(at, kSubject.size(), "*");
    return core::glob_matches(pattern, asset) ||
           std::ranges::any_of(check.asset_map, [&](const auto& of) { return of.second == asset; }) ||
           std::ranges::find(check.subjects, asset, &core::SubjectOverride::asset) != check.subjects.end();
}

bool is_asked_for(const core::Check& check, const std::vector<std::string>& names) {
    return std::ranges::any_of(names,
                               [&](const std::string& name) { return name == check.name || may_see(check, name); });
}

/// Names that are neither a check nor an asset, each with its suggestion.
bool all_known(const core::Config& config, const std::vector<std::string>& names, Console& console) {
    std::vector<std::string_view> known;
    for (const auto& check : config.checks)
        known.push_back(check->name);
    for (const auto* assets : {&config.assets, &config.where_seen})
        for (const auto& [name, asset] : *assets)
            known.push_back(name);
    bool good = true;
    for (const std::string& name : names) {
        if (std::ranges::find(known, name) != known.end())
            continue;
        good = false;
        fmt::print(console.err, "recoverd: there is no check and no asset '{}'\n", name);
        if (const auto near = core::config::nearest(name, known); !near.empty())
            fmt::print(console.err, "hint: did you mean '{}'?\n", near);
    }
    return good;
}

Wanted wanted(Setup setup, const std::vector<std::string>& names) {
    Wanted made{std::move(setup), std::nullopt};
    if (names.empty())
        return made;
    made.assets.emplace();
    auto config = std::make_shared<core::Config>(*made.setup.config);
    for (const auto* assets : {&config->assets, &config->where_seen})
        for (const auto& [name, asset] : *assets)
            if (std::ranges::find(names, name) != names.end())
                made.assets->insert(name);
    std::erase_if(config->checks, [&](const auto& check) { return !is_asked_for(*check, names); });
    made.setup.config = std::move(config);
    return made;
}

/// "12 of 40 checks", over itself, on a terminal.
OneLook::Progress progress_on(Console& console, const std::string& output) {
    const bool shown = output == "table" && ::isatty(::fileno(console.err)) == 1;
    return [&console, shown](std::size_t done, std::size_t of) {
        if (!shown)
            return;
        fmt::print(console.err, "\r\033[K{} of {} checks{}", done, of, done == of ? "\r\033[K" : "");
        std::fflush(console.err);
    };
}

/// Nothing when a signal ended it, which then stands in `signal`.
std::optional<core::Snapshot> look(const Setup& setup, std::vector<std::string> secret_variables,
                                   OneLook::Progress progress, int& signal) {
    asio::io_context loop{1};
    io::RealWorld world{loop, {.worker_path = find_worker()}};
    world.withhold(std::move(secret_variables));
    OneLook one_look{world, setup, std::move(progress)};
    std::optional<core::Snapshot> snapshot;
    std::exception_ptr thrown;
    asio::signal_set signals{loop, SIGINT, SIGTERM};
    signals.async_wait([&](const asio::error_code& error, int number) {
        if (error)
            return;
        signal = number;
        one_look.stop();
        loop.stop();
    });
    asio::co_spawn(loop, one_look.run(), [&](const std::exception_ptr& exception, core::Snapshot seen) {
        thrown = exception;
        snapshot = std::move(seen);
        loop.stop();
    });
    loop.run();
    signals.cancel();
    // Programs that were started end with those who wait for them.
    loop.restart();
    loop.run_for(std::chrono::milliseconds{signal == 0 ? 0 : 500});
    if (thrown && signal == 0)
        std::rethrow_exception(thrown);
    return signal == 0 ? std::move(snapshot) : std::nullopt;
}

int run(const Options& options, Console& console) {
    const Loaded loaded = load(console.config_file);
    report_diagnostics(loaded.diagnostics, console);
    if (loaded.diagnostics.has_mistakes()) {
        if (options.output == "nagios")
            fmt::print(console.out, "RECOVERD UNKNOWN - the configuration has mistakes\n");
        return exit_code(Grade::unknown);
    }
    Setup setup = make_setup(loaded, core::from_name<core::Scope>(options.scope));
    if (!all_known(*setup.config, options.names, console))
        return kUsageError;
    const Wanted asked = wanted(std::move(setup), options.names);
    int signal = 0;
    const auto snapshot = look(asked.setup, loaded.secret_variables, progress_on(console, options.output), signal);
    if (!snapshot)
        return 128 + signal;
    const LookVerdict verdict = judge_look(*snapshot, asked.assets);
    fmt::print(console.out, "{}",
               options.output == "json"     ? look_as_json(verdict, *snapshot)
               : options.output == "nagios" ? look_as_nagios(verdict)
                                            : look_as_table(verdict, console.colours));
    return exit_code(verdict.worst);
}

} // namespace

Command check_command() {
    return command<Options>("check",
                            "Run every check once, now, without the daemon; exit 0 good, 1 P3 or P4, 3 something is "
                            "unknown, 2 P1 or P2",
                            declare, run);
}

} // namespace recoverd::agent
