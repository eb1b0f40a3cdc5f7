// SPDX-License-Identifier: Apache-2.0
// What the agent does, as log lines, as its own metrics, as a hint to the sender of alerts, and in `systemctl status`.
#pragma once

#include "agent/agent.hpp"
#include "agent/service_manager.hpp"
#include "exporters/alertmanager_sender.hpp"
#include "exporters/own_metrics.hpp"
#include "io/real_timers.hpp"

namespace recoverd::agent {

/// All of them must outlive the agent; there may be no sender, or another one later.
Agent::Observer observe(exporters::OwnMetrics& metrics, std::shared_ptr<exporters::AlertmanagerSender>& sender,
                        const Agent& agent, StatusLine& status);

/// What blocks the loop, as lateness of whatever waits on these timers. The metrics must be there while it runs.
void observe_lag(io::RealTimers& timers, exporters::OwnMetrics& metrics);

} // namespace recoverd::agent
