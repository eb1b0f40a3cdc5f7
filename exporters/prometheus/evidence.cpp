// SPDX-License-Identifier: Apache-2.0
// The other kinds of evidence: replication, exercises, reachability, assertions, measurements.
#include "core/assertion.hpp"
#include "core/rules/exercises.hpp"
#include "core/rules/view.hpp"
#include "exporters/prometheus/families.hpp"

namespace recoverd::exporters::families {

namespace {

/// The labels of a follower or slot inside a subject.
std::string inner_labels(const SubjectSeries& subject, std::string_view item) {
    return LabelText{}
        .add("asset", subject.asset)
        .add("check", subject.check.name)
        .add("subject", core::join_subject(subject.subject, item))
        .text();
}

template <class E>
void write_state_set(SeriesWriter& out, MetricId id, const std::string& labels, std::string_view label, E holds) {
    for (std::size_t i = 0; i < core::Names<E>::values.size(); ++i)
        out.add(id, labels, {label, core::Names<E>::values[i]}, static_cast<E>(i) == holds);
}

} // namespace

void write_replication(SeriesWriter& out, const SubjectSeries& subject, const core::Replication& replication,
                       std::set<std::string>& named) {
    for (const core::Follower& follower : replication.followers) {
        const std::string labels = inner_labels(subject, follower.name);
        if (follower.lag && named.insert("follower " + labels).second)
            out.add(MetricId::replication_lag, labels, *follower.lag);
    }
    for (const core::ReplicationSlot& slot : replication.slots) {
        const std::string labels = inner_labels(subject, slot.name);
        if (slot.retained_bytes && named.insert("slot " + labels).second)
            out.add(MetricId::slot_retained, labels, *slot.retained_bytes);
    }
}

void write_reachability(SeriesWriter& out, const SubjectSeries& subject, const core::Reachability& reachability) {
    const std::string labels = LabelText{subject.labels}.add("target", reachability.target).text();
    if (out.seen_in_group(MetricId::probe_success, labels))
        return;
    out.add(MetricId::probe_success, labels, reachability.state != core::ReachState::down);
    if (reachability.latency)
        out.add(MetricId::probe_duration, labels, *reachability.latency);
    if (reachability.certificate)
        out.add(MetricId::certificate_not_after, labels, reachability.certificate->not_after);
}

void write_assertions(SeriesWriter& out, const SubjectSeries& subject, const core::Assertions& assertions) {
    for (const core::Assertion& assertion : assertions.assertions) {
        const std::string labels = LabelText{subject.labels}.add("assertion", assertion.name).text();
        const std::string first = LabelText{labels}.add("state", "holds").text();
        if (!out.seen_in_group(MetricId::assertion_state, first))
            write_state_set(out, MetricId::assertion_state, labels, "state", core::state_of(assertion));
    }
}

void write_measurement(SeriesWriter& out, const SubjectSeries& subject, const core::Measurement& measurement) {
    const std::string labels =
        LabelText{subject.labels}.add("measurement", measurement.name).add("unit", measurement.unit).text();
    if (!out.seen_in_group(MetricId::measurement, labels))
        out.add(MetricId::measurement, labels, measurement.value);
}

void ExerciseSeries::gather(std::string_view asset, const core::SubjectMemory& seen) {
    for (const core::Exercise& run : seen.exercises) {
        Known& known = known_[{std::string{asset}, run.exercise}];
        const auto at = run.ended_at ? run.ended_at : run.started_at;
        if (!at)
            continue;
        core::Time& last = known.last.try_emplace(run.outcome, *at).first->second;
        last = std::max(last, *at);
        if (run.ended_at && *run.ended_at > known.ended_at) {
            known.ended_at = *run.ended_at;
            known.duration = core::length_of(run);
        }
        if (run.outcome == core::ExerciseOutcome::passed && *at > known.passed_at) {
            known.passed_at = *at;
            known.depth = run.depth;
        }
    }
}

void ExerciseSeries::write(SeriesWriter& out) const {
    for (const auto& [key, known] : known_) {
        const std::string labels = LabelText{}.add("asset", key.first).add("exercise", key.second).text();
        for (const auto& [outcome, at] : known.last)
            out.add(MetricId::exercise_last, labels, {"outcome", name_of(outcome)}, at);
        if (known.duration)
            out.add(MetricId::exercise_duration, labels, *known.duration);
        if (known.passed_at != core::Time::min())
            write_state_set(out, MetricId::exercise_depth, labels, "depth", known.depth);
    }
}

} // namespace recoverd::exporters::families
