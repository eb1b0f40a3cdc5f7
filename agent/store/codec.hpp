// SPDX-License-Identifier: Apache-2.0
// Between the engine's units and the store's rows.
#pragma once

#include "agent/store/store.hpp"
#include "core/engine/engine.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace recoverd::agent {

StateRow to_row(const core::CheckUnit& unit, std::optional<core::Time> due_at);
StateRow to_row(const core::AssetUnit& unit);
StateRow to_row(const core::ScenarioUnit& unit);
StateRow to_row(const core::ValidationUnit& unit);
StateRow to_row(const core::Alerts& other);
LogRow to_log(const core::Transition& transition, core::Time now);
/// `check`: the one that keeps it.
LogRow to_log(const OutcomeRow& outcome, std::string check);
/// Rows that cannot be read are passed over.
std::vector<core::Event> to_events(std::span<const LogRow> rows);

/// Gives the engine what was stored. Rows that cannot be read are passed over; returns what was wrong with the first of
/// them, or nothing.
std::string restore(core::Engine& engine, const Stored& stored);

} // namespace recoverd::agent
