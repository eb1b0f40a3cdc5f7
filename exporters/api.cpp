// SPDX-License-Identifier: Apache-2.0
#include "exporters/api.hpp"

#include "exporters/alerts.hpp"
#include "exporters/api/parts.hpp"
#include "io/evidence_json.hpp"

#include <array>

namespace recoverd::exporters::api {

namespace {

void failure(JsonWriter& out, const std::optional<core::Failure>& failure, core::Time since) {
    if (!failure)
        return;
    out.key("failure").begin_object();
    out.field("kind", name_of(failure->kind)).field("detail", failure->detail);
    field(out, "since", since);
    out.end_object();
}

void past_failure(JsonWriter& out, const std::optional<core::PastFailure>& over) {
    if (!over)
        return;
    out.key("last_failure").begin_object();
    out.field("kind", name_of(over->failure.kind)).field("detail", over->failure.detail);
    field(out, "since", over->began_at);
    field(out, "until", over->ended_at);
    out.end_object();
}

void location(JsonWriter& out, const core::Location& location) {
    if (location == core::Location{})
        return;
    out.key("location").begin_object();
    out.field("node", location.node).field("zone", location.zone);
    out.field("region", location.region).field("role", location.role);
    out.end_object();
}

void subject(JsonWriter& out, const std::string& name, const std::string& asset, const core::SubjectMemory& seen) {
    out.begin_object();
    out.field("subject", name).field("asset", asset);
    location(out, seen.location);
    field(out, "first_seen", seen.first_seen);
    field(out, "learned_at", seen.learned_at);
    optional(out, "vanished_since", seen.vanished_since);
    failure(out, seen.failure, seen.failing_since);
    out.key("evidence").begin_array();
    for (const core::Evidence& evidence : *seen.evidence)
        io::write(out, evidence);
    out.end_array();
    out.end_object();
}

void check(JsonWriter& out, const core::CheckSnapshot& snapshot, const core::Config& config) {
    const core::Check& check = *snapshot.check;
    const core::CheckMemory& memory = *snapshot.memory;
    out.begin_object();
    out.field("name", check.name).field("asset", check.asset).field("collector", check.collector);
    out.field("scope", name_of(check.scope)).field("target", check.target);
    field(out, "every_seconds", check.every);
    field(out, "timeout_seconds", check.timeout);
    object(out, "labels", check.labels);
    out.field("fresh", snapshot.fresh);
    optional(out, "last_run", memory.last_run);
    optional(out, "last_success", memory.last_success);
    field(out, "last_took_seconds", memory.last_took);
    failure(out, memory.failure, memory.failing_since);
    past_failure(out, memory.last_failure);
    out.key("failures_total").begin_object();
    for (std::size_t i = 0; i < memory.failures_total.size(); ++i)
        out.field(core::Names<core::FailureKind>::values[i], memory.failures_total[i]);
    out.end_object();
    out.key("subjects").begin_array();
    std::size_t i = 0;
    for (const auto& [name, seen] : memory.subjects) {
        subject(out, name, i < snapshot.subject_assets.size() ? snapshot.subject_assets[i] : std::string{}, seen);
        ++i;
    }
    out.end_array();
    alert_list(out, snapshot.alerts, config);
    out.end_object();
}

void objectives(JsonWriter& out, const core::Objectives& promised) {
    out.key("objectives").begin_object();
    optional(out, "backup_every_seconds", promised.backup_every);
    optional(out, "rpo_seconds", promised.rpo);
    optional(out, "rto_seconds", promised.rto);
    optional(out, "retention_seconds", promised.retention);
    optional(out, "restore_test_every_seconds", promised.restore_test_every);
    optional(out, "pitr_window_seconds", promised.pitr_window);
    optional(out, "first_backup_within_seconds", promised.first_backup_within);
    optional(out, "encryption", promised.encryption);
    if (!promised.backups)
        out.field("backups", false);
    optional(out, "since", promised.since);
    out.end_object();
}

void verdict(JsonWriter& out, const core::Verdict& verdict) {
    out.key("verdict").begin_object();
    out.field("state", name_of(verdict.state));
    list(out, "reasons", verdict.reasons);
    optional(out, "recoverable_until", verdict.recoverable_until);
    optional(out, "proven_rto_seconds", verdict.proven_rto);
    optional(out, "proven_rpo_seconds", verdict.proven_rpo);
    if (verdict.proven_depth)
        out.field("proven_depth", name_of(*verdict.proven_depth));
    optional(out, "proven_at", verdict.proven_at);
    out.end_object();
}

void asset(JsonWriter& out, const core::AssetSnapshot& snapshot, const core::Config& config) {
    const core::Asset& asset = snapshot.asset;
    out.begin_object();
    out.field("name", asset.name).field("description", asset.description).field("class", asset.asset_class);
    object(out, "labels", asset.labels);
    objectives(out, asset.objectives);
    verdict(out, snapshot.verdict);
    list(out, "checks", snapshot.checks);
    out.key("due").begin_array();
    for (const core::ExerciseDue& due : snapshot.due) {
        out.begin_object().field("exercise", due.exercise);
        field(out, "due_at", due.due_at);
        out.end_object();
    }
    out.end_array();
    alert_list(out, snapshot.alerts, config);
    out.end_object();
}

template <class Enum, std::size_t N>
void counts(JsonWriter& out, std::string_view name, const std::array<std::uint64_t, N>& counted) {
    out.key(name).begin_object();
    for (std::size_t i = 0; i < N; ++i)
        out.field(core::Names<Enum>::values[i], counted[i]);
    out.end_object();
}

} // namespace

std::string status(const core::Snapshot& snapshot, const AgentFacts& facts) {
    JsonWriter out = begin(snapshot);
    out.field("status", name_of(snapshot.status)).field("sequence", snapshot.sequence);
    out.field("version", facts.version).field("instance", snapshot.config->instance);
    field(out, "started_at", facts.started_at);
    std::array<std::uint64_t, core::Names<core::VerdictState>::values.size()> verdicts{};
    snapshot.assets.for_each(
        [&](const core::AssetSnapshot& one) { ++verdicts[static_cast<std::size_t>(one.verdict.state)]; });
    std::uint64_t failing = 0;
    std::uint64_t never_run = 0;
    snapshot.checks.for_each([&](const core::CheckSnapshot& one) {
        failing += one.memory->failure ? 1 : 0;
        never_run += one.memory->last_run ? 0 : 1;
    });
    counts<core::VerdictState>(out, "assets", verdicts);
    out.key("checks").begin_object();
    out.field("total", std::uint64_t{snapshot.checks.size()}).field("failing", failing).field("never_run", never_run);
    out.end_object();
    std::array<std::uint64_t, core::Names<core::ScenarioState>::values.size()> states{};
    for (const auto& one : snapshot.scenarios)
        for (const core::ScenarioSnapshot::Group& each : one->groups)
            ++states[static_cast<std::size_t>(each.decision.state)];
    counts<core::ScenarioState>(out, "scenarios", states);
    out.key("alerts").begin_object();
    counts<core::Priority>(out, "pending", snapshot.alert_counts[0]);
    counts<core::Priority>(out, "firing", snapshot.alert_counts[1]);
    out.end_object();
    return end(out);
}

std::string assets(const core::Snapshot& snapshot) {
    JsonWriter out = begin(snapshot);
    out.key("assets").begin_array();
    snapshot.assets.for_each([&](const core::AssetSnapshot& one) { asset(out, one, *snapshot.config); });
    out.end_array();
    return end(out);
}

std::string checks(const core::Snapshot& snapshot) {
    JsonWriter out = begin(snapshot);
    out.key("checks").begin_array();
    snapshot.checks.for_each([&](const core::CheckSnapshot& one) { check(out, one, *snapshot.config); });
    out.end_array();
    return end(out);
}

std::string alerts(const core::Snapshot& snapshot, const AgentFacts& facts) {
    JsonWriter out = begin(snapshot);
    out.key("alerts").begin_array();
    for_each_alert(snapshot, facts, [&](const core::Alert& one) { alert(out, one, *snapshot.config); });
    out.end_array();
    return end(out);
}

} // namespace recoverd::exporters::api
