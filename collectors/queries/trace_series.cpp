// SPDX-License-Identifier: Apache-2.0
#include "collectors/queries/trace_series.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::queries {

namespace {

using core::FailureKind;

std::uint64_t count(const io::Json& json) { return json ? json.natural() : 0; }

/// A 64-bit integer is text in protobuf's JSON.
std::string read_value(const io::Json& value) {
    if (const io::Json& text = value["stringValue"])
        return text.text();
    if (const io::Json& whole = value["intValue"])
        return whole.is_text() ? whole.text() : fmt::format("{}", whole.number());
    if (const io::Json& number = value["doubleValue"])
        return fmt::format("{}", number.number());
    if (const io::Json& truth = value["boolValue"])
        return truth.boolean() ? "true" : "false";
    return "";
}

std::map<std::string, std::string> read_labels(const io::Json& labels) {
    std::map<std::string, std::string> read;
    if (labels)
        for (const io::Json& label : labels.items())
            read.emplace(label["key"].text(), read_value(label["value"]));
    return read;
}

/// Why the answer may lack something; empty when it is whole.
std::string what_lacks(const io::Json& document) {
    const io::Json& status = document["status"];
    if (status && status.is_text() && status.text() == "PARTIAL") {
        const io::Json& message = document["message"];
        return fmt::format("the answer is partial: {}",
                           io::json_quote(message && message.is_text() ? message.text().substr(0, 300) : ""));
    }
    if (const Searched looked = searched(document); !looked.all())
        return fmt::format("the answer is partial: {} of {} parts were searched", looked.parts, looked.of);
    return {};
}

} // namespace

Searched searched(const io::Json& document) {
    const io::Json& metrics = document["metrics"];
    return {count(metrics["completedJobs"]), count(metrics["totalJobs"])};
}

core::Result<std::vector<Series>> read_trace_series(const io::Json& document, core::Time asked_at) {
    const io::Json& list = document["series"];
    if (!list && !document["metrics"].is_object())
        list.bad("series");
    if (std::string lacks = what_lacks(document); !lacks.empty())
        return core::failed(FailureKind::bad_answer, std::move(lacks));
    std::vector<Series> series;
    if (!list)
        return series;
    if (list.items().size() > kMostSeries)
        return core::failed(FailureKind::misconfigured,
                            fmt::format("expected at most {} series, found {}; hint: group by less, or aggregate",
                                        kMostSeries, list.items().size()));
    for (const io::Json& one : list.items()) {
        if (one["samples"])
            one["samples"].bad("one value, not a range of them");
        const io::Json& value = one["value"];
        series.push_back({read_labels(one["labels"]), asked_at, value ? value.number() : 0});
    }
    return series;
}

} // namespace recoverd::collectors::queries
