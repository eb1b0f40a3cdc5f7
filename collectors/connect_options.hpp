// SPDX-License-Identifier: Apache-2.0
// What `tcp` and `tls` have in common: where to connect, and what an answer means as evidence.
#pragma once

#include "collectors/collector.hpp"

#include <string>

namespace recoverd::collectors {

/// A mistake unless `address` is host:port.
void check_address(const std::string& address, const core::config::Place& place,
                   core::config::Diagnostics& diagnostics);

/// What came of connecting. Not reaching the target is evidence (`down`); a probe that could not be made because of its
/// configuration is a failure. `slow`: above it an answer counts as degraded; zero for never.
Collected interpret_connection(const Result<io::Connected>& connected, const std::string& address, Duration slow);

} // namespace recoverd::collectors
