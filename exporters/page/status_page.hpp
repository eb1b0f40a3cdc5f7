// SPDX-License-Identifier: Apache-2.0
// `/`: one page for people: whole without its script, no picture, nothing from elsewhere. Worst first.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

#include <string>

namespace recoverd::exporters {

/// Links are relative, so that it works behind any prefix.
std::string status_page(const core::Snapshot& snapshot, const AgentFacts& facts);

} // namespace recoverd::exporters
