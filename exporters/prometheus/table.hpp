// SPDX-License-Identifier: Apache-2.0
// The one table of metrics: name, type, labels and help of every family, in the order of /metrics. The renderer, the
// reference and the tests read it; nobody spells a metric's name anywhere else.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace recoverd::exporters {

enum class MetricType : std::uint8_t { gauge, counter, histogram };

enum class MetricId : std::uint8_t {
    status,
    asset_info,
    asset_verdict,
    asset_recoverable_until,
    asset_rpo_objective,
    asset_rto_objective,
    asset_rto_actual,
    asset_retention_objective,
    backup_last_success,
    backup_last_end,
    backup_last_size,
    backup_last_stored,
    backup_last_duration,
    backup_oldest,
    backup_points,
    backup_running,
    backup_last_failure,
    backup_size_change,
    pitr_newest,
    pitr_oldest,
    pitr_pending,
    replication_lag,
    slot_retained,
    exercise_last,
    exercise_duration,
    exercise_due,
    exercise_depth,
    probe_success,
    probe_duration,
    certificate_not_after,
    scenario_active,
    scenario_unknown,
    scenario_start,
    outage_last_duration,
    scenario_rto_objective,
    scenario_rpo_objective,
    scenario_rpo_actual,
    scenario_readiness,
    assertion_state,
    measurement,
    finding,
    alert,
    alerts,
    threshold,
    check_info,
    check_success,
    check_last_run,
    check_last_success,
    check_interval,
    check_duration,
    check_failures,
    scheduler_lag,
    loop_lag,
    push_enabled,
    sends,
    push_last_success,
    store_size,
    store_errors,
    killed_children,
    clock_skew,
    config_reload_successful,
    config_reload_time,
    build_info,
    process_cpu,
    process_resident,
    process_virtual,
    process_start,
    process_open_fds,
    process_max_fds,
    process_threads,
};

inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(MetricId::process_threads) + 1;

struct Metric {
    MetricId id;
    /// With `_total` for counters.
    std::string_view name;
    MetricType type;
    /// What distinguishes its series, for the reference.
    std::string_view labels;
    /// Without backslash, quote and newline, so that it needs no escaping in either format.
    std::string_view help;
};

/// All of them, in the order of MetricId.
std::span<const Metric> metrics();
const Metric& metric(MetricId id);

} // namespace recoverd::exporters
