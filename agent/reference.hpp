// SPDX-License-Identifier: Apache-2.0
// docs/reference.md and the man pages, made from the tables that parse, judge and render: they cannot say what the
// program does not do.
#pragma once

#include <string>

namespace recoverd::agent {

// Whole pages, the same on every machine.

std::string reference_markdown();
std::string recoverd_1();
std::string recoverd_toml_5();

} // namespace recoverd::agent
