// SPDX-License-Identifier: Apache-2.0
// docs/reference.md, made from the tables that parse, judge and render: it cannot say what the program does not do.
#pragma once

#include <string>

namespace recoverd::agent {

/// The whole page. The same on every machine.
std::string reference_markdown();

} // namespace recoverd::agent
