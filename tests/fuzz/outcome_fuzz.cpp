// SPDX-License-Identifier: Apache-2.0
// What is posted to /api/v1/outcomes.
#include "agent/outcome.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    const auto outcome = agent::read_outcome(bytes, kNow);
    if (!outcome)
        return must(!outcome.error().empty(), "what is refused has a reason");
    const std::string canonical = agent::to_json(*outcome);
    const auto again = agent::read_outcome(canonical, kNow);
    must(again.has_value(), "what was taken is taken again", canonical);
    must(agent::to_json(*again) == canonical, "and is the same then", canonical);
    const core::Report report = agent::to_report(*outcome, {}, kNow);
    must(report.result.has_value(), "an outcome is a report");
    must_be_sound(*report.result);
    for (const core::Evidence& evidence : report.result->subjects.at(0).evidence)
        if (const auto* points = std::get_if<core::RecoveryPoints>(&evidence))
            for (const core::RecoveryPoint& point : points->points)
                must(!point.duration || point.duration->count() >= 0, "nothing takes less than no time", canonical);
}

} // namespace recoverd::fuzz
