// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_server.hpp"

#include "agent/log.hpp"
#include "agent/service_manager.hpp"
#include "agent/web/web_config.hpp"

namespace recoverd::agent {

std::unique_ptr<io::HttpServer> start_web_server(const DaemonOptions& daemon, exporters::WebSources sources) {
    std::shared_ptr<WebConfigFile> web_config;
    if (!daemon.web_config_file.empty()) {
        auto opened =
            WebConfigFile::open(daemon.web_config_file, [](const std::string& line) { log(LogLevel::warn, line); });
        if (!opened) {
            log(LogLevel::error, "the web configuration cannot be used", {{"error", opened.error()}});
            return nullptr;
        }
        web_config = std::move(*opened);
    }
    auto web = std::make_shared<exporters::Web>(std::move(sources),
                                                exporters::WebOptions{daemon.route_prefix, daemon.lifecycle});
    io::HttpServerOptions options;
    options.listen = daemon.listen;
    if (daemon.systemd_socket) {
        options.listen.clear();
        options.inherited = inherited_sockets();
        if (options.inherited.empty()) {
            log(LogLevel::error, "the web server cannot start",
                {{"error", "expected sockets opened by systemd, found none"},
                 {"hint", "start recoverd.socket, or leave out --web.systemd-socket"}});
            return nullptr;
        }
    }
    if (web_config)
        options.security = [file = web_config] { return file->current(); };
    options.warn = [](const std::string& line) { log(LogLevel::warn, line); };
    auto started =
        io::HttpServer::start(std::move(options), [web](const io::HttpIncoming& request, const io::HttpReplier& later) {
            return (*web)(request, later);
        });
    if (!started) {
        log(LogLevel::error, "the web server cannot start", {{"error", started.error().detail}});
        return nullptr;
    }
    for (const std::string& address : (*started)->addresses())
        log(LogLevel::info, "listening", {{"address", address}});
    return std::move(*started);
}

} // namespace recoverd::agent
