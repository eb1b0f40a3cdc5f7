// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/all.hpp"

#include <unistd.h>

#include <cstdlib>

int main(int argc, char** argv) {
    using namespace recoverd::agent;
    Console console;
    // https://no-color.org: present and not empty.
    const char* no_color = std::getenv("NO_COLOR");
    console.colours = ::isatty(STDOUT_FILENO) == 1 && (!no_color || *no_color == '\0');
    return run_command_line({argv + 1, argv + argc}, all_commands(), console);
}
