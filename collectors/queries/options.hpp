// SPDX-License-Identifier: Apache-2.0
// What `prometheus`, `loki` and `tempo` are told: where to ask, as whom, and what of the answer is bad. Each lists the
// rows that mean something to it.
#pragma once

#include "collectors/collector.hpp"
#include "collectors/queries/evidence.hpp"

namespace recoverd::collectors::queries {

struct Options {
    std::string url;
    std::string query;
    std::optional<double> above;
    std::optional<double> below;
    std::string absent_is = "unknown";
    std::optional<Duration> fresh_within;
    Duration over = std::chrono::minutes{5};
    std::vector<std::string> by;
    std::string measurement = "value";
    std::string unit;
    std::string tenant;
    core::Labels headers;
    std::optional<core::config::Node> tls;
    std::optional<core::config::Node> auth;
    std::string proxy;
};

inline constexpr Option<Options> kAbove{"above", &Options::above, "a higher value is bad"};
inline constexpr Option<Options> kBelow{"below", &Options::below, "a lower value is bad"};
inline constexpr Option<Options> kAbsentIs{
    "absent_is", &Options::absent_is,
    "what it means that nothing is found: nobody knows (a failure), bad, or good; good makes one measurement, the "
    "worst, of all series",
    Need::optional, "unknown|bad|good"};
inline constexpr Option<Options> kBy{
    "by", &Options::by,
    "labels whose values name a series as subject, as in orders/repo1; all labels, as in {job=\"api\"}, when left out"};
inline constexpr Option<Options> kMeasurement{"measurement", &Options::measurement, "what the value is called"};
inline constexpr Option<Options> kUnit{"unit", &Options::unit, "of the value: seconds, bytes, ratio …"};
inline constexpr Option<Options> kTenant{"tenant", &Options::tenant, "sent as X-Scope-OrgID, where there are several"};
inline constexpr Option<Options> kHeaders{"headers", &Options::headers,
                                          "further headers of the request; secrets belong in auth"};
inline constexpr Option<Options> kTls{"tls", &Options::tls, "how to trust and be trusted"};
inline constexpr Option<Options> kAuth{"auth", &Options::auth, "credentials"};
inline constexpr Option<Options> kProxy{"proxy", &Options::proxy,
                                        "URL of an HTTP proxy; the environment's is never used"};

/// Mistakes that the table cannot see.
void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics);
std::string target(const Options& options);
Expected expected_of(const Options& options);

} // namespace recoverd::collectors::queries
