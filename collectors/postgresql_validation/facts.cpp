// SPDX-License-Identifier: Apache-2.0
// What is there, and why something is not read. A hindrance ends as an assertion that is unknown, in these words.
#include "collectors/postgresql_validation/parts.hpp"

#include "io/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors::validation {

namespace {

std::string said(const Row& row, std::string_view column) { return row.text(column).value_or(""); }

std::string hidden_rows(const Server& server) {
    return fmt::format("row security hides rows of it from {0}, or may; ALTER ROLE {0} BYPASSRLS", server.user);
}

Server read_server(const io::PgAnswer& answer) {
    const Row row = only_row(answer.tables.at(server_table), "server");
    return {.in_recovery = row.flag("in_recovery").value_or(false),
            .system_id = said(row, "system_id"),
            .started = said(row, "started"),
            .user = said(row, "user"),
            .checksums = row.text("checksums") == "on",
            .replayed = row.natural("replayed"),
            .block_size = std::max<std::uint64_t>(1, row.natural("block_size").value_or(1)),
            .version = answer.server_version / 10'000};
}

/// The row of one object, or `hindrance` says why there is none.
std::optional<Row> object_row(const io::PgTable& table, std::string_view what, std::string& hindrance) {
    if (!table.error.empty())
        hindrance = table.error;
    else if (table.rows.empty())
        hindrance = fmt::format("there is no such {}", what);
    else
        return only_row(table, what);
    return std::nullopt;
}

TableFacts read_table(const ValidationExpected& expected, const Server& server, std::string name,
                      const io::PgTable& table) {
    TableFacts facts{.name = std::move(name)};
    const auto row = object_row(table, "table", facts.hindrance);
    if (!row)
        return facts;
    facts.quoted = said(*row, "quoted");
    facts.bytes = row->natural("bytes").value_or(0);
    const std::string kind = said(*row, "relkind");
    if (kind != "r" && kind != "p" && kind != "m")
        facts.hindrance = "it is no table";
    else if (!row->flag("may_read").value_or(false))
        facts.hindrance = fmt::format("{0} may not read it; GRANT SELECT ON {1} TO {0}, and USAGE on its schema",
                                      server.user, facts.quoted);
    else if (row->flag("row_security").value_or(true))
        facts.hindrance = hidden_rows(server);
    else
        facts.hindrance = beyond(facts.bytes, expected);
    return facts;
}

KeyFacts read_key(const Server& server, std::string name, const io::PgTable& table) {
    KeyFacts facts{.name = std::move(name)};
    const auto row = object_row(table, "constraint", facts.hindrance);
    if (!row)
        return facts;
    facts.child = said(*row, "child");
    facts.parent = said(*row, "parent");
    facts.same = said(*row, "same");
    facts.bound = said(*row, "bound");
    facts.validated = row->flag("convalidated").value_or(false);
    facts.rows = row->number("rows").value_or(0);
    facts.bytes = row->natural("bytes").value_or(0);
    // Never analysed: a hundred bytes a row is on the low side, so the sample is no larger than asked for.
    if (facts.rows <= 0)
        facts.rows = static_cast<double>(facts.bytes) / 100;
    if (said(*row, "contype") != "f" || facts.same.empty() || facts.bound.empty())
        facts.hindrance = "it is no foreign key";
    else if (!row->flag("may_read").value_or(false))
        facts.hindrance = fmt::format("{0} may not read both tables; GRANT SELECT ON {1}, {2} TO {0}", server.user,
                                      facts.child, facts.parent);
    else if (row->flag("row_security").value_or(true))
        facts.hindrance = hidden_rows(server);
    return facts;
}

CanaryFacts read_canary(ValidationSide side, const Server& server, const io::PgTable& table) {
    const bool writes = side == ValidationSide::own && !server.in_recovery;
    const Row row = only_row(table, "canary");
    CanaryFacts facts{.quoted = said(row, "quoted")};
    facts.there = row.flag("table_there").value_or(false);
    if (!facts.there)
        facts.hindrance = fmt::format("there is no table {}; `recoverd collectors postgresql_validation` says how to "
                                      "make it",
                                      facts.quoted);
    else if (!row.flag("may_read").value_or(false) || (writes && !row.flag("may_write").value_or(false)))
        facts.hindrance = fmt::format("{0} may not; GRANT SELECT{2} ON {1} TO {0}, and USAGE on its schema",
                                      server.user, facts.quoted, writes ? ", INSERT, UPDATE" : "");
    return facts;
}

} // namespace

std::string in_mib(std::uint64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(1U << 20U));
}

std::string beyond(std::uint64_t bytes, const ValidationExpected& expected) {
    if (bytes <= expected.budget)
        return "";
    return fmt::format("it takes {}, and the budget for reading one is {}; raise `budget`, or leave it out",
                       in_mib(bytes), in_mib(expected.budget));
}

Facts read_facts(const ValidationExpected& expected, ValidationSide side, const io::PgAnswer& answer) {
    const auto tables = all_tables(expected);
    const bool own = side == ValidationSide::own;
    const std::size_t wanted =
        first_object_table + tables.size() + (own ? expected.amcheck.size() + expected.foreign_keys.size() : 0);
    if (answer.tables.size() != wanted)
        throw io::BadDocument(fmt::format("expected {} tables, found {}", wanted, answer.tables.size()));
    Facts facts;
    facts.server = read_server(answer);
    if (!expected.canary.empty())
        facts.canary = read_canary(side, facts.server, answer.tables[canary_table]);
    std::size_t at = first_object_table;
    for (const std::string& name : tables)
        facts.tables.push_back(read_table(expected, facts.server, name, answer.tables[at++]));
    if (!own)
        return facts;
    for (const std::string& name : expected.amcheck)
        read_relation(expected, name, answer.tables[at++], facts);
    for (const std::string& name : expected.foreign_keys)
        facts.keys.push_back(read_key(facts.server, name, answer.tables[at++]));
    return facts;
}

} // namespace recoverd::collectors::validation
