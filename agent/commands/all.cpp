// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/all.hpp"

namespace recoverd::agent {

// In the order in which `recoverd --help` lists them.
std::vector<Command> all_commands() {
    return {
        collectors_command(),
    };
}

} // namespace recoverd::agent
