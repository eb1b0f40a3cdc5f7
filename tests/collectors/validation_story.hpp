// SPDX-License-Identifier: Apache-2.0
// Servers that answer what postgresql_validation asks, well until a test says otherwise.
#pragma once

#include "collectors/postgresql_validation.hpp"
#include "core/assertion.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <string>

namespace recoverd::test {

using Cell = std::optional<std::string>;

inline io::PgTable one_row(std::vector<std::pair<std::string, Cell>> cells) {
    io::PgTable table;
    table.rows.emplace_back();
    for (auto& [column, value] : cells) {
        table.columns.push_back(column);
        table.rows[0].push_back(value);
    }
    return table;
}

/// What the catalogue says of one relation that amcheck goes through.
inline io::PgTable relation(std::string oid, std::string name, std::string kind, std::string method) {
    return one_row({{"oid", std::move(oid)},
                    {"name", std::move(name)},
                    {"relkind", std::move(kind)},
                    {"persistence", "p"},
                    {"method", std::move(method)},
                    {"valid", "t"},
                    {"bytes", "8192"},
                    {"schema", "public"},
                    {"may_check", "t"},
                    {"verifies", "t"},
                    {"may_verify", "t"}});
}

/// One server: its catalogues, and what it counts.
struct Validated {
    io::PgAnswer first;
    std::uint64_t rows = 100;
    std::string stamp = "1";
    std::string hash = "a";
    /// Is its second round about a constraint, or about the canary?
    bool orphans = false;

    Cell& cell(std::size_t table, std::string_view column) {
        const int at = first.tables.at(table).column(column);
        REQUIRE(at >= 0);
        return first.tables[table].rows.at(0).at(static_cast<std::size_t>(at));
    }
    /// What it answers to one statement of the second round instead: at first, that nothing is amiss.
    io::PgTable& second(std::size_t at) {
        return changed_
            .try_emplace(at, one_row({{orphans ? "looked" : "counter", "10"}, {orphans ? "orphans" : "age", "0"}}))
            .first->second;
    }
    io::PgAnswer answer(const std::vector<std::string>& statements) const {
        io::PgAnswer made;
        for (std::size_t i = 0; i < statements.size(); ++i) {
            if (const auto changed = changed_.find(i); changed != changed_.end())
                made.tables.push_back(changed->second);
            else if (statements[i].contains("AS written"))
                made.tables.push_back(one_row({{"written", "1000"}}));
            else if (statements[i].contains("AS stamp"))
                made.tables.push_back(one_row({{"rows", std::to_string(rows)}, {"stamp", stamp}, {"hash", hash}}));
            else if (statements[i].contains("verify_heapam"))
                made.tables.push_back(one_row({{"failed", "0"}, {"first", Cell{}}}));
            else if (statements[i].contains("bt_index_check"))
                made.tables.push_back(one_row({{"checked", ""}}));
            else if (statements[i].contains("AS orphans"))
                made.tables.push_back(one_row({{"looked", "10"}, {"orphans", "0"}}));
            else
                made.tables.push_back(one_row({{"counter", "7"}, {"age", "1"}}));
        }
        return made;
    }

  private:
    std::map<std::size_t, io::PgTable> changed_;
};

inline Validated validated(const collectors::ValidationExpected& expected, bool own) {
    Validated server;
    server.orphans = !expected.foreign_keys.empty();
    server.first.server_version = 150006;
    auto& tables = server.first.tables;
    tables.push_back(one_row({{"in_recovery", "f"},
                              {"system_id", "7"},
                              {"started", own ? "100" : "200"},
                              {"user", "recoverd"},
                              {"checksums", "on"},
                              {"block_size", "8192"},
                              {"replayed", Cell{}}}));
    tables.push_back(one_row({{"failures", "0"}, {"reset", Cell{}}, {"last", Cell{}}, {"databases", Cell{}}}));
    tables.push_back(one_row({{"not_valid", Cell{}}, {"disabled", Cell{}}}));
    tables.push_back(
        one_row({{"quoted", "recoverd.canary"}, {"table_there", "t"}, {"may_read", "t"}, {"may_write", "t"}}));
    for (const auto* names : {&expected.tables, &expected.hashed, &expected.frozen})
        for (const std::string& name : *names)
            tables.push_back(one_row(
                {{"relkind", "r"}, {"quoted", name}, {"row_security", "f"}, {"may_read", "t"}, {"bytes", "8192"}}));
    for (std::size_t i = 0; own && i < expected.amcheck.size(); ++i)
        tables.push_back(relation("16384", expected.amcheck[i], "i", "btree"));
    for (std::size_t i = 0; own && i < expected.foreign_keys.size(); ++i)
        tables.push_back(one_row({{"contype", "f"},
                                  {"convalidated", "t"},
                                  {"child", "public.lines"},
                                  {"parent", "public.orders"},
                                  {"rows", "10"},
                                  {"bytes", "8192"},
                                  {"row_security", "f"},
                                  {"may_read", "t"},
                                  {"same", "p.id OPERATOR(pg_catalog.=) c.orders"},
                                  {"bound", "c.orders IS NOT NULL"}}));
    return server;
}

/// What was seen, by name.
struct Told {
    core::Seen seen;

    const core::Assertion* find(std::string_view subject, std::string_view name) const {
        for (const auto& report : seen.subjects)
            for (const auto& evidence : report.evidence)
                if (const auto* all = std::get_if<core::Assertions>(&evidence); all && report.subject == subject)
                    for (const auto& assertion : all->assertions)
                        if (assertion.name == name)
                            return &assertion;
        return nullptr;
    }
    bool has(std::string_view subject, std::string_view name) const { return find(subject, name); }
    core::Assertion assertion(std::string_view subject, std::string_view name) const {
        const core::Assertion* found = find(subject, name);
        INFO(subject << " " << name);
        REQUIRE(found);
        return *found;
    }
    core::AssertionState state(std::string_view subject, std::string_view name) const {
        return core::state_of(assertion(subject, name));
    }
    bool measures(std::string_view subject, std::string_view name) const { return value(subject, name).has_value(); }
    double measured(std::string_view subject, std::string_view name) const {
        const auto found = value(subject, name);
        INFO(subject << " " << name);
        REQUIRE(found);
        return *found;
    }

  private:
    std::optional<double> value(std::string_view subject, std::string_view name) const {
        for (const auto& report : seen.subjects)
            for (const auto& evidence : report.evidence)
                if (const auto* found = std::get_if<core::Measurement>(&evidence);
                    found && report.subject == subject && found->name == name)
                    return found->value;
        return std::nullopt;
    }
};

/// Looks again and again, and keeps the cursor.
struct ValidationStory {
    collectors::ValidationExpected expected;
    Validated own;
    Validated before;
    Validated after;
    std::optional<core::Failure> primary_failure;
    /// Of the second round.
    std::optional<core::Failure> own_failure;
    std::string cursor;
    core::Time now{std::chrono::milliseconds{1'795'521'600'000}};
    std::optional<core::Result<io::PgAnswer>> written;

    explicit ValidationStory(collectors::ValidationExpected wanted = {})
        : expected(std::move(wanted)),
          own(validated(expected, true)),
          before(validated(expected, false)),
          after(before) {}

    /// It stood at one, and was written.
    void canary(int counter, int at, int next, int next_at) {
        const auto stand = [](int n, int t) {
            return one_row({{"counter", std::to_string(n)}, {"at", std::to_string(t)}});
        };
        written = io::PgAnswer{{stand(counter, at), stand(next, next_at), stand(next, next_at)}, 150000};
    }

    /// What the first round told.
    collectors::ValidationLooked first() const {
        collectors::ValidationLooked looked;
        looked.facts = own.first;
        if (expected.compares && primary_failure)
            looked.primary_facts = std::unexpected(*primary_failure);
        else if (expected.compares)
            looked.primary_facts = before.first;
        return looked;
    }

    std::vector<std::string> statements(collectors::ValidationSide side = collectors::ValidationSide::own) const {
        return collectors::validation_statements(expected, side, first(), cursor, now);
    }

    Told look() {
        collectors::ValidationLooked looked = first();
        looked.own = own_failure ? core::Result<io::PgAnswer>{std::unexpected(*own_failure)} : own.answer(statements());
        looked.canary = written;
        if (expected.compares && !primary_failure) {
            const auto asked = statements(collectors::ValidationSide::primary);
            looked.before = before.answer(asked);
            looked.after = after.answer(asked);
        }
        Told told{collectors::interpret_validation(expected, looked, cursor, now)};
        cursor = told.seen.cursor;
        return told;
    }
};

} // namespace recoverd::test
