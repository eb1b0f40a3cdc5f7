// SPDX-License-Identifier: Apache-2.0
// A page of its own for each asset and each check: `/asset/NAME`, `/check/NAME`, with names percent-encoded.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace recoverd::exporters::page {

/// What happened is put between the two: it is read from the disk, while the rest is at hand.
struct Detail {
    std::string above;
    std::string below;
};

/// Verdict, plots, recovery points, exercises and what is wrong. Nothing when there is no such asset.
std::optional<Detail> asset_page(const core::Snapshot& snapshot, const AgentFacts& facts, std::string_view name);
/// When it ran, what it learned last, and why it could not. Nothing when there is no such check. `may_run`: may who
/// reads it have the check look now?
std::optional<Detail> check_page(const core::Snapshot& snapshot, const AgentFacts& facts, std::string_view name,
                                 bool may_run = false);

} // namespace recoverd::exporters::page
