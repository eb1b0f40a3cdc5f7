// SPDX-License-Identifier: Apache-2.0
// The answer to an instant query of TraceQL metrics, as Tempo writes it: protobuf's JSON, which leaves out what is
// zero. https://grafana.com/docs/tempo/latest/api_docs/
#pragma once

#include "collectors/queries/series.hpp"

namespace recoverd::collectors::queries {

/// How many of the parts that an answer of Tempo needs were searched.
struct Searched {
    std::uint64_t parts = 0;
    std::uint64_t of = 0;

    bool all() const { return parts >= of; }
};
Searched searched(const io::Json& document);

/// At most kMostSeries, evaluated at `asked_at`, since Tempo does not say when. A failure for a partial answer. Throws
/// io::BadDocument for what is no such answer.
core::Result<std::vector<Series>> read_trace_series(const io::Json& document, core::Time asked_at);

} // namespace recoverd::collectors::queries
