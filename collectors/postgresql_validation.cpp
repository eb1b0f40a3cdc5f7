// SPDX-License-Identifier: Apache-2.0
// Looks into a database instead of at its server: are pages, indexes, rows and references what they should be, and can
// one write? Read-only but for the canary; what one look may cost is bounded by `budget`, `max_rows` and
// `statement_timeout`, and what is beyond them is unknown, with words. What a run costs is bounded by `run_budget`, and
// what it does not reach has its turn in one of the next.
#include "collectors/postgresql_validation.hpp"

#include "collectors/all.hpp"
#include "collectors/pg_ask.hpp"
#include "collectors/postgresql_validation/cursor.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace recoverd::collectors {

namespace {

using core::config::Size;

struct Options {
    std::string dsn;
    SecretRef password;
    std::string compare_dsn;
    SecretRef compare_password;
    std::vector<std::string> tables;
    std::vector<std::string> hashed;
    std::vector<std::string> frozen;
    std::vector<std::string> amcheck;
    std::vector<std::string> foreign_keys;
    std::string canary;
    Size budget{ValidationExpected{}.budget};
    std::optional<Size> run_budget;
    Duration fresh_within = ValidationExpected{}.fresh_within;
    std::int64_t max_rows = static_cast<std::int64_t>(ValidationExpected{}.max_rows);
    Duration statement_timeout{30'000};
    double shrink_at_most = ValidationExpected{}.shrink_at_most;
    double differ_at_most = ValidationExpected{}.differ_at_most;
};

constexpr Option<Options> kOptions[] = {
    {"dsn", &Options::dsn, "libpq connection string or URI of the database, without a password", Need::required},
    {"password", &Options::password, "password of the dsn's user"},
    {"compare_dsn", &Options::compare_dsn,
     "the primary's, where dsn leads to a standby, a replica or a copy: rows are compared with it instead of with what "
     "was there before"},
    {"compare_password", &Options::compare_password, "password of the compare_dsn's user"},
    {"tables", &Options::tables,
     "tables whose rows are counted, as schema.table. Each table, index and constraint that is named is a subject"},
    {"hashed", &Options::hashed,
     "tables whose rows are compared with the primary's by a hash of their content, besides being counted"},
    {"frozen", &Options::frozen, "tables whose content may never change again, besides being counted"},
    {"amcheck", &Options::amcheck,
     "what the amcheck extension goes through: tables and materialised views, as schema.table, with their TOAST tables "
     "(verify_heapam, since PostgreSQL 14) and the B-trees of both, or single B-trees, as schema.index "
     "(bt_index_check)"},
    {"foreign_keys", &Options::foreign_keys,
     "foreign keys for which orphans are looked for, as schema.table.constraint; that all of the database are valid "
     "and "
     "enforced is expected anyway"},
    {"canary", &Options::canary, "schema of its own with the table `canary`, in which a row is written and read back"},
    {"budget", &Options::budget,
     "size of the largest table or index that is read; a larger one is unknown, and said so. Of a table that amcheck "
     "goes through, what one run reads: a larger one takes several"},
    {"run_budget", &Options::run_budget,
     "size of all that one run reads, the primary's (twice) included: at least `budget`, and four times that when left "
     "out. Tables, indexes and constraints take turns; one that a run does not reach is told as it was last seen, with "
     "its age"},
    {"fresh_within", &Options::fresh_within,
     "age up to which that is told; what no run has reached for longer is unknown"},
    {"max_rows", &Options::max_rows, "most rows that are sampled of a table to look for orphans"},
    {"statement_timeout", &Options::statement_timeout, "longest time for each thing that is asked"},
    {"shrink_at_most", &Options::shrink_at_most, "share of a table's rows that may go within a day, 0 to 1"},
    {"differ_at_most", &Options::differ_at_most,
     "share of a table's rows by which it may differ from the primary's while that is written to, 0 to 1; one that "
     "rests may not differ"},
};

// So that whoever wants to change a table waits no longer for us than we do for them.
constexpr Duration kLockTimeout{500};
// A standby that is well has replayed by then what it was sent.
constexpr Duration kCatchUp{10'000};
constexpr Duration kPause{250};
constexpr std::size_t kMostObjects = 100;

void check_names(const std::vector<std::string>& names, std::string_view key, std::size_t parts, std::string_view form,
                 const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    for (const std::string& name : names) {
        const bool dots = std::ranges::count(name, '.') == static_cast<std::ptrdiff_t>(parts) - 1;
        const bool empty = name.starts_with('.') || name.ends_with('.') || name.contains("..");
        if (!dots || empty || std::ranges::count(names, name) > 1)
            diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, key),
                                fmt::format("expected {} once each, found '{}'", form, name));
    }
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_dsn(options.dsn, place.inside("dsn"), diagnostics);
    check_dsn(options.compare_dsn, place.inside("compare_dsn"), diagnostics);
    const auto mistake = [&](bool found, std::string_view key, std::string text) {
        if (found)
            diagnostics.mistake(place.at, fmt::format("{}.{}", place.path, key), std::move(text));
    };
    check_names(options.tables, "tables", 2, "schema.table", place, diagnostics);
    check_names(options.hashed, "hashed", 2, "schema.table", place, diagnostics);
    check_names(options.frozen, "frozen", 2, "schema.table", place, diagnostics);
    check_names(options.amcheck, "amcheck", 2, "schema.table or schema.index", place, diagnostics);
    check_names(options.foreign_keys, "foreign_keys", 3, "schema.table.constraint", place, diagnostics);
    mistake(options.tables.size() + options.hashed.size() + options.frozen.size() + options.amcheck.size() +
                    options.foreign_keys.size() >
                kMostObjects,
            "tables", fmt::format("expected {} tables, indexes and constraints at most, found more", kMostObjects));
    mistake(!options.hashed.empty() && options.compare_dsn.empty(), "hashed",
            "expected a compare_dsn to compare with, found none");
    mistake(options.budget.bytes == 0, "budget", "expected a size above 0");
    mistake(options.run_budget && options.run_budget->bytes < options.budget.bytes, "run_budget",
            fmt::format("expected at least the budget of one, {}, found less",
                        core::config::format_size(options.budget.bytes)));
    mistake(options.fresh_within <= Duration{0}, "fresh_within", "expected a duration above 0");
    mistake(options.max_rows < 1 || options.max_rows > 10'000'000, "max_rows",
            fmt::format("expected 1 to 10000000, found {}", options.max_rows));
    mistake(options.statement_timeout <= Duration{0}, "statement_timeout", "expected a duration above 0");
    for (const auto& [key, share] :
         {std::pair{"shrink_at_most", options.shrink_at_most}, {"differ_at_most", options.differ_at_most}})
        mistake(share < 0 || share > 1, key, fmt::format("expected a share of 0 to 1, found {}", share));
}

std::string target(const Options& options) { return dsn_target(options.dsn); }

/// Of one run, where none is given: as much as four of the largest relations.
std::uint64_t four_times(std::uint64_t bytes) {
    return std::min(bytes, std::numeric_limits<std::uint64_t>::max() / 4) * 4;
}

ValidationExpected expectations(const Options& options, std::string check_name) {
    return {.tables = options.tables,
            .hashed = options.hashed,
            .frozen = options.frozen,
            .amcheck = options.amcheck,
            .foreign_keys = options.foreign_keys,
            .canary = options.canary,
            .name = std::move(check_name),
            .budget = options.budget.bytes,
            .run_budget = options.run_budget ? options.run_budget->bytes : four_times(options.budget.bytes),
            .fresh_within = options.fresh_within,
            .max_rows = static_cast<std::uint64_t>(options.max_rows),
            .shrink_at_most = options.shrink_at_most,
            .differ_at_most = options.differ_at_most,
            .compares = !options.compare_dsn.empty()};
}

/// One run, and until when it may last.
struct Looks {
    io::World& world;
    const Options& options;
    const ValidationExpected& expected;
    const Run& run;
    Duration until;
    ValidationLooked found;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): collect's own, which outlives all it awaits
Task<Result<io::PgAnswer>> ask(Looks& looks, ValidationSide side, std::vector<std::string> statements, bool writes) {
    const bool own = side == ValidationSide::own;
    io::PgRequest request;
    request.dsn = own ? looks.options.dsn : looks.options.compare_dsn;
    request.statements = std::move(statements);
    request.snapshot = !writes;
    request.writes = writes;
    request.statement_timeout = looks.options.statement_timeout;
    request.lock_timeout = kLockTimeout;
    const Duration left = std::max(Duration{1}, looks.until - looks.world.timers().elapsed());
    SecretRef password = own ? looks.options.password : looks.options.compare_password;
    co_return co_await ask_postgres(looks.world, std::move(request), std::move(password), left);
}

Task<void> write_canary(Looks& looks) {
    auto statements = canary_statements(looks.expected, looks.found.facts);
    if (statements.empty())
        co_return;
    const Duration began = looks.world.timers().elapsed();
    looks.found.canary = co_await ask(looks, ValidationSide::own, std::move(statements), true);
    looks.found.canary_took = looks.world.timers().elapsed() - began;
}

/// Until a standby has replayed what the primary had written, for a while.
Task<void> catch_up(Looks& looks) {
    const auto written = written_until(**looks.found.before);
    if (!written || !replayed_until(looks.found.facts))
        co_return;
    const Duration give_up = std::min(looks.until, looks.world.timers().elapsed() + kCatchUp);
    while (looks.world.timers().elapsed() < give_up) {
        std::vector<std::string> statements = validation_facts(looks.expected, ValidationSide::own);
        statements.resize(1);
        auto again = co_await ask(looks, ValidationSide::own, std::move(statements), false);
        if (!again)
            co_return;
        const auto replayed = replayed_until(*again);
        looks.found.caught_up = std::move(*again);
        if (!replayed || *replayed >= *written)
            co_return;
        co_await looks.world.timers().sleep(kPause);
    }
}

/// What the primary has, before ours is read.
Task<void> ask_primary(Looks& looks) {
    if (!looks.expected.compares)
        co_return;
    auto& found = looks.found;
    found.primary_facts =
        co_await ask(looks, ValidationSide::primary, validation_facts(looks.expected, ValidationSide::primary), false);
    if (!*found.primary_facts)
        co_return;
    auto statements =
        validation_statements(looks.expected, ValidationSide::primary, found, looks.run.cursor, looks.run.now);
    found.before = co_await ask(looks, ValidationSide::primary, std::move(statements), false);
    if (*found.before)
        co_await catch_up(looks);
}

/// The same again, afterwards: was it written to meanwhile?
Task<void> ask_primary_again(Looks& looks) {
    if (!looks.found.before || !*looks.found.before)
        co_return;
    auto statements =
        validation_statements(looks.expected, ValidationSide::primary, looks.found, looks.run.cursor, looks.run.now);
    looks.found.after = co_await ask(looks, ValidationSide::primary, std::move(statements), false);
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

Task<Collected> collect(Options options, Run run) {
    const ValidationExpected expected = expectations(options, run.check);
    Looks looks{run.world, options, expected, run, run.world.timers().elapsed() + run.timeout, {}};
    auto facts = co_await ask(looks, ValidationSide::own, validation_facts(expected, ValidationSide::own), false);
    if (!facts)
        co_return std::unexpected(facts.error());
    looks.found.facts = std::move(*facts);
    co_await write_canary(looks);
    co_await ask_primary(looks);
    auto statements = validation_statements(expected, ValidationSide::own, looks.found, run.cursor, run.now);
    looks.found.own = co_await ask(looks, ValidationSide::own, std::move(statements), false);
    co_await ask_primary_again(looks);
    co_return interpret_validation(expected, looks.found, run.cursor, run.now);
}

} // namespace

Kind postgresql_validation() {
    About about{
        .name = "postgresql_validation",
        .summary = "pages, indexes, rows, foreign keys and a canary row of one PostgreSQL database",
        .brings = {EvidenceKind::assertions, EvidenceKind::fingerprint, EvidenceKind::measurement},
        .access =
            "a role that may log in and read what is named (`CREATE ROLE recoverd LOGIN; GRANT USAGE ON SCHEMA public "
            "TO recoverd; GRANT SELECT ON public.orders TO recoverd;`, for foreign keys both tables; `ALTER ROLE "
            "recoverd BYPASSRLS;` where row security would hide rows), on the compare_dsn's server as well. For "
            "amcheck: `CREATE EXTENSION amcheck; GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO recoverd;`, and "
            "for tables since PostgreSQL 14 `GRANT EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, "
            "bigint, bigint) TO recoverd;`; neither needs a right on what it goes through. For "
            "canary = \"recoverd\": `CREATE SCHEMA recoverd; CREATE TABLE recoverd.canary (name text PRIMARY KEY, "
            "counter bigint NOT NULL, written_at timestamptz NOT NULL); GRANT USAGE ON SCHEMA recoverd TO recoverd; "
            "GRANT SELECT, INSERT, UPDATE ON recoverd.canary TO recoverd;`. Nothing else is ever written. PostgreSQL "
            "11 or newer",
        .every = Duration{300'000},
        .timeout = Duration{120'000},
    };
    return kind<Options>(std::move(about), kOptions, collect,
                         {.check = check, .target = target, .forget = validation::forget});
}

} // namespace recoverd::collectors
