// SPDX-License-Identifier: Apache-2.0
// What the agent does, as log lines, as its own metrics, as a hint to the sender of alerts, and in `systemctl status`.
#pragma once

#include "agent/agent.hpp"
#include "exporters/alertmanager_sender.hpp"
#include "exporters/own_metrics.hpp"

namespace recoverd::agent {

/// `metrics` and `sender` must outlive the agent, whose snapshots systemd is told of; there may be no sender, or
/// another one later.
Agent::Observer observe(exporters::OwnMetrics& metrics, std::shared_ptr<exporters::AlertmanagerSender>& sender,
                        const Agent& agent);

} // namespace recoverd::agent
