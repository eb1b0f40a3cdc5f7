// SPDX-License-Identifier: Apache-2.0
// The two units of time that all of recoverd uses. There is no clock here: time comes in as an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace recoverd::core {

/// An interval, in milliseconds.
using Duration = std::chrono::milliseconds;
/// A moment on the wall clock (UTC), in milliseconds since 1970.
using Time = std::chrono::sys_time<Duration>;

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

inline constexpr Duration kDay = std::chrono::hours{24};

/// "Never": later than every moment that can come up (the year 9999, which still formats as RFC 3339).
inline constexpr Time kNever{std::chrono::seconds{253'402'300'799}};

constexpr double to_seconds(Duration d) { return static_cast<double>(d.count()) / 1000.0; }
constexpr double to_unix_seconds(Time t) { return to_seconds(t.time_since_epoch()); }
constexpr Duration from_seconds(double s) { return Duration{static_cast<std::int64_t>(s * 1000.0)}; }
constexpr Time from_unix_seconds(std::int64_t s) { return Time{std::chrono::seconds{s}}; }

} // namespace recoverd::core
