// SPDX-License-Identifier: Apache-2.0
// The answer to an instant query, as Prometheus writes it.
// https://prometheus.io/docs/prometheus/latest/querying/api/
#pragma once

#include "core/failure.hpp"
#include "core/time.hpp"
#include "io/json.hpp"

#include <map>
#include <string>
#include <vector>

namespace recoverd::collectors::queries {

/// More are refused: whoever asks for so many has forgotten to aggregate, and each would be a subject for good.
inline constexpr std::size_t kMostSeries = 200;

struct Series {
    /// Empty for a scalar.
    std::map<std::string, std::string> labels;
    /// When the query was evaluated, by the server's clock; not when the sample was taken.
    core::Time evaluated_at;
    double value = 0;
};

/// A failure when the document says that it is an error, or lacks something. Throws io::BadDocument.
core::Result<void> whole(const io::Json& document);

/// At most kMostSeries. A failure for errors, warnings, partial answers, and results that are neither scalar nor
/// vector. Throws io::BadDocument for what is no such answer.
core::Result<std::vector<Series>> read_series(const io::Json& document);

/// The fixed name of a series: up{instance="a",job="b"}, and empty for one without labels.
std::string name_of(const std::map<std::string, std::string>& labels);

} // namespace recoverd::collectors::queries
