// SPDX-License-Identifier: Apache-2.0
// What an answer to a query means as evidence. Pure: for tests and fuzzers.
#pragma once

#include "collectors/queries/series.hpp"
#include "core/report.hpp"
#include "io/json.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::queries {

/// What it means that nothing is found.
enum class Absent : std::uint8_t { unknown, bad, good };

struct Expected {
    std::optional<double> above;
    std::optional<double> below;
    Absent absent = Absent::unknown;
    /// Values are moments, in seconds since 1970, and this is how long ago they may be.
    std::optional<core::Duration> fresh_within;
    /// Labels whose values name a subject.
    std::vector<std::string> by;
    std::string measurement = "value";
    std::string unit;
};

/// The answer to an instant query of Prometheus or one that speaks like it: a scalar, or a vector whose series are
/// subjects. Throws io::BadDocument for what is no such answer.
core::Result<core::Seen> interpret_instant(const Expected& expected, const io::Json& document, core::Time now);

/// The same of series that were read already.
core::Result<core::Seen> interpret_series(const Expected& expected, const std::vector<Series>& series);

/// One subject whose age is measured. `newest` is the newest moment found, nothing when none was within the last
/// `looked_back`, which is longer than what is allowed. `what`: "log line".
core::Result<core::Seen> interpret_newest(const Expected& expected, std::optional<core::Time> newest,
                                          core::Duration looked_back, std::string_view what, core::Time now);

} // namespace recoverd::collectors::queries
