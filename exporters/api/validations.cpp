// SPDX-License-Identifier: Apache-2.0
#include "core/rules/validations.hpp"
#include "exporters/api.hpp"
#include "exporters/api/parts.hpp"

namespace recoverd::exporters::api {

namespace {

void run(JsonWriter& out, std::string_view name, const std::optional<core::ValidationRun>& run) {
    if (!run)
        return;
    out.key(name).begin_object().field("id", run->id).field("cause", run->cause);
    field(out, "began_at", run->began_at);
    optional(out, "ended_at", run->ended_at);
    if (run->ended_at)
        out.field("passed", core::has_passed(*run));
    if (!run->aborted.empty())
        out.field("aborted", run->aborted);
    out.key("steps").begin_array();
    for (const core::StepResult& step : run->steps) {
        out.begin_object().field("check", step.check).field("state", name_of(step.state));
        if (step.began_at != core::Time{})
            field(out, "began_at", step.began_at);
        if (step.ended_at != core::Time{})
            field(out, "ended_at", step.ended_at);
        if (!step.detail.empty())
            out.field("detail", step.detail);
        out.end_object();
    }
    out.end_array().end_object();
}

void validation(JsonWriter& out, const core::ValidationSnapshot& snapshot, const core::Config& config) {
    const core::Validation& validation = snapshot.validation;
    out.begin_object();
    out.field("name", validation.name).field("description", validation.description);
    out.field("asset", validation.asset);
    list(out, "after", validation.after);
    out.key("steps").begin_array();
    for (const core::ValidationStep& step : validation.steps) {
        out.begin_object().field("check", step.check).field("priority", name_of(step.priority));
        out.field("stop", step.stop);
        field(out, "within_seconds", step.within);
        out.end_object();
    }
    out.end_array();
    run(out, "running", snapshot.memory.running);
    run(out, "last", snapshot.memory.last);
    alert_list(out, snapshot.alerts, config);
    out.end_object();
}

} // namespace

std::string validations(const core::Snapshot& snapshot) {
    JsonWriter out = begin(snapshot);
    out.key("validations").begin_array();
    for (const auto& one : snapshot.validations)
        validation(out, *one, *snapshot.config);
    out.end_array();
    return end(out);
}

} // namespace recoverd::exporters::api
