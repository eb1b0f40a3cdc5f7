// SPDX-License-Identifier: Apache-2.0
// What is asked. Where versions differ, a row is read as JSON (a column that does not exist is NULL) and a function
// that may be missing or forbidden is called by query_to_xml behind a look at the catalogue: a statement that fails
// every minute would fill the server's log.
#include "collectors/postgresql/parts.hpp"

#include <fmt/format.h>

namespace recoverd::collectors {

namespace {

// The snapshot is taken before the position is read, and a transaction's commit record is written before it leaves the
// snapshot: whatever has ended by `horizon` lies before `insert_position`. The txid_ functions exist in every version;
// pg_snapshot_ only since 13. A server with hundreds of open transactions has a long one, hence md5.
constexpr std::string_view kServer = R"(
SELECT pg_is_in_recovery() AS in_recovery,
       CASE WHEN length(txid_current_snapshot()::text) > 64 THEN md5(txid_current_snapshot()::text)
            ELSE txid_current_snapshot()::text END AS horizon,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() - '0/0'::pg_lsn END AS flush_position,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() - '0/0'::pg_lsn END AS insert_position,
       CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_flush_lsn()), 8) END AS timeline,
       pg_last_wal_receive_lsn() - '0/0'::pg_lsn AS receive_position,
       pg_last_wal_replay_lsn() - '0/0'::pg_lsn AS replay_position,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS replay_age,
       extract(epoch FROM clock_timestamp()) AS server_now,
       pg_size_bytes(current_setting('wal_segment_size')) AS segment_size,
       (SELECT timeline_id FROM pg_control_checkpoint()) AS checkpoint_timeline,
       (SELECT system_identifier FROM pg_control_system()) AS system_id,
       (SELECT setting <> '' FROM pg_settings WHERE name = 'primary_conninfo') AS streams,
       current_user AS "user",
       pg_has_role('pg_read_all_stats', 'USAGE') AS may_read_stats,
       pg_has_role('pg_read_all_settings', 'USAGE') AS may_read_settings,
       CASE WHEN to_regprocedure('pg_backup_start_time()') IS NOT NULL
            THEN query_to_xml('SELECT extract(epoch FROM pg_backup_start_time()) AS since', false, true, '')::text
            END AS exclusive_backup)";

// After kServer: a segment that ended before its flush position had its .ready file by then, so one without is done.
constexpr std::string_view kArchiver = R"(
SELECT current_setting('archive_mode') AS mode,
       (SELECT string_agg(setting, '') = '' FROM pg_settings
         WHERE name IN ('archive_command', 'archive_library')
           AND setting NOT IN ('(disabled)')) AS nothing_to_run,
       last_archived_wal, extract(epoch FROM last_archived_time) AS last_archived_time,
       last_failed_wal, extract(epoch FROM last_failed_time) AS last_failed_time, failed_count,
       CASE WHEN has_function_privilege(to_regprocedure('pg_ls_archive_statusdir()'), 'EXECUTE')
            THEN query_to_xml('SELECT count(*) AS count, min(name) AS first,
                                      extract(epoch FROM min(modification)) AS since
                                 FROM pg_ls_archive_statusdir() WHERE name ~ ''^[0-9A-F]{24}\.ready$''',
                              false, true, '')::text END AS waiting
  FROM pg_stat_archiver)";

constexpr std::string_view kFollowers = R"(
SELECT r.application_name, r.state, host(r.client_addr) AS address, s.slot_name,
       extract(epoch FROM r.replay_lag) AS replay_lag,
       CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
            ELSE pg_current_wal_lsn() END - r.replay_lsn AS behind
  FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid
 ORDER BY r.application_name, r.pid)";

constexpr std::string_view kReceiver = R"(
SELECT status, received_tli AS timeline, latest_end_lsn - '0/0'::pg_lsn AS upstream_position,
       extract(epoch FROM clock_timestamp() - last_msg_receipt_time) AS silent_for
  FROM pg_stat_wal_receiver)";

constexpr std::string_view kSlots = R"(
SELECT slot_name, active, to_jsonb(s) ->> 'wal_status' AS wal_status,
       to_jsonb(s) ->> 'invalidation_reason' AS invalidation_reason,
       CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
            ELSE pg_current_wal_lsn() END - restart_lsn AS retained
  FROM pg_replication_slots s WHERE NOT temporary ORDER BY slot_name)";

constexpr std::string_view kAges = R"(
SELECT max(age(datfrozenxid)) AS xid_age, max(mxid_age(datminmxid)) AS multixact_age FROM pg_database)";

constexpr std::string_view kChecksums = R"(
SELECT sum(failures) AS failures, extract(epoch FROM max(stats_reset)) AS reset,
       left(string_agg(name, ', ' ORDER BY name) FILTER (WHERE failures > 0), 200) AS databases,
       max(last) AS last
  FROM (SELECT coalesce(datname, 'shared objects') AS name, stats_reset, to_jsonb(d) ->> 'checksum_last_failure' AS last,
               (to_jsonb(d) ->> 'checksum_failures')::bigint AS failures
          FROM pg_stat_database d) per_database)";

} // namespace

std::vector<std::string> postgresql_statements(const PostgresqlExpected& expected) {
    // Names of settings are checked when the configuration is read: letters, digits, '_' and '.'.
    std::string names = "'fsync', 'full_page_writes', 'cluster_name', 'max_slot_wal_keep_size', "
                        "'recovery_min_apply_delay', 'wal_receiver_timeout'";
    for (const auto& [name, value] : expected.settings)
        names += fmt::format(", '{}'", name);
    return {std::string{kServer},
            std::string{kArchiver},
            std::string{kFollowers},
            std::string{kReceiver},
            std::string{kSlots},
            fmt::format("SELECT name, setting AS raw, current_setting(name) AS shown FROM pg_settings "
                        "WHERE name IN ({})",
                        names),
            std::string{kAges},
            std::string{kChecksums}};
}

} // namespace recoverd::collectors
