// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/table.hpp"

#include <array>

namespace recoverd::exporters {

namespace {

using enum MetricType;
using M = MetricId;

constexpr std::string_view kPoints = "asset, check, subject, method, backup_type";
constexpr std::string_view kSeries = "asset, check, subject, method";
constexpr std::string_view kSubject = "asset, check, subject";
/// The subject is the group of a scenario that is told apart by zone, node …
constexpr std::string_view kGroup = "scenario, subject";
constexpr std::string_view kCheck = "asset, check";

constexpr std::array<Metric, kMetricCount> kMetrics{{
    {M::status, "recoverd_status", gauge, "status", "The overall word; 1 for the one that holds."},
    {M::asset_info, "recoverd_asset_info", gauge, "asset, class, configured labels",
     "Always 1; carries an asset's labels, to join."},
    {M::asset_verdict, "recoverd_asset_verdict", gauge, "asset, verdict",
     "Could it be recovered now? 1 for the verdict that holds."},
    {M::asset_recoverable_until, "recoverd_asset_recoverable_until_timestamp_seconds", gauge, "asset",
     "The newest moment one could go back to; time() minus this is what would be lost now."},
    {M::asset_rpo_objective, "recoverd_asset_rpo_objective_seconds", gauge, "asset",
     "How much may be lost, as promised."},
    {M::asset_rto_objective, "recoverd_asset_rto_objective_seconds", gauge, "asset",
     "How long recovery may take, as promised."},
    {M::asset_rto_actual, "recoverd_asset_rto_actual_seconds", gauge, "asset",
     "How long recovery took in the last good proof."},
    {M::asset_retention_objective, "recoverd_asset_retention_objective_seconds", gauge, "asset",
     "How far back one must be able to go, as promised."},
    {M::backup_last_success, "recoverd_backup_last_success_timestamp_seconds", gauge, kPoints,
     "The moment the data of the newest good recovery point is of."},
    {M::backup_last_end, "recoverd_backup_last_end_timestamp_seconds", gauge, kPoints,
     "When making the newest good recovery point ended."},
    {M::backup_last_size, "recoverd_backup_last_size_bytes", gauge, kPoints,
     "What was backed up, before compression and deduplication."},
    {M::backup_last_stored, "recoverd_backup_last_stored_bytes", gauge, kPoints,
     "What the newest good recovery point takes where it is kept."},
    {M::backup_last_duration, "recoverd_backup_last_duration_seconds", gauge, kPoints,
     "How long making the newest good recovery point took."},
    {M::backup_oldest, "recoverd_backup_oldest_timestamp_seconds", gauge, kSeries,
     "The moment the data of the oldest good recovery point is of."},
    {M::backup_points, "recoverd_backup_points", gauge, kSeries, "Recovery points that are kept."},
    {M::backup_running, "recoverd_backup_running", gauge, kSeries,
     "Backup jobs running; absent where the source does not tell."},
    {M::backup_last_failure, "recoverd_backup_last_failure_timestamp_seconds", gauge, kSubject,
     "When a backup job last ended without a recovery point."},
    {M::backup_size_change, "recoverd_backup_size_change_ratio", gauge, kPoints,
     "Newest logical size against the median of its comparable predecessors; -0.9 is 90 percent less."},
    {M::pitr_newest, "recoverd_pitr_newest_timestamp_seconds", gauge, kSubject,
     "The newest moment of the continuous window; the time of looking when nothing is waiting."},
    {M::pitr_oldest, "recoverd_pitr_oldest_timestamp_seconds", gauge, kSubject,
     "The oldest moment of the continuous window."},
    {M::pitr_pending, "recoverd_pitr_pending_bytes", gauge, kSubject, "Written and not yet safe."},
    {M::replication_lag, "recoverd_replication_lag_seconds", gauge, kSubject, "How far a follower is behind."},
    {M::slot_retained, "recoverd_replication_slot_retained_bytes", gauge, kSubject,
     "What a replication slot holds back."},
    {M::exercise_last, "recoverd_exercise_last_timestamp_seconds", gauge, "asset, exercise, outcome",
     "When an exercise last had this outcome."},
    {M::exercise_duration, "recoverd_exercise_last_duration_seconds", gauge, "asset, exercise",
     "How long the last exercise that ended took."},
    {M::exercise_due, "recoverd_exercise_due_timestamp_seconds", gauge, "asset, exercise",
     "By when the next passed one is due."},
    {M::exercise_depth, "recoverd_exercise_depth", gauge, "asset, exercise, depth",
     "How deep the proof of the last passed one went; 1 for the depth that it reached."},
    {M::probe_success, "recoverd_probe_success", gauge, "asset, check, subject, target",
     "1 when it answered, slow or partly wrong included; 0 when it is down."},
    {M::probe_duration, "recoverd_probe_duration_seconds", gauge, "asset, check, subject, target",
     "How long the answer took."},
    {M::certificate_not_after, "recoverd_certificate_not_after_timestamp_seconds", gauge,
     "asset, check, subject, target", "When the certificate that was shown expires."},
    {M::scenario_active, "recoverd_scenario_active", gauge, kGroup,
     "Does it hold? An outage that cannot be seen any more goes on; absent while nothing could be told yet."},
    {M::scenario_unknown, "recoverd_scenario_unknown", gauge, kGroup, "Is too little known to tell whether it holds?"},
    {M::scenario_start, "recoverd_scenario_start_timestamp_seconds", gauge, kGroup,
     "When the outage that goes on began."},
    {M::outage_last_duration, "recoverd_outage_last_duration_seconds", gauge, kGroup,
     "How long the last outage that ended took: the measured recovery time."},
    {M::scenario_rto_objective, "recoverd_scenario_rto_objective_seconds", gauge, "scenario",
     "How long it may last, as promised."},
    {M::scenario_rpo_objective, "recoverd_scenario_rpo_objective_seconds", gauge, "scenario",
     "How much may be lost by it, as promised."},
    {M::scenario_rpo_actual, "recoverd_scenario_rpo_actual_seconds", gauge, "scenario",
     "What the outage that goes on, or else the last one, lost of what had been confirmed, as its canary tells."},
    {M::scenario_readiness, "recoverd_scenario_readiness", gauge, "scenario, verdict",
     "Could all that must be recoverable from it be recovered now? 1 for the verdict that holds."},
    {M::assertion_state, "recoverd_assertion_state", gauge, "asset, check, subject, assertion, state",
     "Does an expectation hold? 1 for the answer: holds, fails or unknown."},
    {M::measurement, "recoverd_measurement", gauge, "asset, check, subject, measurement, unit",
     "A number that a check brought, in its unit."},
    {M::finding, "recoverd_finding", gauge, "asset, check, subject, rule, priority, identity",
     "Always 1; what a rule finds wrong right now, fired or not."},
    {M::alert, "recoverd_alert", gauge, "alertname, state, the labels of the alert",
     "Always 1; alerts that are pending or firing."},
    {M::alerts, "recoverd_alerts", gauge, "priority, state", "How many alerts are pending and firing."},
    {M::threshold, "recoverd_threshold_seconds", gauge, "asset, check, rule",
     "From where on a rule about time finds a check's evidence bad; absent where that depends on what was seen."},
    {M::check_info, "recoverd_check_info", gauge, "check, asset, collector, configured labels",
     "Always 1; carries labels of a check, to join."},
    {M::check_success, "recoverd_check_success", gauge, kCheck, "Did the last run learn what it should?"},
    {M::check_last_run, "recoverd_check_last_run_timestamp_seconds", gauge, kCheck, "When the last run ended."},
    {M::check_last_success, "recoverd_check_last_success_timestamp_seconds", gauge, kCheck,
     "When a run last learned something."},
    {M::check_interval, "recoverd_check_interval_seconds", gauge, kCheck, "How often it runs."},
    {M::check_duration, "recoverd_check_duration_seconds", gauge, kCheck, "How long the last run took."},
    {M::check_failures, "recoverd_check_failures_total", counter, "asset, check, failure",
     "Runs that learned nothing, by cause; absent until the first one."},
    {M::scheduler_lag, "recoverd_scheduler_lag_seconds", histogram, "", "How late checks begin."},
    {M::loop_lag, "recoverd_loop_lag_seconds", histogram, "", "How late the event loop wakes."},
    {M::push_enabled, "recoverd_alertmanager_push_enabled", gauge, "", "Does the agent itself push its alerts?"},
    {M::sends, "recoverd_alertmanager_sends_total", counter, "url, outcome",
     "Batches sent to an Alertmanager, by outcome."},
    {M::push_last_success, "recoverd_alertmanager_last_success_timestamp_seconds", gauge, "url",
     "When an Alertmanager last took everything."},
    {M::store_size, "recoverd_store_size_bytes", gauge, "", "What the state takes on disk."},
    {M::store_errors, "recoverd_store_errors_total", counter, "", "Writes of state that failed."},
    {M::killed_children, "recoverd_killed_children", gauge, "",
     "Programs of checks that were killed and have not died, as in a file system that hangs."},
    {M::clock_skew, "recoverd_clock_skew_seconds", gauge, "",
     "How far the wall clock has moved against the one that never jumps."},
    {M::config_reload_successful, "recoverd_config_last_reload_successful", gauge, "",
     "Was the last configuration accepted?"},
    {M::config_reload_time, "recoverd_config_last_reload_success_timestamp_seconds", gauge, "",
     "When a configuration was last accepted."},
    {M::build_info, "recoverd_build_info", gauge, "version, revision, compiler", "Always 1; which build this is."},
    {M::process_cpu, "process_cpu_seconds_total", counter, "", "User and system CPU time spent."},
    {M::process_resident, "process_resident_memory_bytes", gauge, "", "Resident memory size."},
    {M::process_virtual, "process_virtual_memory_bytes", gauge, "", "Virtual memory size."},
    {M::process_start, "process_start_time_seconds", gauge, "", "When the process started, since the epoch."},
    {M::process_open_fds, "process_open_fds", gauge, "", "Open file descriptors."},
    {M::process_max_fds, "process_max_fds", gauge, "", "Most file descriptors that may be open."},
    {M::process_threads, "process_threads", gauge, "", "Threads."},
}};

consteval bool in_order() {
    for (std::size_t i = 0; i < kMetrics.size(); ++i)
        if (static_cast<std::size_t>(kMetrics[i].id) != i)
            return false;
    return true;
}
static_assert(in_order());

} // namespace

std::span<const Metric> metrics() { return kMetrics; }
const Metric& metric(MetricId id) { return kMetrics[static_cast<std::size_t>(id)]; }

} // namespace recoverd::exporters
