// SPDX-License-Identifier: Apache-2.0
// `tls_server_config` of the web configuration, as Prometheus' exporter-toolkit reads it.
#pragma once

#include "io/http_server.hpp"

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <optional>

namespace recoverd::agent {

/// Relative files are in `folder`. Nothing when nothing is asked. Throws what web_yaml::mistake throws.
std::optional<io::ServerTls> read_tls(const YAML::Node& node, const std::filesystem::path& folder);

} // namespace recoverd::agent
