// SPDX-License-Identifier: Apache-2.0
// What a program that somebody else wrote says, as evidence; pure, for tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors {

/// A Nagios plug-in: its exit status is its verdict, its performance data are measurements.
Result<Seen> interpret_nagios(const io::Finished& finished);
/// A program that prints evidence as JSON lines. Throws io::BadDocument.
Result<Seen> interpret_lines(const io::Finished& finished);

/// `[@]start:end` of the plug-in guidelines; nothing when it is no range. Endpoints are inside.
struct NagiosRange {
    std::optional<double> start;
    std::optional<double> end;
    bool inverted = false;

    bool operator==(const NagiosRange&) const = default;
};
std::optional<NagiosRange> read_range(std::string_view text);

} // namespace recoverd::collectors
