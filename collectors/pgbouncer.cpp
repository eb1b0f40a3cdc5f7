// SPDX-License-Identifier: Apache-2.0
// Asks PgBouncer's admin console who waits for a server connection, and whether somebody paused or disabled a database.
// The databases behind it are for `postgresql`; nothing is ever sent through a pool.
#include "collectors/pgbouncer.hpp"

#include "collectors/all.hpp"
#include "collectors/pg_ask.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

struct Options {
    std::string dsn;
    SecretRef password;
    std::vector<std::string> databases;
    Duration max_wait = PgBouncerExpected{}.max_wait;
    double max_clients = PgBouncerExpected{}.max_clients;
};

constexpr Option<Options> kOptions[] = {
    {"dsn", &Options::dsn,
     "libpq connection string or URI of the admin console, without a password: host=… port=6432 user=… "
     "dbname=pgbouncer",
     Need::required},
    {"password", &Options::password, "password of the dsn's user"},
    {"databases", &Options::databases,
     "databases of PgBouncer that are a subject each; all together are one when left out. One that only its '*' line "
     "serves is listed while it is in use, and cannot be named"},
    {"max_wait", &Options::max_wait,
     "longest time that a client may wait for a server connection; half of PgBouncer's query_wait_timeout where that "
     "is less, since then it sends them away"},
    {"max_clients", &Options::max_clients, "share of max_client_conn that may be in use, 0 to 1"},
};

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_dsn(options.dsn, place.inside("dsn"), diagnostics);
    if (options.max_clients <= 0 || options.max_clients > 1)
        diagnostics.mistake(place.at, place.path + ".max_clients",
                            fmt::format("expected a share above 0 and up to 1, found {}", options.max_clients));
    if (options.max_wait <= Duration{0})
        diagnostics.mistake(place.at, place.path + ".max_wait", "expected a duration above 0");
    for (const std::string& name : options.databases)
        if (name.empty() || std::ranges::count(options.databases, name) > 1)
            diagnostics.mistake(place.at, place.path + ".databases",
                                fmt::format("expected the name of each database once, found '{}'", name));
}

std::string target(const Options& options) { return dsn_target(options.dsn); }

Task<Collected> collect(Options options, Run run) {
    io::PgRequest request;
    request.dsn = options.dsn;
    request.statements = pgbouncer_statements();
    request.console = true;
    const auto answer = co_await ask_postgres(run.world, std::move(request), options.password, run.timeout);
    if (!answer)
        co_return std::unexpected(answer.error());
    const PgBouncerExpected expected{options.databases, options.max_wait, options.max_clients};
    co_return interpret_pgbouncer(expected, *answer, run.cursor, run.now);
}

} // namespace

Kind pgbouncer() {
    About about{
        .name = "pgbouncer",
        .summary = "pools, waiting clients, paused and disabled databases, as PgBouncer's admin console tells",
        .brings = {EvidenceKind::assertions, EvidenceKind::measurement},
        .access = "a user in stats_users of pgbouncer.ini (`stats_users = recoverd`) with a password in its auth_file, "
                  "who may look and change nothing; PgBouncer 1.8 or newer",
        .every = Duration{30'000},
        .timeout = Duration{10'000},
    };
    return kind<Options>(std::move(about), kOptions, collect, {.check = check, .target = target});
}

} // namespace recoverd::collectors
