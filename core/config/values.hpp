// SPDX-License-Identifier: Apache-2.0
// Durations, sizes and ratios as people write them, and back.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::core::config {

/// As Prometheus writes them: `90s`, `1h30m`, `7d`, `500ms`, `1y`, `2w`. Units fall from left to right, each once.
/// The error says what was expected.
std::expected<Duration, std::string> parse_duration(std::string_view text);
/// The shortest such text: 5400 s is "1h30m".
std::string format_duration(Duration d);

/// `10GiB`, `1.5MB`, `512B`, `0`: bytes, decimal or binary units.
std::expected<std::uint64_t, std::string> parse_size(std::string_view text);
/// With binary units and one decimal: "1.5GiB".
std::string format_size(std::uint64_t bytes);

/// The number of a port, in digits alone. Libraries take 99999 for 34463.
std::optional<std::uint16_t> parse_port(std::string_view text);
/// Does a URL name a port that no connection can be made to? It may name none.
bool has_bad_port(std::string_view url);

/// RFC 3339 in UTC, as alerts and the API write it: "2026-11-22T03:00:00Z", with milliseconds when there are any.
std::string format_time(Time t);
/// RFC 3339 with any offset, "T" or a space between date and time, and any number of fractional digits.
std::expected<Time, std::string> parse_time(std::string_view text);

} // namespace recoverd::core::config
