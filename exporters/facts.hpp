// SPDX-License-Identifier: Apache-2.0
// What exporters show that is about the agent itself and in no snapshot.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <string>

namespace recoverd::exporters {

class OwnMetrics;

struct AgentFacts {
    std::string version = RECOVERD_VERSION;
    std::string revision;
    core::Time started_at;
    /// By the agent's clock. A snapshot may be older: nothing came since, and what it tells of grew older with it.
    core::Time now;
    /// The addresses by which people reach the agent, for links: scheme, host, port and route prefix, without a
    /// slash at the end.
    std::string external_url;
    bool push_enabled = false;
    bool config_reload_successful = true;
    core::Time config_reloaded_at;
    std::uint64_t store_size_bytes = 0;
    core::Duration clock_skew{0};
    /// Programs that were killed and have not died.
    std::uint64_t killed_children = 0;
    /// May be null (`recoverd check` has none).
    const OwnMetrics* own = nullptr;
};

} // namespace recoverd::exporters
