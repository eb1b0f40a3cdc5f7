// SPDX-License-Identifier: Apache-2.0
// What was built, from which source, by what: for `--version`, the build-info metric and the user agent.
#pragma once

#include <string>
#include <string_view>

namespace recoverd::agent {

std::string_view version();
/// The commit it was built from; "unknown" outside a repository.
std::string_view revision();
std::string_view compiler();
/// Several lines for a terminal.
std::string version_text();

} // namespace recoverd::agent
