// SPDX-License-Identifier: Apache-2.0
// What commands that read the configuration have in common.
#pragma once

#include "agent/cli.hpp"
#include "agent/config/load.hpp"

namespace recoverd::agent {

/// Mistakes and warnings on `console.err`, each with its hint.
void report_diagnostics(const core::config::Diagnostics& diagnostics, Console& console);
/// `config check FILE` and `run --config.check`: 0 without mistakes, else 1.
int check_configuration(const std::string& file, Console& console);

} // namespace recoverd::agent
