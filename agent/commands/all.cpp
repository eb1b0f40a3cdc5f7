// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/all.hpp"

namespace recoverd::agent {

// In the order in which `recoverd --help` lists them.
std::vector<Command> all_commands() {
    return {
        run_command(),    check_command(),        status_command(),      explain_command(),       outcome_command(),
        forget_command(), config_check_command(), config_show_command(), config_schema_command(), collectors_command(),
        rules_command(),  test_alert_command(),   validate_command(),
    };
}

} // namespace recoverd::agent
