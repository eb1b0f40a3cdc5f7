// SPDX-License-Identifier: Apache-2.0
#include "collectors/queries/series.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace recoverd::collectors::queries {

namespace {

using core::FailureKind;

/// Of a foreign text as much as a line may hold.
std::string shortened(const std::string& text) {
    constexpr std::size_t kMost = 300;
    return io::json_quote(std::string_view{text}.substr(0, kMost));
}

double read_number(const io::Json& json) {
    const std::string& text = json.text();
    const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
    const char* end = text.data() + text.size();
    double value = 0;
    const auto [stopped, error] = std::from_chars(begin, end, value);
    if (error != std::errc{} || stopped != end)
        json.bad("a number");
    return value;
}

Series read_sample(const io::Json& sample, std::map<std::string, std::string> labels) {
    return {std::move(labels), sample[0].unix_time(), read_number(sample[1])};
}

std::map<std::string, std::string> read_labels(const io::Json& metric) {
    std::map<std::string, std::string> labels;
    for (const auto& [name, value] : metric.object())
        labels.emplace(name, value.text());
    return labels;
}

} // namespace

core::Result<void> whole(const io::Json& document) {
    if (document["status"].text() != "success") {
        const io::Json& type = document["errorType"];
        const std::string kind = type ? type.text() : std::string{};
        return core::failed(
            kind == "timeout" ? FailureKind::timed_out : FailureKind::bad_answer,
            fmt::format("the query failed: {}: {}", shortened(kind), shortened(document["error"].text())));
    }
    // Thanos, Mimir and remote reads answer with what they have and warn of what they have not. Before Prometheus had
    // `infos` (2.54), and in Thanos still (thanos#8748), remarks on the query's style stand among these.
    if (const io::Json& warnings = document["warnings"])
        for (const io::Json& warning : warnings.items())
            if (!warning.text().starts_with("PromQL info: "))
                return core::failed(FailureKind::bad_answer,
                                    fmt::format("the answer comes with a warning, so it may lack something: {}",
                                                shortened(warning.text())));
    // VictoriaMetrics.
    if (const io::Json& partial = document["isPartial"]; partial && partial.boolean())
        return core::failed(FailureKind::bad_answer, "the answer is partial: a part of the storage did not answer");
    return {};
}

core::Result<std::vector<Series>> read_series(const io::Json& document) {
    if (auto answered = whole(document); !answered)
        return std::unexpected(std::move(answered.error()));
    const io::Json& data = document["data"];
    const std::string& type = data["resultType"].text();
    const io::Json& result = data["result"];
    if (type == "scalar")
        return std::vector{read_sample(result, {})};
    if (type != "vector")
        return core::failed(FailureKind::misconfigured,
                            fmt::format("expected a query that gives a scalar or a vector, found a {}; hint: {}",
                                        shortened(type),
                                        type == "matrix" ? "leave out the range, or write rate(…) or last_over_time(…)"
                                                         : "write one that counts, such as count_over_time(…)"));
    if (result.items().size() > kMostSeries)
        return core::failed(FailureKind::misconfigured,
                            fmt::format("expected at most {} series, found {}; hint: aggregate, as in sum by (job) (…)",
                                        kMostSeries, result.items().size()));
    std::vector<Series> series;
    for (const io::Json& one : result.items()) {
        if (one["histogram"])
            return core::failed(FailureKind::misconfigured,
                                fmt::format("expected numbers, found the histogram {}; hint: write "
                                            "histogram_quantile(…) or histogram_count(…)",
                                            shortened(name_of(read_labels(one["metric"])))));
        series.push_back(read_sample(one["value"], read_labels(one["metric"])));
    }
    return series;
}

std::string name_of(const std::map<std::string, std::string>& labels) {
    std::string name;
    std::vector<std::string> pairs;
    for (const auto& [label, value] : labels)
        if (label == "__name__")
            name = value;
        else
            pairs.push_back(fmt::format("{}={}", label, io::json_quote(value)));
    return pairs.empty() ? name : fmt::format("{}{{{}}}", name, fmt::join(pairs, ","));
}

} // namespace recoverd::collectors::queries
