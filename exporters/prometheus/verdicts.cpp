// SPDX-License-Identifier: Apache-2.0
// What was concluded: assets, alerts, the overall word; and how the checks themselves fare.
#include "exporters/escape.hpp"
#include "exporters/prometheus/families.hpp"

#include <algorithm>

namespace recoverd::exporters::families {

namespace {

/// Configured labels, except those that would collide with ours or that Prometheus would refuse.
void add_configured(LabelText& text, const core::Labels& labels, std::initializer_list<std::string_view> taken) {
    for (const auto& [name, value] : labels)
        if (is_label_name(name) && std::ranges::find(taken, std::string_view{name}) == taken.end())
            text.add(name, value);
}

} // namespace

Thresholds thresholds_of(const core::Check& check, const core::Asset* asset) {
    Thresholds thresholds;
    for (const core::Rule& rule : core::rules())
        if (const auto first = core::first_threshold(check, asset, rule.id); first && rule.unit == core::Unit::duration)
            thresholds.emplace_back(rule.id, *first);
    return thresholds;
}

CheckSeries describe(const core::Check& check, const core::Asset* asset) {
    LabelText labels;
    // "{subject}" stands for many assets; its subjects name them.
    if (!check.asset.contains('{'))
        labels.add("asset", check.asset);
    labels.add("check", check.name);
    LabelText info{labels};
    info.add("collector", check.collector);
    add_configured(info, check.labels, {"asset", "check", "collector"});
    return {labels.text(), info.text(), check.every, thresholds_of(check, asset)};
}

void write_check(SeriesWriter& out, const core::CheckMemory& memory, const CheckSeries& series) {
    using M = MetricId;
    const std::string& labels = series.labels;
    out.add(M::check_info, series.info, true);
    out.add(M::check_interval, labels, series.every);
    if (memory.last_run) {
        out.add(M::check_success, labels, !memory.failure.has_value());
        out.add(M::check_last_run, labels, *memory.last_run);
        out.add(M::check_duration, labels, memory.last_took);
    }
    if (memory.last_success)
        out.add(M::check_last_success, labels, *memory.last_success);
    for (std::size_t i = 0; i < memory.failures_total.size(); ++i)
        if (memory.failures_total[i] > 0)
            out.add(M::check_failures, labels, {"failure", core::Names<core::FailureKind>::values[i]},
                    memory.failures_total[i]);
}

void write_thresholds(SeriesWriter& out, const Thresholds& thresholds, const std::string& labels) {
    for (const auto& [id, seconds] : thresholds)
        out.add(MetricId::threshold, labels, {"rule", core::rule(id).name}, seconds);
}

void write_asset(SeriesWriter& out, const core::AssetSnapshot& snapshot) {
    using M = MetricId;
    const core::Asset& asset = snapshot.asset;
    const std::string labels = LabelText{}.add("asset", asset.name).text();
    LabelText info{labels};
    info.add("class", asset.asset_class);
    add_configured(info, asset.labels, {"asset", "class"});
    out.add(M::asset_info, info.text(), true);
    for (std::size_t i = 0; i < core::Names<core::VerdictState>::values.size(); ++i)
        out.add(M::asset_verdict, labels, {"verdict", core::Names<core::VerdictState>::values[i]},
                static_cast<core::VerdictState>(i) == snapshot.verdict.state);
    if (snapshot.verdict.recoverable_until)
        out.add(M::asset_recoverable_until, labels, *snapshot.verdict.recoverable_until);
    if (asset.objectives.rpo)
        out.add(M::asset_rpo_objective, labels, *asset.objectives.rpo);
    if (asset.objectives.rto)
        out.add(M::asset_rto_objective, labels, *asset.objectives.rto);
    if (snapshot.verdict.proven_rto)
        out.add(M::asset_rto_actual, labels, *snapshot.verdict.proven_rto);
    if (asset.objectives.retention)
        out.add(M::asset_retention_objective, labels, *asset.objectives.retention);
    out.begin_group();
    for (const core::ExerciseDue& due : snapshot.due) {
        const std::string exercise = LabelText{labels}.add("exercise", due.exercise).text();
        if (!out.seen_in_group(M::exercise_due, exercise))
            out.add(M::exercise_due, exercise, due.due_at);
    }
}

void write_alert(SeriesWriter& out, const core::Alert& alert) {
    if (alert.state == core::AlertState::resolved)
        return;
    LabelText labels = LabelText{}.add("alertname", core::rule(alert.finding.identity.rule).name);
    labels.add("state", name_of(alert.state));
    add_configured(labels, alert.labels, {"alertname", "state"});
    out.add(MetricId::alert, labels.text(), true);

    const core::Identity& identity = alert.finding.identity;
    if (identity.rule == core::RuleId::recoverd_watchdog)
        return;
    const std::string finding = LabelText{}
                                    .add("asset", identity.asset)
                                    .add("check", identity.check)
                                    .add("subject", identity.subject)
                                    .add("rule", core::rule(identity.rule).name)
                                    .add("priority", name_of(alert.finding.priority))
                                    .add("assertion", identity.assertion)
                                    .add("exercise", identity.exercise)
                                    .add("scenario", identity.scenario)
                                    .add("target", identity.target)
                                    .add("measurement", identity.measurement)
                                    .text();
    out.add(MetricId::finding, finding, true);
}

void write_status(SeriesWriter& out, const core::Snapshot& snapshot) {
    for (std::size_t i = 0; i < core::Names<core::Status>::values.size(); ++i)
        out.add(MetricId::status, {}, {"status", core::Names<core::Status>::values[i]},
                static_cast<core::Status>(i) == snapshot.status);
    for (const core::AlertState state : {core::AlertState::pending, core::AlertState::firing})
        for (std::size_t priority = 0; priority < snapshot.alert_counts[0].size(); ++priority)
            out.add(MetricId::alerts,
                    LabelText{}
                        .add("priority", core::Names<core::Priority>::values[priority])
                        .add("state", name_of(state))
                        .text(),
                    snapshot.alert_counts[static_cast<std::size_t>(state)][priority]);
}

} // namespace recoverd::exporters::families
