// SPDX-License-Identifier: Apache-2.0
#include "agent/store/sqlite.hpp"

#include "io/percent.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

namespace recoverd::agent {

namespace {

[[noreturn]] void fail(sqlite3* db, int code, std::string_view doing) {
    throw SqliteError(code, fmt::format("{}: {}", doing, db ? sqlite3_errmsg(db) : sqlite3_errstr(code)));
}

int flags_of(Access access) {
    switch (access) {
    case Access::read_write:
        return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Access::exclusive:
        return SQLITE_OPEN_READWRITE;
    case Access::read_only:
    case Access::immutable:
        return SQLITE_OPEN_READONLY;
    }
    std::unreachable();
}

/// As a URI, which alone can say that nobody changes the file.
std::string uri_of(std::string_view path, Access access) {
    const std::string uri = "file:" + io::percent_encoded(path, "/");
    return uri + (access == Access::immutable ? "?immutable=1" : "");
}

} // namespace

static_assert(SqliteError::kCorrupt == SQLITE_CORRUPT && SqliteError::kNotADatabase == SQLITE_NOTADB);

bool SqliteError::damaged() const {
    const int primary = code_ & 0xff;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

Database::Database(const std::string& path, Access access) {
    const int flags = flags_of(access) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    if (const int code = sqlite3_open_v2(uri_of(path, access).c_str(), &db_, flags, nullptr); code != SQLITE_OK) {
        const std::string what = db_ ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
        sqlite3_close_v2(db_);
        throw SqliteError(code, fmt::format("open {}: {}", path, what));
    }
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, 5'000);
    if (access == Access::exclusive)
        run("PRAGMA locking_mode=EXCLUSIVE");
}

Database::~Database() { sqlite3_close_v2(db_); }

void Database::run(const char* sql) {
    if (const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK)
        fail(db_, code, sql);
}

Statement Database::prepare(const char* sql) { return {db_, sql}; }

std::int64_t Database::integer(const char* sql) {
    Statement statement{db_, sql};
    return statement.step() ? statement.integer(0) : 0;
}

Statement::Statement(sqlite3* db, const char* sql) : db_(db) {
    if (const int code = sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr); code != SQLITE_OK)
        fail(db, code, sql);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int at, std::string_view text) {
    sqlite3_bind_text64(statement_, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
}

Statement& Statement::bind(int at, std::int64_t number) {
    sqlite3_bind_int64(statement_, at, number);
    return *this;
}

Statement& Statement::bind(int at, std::optional<core::Time> time) {
    if (time)
        sqlite3_bind_int64(statement_, at, time->time_since_epoch().count());
    else
        sqlite3_bind_null(statement_, at);
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        const std::string what = sqlite3_errmsg(db_);
        sqlite3_reset(statement_);
        throw SqliteError(code, what);
    }
    return code == SQLITE_ROW;
}

void Statement::run() {
    while (step()) {
    }
    sqlite3_reset(statement_);
}

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                 : std::string{};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::optional<core::Time> Statement::time(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL)
        return std::nullopt;
    return core::Time{core::Duration{integer(column)}};
}

} // namespace recoverd::agent
