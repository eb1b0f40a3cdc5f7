// SPDX-License-Identifier: Apache-2.0
// The first round: catalogues only, and no statement of it fails for a role that may do nothing. Names of the
// configuration are looked up as text, and what is put into a statement later is quoted by the server itself.
#include "collectors/postgresql_validation/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace validation {

std::string literal(std::string_view text) {
    std::string made = text.contains('\\') ? " E'" : "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            made += c;
        made += c;
    }
    return made + "'";
}

std::vector<std::string> parts_of(std::string_view name) {
    std::vector<std::string> parts;
    for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
        parts.emplace_back(name.substr(0, dot));
        name.remove_prefix(dot + 1);
    }
    parts.emplace_back(name);
    return parts;
}

std::vector<std::string> all_tables(const ValidationExpected& expected) {
    std::vector<std::string> all;
    for (const auto* names : {&expected.tables, &expected.hashed, &expected.frozen})
        for (const std::string& name : *names)
            if (std::ranges::find(all, name) == all.end())
                all.push_back(name);
    return all;
}

bool is_hashed(const ValidationExpected& expected, std::string_view table) {
    return std::ranges::find(expected.hashed, table) != expected.hashed.end() ||
           std::ranges::find(expected.frozen, table) != expected.frozen.end();
}

} // namespace validation

namespace {

using namespace validation;

constexpr std::string_view kServer = R"(
SELECT pg_is_in_recovery() AS in_recovery, (SELECT system_identifier FROM pg_control_system()) AS system_id,
       extract(epoch FROM pg_postmaster_start_time()) AS started, current_user AS "user",
       current_setting('data_checksums') AS checksums, current_setting('block_size') AS block_size,
       pg_last_wal_replay_lsn() - '0/0'::pg_lsn AS replayed)";

// Of all databases and of what they share (datid 0), since nobody else looks there. Older than 12: NULL.
constexpr std::string_view kChecksums = R"(
SELECT sum(failures) AS failures, extract(epoch FROM max(stats_reset)) AS reset, max(last) AS last,
       left(string_agg(name, ', ' ORDER BY name) FILTER (WHERE failures > 0), 200) AS databases
  FROM (SELECT coalesce(datname, 'shared objects') AS name, stats_reset, to_jsonb(d) ->> 'checksum_last_failure' AS last,
               (to_jsonb(d) ->> 'checksum_failures')::bigint AS failures
          FROM pg_stat_database d) per_database)";

// Of this database. A trigger that somebody disabled lets orphans in under a constraint that calls itself valid.
constexpr std::string_view kKeys = R"(
SELECT (SELECT left(string_agg(name, ', ' ORDER BY name), 300) FROM keys WHERE NOT convalidated) AS not_valid,
       (SELECT left(string_agg(DISTINCT name, ', ' ORDER BY name), 300) FROM keys
         WHERE EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgconstraint = keys.oid AND t.tgenabled IN ('D', 'R')))
       AS disabled)";
constexpr std::string_view kWithKeys = R"(
WITH keys AS (SELECT k.oid, k.convalidated, format('%s.%s.%s', n.nspname, c.relname, k.conname) AS name
                FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE k.contype = 'f'))";

std::string canary_facts(const std::string& schema) {
    return fmt::format(R"(
SELECT format('%I.canary', {0}::text) AS quoted, n.oid IS NOT NULL AS schema_there, c.oid IS NOT NULL AS table_there,
       coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), false) AS may_read,
       coalesce(has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE'), false) AS may_write
  FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = {0}
  LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'canary' AND c.relkind IN ('r', 'p'))",
                       literal(schema));
}

// Partitions and children are read with their parent, and count into its size.
constexpr std::string_view kSize = R"(
(WITH RECURSIVE tree(oid) AS (SELECT c.oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid)
 SELECT sum(pg_table_size(tree.oid)) FROM tree))";

std::string table_facts(const std::string& name) {
    const auto parts = parts_of(name);
    return fmt::format(R"(
SELECT c.relkind, format('%I.%I', n.nspname, c.relname) AS quoted, row_security_active(c.oid) AS row_security,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read, {} AS bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = {} AND c.relname = {})",
                       kSize, literal(parts.at(0)), literal(parts.at(1)));
}

// The relation itself stands first; then, of a table, its TOAST table and the indexes of both. verify_heapam is there
// since amcheck 1.3 (PostgreSQL 14), and counts its six arguments that are no results.
std::string relation_facts(const std::string& name) {
    const auto parts = parts_of(name);
    return fmt::format(R"(
WITH target AS (SELECT c.oid, c.reltoastrelid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = {} AND c.relname = {}),
     heaps AS (SELECT oid FROM target UNION ALL SELECT reltoastrelid FROM target WHERE reltoastrelid <> 0),
     parts AS (SELECT oid FROM heaps
               UNION ALL SELECT i.indexrelid FROM pg_index i JOIN heaps ON heaps.oid = i.indrelid),
     amcheck AS (SELECT format('%I', s.nspname) AS schema, has_schema_privilege(s.oid, 'USAGE') AS may_use,
                        (SELECT has_function_privilege(p.oid, 'EXECUTE') FROM pg_proc p WHERE p.pronamespace = s.oid
                          AND p.proname = 'bt_index_check' AND p.pronargs = 1) AS may_check,
                        (SELECT has_function_privilege(p.oid, 'EXECUTE') FROM pg_proc p WHERE p.pronamespace = s.oid
                          AND p.proname = 'verify_heapam' AND p.pronargs = 6) AS may_verify
                   FROM pg_extension e JOIN pg_namespace s ON s.oid = e.extnamespace WHERE e.extname = 'amcheck')
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind, c.relpersistence AS persistence,
       am.amname AS method, i.indisvalid AND i.indisready AS valid, pg_relation_size(c.oid) AS bytes, a.schema,
       coalesce(a.may_use AND a.may_check, false) AS may_check, a.may_verify IS NOT NULL AS verifies,
       coalesce(a.may_use AND a.may_verify, false) AS may_verify
  FROM parts JOIN pg_class c ON c.oid = parts.oid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_am am ON am.oid = c.relam LEFT JOIN amcheck a ON true
 ORDER BY c.oid <> (SELECT oid FROM target), c.relkind = 'i', c.relname)",
                       literal(parts.at(0)), literal(parts.at(1)));
}

// The operators are the constraint's own: `=` of a type like citext is not that of pg_catalog.
std::string key_facts(const std::string& name) {
    const auto parts = parts_of(name);
    return fmt::format(R"(
SELECT k.contype, k.convalidated, format('%I.%I', n.nspname, c.relname) AS child,
       format('%I.%I', pn.nspname, pc.relname) AS parent, greatest(c.reltuples, 0) AS rows, {} AS bytes,
       row_security_active(c.oid) OR row_security_active(pc.oid) AS row_security,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
       AND has_schema_privilege(pn.oid, 'USAGE') AND has_table_privilege(pc.oid, 'SELECT') AS may_read,
       (SELECT string_agg(format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, os.nspname, o.oprname, ca.attname), ' AND ')
          FROM unnest(k.conkey, k.confkey, k.conpfeqop) AS x(ck, pk, op)
          JOIN pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = x.ck
          JOIN pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = x.pk
          JOIN pg_operator o ON o.oid = x.op JOIN pg_namespace os ON os.oid = o.oprnamespace) AS same,
       (SELECT string_agg(format('c.%I IS NOT NULL', ca.attname),
                          CASE WHEN k.confmatchtype = 'f' THEN ' OR ' ELSE ' AND ' END)
          FROM pg_attribute ca WHERE ca.attrelid = k.conrelid AND ca.attnum = ANY (k.conkey)) AS bound
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_class pc ON pc.oid = k.confrelid LEFT JOIN pg_namespace pn ON pn.oid = pc.relnamespace
 WHERE n.nspname = {} AND c.relname = {} AND k.conname = {})",
                       kSize, literal(parts.at(0)), literal(parts.at(1)), literal(parts.at(2)));
}

} // namespace

std::vector<std::string> validation_facts(const ValidationExpected& expected, ValidationSide side) {
    std::vector<std::string> statements{std::string{kServer}, std::string{kChecksums},
                                        fmt::format("{}{}", kWithKeys, kKeys), canary_facts(expected.canary)};
    for (const std::string& name : all_tables(expected))
        statements.push_back(table_facts(name));
    if (side == ValidationSide::primary)
        return statements;
    for (const std::string& name : expected.amcheck)
        statements.push_back(relation_facts(name));
    for (const std::string& name : expected.foreign_keys)
        statements.push_back(key_facts(name));
    return statements;
}

} // namespace recoverd::collectors
