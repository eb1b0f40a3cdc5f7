// SPDX-License-Identifier: Apache-2.0
// What happened, for the terminal.
#pragma once

#include "agent/api_client.hpp"
#include "core/history.hpp"

#include <string>

namespace recoverd::agent {

/// The newest events, one line each. A daemon that cannot tell them has them called unknown: the rest stands.
void print_history(const ApiClient& client, core::HistoryOf of, const std::string& name, core::Time now,
                   Console& console);

} // namespace recoverd::agent
