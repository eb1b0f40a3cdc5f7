// SPDX-License-Identifier: Apache-2.0
// What the console's tables say. Columns are read by name: new versions add some in the middle.
#include "collectors/pg_rows.hpp"
#include "collectors/pgbouncer.hpp"
#include "io/json.hpp"
#include "io/remembered.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace recoverd::collectors {

namespace {

using core::Assertion;
using core::Duration;
using core::Measurement;
using core::Priority;
using core::Time;

enum Table : std::size_t { pools_table, databases_table, config_table, lists_table, table_count };

/// The console itself, as it lists itself among the databases.
constexpr std::string_view kConsole = "pgbouncer";

struct Database {
    std::string name;
    std::uint64_t pool_size = 0;
    bool paused = false;
    bool disabled = false;
};

/// The connections of one user to one database.
struct Pool {
    std::string database;
    std::string user;
    std::uint64_t active = 0;
    std::uint64_t waiting = 0;
    /// Server connections of whatever state, and those that serve somebody right now.
    std::uint64_t servers = 0;
    std::uint64_t busy = 0;
    Duration longest_wait{0};

    std::string name() const { return database + "/" + user; }
};

/// Pools in which clients wait and not one server is connected, since when.
using Cursor = std::map<std::string, Time, std::less<>>;

std::string required(const Row& row, std::string_view column) {
    if (const auto& value = row.text(column))
        return *value;
    throw io::BadDocument(fmt::format("column {}: expected a value, found none", column));
}

std::uint64_t count(const Row& row, std::string_view column) {
    if (const auto value = row.natural(column))
        return *value;
    throw io::BadDocument(fmt::format("column {}: expected a number, found none", column));
}

std::vector<Database> read_databases(const io::PgTable& table) {
    std::vector<Database> databases;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const Row row(table, i);
        Database database{required(row, "name"), count(row, "pool_size"), count(row, "paused") != 0,
                          count(row, "disabled") != 0};
        if (database.name != kConsole)
            databases.push_back(std::move(database));
    }
    return databases;
}

std::vector<Pool> read_pools(const io::PgTable& table) {
    std::vector<Pool> pools;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const Row row(table, i);
        Pool pool;
        pool.database = required(row, "database");
        pool.user = required(row, "user");
        pool.active = count(row, "cl_active");
        pool.waiting = count(row, "cl_waiting");
        pool.busy = count(row, "sv_active");
        pool.servers = pool.busy + count(row, "sv_idle") + count(row, "sv_used") + count(row, "sv_tested");
        // Whole seconds, and the rest of it in microseconds; a century is more than any answer can mean.
        constexpr std::uint64_t kMost = 3'155'760'000;
        pool.longest_wait = std::chrono::seconds{std::min(count(row, "maxwait"), kMost)} +
                            Duration{std::min(count(row, "maxwait_us"), std::uint64_t{1'000'000}) / 1000};
        if (pool.database != kConsole)
            pools.push_back(std::move(pool));
    }
    return pools;
}

/// Of `SHOW CONFIG` or `SHOW LISTS`: what stands beside a key.
std::uint64_t valued(const io::PgTable& table, std::string_view key_column, std::string_view value_column,
                     std::string_view key) {
    for (std::size_t i = 0; i < table.rows.size(); ++i)
        if (const Row row(table, i); row.text(key_column) == key)
            return count(row, value_column);
    throw io::BadDocument(fmt::format("column {}: expected a row {}, found none", key_column, key));
}

Cursor read_cursor(std::string_view text) {
    // Beginning anew costs as long as clients may wait.
    return io::read_remembered(text, [](const io::Json& json) {
        Cursor cursor;
        for (const auto& [pool, at] : json.object())
            cursor[pool] = Time{Duration{at.integer()}};
        return cursor;
    });
}

std::string write_cursor(const Cursor& cursor) {
    io::JsonWriter out;
    out.begin_object();
    for (const auto& [pool, at] : cursor)
        out.field(pool, std::int64_t{at.time_since_epoch().count()});
    return out.end_object().take();
}

/// Without a server, PgBouncer turns waiting clients away whenever a connection failed and others take their place; who
/// has not come through its login is not counted in maxwait at all. So that somebody waits all the time is seen here.
Cursor follow_serverless(std::vector<Pool>& pools, const Cursor& before, Time now) {
    Cursor after;
    for (Pool& pool : pools) {
        if (pool.waiting == 0 || pool.servers > 0)
            continue;
        const auto known = before.find(pool.name());
        // A clock that was set back begins anew.
        const Time since = known == before.end() ? now : std::min(known->second, now);
        after[pool.name()] = since;
        pool.longest_wait = std::max(pool.longest_wait, now - since);
    }
    return after;
}

/// One subject: some databases and their pools.
struct Scope {
    std::vector<Database> databases;
    std::vector<Pool> pools;

    const Database* find(std::string_view name) const {
        const auto found = std::ranges::find(databases, name, &Database::name);
        return found == databases.end() ? nullptr : &*found;
    }
    bool paused(const Pool& pool) const {
        const Database* database = find(pool.database);
        return database && database->paused;
    }
};

std::string in_words(const Pool& pool, const Scope& scope) {
    const Database* database = scope.find(pool.database);
    return fmt::format("{}: {} clients wait, {} servers connected of {}, {} of them in use", pool.name(), pool.waiting,
                       pool.servers, database ? std::to_string(database->pool_size) : "?", pool.busy);
}

/// Of pools that nobody paused: what is paused has an expectation of its own, and one cause is said once.
Assertion wait_of(const Scope& scope, Duration allowed) {
    const Pool* worst = nullptr;
    for (const Pool& pool : scope.pools)
        if (!scope.paused(pool) && (!worst || pool.longest_wait > worst->longest_wait))
            worst = &pool;
    Assertion assertion{.name = "longest_wait",
                        .expected = fmt::format("{:g}", core::to_seconds(allowed)),
                        .actual = fmt::format("{:g}", worst ? core::to_seconds(worst->longest_wait) : 0.0),
                        .compare = core::Compare::at_most};
    if (worst && worst->waiting > 0)
        assertion.detail = "seconds; " + in_words(*worst, scope);
    return assertion;
}

Assertion none_is(std::string name, const Scope& scope, bool Database::* state) {
    std::vector<std::string_view> names;
    for (const Database& database : scope.databases)
        if (database.*state)
            names.push_back(database.name);
    std::ranges::sort(names);
    return {.name = std::move(name),
            .expected = "none",
            .actual = names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))};
}

/// Somebody meant it, so it wakes nobody until it hurts.
Assertion paused_of(const Scope& scope, Duration allowed) {
    Assertion assertion = none_is("paused", scope, &Database::paused);
    assertion.priority = Priority::p3;
    for (const Pool& pool : scope.pools)
        if (scope.paused(pool) && pool.longest_wait > allowed) {
            assertion.priority.reset();
            assertion.detail =
                fmt::format("for {:g} seconds, {}", core::to_seconds(pool.longest_wait), in_words(pool, scope));
        }
    return assertion;
}

void add_measurements(const Scope& scope, std::vector<core::Evidence>& evidence) {
    Measurement active{.name = "active_clients", .unit = "clients"};
    Measurement waiting{.name = "waiting_clients", .unit = "clients"};
    Measurement wait{.name = "longest_wait", .unit = "seconds"};
    Measurement busy{.name = "servers_in_use", .unit = "ratio"};
    for (const Pool& pool : scope.pools) {
        active.value += static_cast<double>(pool.active);
        waiting.value += static_cast<double>(pool.waiting);
        wait.value = std::max(wait.value, core::to_seconds(pool.longest_wait));
        if (const Database* database = scope.find(pool.database); database && database->pool_size > 0)
            busy.value =
                std::max(busy.value, static_cast<double>(pool.busy) / static_cast<double>(database->pool_size));
    }
    for (Measurement* measured : {&active, &waiting, &wait, &busy})
        evidence.emplace_back(std::move(*measured));
}

std::vector<core::Evidence> evidence_of(const Scope& scope, Duration allowed) {
    std::vector<core::Evidence> evidence;
    evidence.emplace_back(core::Assertions{
        {wait_of(scope, allowed), paused_of(scope, allowed), none_is("disabled", scope, &Database::disabled)}});
    add_measurements(scope, evidence);
    return evidence;
}

core::SubjectReport report_of(const std::string& name, const Scope& all, Duration allowed) {
    core::SubjectReport report{.subject = name};
    Scope one;
    if (const Database* database = all.find(name))
        one.databases.push_back(*database);
    if (one.databases.empty()) {
        // Served by the '*' line, it would be listed while somebody uses it: nobody can tell that from not at all.
        report.failure = core::Failure{core::FailureKind::bad_answer,
                                       fmt::format("expected a database {} in SHOW DATABASES, found none\nhint: give "
                                                   "it a line of its own in pgbouncer.ini, or leave it out here",
                                                   name)};
        return report;
    }
    std::ranges::copy_if(all.pools, std::back_inserter(one.pools), [&](const Pool& p) { return p.database == name; });
    report.evidence = evidence_of(one, allowed);
    return report;
}

} // namespace

std::vector<std::string> pgbouncer_statements() {
    return {"SHOW POOLS", "SHOW DATABASES", "SHOW CONFIG", "SHOW LISTS"};
}

core::Seen interpret_pgbouncer(const PgBouncerExpected& expected, const io::PgAnswer& answer, std::string_view cursor,
                               core::Time now) {
    if (answer.tables.size() != table_count)
        throw io::BadDocument(
            fmt::format("expected {} tables, found {}", std::size_t{table_count}, answer.tables.size()));
    for (const io::PgTable& table : answer.tables)
        if (!table.error.empty())
            throw io::BadDocument(fmt::format("expected PgBouncer's admin console, found '{}' ({})\nhint: its dsn says "
                                              "dbname=pgbouncer",
                                              table.error.substr(0, 400), table.sqlstate.substr(0, 5)));
    Scope all{read_databases(answer.tables[databases_table]), read_pools(answer.tables[pools_table])};
    const auto of_config = [&](std::string_view key) {
        return valued(answer.tables[config_table], "key", "value", key);
    };
    core::Seen seen;
    seen.cursor = write_cursor(follow_serverless(all.pools, read_cursor(cursor), now));
    Duration allowed = expected.max_wait;
    // In seconds; 0 lets them wait for ever.
    if (const std::uint64_t timeout = of_config("query_wait_timeout"); timeout > 0)
        allowed = std::min(allowed, Duration{std::min(timeout, std::uint64_t{86'400}) * 1000 / 2});

    core::SubjectReport& whole = seen.subjects.emplace_back();
    if (expected.databases.empty())
        whole.evidence = evidence_of(all, allowed);
    const auto of_lists = [&](std::string_view key) {
        return static_cast<double>(valued(answer.tables[lists_table], "list", "items", key));
    };
    const auto most = static_cast<double>(of_config("max_client_conn"));
    // Those that are logging in are among them: each is taken from the same pool when it is accepted.
    const double clients = of_lists("used_clients");
    whole.evidence.emplace_back(Measurement{.name = "client_connections",
                                            .value = clients / std::max(1.0, most),
                                            .unit = "ratio",
                                            .above = expected.max_clients});
    for (const std::string& name : expected.databases)
        seen.subjects.push_back(report_of(name, all, allowed));
    return seen;
}

} // namespace recoverd::collectors
