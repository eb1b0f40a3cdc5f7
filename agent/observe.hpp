// SPDX-License-Identifier: Apache-2.0
// What the agent does, as log lines, as its own metrics, and as a hint to the sender of alerts.
#pragma once

#include "agent/agent.hpp"
#include "exporters/alertmanager_sender.hpp"
#include "exporters/own_metrics.hpp"

namespace recoverd::agent {

/// `metrics` and `sender` must outlive the agent; there may be no sender, or another one later.
Agent::Observer observe(exporters::OwnMetrics& metrics, std::shared_ptr<exporters::AlertmanagerSender>& sender);

} // namespace recoverd::agent
