// SPDX-License-Identifier: Apache-2.0
// Asks Prometheus, or what speaks like it (Thanos, Mimir, VictoriaMetrics), one instant query: a number with the range
// that somebody chose, or whether metrics still come in.
#include "collectors/all.hpp"
#include "collectors/queries/ask.hpp"

namespace recoverd::collectors {

namespace {

using queries::Options;

constexpr Option<Options> kOptions[] = {
    {"url", &Options::url, "what /api/v1/query stands behind, such as http://prometheus:9090", Need::required},
    {"query", &Options::query, "PromQL that gives a scalar or an instant vector, each of whose series is a subject",
     Need::required},
    queries::kAbove,
    queries::kBelow,
    queries::kAbsentIs,
    {"fresh_within", &Options::fresh_within,
     "the query gives moments, as max(timestamp(up)) does: how long ago they may be, in place of above and below"},
    queries::kBy,
    queries::kMeasurement,
    queries::kUnit,
    queries::kTenant,
    queries::kHeaders,
    queries::kTls,
    queries::kAuth,
    queries::kProxy,
};

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    auto auth = co_await queries::open(options, run);
    if (!auth)
        co_return std::unexpected(std::move(auth.error()));
    const queries::Parameters parameters{{"query", options.query}};
    io::HttpRequest request = queries::request_of(options, std::move(*auth), "/api/v1/query", parameters,
                                                  until - run.world.timers().elapsed());
    const auto document = co_await queries::ask(run, std::move(request));
    if (!document)
        co_return std::unexpected(document.error());
    co_return queries::interpret_instant(queries::expected_of(options), *document, run.now);
}

} // namespace

Kind prometheus() {
    return kind<Options>({.name = "prometheus",
                          .summary = "a PromQL query whose value must stay in range, or whose samples must stay fresh",
                          .brings = {EvidenceKind::measurement, EvidenceKind::assertions},
                          .access = "to connect to Prometheus' port and GET /api/v1/query; where a proxy stands "
                                    "before it, a user or token that may read, and the tenant where there are several",
                          .every = std::chrono::minutes{1},
                          .timeout = std::chrono::seconds{15}},
                         kOptions, collect, {.check = queries::check, .target = queries::target});
}

} // namespace recoverd::collectors
