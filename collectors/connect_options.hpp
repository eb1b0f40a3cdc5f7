// SPDX-License-Identifier: Apache-2.0
// What collectors that connect have in common: where to, and what an answer means as evidence.
#pragma once

#include "collectors/collector.hpp"

#include <optional>
#include <string>

namespace recoverd::collectors {

/// A mistake unless `address` is host:port.
void check_address(const std::string& address, const core::config::Place& place,
                   core::config::Diagnostics& diagnostics);

/// A mistake unless `url` is an http(s) URL without credentials; one that is empty is for the table to say.
void check_url(const std::string& url, const core::config::Place& place, core::config::Diagnostics& diagnostics);

/// What a probe has seen of the one thing that it looks at.
Seen seen_of(std::vector<core::Evidence> evidence);

/// A probe that got no answer. Not to reach its target is what it is there to find out (`down`); not to know how to ask
/// is a failure.
Collected not_reached(const core::Failure& failure, std::string target);

/// Why a client turns away before it has asked for anything. `shown`: nothing where there was no certificate.
std::string distrust(const std::optional<core::Certificate>& shown);

/// What came of connecting. Not reaching the target is evidence (`down`), and so is a certificate that clients refuse;
/// a probe that could not be made because of its configuration is a failure. `slow`: above it an answer counts as
/// degraded; zero for never.
Collected interpret_connection(const Result<io::Connected>& connected, const std::string& address, Duration slow);

} // namespace recoverd::collectors
