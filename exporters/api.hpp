// SPDX-License-Identifier: Apache-2.0
// The snapshot as JSON, for programs: the same facts as on the status page, each check with its last evidence.
// Documented by openapi(), which a test compares with what is really sent.
#pragma once

#include "core/history.hpp"
#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::exporters::api {

std::string status(const core::Snapshot& snapshot, const AgentFacts& facts);
std::string assets(const core::Snapshot& snapshot);
std::string checks(const core::Snapshot& snapshot);
std::string scenarios(const core::Snapshot& snapshot);
std::string validations(const core::Snapshot& snapshot);
std::string alerts(const core::Snapshot& snapshot, const AgentFacts& facts);

/// Of one asset, check, scenario or alert, the newest events.
struct HistoryQuery {
    core::HistoryOf of = core::HistoryOf::asset;
    std::string name;
    std::size_t most = 100;
};
inline constexpr std::size_t kMostEvents = 1'000;
/// What stands behind the question mark, or what is wrong with it.
std::expected<HistoryQuery, std::string> read_history_query(std::string_view query);
std::string history(const HistoryQuery& asked, const std::vector<core::Event>& events);

/// OpenAPI 3.1.
std::string_view openapi();

} // namespace recoverd::exporters::api
