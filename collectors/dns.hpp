// SPDX-License-Identifier: Apache-2.0
// What is expected of a name server's answer, and what an answer says. For tests and fuzzers.
#pragma once

#include "collectors/collector.hpp"

namespace recoverd::collectors {

struct DnsExpectations {
    std::string type = "A";
    /// As io::DnsRecord has them.
    std::vector<std::string> values;
    /// Nothing else may be there.
    bool exact = false;
    std::uint64_t min_answers = 1;
    Duration slow{0};
};

/// Its reachability, and of records the lowest TTL.
std::vector<Evidence> interpret_dns(const DnsExpectations& expected, const io::DnsAnswer& answer,
                                    const std::string& target);

/// "192.0.2.7" as the name whose PTR record has the host's name; any other name as it is.
std::string reverse_name(const std::string& name);

} // namespace recoverd::collectors
