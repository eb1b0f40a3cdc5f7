// SPDX-License-Identifier: Apache-2.0
// What Patroni's REST API says of a cluster. Pure: tests feed it captured documents.
#pragma once

#include "core/report.hpp"
#include "io/json.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says about the cluster.
struct PatroniExpected {
    /// Names of the members that must be there; all that were ever seen when empty.
    std::vector<std::string> members;
    /// How many members besides the leader must be allowed to take over.
    std::int64_t min_candidates = 1;
    /// Failovers within a day that may be.
    std::optional<std::int64_t> max_failovers;
    /// The URLs that are asked, for the evidence.
    std::string target;
    /// Delays that members keep on purpose: Patroni does not tell of them.
    std::map<std::string, core::Duration, std::less<>> standby_delays;
};

/// What was brought back from one run.
struct PatroniAnswers {
    /// `/patroni` of each member that answered; at least one.
    std::vector<io::Json> nodes;
    /// `/cluster` and `/history` of the first that gave them.
    core::Result<io::Json> cluster;
    core::Result<io::Json> history;
    /// Why a configured member did not answer, the first of them; nothing when all did.
    std::optional<core::Failure> unasked;
};

/// `cursor` is what the last call left in `Seen::cursor`, or empty. A failure when nobody knows how the cluster is.
/// Throws io::BadDocument for documents that are not Patroni's.
core::Result<core::Seen> interpret_patroni(const PatroniExpected& expected, const PatroniAnswers& answers,
                                           std::string_view cursor, core::Time now);

} // namespace recoverd::collectors
