// SPDX-License-Identifier: Apache-2.0
#include "exporters/api.hpp"
#include "exporters/api/parts.hpp"

#include <algorithm>

namespace recoverd::exporters::api {

namespace {

void outage(JsonWriter& out, const core::Outage& outage, const core::Scenario& scenario, core::Time now) {
    out.begin_object();
    field(out, "began_at", outage.began_at);
    optional(out, "ended_at", outage.ended_at);
    field(out, "seconds", outage.ended_at.value_or(std::max(now, outage.began_at)) - outage.began_at);
    out.field("cause", outage.cause);
    if (scenario.rto)
        out.field("exceeded_rto", core::exceeds(outage, *scenario.rto, now));
    if (outage.lost) {
        field(out, "lost_seconds", outage.lost->time);
        out.field("lost_rows", outage.lost->rows);
        if (scenario.rpo)
            out.field("exceeded_rpo", core::lost_more(outage, *scenario.rpo));
    }
    out.end_object();
}

void group(JsonWriter& out, const core::ScenarioSnapshot::Group& group, const core::Scenario& scenario,
           core::Time now) {
    out.begin_object();
    out.field("subject", group.name).field("state", name_of(group.decision.state));
    out.field("members", std::uint64_t{group.decision.members}).field("needed", std::uint64_t{group.decision.needed});
    list(out, "down", group.decision.down);
    list(out, "unknown", group.decision.unknown);
    if (group.outages.running) {
        out.key("outage");
        outage(out, *group.outages.running, scenario, now);
    }
    out.key("past").begin_array();
    for (const core::Outage& past : group.outages.past)
        outage(out, past, scenario, now);
    out.end_array().end_object();
}

void readiness(JsonWriter& out, const core::Readiness& readiness) {
    out.key("readiness").begin_object().field("state", name_of(readiness.state));
    out.key("assets").begin_array();
    for (const core::AssetReadiness& asset : readiness.assets) {
        out.begin_object().field("asset", asset.asset).field("state", name_of(asset.state)).field("from", asset.from);
        optional(out, "newest", asset.newest);
        optional(out, "oldest", asset.oldest);
        optional(out, "takes_seconds", asset.takes);
        list(out, "blocks", asset.blocks);
        out.end_object();
    }
    out.end_array().end_object();
}

void scenario(JsonWriter& out, const core::ScenarioSnapshot& snapshot, const core::Config& config, core::Time now) {
    const core::Scenario& scenario = snapshot.scenario;
    out.begin_object();
    out.field("name", scenario.name).field("description", scenario.description).field("asset", scenario.asset);
    out.field("priority", name_of(scenario.priority)).field("by", scenario.by);
    optional(out, "rto_seconds", scenario.rto);
    optional(out, "rpo_seconds", scenario.rpo);
    out.field("canary", scenario.canary);
    list(out, "explains", scenario.explains);
    out.key("groups").begin_array();
    for (const core::ScenarioSnapshot::Group& one : snapshot.groups)
        group(out, one, scenario, now);
    out.end_array();
    if (snapshot.readiness)
        readiness(out, *snapshot.readiness);
    alert_list(out, snapshot.alerts, config);
    out.end_object();
}

} // namespace

std::string scenarios(const core::Snapshot& snapshot) {
    JsonWriter out = begin(snapshot);
    out.key("scenarios").begin_array();
    for (const auto& one : snapshot.scenarios)
        scenario(out, *one, *snapshot.config, snapshot.made_at);
    out.end_array();
    return end(out);
}

} // namespace recoverd::exporters::api
