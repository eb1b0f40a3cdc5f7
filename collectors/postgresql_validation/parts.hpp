// SPDX-License-Identifier: Apache-2.0
// The pieces of interpret_validation, one per file beside this one. Nobody else includes it.
#pragma once

#include "collectors/pg_rows.hpp"
#include "collectors/postgresql_validation.hpp"
#include "core/evidence.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::collectors::validation {

// --- the first round -------------------------------------------------------------------------------------------

struct Server {
    bool in_recovery = false;
    std::string system_id;
    /// When it started: with `system_id`, who it is.
    std::string started;
    std::string user;
    bool checksums = false;
    std::optional<std::uint64_t> replayed;
};

struct TableFacts {
    std::string name;
    /// "schema"."table", as the server quotes it.
    std::string quoted;
    std::uint64_t bytes = 0;
    /// Why it is not read; empty: it is.
    std::string hindrance;
};

struct IndexFacts {
    std::string name;
    std::string oid;
    /// Of amcheck, quoted.
    std::string schema;
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
    std::vector<IndexFacts> indexes;
    std::vector<KeyFacts> keys;
};
Facts read_facts(const ValidationExpected& expected, ValidationSide side, const io::PgAnswer& answer);

/// Places in the first round's answer; tables, indexes and constraints follow.
enum FactTable : std::size_t { server_table, checksums_table, keys_table, canary_table, first_object_table };

/// Every table that is named, once, in order.
std::vector<std::string> all_tables(const ValidationExpected& expected);
bool is_hashed(const ValidationExpected& expected, std::string_view table);
std::string literal(std::string_view text);
/// "schema.table", "schema.table.constraint" at their points.
std::vector<std::string> parts_of(std::string_view name);

// --- what is remembered ----------------------------------------------------------------------------------------

struct Cursor {
    /// Of a table: the most rows within a day, and when they were seen.
    struct Peak {
        std::uint64_t rows = 0;
        core::Time at;
        bool operator==(const Peak&) const = default;
    };
    std::map<std::string, Peak, std::less<>> peaks;
    /// Of a constraint with orphans: the sample that held some, which is looked at until it holds none.
    struct Sample {
        std::uint64_t seed = 0;
        double percent = 100;
        bool operator==(const Sample&) const = default;
    };
    std::map<std::string, Sample, std::less<>> samples;
    /// The canary's newest row that was committed and read back, and when by the server's clock.
    std::uint64_t canary = 0;
    double canary_at = 0;
    /// When the first of its rows was written that anybody saw and that is not lost.
    std::optional<double> first_at;
    /// What was lost of it, all in all until somebody forgets; of the seconds nothing where that is not known.
    std::uint64_t lost_rows = 0;
    std::optional<double> lost_seconds = 0;
    std::string lost_words;
    /// Checksum failures that were seen, and when statistics had last been reset by then.
    std::uint64_t checksum_failures = 0;
    double checksums_reset = 0;

    bool operator==(const Cursor&) const = default;
};
/// An empty one for text that is no cursor.
Cursor read_cursor(std::string_view text);
std::string write_cursor(const Cursor& cursor);

// --- the second round ------------------------------------------------------------------------------------------

enum class What : std::uint8_t { position, table, index, orphans, canary };

struct Step {
    What what = What::position;
    /// Index into the facts.
    std::size_t at = 0;
    std::string sql;
};
std::vector<Step> plan(const ValidationExpected& expected, ValidationSide side, const Facts& facts,
                       const Cursor& cursor, core::Time now);
/// Which share of a table holds what may be sampled of it, and which one it is.
Cursor::Sample sample_of(const ValidationExpected& expected, const KeyFacts& key, const Cursor& cursor, core::Time now);

/// The answer to one step: a row, or why there is none.
struct Answer {
    std::optional<Row> row;
    std::string sqlstate;
    std::string error;
};
/// Of the step for `what` and `at`; its `error` says so where it was not planned or all of it failed.
Answer answer_of(const std::vector<Step>& steps, const core::Result<io::PgAnswer>& answers, What what, std::size_t at);

/// What the second server says of the same things.
struct Primary {
    Facts facts;
    std::vector<Step> steps;
    const core::Result<io::PgAnswer>& before;
    const core::Result<io::PgAnswer>& after;
};

struct Looking {
    const ValidationExpected& expected;
    const ValidationLooked& looked;
    const Facts& facts;
    const std::vector<Step>& steps;
    /// Or why nothing is compared.
    const core::Result<Primary>& primary;
    Cursor& cursor;
    core::Time now;
};

/// Subject `name` among those of `seen`; made when it is not there yet.
core::SubjectReport& subject(core::Seen& seen, std::string_view name);
void expect(core::SubjectReport& report, core::Assertion assertion);

/// Did the server find damage (corrupted data or index, an error of its files), or could it just not look?
bool is_damage(std::string_view sqlstate);

void add_checksums(const Looking& looking, core::Seen& seen);
void add_indexes(const Looking& looking, core::Seen& seen);
void add_keys(const Looking& looking, core::Seen& seen);
void add_tables(const Looking& looking, core::Seen& seen);
void add_canary(const Looking& looking, core::Seen& seen);

} // namespace recoverd::collectors::validation
