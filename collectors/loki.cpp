// SPDX-License-Identifier: Apache-2.0
// Asks Loki for a number (a metric query, which is answered as Prometheus does) or for the newest log line.
#include "collectors/all.hpp"
#include "collectors/queries/ask.hpp"
#include "collectors/queries/newest.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using queries::Options;

constexpr Option<Options> kOptions[] = {
    {"url", &Options::url, "what /loki/api/v1 stands behind, such as http://loki:3100", Need::required},
    {"query", &Options::query,
     "LogQL that gives numbers, such as sum(rate({job=\"api\"}[5m])), each series a subject; with fresh_within one "
     "that "
     "gives log lines",
     Need::required},
    queries::kAbove,
    queries::kBelow,
    queries::kAbsentIs,
    {"fresh_within", &Options::fresh_within,
     "how old the newest log line may be, by its own time, in place of above and below"},
    queries::kBy,
    queries::kMeasurement,
    queries::kUnit,
    queries::kTenant,
    queries::kHeaders,
    queries::kTls,
    queries::kAuth,
    queries::kProxy,
};

std::string nanoseconds(Time moment) { return fmt::format("{}000000", moment.time_since_epoch().count()); }

Failure explained(Failure failure) {
    if (failure.detail.contains("log queries are not supported"))
        failure.detail += "; hint: for the age of the newest line write fresh_within";
    return failure;
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    const queries::Expected expected = queries::expected_of(options);
    auto auth = co_await queries::open(options, run);
    if (!auth)
        co_return std::unexpected(std::move(auth.error()));
    const Duration back = queries::look_back(expected.fresh_within.value_or(Duration{0}));
    queries::Parameters parameters{{"query", options.query}};
    if (expected.fresh_within)
        // Without a direction the first would be the oldest by some proxies' taste.
        parameters.insert(parameters.end(), {{"start", nanoseconds(run.now - back)},
                                             {"end", nanoseconds(run.now)},
                                             {"limit", "1"},
                                             {"direction", "backward"}});
    const std::string_view path = expected.fresh_within ? "/loki/api/v1/query_range" : "/loki/api/v1/query";
    io::HttpRequest request =
        queries::request_of(options, std::move(*auth), path, parameters, until - run.world.timers().elapsed());
    const auto document = co_await queries::ask(run, std::move(request));
    if (!document)
        co_return std::unexpected(explained(document.error()));
    if (!expected.fresh_within)
        co_return queries::interpret_instant(expected, *document, run.now);
    const queries::Newest newest = queries::newest_line(*document);
    if (!newest)
        co_return std::unexpected(newest.error());
    co_return queries::interpret_newest(expected, *newest, back, "log line", run.now);
}

} // namespace

Kind loki() {
    return kind<Options>({.name = "loki",
                          .summary = "a LogQL query whose value must stay in range, or how old the newest log line is",
                          .brings = {EvidenceKind::measurement, EvidenceKind::assertions},
                          .access = "to connect to Loki's port and GET /loki/api/v1/query and query_range; Loki has no "
                                    "users of its own: those of the proxy before it, and the tenant where "
                                    "auth_enabled is true",
                          .every = std::chrono::minutes{1},
                          .timeout = std::chrono::seconds{30}},
                         kOptions, collect, {.check = queries::check, .target = queries::target});
}

} // namespace recoverd::collectors
