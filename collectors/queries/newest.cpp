// SPDX-License-Identifier: Apache-2.0
#include "collectors/queries/newest.hpp"

#include "collectors/queries/series.hpp"
#include "collectors/queries/trace_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace recoverd::collectors::queries {

namespace {

using core::Duration;
using core::FailureKind;
using core::Time;

/// Nanoseconds since 1970 as text, since a number of JSON could not hold them.
Time read_nanoseconds(const io::Json& json) {
    const std::string& text = json.text();
    std::uint64_t nanoseconds = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
    if (error != std::errc{} || stopped != text.data() + text.size())
        json.bad("nanoseconds since 1970");
    return Time{Duration{static_cast<Duration::rep>(nanoseconds / 1'000'000)}};
}

} // namespace

Newest newest_line(const io::Json& document) {
    if (auto answered = whole(document); !answered)
        return std::unexpected(std::move(answered.error()));
    const io::Json& data = document["data"];
    if (data["resultType"].text() != "streams")
        return core::failed(FailureKind::misconfigured,
                            "fresh_within: expected a query that gives log lines, found one that gives numbers; hint: "
                            "write a selector such as {job=\"api\"}");
    std::optional<Time> newest;
    for (const io::Json& stream : data["result"].items())
        for (const io::Json& line : stream["values"].items())
            newest = std::max(newest, std::optional(read_nanoseconds(line[0])));
    return newest;
}

Newest newest_trace(const io::Json& document) {
    const io::Json& traces = document["traces"];
    const io::Json& metrics = document["metrics"];
    // Protobuf leaves an empty list out.
    if (!traces && !metrics.is_object())
        traces.bad("traces");
    std::optional<Time> newest;
    if (traces)
        for (const io::Json& trace : traces.items())
            newest = std::max(newest, std::optional(read_nanoseconds(trace["startTimeUnixNano"])));
    // Whatever was found is there, however much was not looked at; that nothing is there needs all of it.
    if (newest)
        return newest;
    if (const Searched looked = searched(document); !looked.all())
        return core::failed(
            FailureKind::bad_answer,
            fmt::format("found no trace, in {} of {} parts that were to be searched", looked.parts, looked.of));
    return newest;
}

} // namespace recoverd::collectors::queries
