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
                       const Cursor& cursor, core::Time now) {
    std::vector<Step> steps{{What::position, 0, std::string{kPosition}}};
    for (std::size_t i = 0; i < facts.tables.size(); ++i)
        if (facts.tables[i].hindrance.empty())
            steps.push_back({What::table, i, count(facts.tables[i], is_hashed(expected, facts.tables[i].name))});
    if (facts.canary && facts.canary->hindrance.empty() &&
        (side == ValidationSide::primary || facts.server.in_recovery))
        steps.push_back({What::canary, 0,
                         fmt::format("SELECT coalesce(max(counter), 0) AS counter, "
                                     "extract(epoch FROM clock_timestamp() - max(written_at)) AS age FROM {}",
                                     facts.canary->quoted)});
    for (std::size_t i = 0; i < facts.indexes.size(); ++i)
        if (facts.indexes[i].hindrance.empty())
            steps.push_back({What::index, i,
                             fmt::format("SELECT {}.bt_index_check({}::oid::regclass)::text AS checked",
                                         facts.indexes[i].schema, facts.indexes[i].oid)});
    for (std::size_t i = 0; i < facts.keys.size(); ++i)
        if (facts.keys[i].hindrance.empty())
            steps.push_back(
                {What::orphans, i, orphans(expected, facts.keys[i], sample_of(expected, facts.keys[i], cursor, now))});
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
                                               const io::PgAnswer& facts, std::string_view cursor, core::Time now) {
    std::vector<std::string> statements;
    for (Step& step : plan(expected, side, read_facts(expected, side, facts), read_cursor(cursor), now))
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
