// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server by its own account: archiving, replication, role, settings. What it says it archived is not what
// the repository holds: that is for the collector of the backup tool, and core joins the two.
#include "collectors/postgresql.hpp"

#include "collectors/all.hpp"
#include "collectors/pg_ask.hpp"
#include "collectors/postgresql/parts.hpp"
#include "core/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::collectors {

namespace {

using namespace pg;

struct Options {
    std::string dsn;
    SecretRef password;
    std::string expect_role = "any";
    std::vector<std::string> standbys;
    core::Labels standby_delays;
    core::Labels settings;
    std::optional<Duration> archive_lag;
};

constexpr Option<Options> kOptions[] = {
    {"dsn", &Options::dsn, "libpq connection string or URI, without a password", Need::required},
    {"password", &Options::password, "password of the dsn's user"},
    {"expect_role", &Options::expect_role, "what the server must be", Need::optional, "primary|standby|any"},
    {"standbys", &Options::standbys,
     "standbys that must follow it, each by its application_name, slot or numeric address"},
    {"standby_delays", &Options::standby_delays,
     "recovery_min_apply_delay of standbys that lag on purpose, by name in `standbys`: { delayed = \"1h\" }"},
    {"archive_lag", &Options::archive_lag,
     "of a standby that lives on the archive alone, which cannot tell how far behind it is: how old the last "
     "transaction that it replayed may be, the time included in which its primary writes nothing"},
    {"settings", &Options::settings,
     "settings and the values they must show, besides fsync and full_page_writes being on: { data_checksums = \"on\" "
     "}"},
};

// The server itself protects against wraparound at 2^31 - 3 million and gives up all politeness in its own vacuums at
// vacuum_failsafe_age = 1.6 billion (both fixed by its documentation, for transactions and multixacts alike); with the
// default autovacuum_freeze_max_age of 200 million nothing healthy ever comes near. Just before the failsafe:
constexpr double kWraparoundAge = 1.5e9;

void add_measurements(const io::PgAnswer& answer, const Server& server, std::vector<Evidence>& evidence) {
    const Row ages = only_row(answer.tables[ages_table], "ages");
    for (const char* name : {"xid_age", "multixact_age"})
        if (const auto age = ages.number(name))
            evidence.push_back(core::Measurement{
                .name = name, .value = *age, .unit = "transactions", .above = kWraparoundAge, .below = {}});
    // Only those that the server knows of: backups that copy files between pg_backup_start and _stop (pgBackRest) show
    // nowhere.
    const io::PgTable& senders = answer.tables[followers_table];
    double backups = server.exclusive_backup ? 1 : 0;
    for (std::size_t i = 0; i < senders.rows.size(); ++i)
        backups += Row(senders, i).text("state") == "backup" ? 1 : 0;
    evidence.push_back(core::Measurement{.name = "backups_in_progress", .value = backups});
}

bool misses_somebody(const core::Replication& replication) {
    return std::ranges::any_of(replication.followers, [](const core::Follower& follower) {
        return follower.expected && follower.state == core::FollowerState::missing;
    });
}

/// What this role may not see, so that a hidden row never looks like a missing one.
std::optional<Failure> missing_privileges(const Server& server, const io::PgTable& archiver) {
    std::string hidden;
    const auto add = [&](bool missing, std::string_view what) {
        if (missing)
            hidden += fmt::format("{}{}", hidden.empty() ? "" : ", ", what);
    };
    add(!server.may_read_stats, "pg_stat_replication");
    add(!server.may_read_settings, "pg_settings");
    add(archive_status_hidden(server, archiver), "pg_ls_archive_statusdir()");
    if (hidden.empty())
        return std::nullopt;
    return Failure{FailureKind::refused, fmt::format("role {} may not read {}\nhint: GRANT pg_monitor TO {}",
                                                     server.user, hidden, server.user)};
}

} // namespace

Seen interpret_postgresql(const PostgresqlExpected& expected, const io::PgAnswer& answer, std::string_view cursor_text,
                          Time now) {
    if (answer.tables.size() != table_count)
        throw io::BadDocument(
            fmt::format("expected {} tables, found {}", std::size_t{table_count}, answer.tables.size()));
    for (const io::PgTable& table : answer.tables)
        if (!table.error.empty())
            throw io::BadDocument(fmt::format("{} ({})", table.error, table.sqlstate));
    const Server server = read_server(answer, now);
    const Settings settings = read_settings(answer.tables[settings_table]);
    Cursor cursor = read_cursor(cursor_text);
    SubjectReport report;
    // What is remembered is dated by the clock that dates the rest.
    const Time there = now + server.clock_ahead;
    if (auto archive = interpret_archive(server, answer.tables[archiver_table], cursor, there))
        report.evidence.emplace_back(std::move(*archive));
    report.evidence.emplace_back(core::Fingerprint{.name = "system_identifier", .value = server.system_id});
    auto [replication, unknown] = interpret_replication(expected, server, settings, answer, cursor, there);
    // A dsn that leads to "the primary" and comes out on an older timeline has found one that was replaced.
    if (!server.in_recovery)
        report.evidence.emplace_back(
            core::Fingerprint{.name = "timeline", .value = replication.timeline, .constancy = core::Constancy::rising});
    // Without a lag a lag that was found would be over, so that what was last seen stays and ages; but that somebody is
    // missing is told.
    if (server.may_read_stats && (!unknown || misses_somebody(replication)))
        report.evidence.emplace_back(std::move(replication));
    report.evidence.emplace_back(
        interpret_assertions(expected, server, settings, answer.tables[checksums_table], cursor));
    add_measurements(answer, server, report.evidence);
    report.failure = missing_privileges(server, answer.tables[archiver_table]);
    if (!report.failure)
        report.failure = std::move(unknown);
    Seen seen;
    seen.subjects.push_back(std::move(report));
    seen.cursor = write_cursor(cursor);
    return seen;
}

namespace {

PostgresqlExpected expectations(const Options& options) {
    PostgresqlExpected expected{options.expect_role, options.standbys, {}, options.settings, options.archive_lag};
    for (const auto& [name, delay] : options.standby_delays)
        if (const auto parsed = core::config::parse_duration(delay))
            expected.standby_delays[name] = *parsed;
    return expected;
}

void check(const Options& options, const core::config::Place& place, core::config::Diagnostics& diagnostics) {
    check_dsn(options.dsn, place.inside("dsn"), diagnostics);
    for (const auto& [name, delay] : options.standby_delays) {
        const std::string path = fmt::format("{}.standby_delays.{}", place.path, name);
        if (const auto parsed = core::config::parse_duration(delay); !parsed)
            diagnostics.mistake(place.at, path, parsed.error());
        if (std::find(options.standbys.begin(), options.standbys.end(), name) == options.standbys.end())
            diagnostics.mistake(place.at, path, fmt::format("expected a name out of standbys, found '{}'", name));
    }
    for (const auto& [name, value] : options.settings) {
        const std::string path = fmt::format("{}.settings.{}", place.path, name);
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") !=
            std::string::npos)
            diagnostics.mistake(place.at, path, fmt::format("expected the name of a setting, found '{}'", name));
        if (name == "primary_conninfo")
            diagnostics.mistake(place.at, path,
                                "expected a setting that may be shown, found one that holds a password");
    }
}

std::string target(const Options& options) { return dsn_target(options.dsn); }

Task<Collected> collect(Options options, Run run) {
    const PostgresqlExpected expected = expectations(options);
    io::PgRequest request;
    request.dsn = options.dsn;
    request.statements = postgresql_statements(expected);
    const auto answer = co_await ask_postgres(run.world, std::move(request), options.password, run.timeout);
    if (!answer)
        co_return std::unexpected(answer.error());
    co_return interpret_postgresql(expected, *answer, run.cursor, run.now);
}

} // namespace

Kind postgresql() {
    About about{
        .name = "postgresql",
        .summary = "WAL archiving, replication, role and settings, as a PostgreSQL server tells of itself",
        .brings = {EvidenceKind::log_archive, EvidenceKind::replication, EvidenceKind::assertions,
                   EvidenceKind::fingerprint, EvidenceKind::measurement},
        .access = "a role that may log in and is a member of pg_monitor (`CREATE ROLE recoverd LOGIN; GRANT pg_monitor "
                  "TO recoverd;`), on each server that is watched; PostgreSQL 10 or newer, waiting segments from 12 on",
        .every = Duration{30'000},
        .timeout = Duration{10'000},
    };
    return kind<Options>(std::move(about), kOptions, collect, {.check = check, .target = target});
}

} // namespace recoverd::collectors
