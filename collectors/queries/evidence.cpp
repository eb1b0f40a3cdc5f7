// SPDX-License-Identifier: Apache-2.0
#include "collectors/queries/evidence.hpp"

#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace recoverd::collectors::queries {

namespace {

using core::Duration;
using core::Failure;
using core::FailureKind;
using core::Measurement;
using core::Result;
using core::Seen;
using core::SubjectReport;
using core::Time;
using core::config::format_duration;
using core::config::format_time;

/// As far as clocks may differ.
constexpr Duration kSkew = std::chrono::minutes{2};
/// Longer names are no names: they stand in labels of metrics and alerts.
constexpr std::size_t kLongestName = 200;

/// What the query gave, or was missing: said for both, so that it ends when it is over.
core::Assertions presence(bool bad_when_absent, bool present) {
    core::Assertion assertion{
        .name = "series", .expected = bad_when_absent ? "present" : "absent", .actual = present ? "present" : "absent"};
    if (bad_when_absent && !present)
        assertion.detail = "the query gives nothing";
    return {{std::move(assertion)}};
}

Result<std::string> subject_of(const Expected& expected, const Series& series) {
    std::string name = expected.by.empty() ? name_of(series.labels) : std::string{};
    for (const std::string& label : expected.by) {
        const auto found = series.labels.find(label);
        if (found == series.labels.end() || found->second.empty())
            return core::failed(FailureKind::misconfigured,
                                fmt::format("expected the label '{}', by which series are named, in {}", label,
                                            name_of(series.labels).substr(0, kLongestName)));
        name += (name.empty() ? "" : "/") + found->second;
    }
    if (name.size() > kLongestName)
        return core::failed(FailureKind::misconfigured,
                            fmt::format("expected at most {} bytes of labels to name a series, found {}; hint: name "
                                        "those that tell it apart: by = [\"job\", \"instance\"]",
                                        kLongestName, name.size()));
    if (std::ranges::any_of(name, [](unsigned char c) { return c < ' ' || c == 0x7F; }))
        return core::failed(FailureKind::bad_answer,
                            fmt::format("expected printable labels, found {}", io::json_quote(name)));
    return name;
}

Result<Measurement> value_of(const Expected& expected, double value) {
    if (!std::isfinite(value))
        return core::failed(FailureKind::bad_answer,
                            fmt::format("expected a number, found {}; hint: what is divided by nothing is none",
                                        std::isnan(value) ? "NaN"
                                        : value > 0       ? "+Inf"
                                                          : "-Inf"));
    return Measurement{.name = expected.measurement,
                       .value = value,
                       .unit = expected.unit,
                       .above = expected.above,
                       .below = expected.below};
}

Measurement age_of(Duration age, Duration allowed) {
    return {.name = "age",
            .value = core::to_seconds(std::max(age, Duration{0})),
            .unit = "seconds",
            .above = core::to_seconds(allowed)};
}

Failure dated_ahead(std::string_view what, Duration by) {
    return {FailureKind::bad_answer,
            fmt::format("{} is dated {} ahead, {} allowed", what, format_duration(by), format_duration(kSkew))};
}

/// The value is the moment of a sample. Whoever asks for timestamp(max(up)) gets the moment of asking, for ever fresh.
Result<Measurement> freshness_of(Duration allowed, const Series& series) {
    constexpr double kEarliest = 1e9; // 2001: less is a count, a ratio, or a moment that nobody set
    constexpr double kLatest = 1e11;  // more is in milliseconds
    if (!(series.value > kEarliest && series.value < kLatest))
        return core::failed(FailureKind::misconfigured,
                            fmt::format("fresh_within: expected a query that gives seconds since 1970, found {}; hint: "
                                        "write max(timestamp(up))",
                                        series.value));
    const Time sampled{Duration{static_cast<Duration::rep>(std::llround(series.value * 1'000))}};
    if (std::chrono::abs(sampled - series.evaluated_at) <= Duration{1})
        return core::failed(FailureKind::misconfigured,
                            "fresh_within: expected the moment of a sample, found that of the question; hint: write "
                            "max(timestamp(up)) and not timestamp(max(up))");
    if (sampled > series.evaluated_at + kSkew)
        return std::unexpected(dated_ahead("the newest sample", sampled - series.evaluated_at));
    return age_of(series.evaluated_at - sampled, allowed);
}

Result<Measurement> measurement_of(const Expected& expected, const Series& series) {
    return expected.fresh_within ? freshness_of(*expected.fresh_within, series) : value_of(expected, series.value);
}

/// An answer of another time is none: from a cache, or of a server that has stood still.
std::optional<Failure> of_another_time(const std::vector<Series>& series, Time now) {
    for (const Series& one : series) {
        const Duration ahead = one.evaluated_at - now;
        if (std::chrono::abs(ahead) > kSkew)
            return Failure{FailureKind::bad_answer,
                           fmt::format("expected an answer of now, found one of {}, {} {}; hint: a cache, or clocks "
                                       "that differ",
                                       format_time(one.evaluated_at), format_duration(std::chrono::abs(ahead)),
                                       ahead > Duration{0} ? "ahead" : "ago")};
    }
    return std::nullopt;
}

double beyond(const Measurement& measurement) {
    double most = -HUGE_VAL;
    if (measurement.above)
        most = std::max(most, measurement.value - *measurement.above);
    if (measurement.below)
        most = std::max(most, *measurement.below - measurement.value);
    return most;
}

/// Where absence is good series come and go, so that they are no subjects: the worst of them speaks for all.
Result<Seen> worst_of(const Expected& expected, const std::vector<Series>& series) {
    std::optional<Measurement> worst;
    for (const Series& one : series) {
        auto made = measurement_of(expected, one);
        if (!made)
            return std::unexpected(std::move(made.error()));
        if (!worst || beyond(*made) > beyond(*worst))
            worst = std::move(*made);
    }
    Seen seen;
    seen.subjects.push_back({});
    if (worst)
        seen.subjects.front().evidence.emplace_back(std::move(*worst));
    else
        seen.subjects.front().evidence.emplace_back(presence(false, false));
    return seen;
}

SubjectReport& subject_named(Seen& seen, const std::string& name) {
    const auto found = std::ranges::find(seen.subjects, name, &SubjectReport::subject);
    if (found != seen.subjects.end())
        return *found;
    seen.subjects.push_back({.subject = name});
    return seen.subjects.back();
}

Result<Seen> each_of(const Expected& expected, const std::vector<Series>& series) {
    Seen seen;
    if (expected.absent == Absent::bad)
        subject_named(seen, "").evidence.emplace_back(presence(true, !series.empty()));
    std::vector<std::string> names;
    for (const Series& one : series) {
        const auto name = subject_of(expected, one);
        if (!name)
            return std::unexpected(name.error());
        if (std::ranges::find(names, *name) != names.end())
            return core::failed(FailureKind::misconfigured,
                                fmt::format("expected one series of each name, found two of '{}'; hint: name further "
                                            "labels by which they differ",
                                            *name));
        names.push_back(*name);
        SubjectReport& subject = subject_named(seen, *name);
        auto made = measurement_of(expected, one);
        if (made)
            subject.evidence.emplace_back(std::move(*made));
        else
            subject.failure = std::move(made.error());
    }
    // One failure, said once.
    if (seen.subjects.size() == 1 && seen.subjects.front().failure)
        return std::unexpected(*seen.subjects.front().failure);
    return seen;
}

} // namespace

Result<Seen> interpret_instant(const Expected& expected, const io::Json& document, Time now) {
    auto series = read_series(document);
    if (!series)
        return std::unexpected(std::move(series.error()));
    if (auto stale = of_another_time(*series, now))
        return std::unexpected(std::move(*stale));
    return interpret_series(expected, *series);
}

Result<Seen> interpret_series(const Expected& expected, const std::vector<Series>& series) {
    if (expected.absent == Absent::good)
        return worst_of(expected, series);
    if (series.empty() && expected.absent == Absent::unknown)
        return core::failed(FailureKind::bad_answer,
                            "the query gives nothing, and nobody said what that means; hint: absent_is = \"bad\" or "
                            "\"good\"");
    return each_of(expected, series);
}

Result<Seen> interpret_newest(const Expected& expected, std::optional<Time> newest, Duration looked_back,
                              std::string_view what, Time now) {
    const Duration allowed = expected.fresh_within.value_or(looked_back);
    if (!newest && expected.absent == Absent::unknown)
        return core::failed(FailureKind::bad_answer,
                            fmt::format("no {} within the last {}, and nobody said what that means; hint: absent_is = "
                                        "\"bad\"",
                                        what, format_duration(looked_back)));
    if (newest && *newest > now + kSkew)
        return std::unexpected(dated_ahead(fmt::format("the newest {}", what), *newest - now));
    // The least that it can be where none is found.
    Seen seen;
    seen.subjects.push_back({.evidence = {age_of(newest ? now - *newest : looked_back, allowed)}});
    return seen;
}

} // namespace recoverd::collectors::queries
