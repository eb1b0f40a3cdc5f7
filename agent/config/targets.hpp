// SPDX-License-Identifier: Apache-2.0
// Prometheus' file_sd documents.
#pragma once

#include "core/config/compile.hpp"
#include "io/json.hpp"

#include <vector>

namespace recoverd::agent {

/// Throws io::BadDocument.
std::vector<core::config::TargetGroup> interpret_targets(const io::Json& document);

} // namespace recoverd::agent
