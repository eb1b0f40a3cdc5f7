// SPDX-License-Identifier: Apache-2.0
// Durations as Go's time.ParseDuration reads them, for files that were written for Go's programs. Ours are in
// core/config/values.hpp.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace recoverd::agent {

/// `1s`, `250ms`, `1.5h`, `1h30m`, `0`; no days. Nothing for what is none, has a sign, or is longer than 292 years.
std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

} // namespace recoverd::agent
