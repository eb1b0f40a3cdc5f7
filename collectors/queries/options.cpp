// SPDX-License-Identifier: Apache-2.0
#include "collectors/queries/options.hpp"

#include "collectors/connect_options.hpp"
#include "io/client_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::queries {

namespace {

using core::config::Diagnostics;
using core::config::Place;

void check_base(const std::string& url, const Place& place, Diagnostics& diagnostics) {
    check_url(url, place, diagnostics);
    const auto api = url.find("/api/");
    if (url.find_first_of("?#") != std::string::npos)
        diagnostics.mistake(place.at, place.path, fmt::format("expected a URL without a query, found '{}'", url));
    else if (api != std::string::npos && url.find("/v1", api) == api + 4)
        diagnostics.mistake(place.at, place.path,
                            fmt::format("expected the URL that the API's paths begin at, found '{}'", url),
                            fmt::format("write \"{}\"", url.substr(0, api)));
}

} // namespace

void check(const Options& options, const Place& place, Diagnostics& diagnostics) {
    const auto mistake = [&](std::string_view key, std::string what, std::string hint = {}) {
        diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, key), std::move(what), std::move(hint));
    };
    check_base(options.url, place.inside("url"), diagnostics);
    if (options.above && options.below && *options.above < *options.below)
        mistake("above", fmt::format("expected {} or more, as below is, found {}", *options.below, *options.above));
    const bool ranged = options.above || options.below;
    if (options.fresh_within && ranged)
        mistake("fresh_within", "expected either fresh_within or above and below, found both");
    if (options.fresh_within && *options.fresh_within <= Duration{0})
        mistake("fresh_within", "expected more than 0s");
    if (options.fresh_within && options.absent_is == "good")
        mistake("absent_is", "expected \"bad\" or \"unknown\" beside fresh_within, found \"good\"");
    else if (options.absent_is == "good" && !ranged)
        mistake("absent_is", "expected above or below beside \"good\", found neither, so that nothing would be bad",
                "write above = 0 where whatever is found is bad");
    for (const std::string& label : options.by)
        if (label.empty() || std::ranges::count(options.by, label) > 1)
            mistake("by", fmt::format("expected each label once, found '{}'", label));
    if (options.measurement.empty())
        mistake("measurement", "expected a name, found none");
    if (options.tls)
        io::read_tls(*options.tls, place.path + ".tls", diagnostics);
    if (options.auth)
        io::read_auth(*options.auth, place.path + ".auth", diagnostics);
}

std::string target(const Options& options) { return io::bare_url(options.url); }

Expected expected_of(const Options& options) {
    return {.above = options.above,
            .below = options.below,
            .absent = options.absent_is == "bad"    ? Absent::bad
                      : options.absent_is == "good" ? Absent::good
                                                    : Absent::unknown,
            .fresh_within = options.fresh_within,
            .by = options.by,
            .measurement = options.measurement,
            .unit = options.unit};
}

} // namespace recoverd::collectors::queries
