// SPDX-License-Identifier: Apache-2.0
// The second round: what the facts showed to be possible, in one snapshot. Whatever stands in these statements was
// quoted by the server that they go to.
#include "collectors/postgresql_validation/parts.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace validation {

namespace {

// After the snapshot was taken, and a commit's record is written before it shows: all that it sees lies before.
constexpr std::string_view kPosition = R"(
SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() - '0/0'::pg_lsn END AS written)";

// A sum does not mind the order of rows, and unlike an exclusive or it counts those that are there twice. Every
// transaction that inserts, updates or deletes a row changes `stamp`, on this one server.
std::string count(const TableFacts& table, bool hashed) {
    return fmt::format("SELECT count(*) AS rows, coalesce(sum(r.xmin::text::bigint), 0)::text AS stamp, {} AS hash "
                       "FROM {} AS r",
                       hashed ? "lpad(to_hex(mod(coalesce(sum(('x' || "
                                "left(encode(sha256(convert_to((r.*)::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), "
                                "0), 1152921504606846976)::bigint), 15, '0')"
                              : "NULL::text",
                       table.quoted);
}

std::string orphans(const ValidationExpected& expected, const KeyFacts& key, const Cursor::Sample& sample) {
    const std::string some =
        sample.percent < 100 ? fmt::format("TABLESAMPLE SYSTEM ({:.6f}) REPEATABLE ({})", sample.percent, sample.seed)
                             : std::string{};
    return fmt::format("SELECT count(*) AS looked, "
                       "count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})) AS orphans "
                       "FROM (SELECT * FROM {} AS c {} WHERE {} LIMIT {}) AS c",
                       key.parent, key.same, key.child, some, key.bound, expected.max_rows);
}

// Stops behind the first page on which something is wrong, so that what a whole damaged file would be told of is not
// made. TOAST pointers are not followed: how much that reads no range of blocks bounds, and the manual says that it may
// crash a server whose TOAST table is damaged (PostgreSQL 15, F.2.1); the TOAST table's own pages are gone through
// instead. A table that shrank since the first round is no error.
std::string heap_check(const PartFacts& part, const Item& item, std::uint64_t block_size) {
    const std::uint64_t last = item.first_block + std::max<std::uint64_t>(1, item.blocks) - 1;
    return fmt::format("SELECT count(*) AS failed, left((array_agg(format('block %s%s%s: %s', v.blkno, "
                       "', offset ' || v.offnum::text, ', attribute ' || v.attnum::text, v.msg) "
                       "ORDER BY v.blkno, v.offnum, v.attnum))[1], 300) AS first "
                       "FROM {0}.verify_heapam({1}::oid::regclass, true, false, 'none', {2}, "
                       "least({3}, pg_relation_size({1}::oid::regclass) / {4} - 1)) AS v",
                       part.schema, part.oid, item.first_block, last, block_size);
}

std::string index_check(const PartFacts& part) {
    return fmt::format("SELECT {}.bt_index_check({}::oid::regclass)::text AS checked", part.schema, part.oid);
}

/// Nothing where the other server has a reason not to be read.
std::string statement_of(const ValidationExpected& expected, const Facts& facts, const Item& item, const Cursor& cursor,
                         core::Time now) {
    switch (item.what) {
    case What::table: {
        const TableFacts& table = facts.tables.at(item.at);
        return table.hindrance.empty() ? count(table, is_hashed(expected, table.name)) : "";
    }
    case What::part: {
        const PartFacts& part = facts.parts.at(item.at);
        return part.heap ? heap_check(part, item, facts.server.block_size) : index_check(part);
    }
    case What::orphans: {
        const KeyFacts& key = facts.keys.at(item.at);
        return orphans(expected, key, sample_of(expected, key, cursor, now));
    }
    case What::position:
    case What::canary:
        break;
    }
    return "";
}

} // namespace

Cursor::Sample sample_of(const ValidationExpected& expected, const KeyFacts& key, const Cursor& cursor,
                         core::Time now) {
    const auto known = cursor.samples.find(key.name);
    if (known != cursor.samples.end())
        return known->second;
    const double share = static_cast<double>(expected.max_rows) / std::max(1.0, key.rows);
    return {.seed =
                static_cast<std::uint64_t>(std::max<core::Duration::rep>(0, now.time_since_epoch().count() / 1000)) %
                1'000'000'000,
            .percent = share >= 1 ? 100 : std::max(1e-6, 100 * share)};
}

std::vector<Step> plan(const ValidationExpected& expected, ValidationSide side, const Facts& facts,
                       const std::vector<Item>& turns, const Cursor& cursor, core::Time now) {
    std::vector<Step> steps{{What::position, 0, std::string{kPosition}}};
    if (facts.canary && facts.canary->hindrance.empty() &&
        (side == ValidationSide::primary || facts.server.in_recovery))
        steps.push_back({What::canary, 0,
                         fmt::format("SELECT coalesce(max(counter), 0) AS counter, "
                                     "extract(epoch FROM clock_timestamp() - max(written_at)) AS age FROM {}",
                                     facts.canary->quoted)});
    for (const Item& item : turns) {
        if (item.reach == Reach::none || (side == ValidationSide::primary && item.what != What::table))
            continue;
        if (std::string sql = statement_of(expected, facts, item, cursor, now); !sql.empty())
            steps.push_back({item.what, item.at, std::move(sql)});
    }
    return steps;
}

Answer answer_of(const std::vector<Step>& steps, const core::Result<io::PgAnswer>& answers, What what, std::size_t at) {
    if (!answers)
        return {{}, {}, answers.error().detail.substr(0, answers.error().detail.find('\n'))};
    if (answers->tables.size() != steps.size())
        throw io::BadDocument(fmt::format("expected {} tables, found {}", steps.size(), answers->tables.size()));
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].what != what || steps[i].at != at)
            continue;
        const io::PgTable& table = answers->tables[i];
        if (!table.error.empty())
            return {{}, table.sqlstate, table.error};
        return {only_row(table, "answer"), {}, {}};
    }
    return {{}, {}, "not asked"};
}

} // namespace validation

using namespace validation;

std::vector<std::string> validation_statements(const ValidationExpected& expected, ValidationSide side,
                                               const ValidationLooked& looked, std::string_view cursor_text,
                                               core::Time now) {
    const Facts ours = read_facts(expected, ValidationSide::own, looked.facts);
    const Cursor cursor = cursor_of(cursor_text, ours.server);
    const std::optional<Facts> theirs = facts_of_primary(expected, looked);
    std::vector<std::string> statements;
    if (side == ValidationSide::primary && !theirs)
        return statements;
    const std::vector<Item> turns = take_turns(expected, ours, theirs, cursor, now);
    for (Step& step : plan(expected, side, side == ValidationSide::own ? ours : *theirs, turns, cursor, now))
        statements.push_back(std::move(step.sql));
    return statements;
}

std::optional<std::uint64_t> written_until(const io::PgAnswer& answer) {
    if (answer.tables.empty() || !answer.tables.front().error.empty())
        return std::nullopt;
    return only_row(answer.tables.front(), "position").natural("written");
}

std::optional<std::uint64_t> replayed_until(const io::PgAnswer& facts) {
    if (facts.tables.empty())
        throw io::BadDocument("expected facts, found none");
    const Row row = only_row(facts.tables.front(), "server");
    return row.flag("in_recovery").value_or(false) ? row.natural("replayed") : std::nullopt;
}

} // namespace recoverd::collectors
