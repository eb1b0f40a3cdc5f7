// SPDX-License-Identifier: Apache-2.0
// packaging/completions, made from the tables that parse the command line.
#pragma once

#include <string>

namespace recoverd::agent {

// Whole scripts, the same on every machine.

std::string bash_completion();
std::string fish_completion();
std::string zsh_completion();

} // namespace recoverd::agent
