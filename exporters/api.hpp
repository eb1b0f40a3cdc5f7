// SPDX-License-Identifier: Apache-2.0
// The snapshot as JSON, for programs: the same facts as on the status page, each check with its last evidence.
// Documented by openapi(), which a test compares with what is really sent.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

#include <string>
#include <string_view>

namespace recoverd::exporters::api {

std::string status(const core::Snapshot& snapshot, const AgentFacts& facts);
std::string assets(const core::Snapshot& snapshot);
std::string checks(const core::Snapshot& snapshot);
std::string scenarios(const core::Snapshot& snapshot);
std::string validations(const core::Snapshot& snapshot);
std::string alerts(const core::Snapshot& snapshot, const AgentFacts& facts);

/// OpenAPI 3.1.
std::string_view openapi();

} // namespace recoverd::exporters::api
