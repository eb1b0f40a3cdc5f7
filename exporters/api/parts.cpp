// SPDX-License-Identifier: Apache-2.0
#include "exporters/api/parts.hpp"

#include "exporters/alerts.hpp"

namespace recoverd::exporters::api {

void alert(JsonWriter& out, const core::Alert& alert, const core::Config& config) {
    const Annotations notes = annotations(alert, config);
    out.begin_object();
    out.field("alertname", core::rule(alert.finding.identity.rule).name).field("state", name_of(alert.state));
    object(out, "labels", alert.labels);
    object(out, "annotations",
           {{"summary", notes.summary},
            {"description", notes.description},
            {"runbook_url", notes.runbook_url},
            {"dashboard_url", notes.dashboard_url}});
    out.field("priority", name_of(alert.finding.priority)).field("reason", alert.finding.reason);
    if (alert.finding.is_lowered())
        out.field("lowered_from", name_of(alert.finding.raw_priority)).field("lowered_by", alert.finding.lowered_by);
    field(out, "since", alert.since);
    if (alert.state != core::AlertState::pending)
        field(out, "started_at", alert.started_at);
    if (alert.state == core::AlertState::resolved)
        field(out, "resolved_at", alert.resolved_at);
    out.end_object();
}

void alert_list(JsonWriter& out, const std::vector<core::Alert>& alerts, const core::Config& config) {
    out.key("alerts").begin_array();
    for (const core::Alert& one : alerts)
        alert(out, one, config);
    out.end_array();
}

JsonWriter begin(const core::Snapshot& snapshot) {
    JsonWriter out;
    out.begin_object();
    field(out, "made_at", snapshot.made_at);
    return out;
}

std::string end(JsonWriter& out) {
    out.end_object();
    return out.take() + "\n";
}

} // namespace recoverd::exporters::api
