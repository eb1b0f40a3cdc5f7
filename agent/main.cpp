// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/all.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>

int main(int argc, char** argv) {
    using namespace recoverd::agent;
    // Opened secrets are in memory. A core dump would put them on disk, and a program that is run as a check has our
    // user: it may not look at us.
    ::prctl(PR_SET_DUMPABLE, 0);
    Console console;
    // https://no-color.org: present and not empty.
    const char* no_color = std::getenv("NO_COLOR");
    console.colours = ::isatty(STDOUT_FILENO) == 1 && (!no_color || *no_color == '\0');
    return run_command_line({argv + 1, argv + argc}, all_commands(), console);
}
