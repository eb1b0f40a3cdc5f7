// SPDX-License-Identifier: Apache-2.0
// SQLite databases as backups: opened as a file that nobody changes, so nothing is ever written beside them.
#include "io/percent.hpp"
#include "worker/files/formats.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <memory>

namespace recoverd::worker::files {

namespace {

struct CloseDatabase {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct EndStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// A file name as SQLite's URI wants it.
std::string escaped(const std::string& path) {
    return "file:" + io::percent_encoded(path, "/") + "?mode=ro&immutable=1";
}

int stop_when_late(void* budget) { return static_cast<const Budget*>(budget)->late() ? 1 : 0; }

/// The first column of the first row, or why there is none.
core::Result<std::string> ask(sqlite3* db, const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db, sql, -1, &raw, nullptr) != SQLITE_OK)
        return core::failed(core::FailureKind::bad_answer, sqlite3_errmsg(db));
    const std::unique_ptr<sqlite3_stmt, EndStatement> statement{raw};
    if (sqlite3_step(raw) != SQLITE_ROW)
        return core::failed(core::FailureKind::bad_answer, sqlite3_errmsg(db));
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
    return std::string{text ? text : ""};
}

} // namespace

Proof prove_sqlite(const std::string& path, std::uint64_t size, bool deep, const Budget& budget) {
    struct stat wal{};
    // Changes that lie beside it belong to it: alone the file proves nothing, in either direction.
    if (::stat((path + "-wal").c_str(), &wal) == 0 && wal.st_size > 0)
        return {};
    sqlite3* raw = nullptr;
    const int opened = sqlite3_open_v2(escaped(path).c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    const std::unique_ptr<sqlite3, CloseDatabase> db{raw};
    if (opened != SQLITE_OK)
        return bad(fmt::format("SQLite: {}", raw ? sqlite3_errmsg(raw) : "cannot be opened"));
    constexpr int kEverySteps = 10'000;
    sqlite3_progress_handler(raw, kEverySteps, stop_when_late, const_cast<Budget*>(&budget));

    const auto pages = ask(raw, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    const auto objects = ask(raw, "SELECT count(*) FROM sqlite_master");
    const auto whole = deep && objects ? ask(raw, "PRAGMA integrity_check(1)") : core::Result<std::string>{"ok"};
    if (budget.late())
        return unfinished();
    for (const auto* answer : {&pages, &objects, &whole})
        if (!*answer)
            return bad(fmt::format("SQLite: {}", answer->error().detail));
    if (std::stoull("0" + *pages) > size)
        return bad(fmt::format("truncated SQLite database: its header tells {} bytes, there are {}", *pages, size));
    if (*whole != "ok")
        return bad(fmt::format("SQLite: {}", whole->substr(0, 200)));
    return {deep ? core::Depth::checksummed : core::Depth::listed, core::PointState::good, {}, true};
}

} // namespace recoverd::worker::files
