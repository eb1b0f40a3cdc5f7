// SPDX-License-Identifier: Apache-2.0
// The output of a Nagios plug-in, taken apart as the monitoring-plugins guidelines say.
#pragma once

#include "core/evidence.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

struct NagiosOutput {
    /// The first line without its performance data, printable.
    std::string text;
    std::vector<core::Measurement> measurements;
    /// What was no performance data although it stood there, or empty.
    std::string passed_over;
};

NagiosOutput read_nagios_output(std::string_view out);

} // namespace recoverd::collectors
