// SPDX-License-Identifier: Apache-2.0
// What the first round says is there, and why something of it is not read. Only for the files beside this one.
#pragma once

#include "collectors/pg_rows.hpp"
#include "collectors/postgresql_validation.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors::validation {

struct Server {
    bool in_recovery = false;
    std::string system_id;
    /// When it started: with `system_id`, who it is.
    std::string started;
    std::string user;
    bool checksums = false;
    std::optional<std::uint64_t> replayed;
    std::uint64_t block_size = 8192;
    /// 15 for 15.6.
    int version = 0;
};

struct TableFacts {
    std::string name;
    /// "schema"."table", as the server quotes it.
    std::string quoted;
    std::uint64_t bytes = 0;
    /// Why it is not read; empty: it is.
    std::string hindrance;
};

/// What amcheck goes through in one call: a heap, part by part, or a B-tree.
struct PartFacts {
    /// As the server quotes it.
    std::string name;
    std::string oid;
    /// Of amcheck, quoted.
    std::string schema;
    bool heap = false;
    std::uint64_t bytes = 0;
    std::string hindrance;
};

/// What `amcheck` names: an index, or a table with its TOAST table and the B-trees of both.
struct RelationFacts {
    std::string name;
    bool table = false;
    /// Places in Facts::parts, where each part stands once.
    std::vector<std::size_t> parts;
    /// Why nothing of it is looked at.
    std::string hindrance;
};

struct KeyFacts {
    std::string name;
    std::string child;
    std::string parent;
    /// Conditions: a row `c` of the child points at `p` of the parent; a row `c` must point at some.
    std::string same;
    std::string bound;
    /// By the server's statistics, or by its size where there are none yet.
    double rows = 0;
    /// Of the child.
    std::uint64_t bytes = 0;
    bool validated = false;
    std::string hindrance;
};

struct CanaryFacts {
    std::string quoted;
    bool there = false;
    std::string hindrance;
};

struct Facts {
    Server server;
    std::optional<CanaryFacts> canary;
    std::vector<TableFacts> tables;
    std::vector<RelationFacts> relations;
    std::vector<PartFacts> parts;
    std::vector<KeyFacts> keys;
};
Facts read_facts(const ValidationExpected& expected, ValidationSide side, const io::PgAnswer& answer);

/// Adds what the server says of `name`, an entry of `amcheck`.
void read_relation(const ValidationExpected& expected, std::string name, const io::PgTable& table, Facts& facts);
/// Why what takes so much is not read, or nothing.
std::string beyond(std::uint64_t bytes, const ValidationExpected& expected);
std::string in_mib(std::uint64_t bytes);

/// Places in the first round's answer; tables, relations of amcheck and constraints follow.
enum FactTable : std::size_t { server_table, checksums_table, keys_table, canary_table, first_object_table };

/// Every table that is named, once, in order.
std::vector<std::string> all_tables(const ValidationExpected& expected);
bool is_hashed(const ValidationExpected& expected, std::string_view table);
std::string literal(std::string_view text);
/// "schema.table", "schema.table.constraint" at their points.
std::vector<std::string> parts_of(std::string_view name);

} // namespace recoverd::collectors::validation
