// SPDX-License-Identifier: Apache-2.0
// What echoes that came back, or did not, say of a host. For tests.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors {

struct IcmpExpectations {
    std::string target;
    /// Share of the echoes that may be lost.
    double loss = 0.2;
    Duration slow{0};
};

/// Its reachability, and as measurements the share that was lost and the average round trip.
std::vector<Evidence> interpret_icmp(const IcmpExpectations& expected, const io::Pinged& pinged);

} // namespace recoverd::collectors
