// SPDX-License-Identifier: Apache-2.0
// From a configured URL to the Alertmanagers behind its name.
#pragma once

#include "io/world.hpp"

#include <string>
#include <vector>

namespace recoverd::exporters {

/// One Alertmanager: an address that answers for a configured name.
struct AlertmanagerPlace {
    /// scheme://address:port/path, without credentials and slash at the end. Its name in metrics.
    std::string url;
    /// What the configuration calls it, for the Host header and TLS: host:port and host; empty when the same.
    std::string host_header;
    std::string server_name;
    /// Was it found by an SRV record?
    bool of_service = false;

    bool operator==(const AlertmanagerPlace&) const = default;
};

/// The places behind a URL, of which `known` were found before. When a name cannot be resolved: the failure.
io::Task<core::Result<std::vector<AlertmanagerPlace>>> places_of(io::World& world, std::string url,
                                                                 std::vector<AlertmanagerPlace> known);

} // namespace recoverd::exporters
