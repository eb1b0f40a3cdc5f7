// SPDX-License-Identifier: Apache-2.0
// Answers to queries, as whatever speaks like Prometheus could write them.
#include "collectors/queries/evidence.hpp"
#include "collectors/queries/newest.hpp"
#include "collectors/queries/trace_series.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <cmath>

namespace recoverd::fuzz {

namespace {

using collectors::queries::Absent;
using collectors::queries::Expected;

void must_be_well(const core::Result<core::Seen>& seen) {
    if (!seen)
        return must_be_sound(seen.error());
    must_be_sound(*seen);
    must(seen->subjects.size() <= collectors::queries::kMostSeries + 1, "subjects are bounded");
    for (const core::SubjectReport& subject : seen->subjects)
        for (const core::Evidence& evidence : subject.evidence)
            if (const auto* measurement = std::get_if<core::Measurement>(&evidence))
                must(std::isfinite(measurement->value), "what is measured is a number", subject.subject);
}

void interpret(const Expected& expected, const io::Json& document) {
    must_be_well(collectors::queries::interpret_instant(expected, document, kNow));
}

void interpret_traces(const Expected& expected, const io::Json& document) {
    const auto series = collectors::queries::read_trace_series(document, kNow);
    if (!series)
        return must_be_sound(series.error());
    must_be_well(collectors::queries::interpret_series(expected, *series));
}

void age(const collectors::queries::Newest& newest) {
    if (!newest)
        return must_be_sound(newest.error());
    const Expected expected{.absent = Absent::bad, .fresh_within = std::chrono::minutes{2}};
    const auto seen = collectors::queries::interpret_newest(expected, *newest, std::chrono::hours{1}, "log line", kNow);
    if (!seen)
        return must_be_sound(seen.error());
    must_be_sound(*seen);
}

/// Each may find that it is no such answer.
template <class Read>
void read(Read what, const io::Json& document) {
    try {
        what(document);
    } catch (const io::BadDocument&) {
    }
}

} // namespace

void fuzz(std::string_view bytes) {
    try {
        const io::Json document = io::Json::parse(bytes);
        for (const Absent absent : {Absent::unknown, Absent::bad, Absent::good}) {
            read([&](const io::Json& json) { interpret({.above = 1, .absent = absent}, json); }, document);
            read([&](const io::Json& json) { interpret_traces({.below = 1, .absent = absent}, json); }, document);
            const Expected fresh{.absent = absent, .fresh_within = std::chrono::minutes{2}, .by = {"job"}};
            read([&](const io::Json& json) { interpret(fresh, json); }, document);
        }
        read([](const io::Json& json) { age(collectors::queries::newest_line(json)); }, document);
        read([](const io::Json& json) { age(collectors::queries::newest_trace(json)); }, document);
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
