// SPDX-License-Identifier: Apache-2.0
// `recoverd rules`: alerting rules for teams that let Prometheus notify instead of the agent.
#pragma once

#include <string>

namespace recoverd::exporters {

/// One rule per row of core::rules(). Each is silent where the agent pushes by itself, so that both never notify, and
/// goes on by an agent's last word while that restarts.
/// Both may be empty.
std::string rules_yaml(const std::string& runbook_base, const std::string& dashboard_url = {});

} // namespace recoverd::exporters
