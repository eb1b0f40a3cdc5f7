// SPDX-License-Identifier: Apache-2.0
// Asks Tempo one instant query of TraceQL metrics, or whether traces still come in. A search gives whichever traces it
// comes upon first, so that the newest is found by asking for none but new ones; only when there are none is it asked
// how old the others are.
#include "collectors/all.hpp"
#include "collectors/queries/ask.hpp"
#include "collectors/queries/newest.hpp"
#include "collectors/queries/trace_series.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

using queries::Options;

constexpr Option<Options> kOptions[] = {
    {"url", &Options::url, "what /api/search stands behind, such as http://tempo:3200", Need::required},
    {"query", &Options::query,
     "TraceQL, such as { resource.service.name = \"api\" }; any trace when left out. With above or below one of "
     "metrics: "
     "{ status = error } | rate()"},
    {"fresh_within", &Options::fresh_within,
     "how long ago the newest trace may have begun, in place of above and below"},
    queries::kAbove,
    queries::kBelow,
    {"over", &Options::over, "the time up to now that TraceQL metrics are taken over, with above or below"},
    {"absent_is", &Options::absent_is,
     "what it means that nothing is found (with fresh_within: within an hour or twice that): nobody knows (a failure), "
     "bad, or, not with fresh_within, good",
     Need::optional, "unknown|bad|good"},
    queries::kBy,
    queries::kMeasurement,
    queries::kUnit,
    queries::kTenant,
    queries::kHeaders,
    queries::kTls,
    queries::kAuth,
    queries::kProxy,
};

std::string seconds(Time moment) {
    return fmt::format("{}", std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count());
}

queries::Parameters search(const Options& options, Time from, Time to) {
    // Enough that one long trace, which began before all that is asked for, hides no other.
    return {{"q", options.query.empty() ? "{}" : options.query},
            {"start", seconds(from)},
            {"end", seconds(to + std::chrono::seconds{1})},
            {"limit", "20"}};
}

Task<queries::Newest> ask(Options options, Run run, io::HttpAuth auth, Duration back, Duration left) {
    const queries::Parameters parameters = search(options, run.now - back, run.now);
    io::HttpRequest request = queries::request_of(options, std::move(auth), "/api/search", parameters, left);
    const auto document = co_await queries::ask(run, std::move(request));
    if (!document)
        co_return std::unexpected(document.error());
    co_return queries::newest_trace(*document);
}

/// Metrics are there since Tempo 2.4, and without an experimental generator since 2.7.
Task<Collected> measure(Options options, Run run, io::HttpAuth auth, Duration left) {
    const queries::Parameters parameters{
        {"q", options.query}, {"start", seconds(run.now - options.over)}, {"end", seconds(run.now)}};
    io::HttpRequest request = queries::request_of(options, std::move(auth), "/api/metrics/query", parameters, left);
    const auto document = co_await queries::ask(run, std::move(request));
    if (!document)
        co_return std::unexpected(document.error());
    const auto series = queries::read_trace_series(*document, run.now);
    if (!series)
        co_return std::unexpected(series.error());
    co_return queries::interpret_series(queries::expected_of(options), *series);
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    queries::check(options, place, diagnostics);
    const bool ranged = options.above || options.below;
    if (!options.fresh_within && !ranged)
        diagnostics.mistake(place.at, place.path, "expected fresh_within, or above or below, found none of them");
    if (ranged && options.query.empty())
        diagnostics.mistake(place.at, place.path, "expected a query beside above or below, found none",
                            "write query = \"{ status = error } | rate()\"");
    if (options.over <= Duration{0})
        diagnostics.mistake(place.at, place.path + ".over", "expected more than 0s");
}

Task<Collected> collect(Options options, Run run) {
    const Duration until = run.world.timers().elapsed() + run.timeout;
    const queries::Expected expected = queries::expected_of(options);
    auto auth = co_await queries::open(options, run);
    if (!auth)
        co_return std::unexpected(std::move(auth.error()));
    if (!options.fresh_within) {
        auto measured = co_await measure(options, run, std::move(*auth), until - run.world.timers().elapsed());
        co_return measured;
    }
    const Duration allowed = expected.fresh_within.value_or(Duration{0});
    const Duration back = queries::look_back(allowed);
    auto newest = co_await ask(options, run, *auth, allowed, (until - run.world.timers().elapsed()) / 2);
    if (newest && !*newest)
        newest = co_await ask(options, run, *auth, back, until - run.world.timers().elapsed());
    if (!newest)
        co_return std::unexpected(newest.error());
    co_return queries::interpret_newest(expected, *newest, back, "trace", run.now);
}

} // namespace

Kind tempo() {
    return kind<Options>(
        {.name = "tempo",
         .summary = "whether traces come in: how long ago the newest that Tempo finds began, or a TraceQL metric "
                    "that must stay in range",
         .brings = {EvidenceKind::measurement, EvidenceKind::assertions},
         .access =
             "to connect to the port of Tempo's query-frontend and GET /api/search or /api/metrics/query; Tempo has "
             "no users of its own: those of the proxy before it, and the tenant where "
             "multitenancy_enabled is true",
         .every = std::chrono::minutes{1},
         .timeout = std::chrono::seconds{30}},
        kOptions, collect, {.check = check, .target = queries::target});
}

} // namespace recoverd::collectors
