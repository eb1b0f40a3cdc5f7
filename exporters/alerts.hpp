// SPDX-License-Identifier: Apache-2.0
// The alerts of a snapshot as the world sees them, the watchdog included; and what is written beside them.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

namespace recoverd::exporters {

/// Fires always: when it stops arriving, the agent (or the way to it) is dead.
core::Alert watchdog(const core::Snapshot& snapshot, const AgentFacts& facts);

/// Every alert of the snapshot, then the watchdog unless the snapshot has one itself.
template <class Visit>
void for_each_alert(const core::Snapshot& snapshot, const AgentFacts& facts, Visit&& visit) {
    bool watched = false;
    core::for_each_alert(snapshot, [&](const core::Alert& alert) {
        watched = watched || alert.finding.identity.rule == core::RuleId::recoverd_watchdog;
        visit(alert);
    });
    if (!watched)
        visit(watchdog(snapshot, facts));
}

struct Annotations {
    std::string summary;
    std::string description;
    /// Empty when the configuration names no place for them.
    std::string runbook_url;
    std::string dashboard_url;
};

Annotations annotations(const core::Alert& alert, const core::Config& config);

/// "orders-db: orders-backup orders/repo1": what a finding is about, in the fewest words.
std::string where(const core::Identity& identity);

} // namespace recoverd::exporters
