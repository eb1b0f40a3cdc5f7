// SPDX-License-Identifier: Apache-2.0
// The process around the agent: loop, store, web, Alertmanagers, signals, systemd.
#pragma once

#include "agent/config/load.hpp"
#include "core/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace recoverd::agent {

struct DaemonOptions {
    std::string config_file;
    std::vector<std::string> listen{"127.0.0.1:9754"};
    std::string web_config_file;
    std::string external_url;
    std::string route_prefix;
    bool systemd_socket = false;
    bool lifecycle = false;
    std::string storage_path = "/var/lib/recoverd";
    std::optional<core::Scope> scope;
    /// How often to look whether files of the configuration changed; never when it is not there. Positive.
    std::optional<core::Duration> auto_reload_interval;
};

/// Runs until SIGTERM or SIGINT. `loaded` has no mistakes. Returns the exit code.
int run_daemon(const DaemonOptions& options, Loaded loaded);

/// The worker program: beside this one, as in a build; else where it is installed.
std::string find_worker();

} // namespace recoverd::agent
