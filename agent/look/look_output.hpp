// SPDX-License-Identifier: Apache-2.0
// What one look came to, for people, programs and Nagios.
#pragma once

#include "agent/look/look_verdict.hpp"

namespace recoverd::agent {

/// Each check and asset with what is wrong with it, a last line that counts, and what a single look cannot judge.
std::string look_as_table(const LookVerdict& verdict, bool colours);
/// With the evidence that was seen.
std::string look_as_json(const LookVerdict& verdict, const core::Snapshot& snapshot);
/// One line of status with performance data, then a line for each trouble.
std::string look_as_nagios(const LookVerdict& verdict);

} // namespace recoverd::agent
