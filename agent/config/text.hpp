// SPDX-License-Identifier: Apache-2.0
// The running configuration as text: every value and who said it. Secrets are references and stay so.
#pragma once

#include "agent/config/load.hpp"

#include <string>

namespace recoverd::agent {

/// One section, or what stands in none where `name` is empty, as `config show` and `/config` print it.
std::string section_text(const std::string& name, const std::vector<core::config::Origin>& origins);
/// All sections.
std::string config_text(const Loaded& loaded);

} // namespace recoverd::agent
