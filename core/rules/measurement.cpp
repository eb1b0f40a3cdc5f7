// SPDX-License-Identifier: Apache-2.0
// MeasurementOutOfRange. What is no number is not judged here: it is EvidenceImplausible.
#include "core/rules/rules.hpp"
#include "core/rules/threshold.hpp"

#include <cmath>
#include <fmt/format.h>

namespace recoverd::core {

namespace {

bool out_of_range(const Measurement& m) {
    const bool over = m.above && m.value > *m.above;
    const bool under = m.below && m.value < *m.below;
    const bool ranged = m.above || m.below;
    return m.inverted ? ranged && !over && !under : over || under;
}

std::string range(const Measurement& m) {
    if (m.above && m.below)
        return fmt::format("{} {:g} to {:g}", m.inverted ? "outside" : "within", *m.below, *m.above);
    if (m.above)
        return fmt::format("{} {:g}", m.inverted ? "above" : "at most", *m.above);
    return fmt::format("{} {:g}", m.inverted ? "below" : "at least", *m.below);
}

} // namespace

void judge_measurement(const SubjectView& view, const Measurement& measurement, Judgement& out) {
    constexpr RuleId kId = RuleId::measurement_out_of_range;
    if (std::isnan(measurement.value) || !out_of_range(measurement))
        return;
    const std::string unit = measurement.unit.empty() ? "" : " " + measurement.unit;
    Finding made = make_finding(
        view, kId, measurement.priority.value_or(priority_of(view.policy, kId)),
        fmt::format("{} is {:g}{}, {} allowed", measurement.name, measurement.value, unit, range(measurement)));
    made.identity.measurement = measurement.name;
    add(out, view.policy, std::move(made));
}

} // namespace recoverd::core
