// SPDX-License-Identifier: Apache-2.0
// Evidence in one line each, for people at a terminal.
#pragma once

#include "core/evidence.hpp"

#include <string>

namespace recoverd::agent {

std::string evidence_words(const core::Evidence& evidence, core::Time now);
/// "2026-11-22T02:57:00Z (3m ago)", "… (in 5d)"
std::string moment_words(core::Time at, core::Time now);

} // namespace recoverd::agent
