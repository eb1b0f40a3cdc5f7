// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

namespace recoverd::fuzz {

namespace {

void sound(const core::RecoveryPoints& points) {
    must(points.points.size() <= core::kMaxPoints, "200 points at most");
    must(points.count >= points.points.size(), "every point is counted");
    must(std::ranges::is_sorted(points.points, {}, &core::RecoveryPoint::ended_at), "points are oldest first");
}

void sound(const core::Measurement& measurement) {
    must(std::isfinite(measurement.value), "a measurement is a number");
}

void sound(const auto& /*anything else*/) {}

} // namespace

void must_be_sound(const core::Seen& seen) {
    std::set<std::string_view> subjects;
    for (const core::SubjectReport& report : seen.subjects)
        must(subjects.insert(report.subject).second, "each subject is reported once", report.subject);
    for (const core::SubjectReport& report : seen.subjects) {
        for (const core::Evidence& evidence : report.evidence)
            std::visit([](const auto& one) { sound(one); }, evidence);
        if (report.failure)
            must_be_sound(*report.failure);
    }
    // At the first time bytes that are no UTF-8 are replaced, and what lines may leave out (`oldest_at`) is filled in,
    // so it is the second that must change nothing.
    const std::string told = io::to_lines(io::from_lines(io::to_lines(seen)));
    must(io::to_lines(io::from_lines(told)) == told, "evidence survives being told", told);
}

void must_be_sound(const core::Failure& failure) {
    const std::string_view told = std::string_view{failure.detail}.substr(0, failure.detail.find("\nhint: "));
    must(!told.contains('\n'), "a failure is told in one line", failure.detail);
}

} // namespace recoverd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    recoverd::fuzz::fuzz({reinterpret_cast<const char*>(data), size});
    return 0;
}
