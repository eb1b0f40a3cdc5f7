// SPDX-License-Identifier: Apache-2.0
// What every page begins and ends with.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

#include <string>
#include <string_view>

namespace recoverd::exporters::page {

/// The moment that a page is of: ages on it are counted up to then.
core::Time shown_at(const core::Snapshot& snapshot, const AgentFacts& facts);
/// Up to the heading; the header is still open. `title` is escaped; `root` is the way to `/` from where the page is.
void begin_page(std::string& out, const core::Snapshot& snapshot, std::string_view title, std::string_view root);
void end_page(std::string& out, const core::Snapshot& snapshot, const AgentFacts& facts, std::string_view root);

} // namespace recoverd::exporters::page
