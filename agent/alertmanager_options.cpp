// SPDX-License-Identifier: Apache-2.0
#include "agent/alertmanager_options.hpp"

namespace recoverd::agent {

exporters::AlertmanagerOptions alertmanager_options(const Loaded& loaded) {
    const core::config::AlertmanagerOptions& said = loaded.alertmanager;
    core::config::Diagnostics checked_when_loaded;
    exporters::AlertmanagerOptions options;
    options.urls = said.urls;
    options.proxy = said.proxy;
    options.interval = said.interval;
    options.timeout = said.timeout;
    if (said.tls)
        options.tls = io::read_tls(*said.tls, "alertmanager.tls", checked_when_loaded);
    if (said.auth)
        options.auth = io::read_auth(*said.auth, "alertmanager.auth", checked_when_loaded);
    return options;
}

} // namespace recoverd::agent
