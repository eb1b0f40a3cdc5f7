// SPDX-License-Identifier: Apache-2.0
// Failure scenarios: which hold, since when, and how long their last outages took.
#include "core/rules/losses.hpp"
#include "exporters/prometheus/families.hpp"

namespace recoverd::exporters::families {

void write_scenario(SeriesWriter& out, const core::ScenarioSnapshot& snapshot) {
    using M = MetricId;
    const core::Scenario& scenario = snapshot.scenario;
    const std::string name = LabelText{}.add("scenario", scenario.name).text();
    for (const core::ScenarioSnapshot::Group& group : snapshot.groups) {
        const std::string labels = LabelText{name}.add("subject", group.name).text();
        const bool unknown = group.decision.state == core::ScenarioState::unknown;
        // Before anything could be told, neither 0 nor 1 is true.
        if (!unknown || group.outages.running)
            out.add(M::scenario_active, labels, group.outages.running.has_value());
        out.add(M::scenario_unknown, labels, unknown);
        if (group.outages.running)
            out.add(M::scenario_start, labels, group.outages.running->began_at);
        if (!group.outages.past.empty()) {
            const core::Outage& last = group.outages.past.back();
            out.add(M::outage_last_duration, labels, *last.ended_at - last.began_at);
        }
        if (const auto lost = last_loss(group.outages))
            out.add(M::scenario_rpo_actual, labels, lost->time);
    }
    if (scenario.rto)
        out.add(M::scenario_rto_objective, name, *scenario.rto);
    if (scenario.rpo)
        out.add(M::scenario_rpo_objective, name, *scenario.rpo);
    if (snapshot.readiness)
        for (std::size_t i = 0; i < core::Names<core::VerdictState>::values.size(); ++i)
            out.add(M::scenario_readiness, name, {"verdict", core::Names<core::VerdictState>::values[i]},
                    static_cast<core::VerdictState>(i) == snapshot.readiness->state);
}

} // namespace recoverd::exporters::families
