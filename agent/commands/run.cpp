// SPDX-License-Identifier: Apache-2.0
// `recoverd run`: the daemon.
#include "agent/commands/all.hpp"
#include "agent/commands/config_report.hpp"
#include "agent/daemon.hpp"
#include "agent/log.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

namespace recoverd::agent {

namespace {

constexpr core::Duration kOftenest{1'000};

struct Options {
    DaemonOptions daemon;
    std::string scope = "all";
    std::string log_level = "info";
    std::string log_format = "logfmt";
    std::string auto_reload_interval;
    bool check_only = false;
};

void declare(Arguments& arguments, Options& options) {
    DaemonOptions& daemon = options.daemon;
    arguments.options("web.listen-address", daemon.listen, "Where to serve: HOST:PORT or unix:PATH; may be repeated");
    arguments.option("web.config.file", daemon.web_config_file,
                     "TLS and users, as Prometheus' exporter-toolkit has it");
    arguments.option("web.external-url", daemon.external_url, "How people reach this agent, for links");
    arguments.option("web.route-prefix", daemon.route_prefix,
                     "Prefix of every path; when left out that of the external URL, and / for none");
    arguments.flag("web.systemd-socket", daemon.systemd_socket, "Use the sockets that systemd opened");
    arguments.flag("web.enable-lifecycle", daemon.lifecycle, "Allow POST /-/reload");
    arguments.option("storage.path", daemon.storage_path, "Folder of the state");
    arguments.option("scope", options.scope, "Which checks to run", {"node", "cluster", "all"});
    arguments.option("log.level", options.log_level, "What to log", {"debug", "info", "warn", "error"});
    arguments.option("log.format", options.log_format, "How to log", {"logfmt", "json", "journal"});
    arguments.flag("config.check", options.check_only, "Check the configuration and exit");
    arguments.option("config.auto-reload-interval", options.auto_reload_interval,
                     "Look so often whether its files changed, and take them over; never when left out");
}

bool read_interval(const std::string& text, std::optional<core::Duration>& to, Console& console) {
    const auto interval = core::config::parse_duration(text);
    if (interval && *interval >= kOftenest) {
        to = *interval;
        return true;
    }
    fmt::print(console.err,
               "recoverd: --config.auto-reload-interval: {}\nhint: kubelet brings a changed ConfigMap within about a "
               "minute; 30s is often enough\n",
               interval ? fmt::format("expected 1s or more, found '{}'", text) : interval.error());
    return false;
}

int run(const Options& options, Console& console) {
    std::optional<core::Duration> auto_reload_interval;
    if (!options.auto_reload_interval.empty() &&
        !read_interval(options.auto_reload_interval, auto_reload_interval, console))
        return kUsageError;
    if (options.check_only)
        return check_configuration(console.config_file, console);
    set_up_log(*core::from_name<LogLevel>(options.log_level), *core::from_name<LogFormat>(options.log_format));
    Loaded loaded = load(console.config_file);
    report_diagnostics(loaded.diagnostics, console);
    if (loaded.diagnostics.has_mistakes())
        return kFailed;
    DaemonOptions daemon = options.daemon;
    daemon.config_file = console.config_file;
    daemon.auto_reload_interval = auto_reload_interval;
    daemon.scope = core::from_name<core::Scope>(options.scope);
    return run_daemon(daemon, std::move(loaded));
}

} // namespace

Command run_command() { return command<Options>("run", "Watch: the daemon", declare, run); }

} // namespace recoverd::agent
