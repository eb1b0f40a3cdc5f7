// SPDX-License-Identifier: Apache-2.0
// The commands of `recoverd`. A new one is a file here, its line below and its line in all.cpp.
#pragma once

#include "agent/cli.hpp"

namespace recoverd::agent {

std::vector<Command> all_commands();

Command check_command();
Command collectors_command();
Command run_command();
Command config_check_command();
Command config_schema_command();
Command config_show_command();
Command explain_command();
Command forget_command();
Command outcome_command();
Command rules_command();
Command status_command();
Command test_alert_command();
Command validate_command();

} // namespace recoverd::agent
