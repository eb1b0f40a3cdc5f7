// SPDX-License-Identifier: Apache-2.0
// The daemon's web server, as its options say: addresses or systemd's sockets, TLS and users.
#pragma once

#include "agent/daemon.hpp"
#include "exporters/web.hpp"

#include <memory>

namespace recoverd::agent {

/// Serves at once. Nothing, and a line in the log, when it cannot.
std::unique_ptr<io::HttpServer> start_web_server(const DaemonOptions& daemon, exporters::WebSources sources);

} // namespace recoverd::agent
