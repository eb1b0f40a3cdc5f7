// SPDX-License-Identifier: Apache-2.0
#include "agent/store/sqlite_file.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

namespace recoverd::agent {

namespace {

// `state` is one row per unit, changed in place. `log` is append-only by rowid (0.6 µs a row, against 34 µs with a
// clustered key; its indexes come on top).
constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS state (
    kind TEXT NOT NULL, name TEXT NOT NULL, fingerprint TEXT NOT NULL, due_at INTEGER, memory TEXT NOT NULL,
    alerts TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcome (
    asset TEXT NOT NULL, id TEXT NOT NULL, phase TEXT NOT NULL, body TEXT NOT NULL, received_at INTEGER NOT NULL,
    PRIMARY KEY (asset, id, phase));
CREATE TABLE IF NOT EXISTS log (at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
)sql";

/// What makes a file of version `from` one of the next. A new file has version 0.
struct Migration {
    std::int64_t from;
    const char* statements;
};

// Of each unit's history a page shows the newest: found by index in 0.1 ms, where reading all of the log takes a
// second.
constexpr const char* kLogByUnit = R"sql(
ALTER TABLE log ADD COLUMN asset TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN "check" TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN scenario TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN alert TEXT NOT NULL DEFAULT '';
UPDATE log SET
    asset = coalesce(json_extract(body, '$.labels.asset'), json_extract(body, '$.asset'), ''),
    "check" = coalesce(json_extract(body, '$.labels.check'), ''),
    scenario = coalesce(json_extract(body, '$.labels.scenario'), ''),
    alert = coalesce(json_extract(body, '$.labels.alertname'), '')
    WHERE json_valid(body);
CREATE INDEX log_asset ON log (asset) WHERE asset <> '';
CREATE INDEX log_check ON log ("check") WHERE "check" <> '';
CREATE INDEX log_scenario ON log (scenario) WHERE scenario <> '';
CREATE INDEX log_alert ON log (alert) WHERE alert <> '';
)sql";
constexpr std::array kMigrations{Migration{0, kTables}, Migration{1, kLogByUnit}};

/// A file of a later version is set aside, never guessed at.
constexpr std::int64_t kSchemaVersion = kMigrations.back().from + 1;

/// History is bounded by rows, so that a flapping fleet cannot fill the disk: about 90 MB of log.
constexpr std::int64_t kMaxLogRows = 200'000;
constexpr std::int64_t kMaxOutcomes = 50'000;

constexpr const char* kPutState =
    "INSERT INTO state (kind, name, fingerprint, due_at, memory, alerts) VALUES (?,?,?,?,?,?) "
    "ON CONFLICT (kind, name) DO UPDATE SET fingerprint=excluded.fingerprint, "
    "due_at=excluded.due_at, memory=excluded.memory, alerts=excluded.alerts";

} // namespace

SqliteFile::SqliteFile(std::string directory) : path_(std::move(directory) + "/recoverd.db") {}

Stored SqliteFile::load() {
    Stored stored;
    try {
        open();
        stored.rows = read(*database_);
    } catch (const SqliteError& error) {
        stored.trouble = error.what();
        if (error.damaged())
            set_aside(stored);
        else
            stored.rows = read_what_is_there();
    }
    return stored;
}

core::Result<void> SqliteFile::write(const Batch& batch) {
    try {
        ensure_open();
        database_->run("BEGIN IMMEDIATE");
        put_state(batch);
        put_history(batch);
        database_->run("COMMIT");
        measure();
        return {};
    } catch (const SqliteError& error) {
        // Whatever was half done is rolled back with the connection; the next commit opens it again.
        database_.reset();
        return core::failed(core::FailureKind::refused, error.what());
    }
}

core::Result<std::optional<OutcomeRow>> SqliteFile::find_outcome(const std::string& asset, const std::string& id,
                                                                 const std::string& phase) {
    using Found = std::optional<OutcomeRow>;
    try {
        ensure_open();
        auto query =
            database_->prepare("SELECT body, received_at FROM outcome WHERE asset = ? AND id = ? AND phase = ?");
        query.bind(1, asset).bind(2, id).bind(3, phase);
        if (!query.step())
            return Found{};
        return Found{OutcomeRow{asset, id, phase, query.text(0), query.time(1).value_or(core::Time{})}};
    } catch (const SqliteError& error) {
        return core::failed(core::FailureKind::refused, error.what());
    }
}

core::Result<std::vector<LogRow>> SqliteFile::find_log(core::HistoryOf of, const std::string& name, std::size_t most) {
    // It is for whoever commits to open it again: that may have to make another file of it first.
    if (!database_)
        return core::failed(core::FailureKind::refused, fmt::format("{} is not open: the last commit failed", path_));
    try {
        // The index is of rows that have such a name; SQLite wants to be told that these are among them.
        auto query = database_->prepare(
            fmt::format("SELECT at, kind, body, asset, \"check\", scenario, alert FROM log WHERE \"{0}\" = ? AND "
                        "\"{0}\" <> '' ORDER BY rowid DESC LIMIT ?",
                        core::name_of(of))
                .c_str());
        query.bind(1, name).bind(2, static_cast<std::int64_t>(most));
        std::vector<LogRow> found;
        while (query.step())
            found.push_back({query.time(0).value_or(core::Time{}), query.text(1), query.text(2), query.text(3),
                             query.text(4), query.text(5), query.text(6)});
        return found;
    } catch (const SqliteError& error) {
        return core::failed(core::FailureKind::refused, error.what());
    }
}

void SqliteFile::open() {
    // Ours only once it is all that it should be.
    auto opened = std::make_unique<Database>(path_);
    // WAL with FULL: a commit that was answered is on disk (about 0.3 ms for one row). Rows are written and hardly ever
    // read: 512 KiB of pages do, where SQLite would keep 2 MB. Only the file's own folder is ours to write to, so what
    // a migration keeps meanwhile is in memory: once, and as much as the log.
    opened->run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=4194304; "
                "PRAGMA cache_size=-512; PRAGMA temp_store=MEMORY");
    migrate(*opened);
    database_ = std::move(opened);
    measure();
}

void SqliteFile::migrate(Database& database) const {
    const std::int64_t version = known_version_of(database);
    for (const Migration& migration : kMigrations) {
        if (migration.from < version)
            continue;
        database.run("BEGIN IMMEDIATE");
        database.run(migration.statements);
        database.run(fmt::format("PRAGMA user_version={}", migration.from + 1).c_str());
        database.run("COMMIT");
    }
    // Of a file that was one before, too: whether it can be written shows here.
    database.run(fmt::format("PRAGMA user_version={}", kSchemaVersion).c_str());
}

void SqliteFile::ensure_open() {
    if (!database_)
        open();
}

std::int64_t SqliteFile::known_version_of(Database& database) const {
    const std::int64_t version = database.integer("PRAGMA user_version");
    if (version < 0 || version > kSchemaVersion)
        throw SqliteError(SqliteError::kNotADatabase,
                          fmt::format("{} was written by a later version (schema {}, this one knows {})", path_,
                                      version, kSchemaVersion));
    return version;
}

std::vector<StateRow> SqliteFile::read(Database& database) const {
    auto check = database.prepare("PRAGMA quick_check(1)");
    if (check.step() && check.text(0) != "ok")
        throw SqliteError(SqliteError::kCorrupt, fmt::format("{}: {}", path_, check.text(0)));
    std::vector<StateRow> found;
    auto rows = database.prepare("SELECT kind, name, fingerprint, due_at, memory, alerts FROM state");
    while (rows.step())
        found.push_back({rows.text(0), rows.text(1), rows.text(2), rows.time(3), rows.text(4), rows.text(5)});
    return found;
}

/// What cannot be written can still be read: on a read-only disk, or on a full one, where there is no room for the
/// index of the log. Nothing when that fails, too.
std::vector<StateRow> SqliteFile::read_what_is_there() {
    database_.reset();
    std::error_code ignored;
    const auto log_size = std::filesystem::file_size(path_ + "-wal", ignored);
    const bool log_is_empty = ignored || log_size == 0;
    for (const Access access : {Access::read_only, Access::exclusive, Access::immutable}) {
        // What was committed last may be in the log alone.
        if (access == Access::immutable && !log_is_empty)
            continue;
        try {
            Database database{path_, access};
            known_version_of(database);
            return read(database);
        } catch (const SqliteError&) {
            continue;
        }
    }
    return {};
}

/// Keeps the file that cannot be read for whoever wants to look at it, and begins a new one.
void SqliteFile::set_aside(Stored& stored) {
    database_.reset();
    const std::string aside = path_ + ".damaged";
    std::error_code ignored;
    for (const char* tail : {"", "-wal", "-shm"})
        std::filesystem::rename(path_ + tail, aside + tail, ignored);
    stored.trouble += fmt::format("; kept as {}, began a new one", aside);
    try {
        open();
    } catch (const SqliteError& error) {
        stored.trouble += fmt::format("; {}", error.what());
    }
}

void SqliteFile::put_state(const Batch& batch) {
    auto put = database_->prepare(kPutState);
    for (const StateRow& row : batch.rows) {
        put.bind(1, row.kind).bind(2, row.name).bind(3, row.fingerprint).bind(4, row.due_at);
        put.bind(5, row.memory).bind(6, row.alerts).run();
    }
    auto drop = database_->prepare("DELETE FROM state WHERE kind = ? AND name = ?");
    for (const auto& [kind, name] : batch.dropped)
        drop.bind(1, kind).bind(2, name).run();
}

void SqliteFile::put_history(const Batch& batch) {
    auto put =
        database_->prepare("INSERT OR IGNORE INTO outcome (asset, id, phase, body, received_at) VALUES (?,?,?,?,?)");
    for (const OutcomeRow& row : batch.outcomes)
        put.bind(1, row.asset).bind(2, row.id).bind(3, row.phase).bind(4, row.body).bind(5, row.received_at).run();
    auto log = database_->prepare(
        R"(INSERT INTO log (at, kind, body, asset, "check", scenario, alert) VALUES (?,?,?,?,?,?,?))");
    for (const LogRow& row : batch.log) {
        log.bind(1, row.at).bind(2, row.kind).bind(3, row.body);
        log.bind(4, row.asset).bind(5, row.check).bind(6, row.scenario).bind(7, row.alert).run();
    }
    if (!batch.log.empty())
        database_->prepare("DELETE FROM log WHERE rowid <= (SELECT max(rowid) FROM log) - ?")
            .bind(1, kMaxLogRows)
            .run();
    if (!batch.outcomes.empty())
        database_->prepare("DELETE FROM outcome WHERE rowid <= (SELECT max(rowid) FROM outcome) - ?")
            .bind(1, kMaxOutcomes)
            .run();
}

void SqliteFile::measure() {
    std::error_code ignored;
    std::uint64_t bytes = 0;
    for (const char* tail : {"", "-wal"})
        if (const auto size = std::filesystem::file_size(path_ + tail, ignored); !ignored)
            bytes += size;
    size_.store(bytes, std::memory_order_relaxed);
}

} // namespace recoverd::agent
