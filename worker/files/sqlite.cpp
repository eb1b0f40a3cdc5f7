// SPDX-License-Identifier: Apache-2.0
// SQLite databases as backups: opened as a file that nobody changes, so nothing is ever written beside them.
#include "io/percent.hpp"
#include "worker/files/formats.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

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

struct SqliteAnswer {
    /// The first column of the first row, or why there is none.
    std::string text;
    /// SQLite's code for that.
    int fault = SQLITE_OK;
};

SqliteAnswer ask(sqlite3* db, const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (const int code = sqlite3_prepare_v2(db, sql, -1, &raw, nullptr); code != SQLITE_OK)
        return {sqlite3_errmsg(db), code};
    const std::unique_ptr<sqlite3_stmt, EndStatement> statement{raw};
    if (const int code = sqlite3_step(raw); code != SQLITE_ROW)
        return {sqlite3_errmsg(db), code};
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
    // None of what we ask for is NULL.
    if (!text)
        return {{}, SQLITE_NOMEM};
    return {text, SQLITE_OK};
}

/// Was it the disk, or what stands between it and us?
bool is_of_disk(int code) { return code == SQLITE_IOERR || code == SQLITE_CANTOPEN; }

bool lacked_memory(const SqliteAnswer* answer) {
    // The integrity check takes every page that it does not get for a fault that it found, and tells the code.
    return answer->fault == SQLITE_NOMEM || answer->text.ends_with(fmt::format("error code={}", SQLITE_NOMEM)) ||
           answer->text.ends_with(fmt::format("error code={}", SQLITE_IOERR_NOMEM));
}

Proof unreadable_sqlite(int error, int code) {
    return unreadable(error != 0 ? cannot_be_read(error) : fmt::format("cannot be read: {}", sqlite3_errstr(code)));
}

/// What kept SQLite from seeing all of it, which is no word on what is in it; nothing when that was all there.
std::optional<Proof> unseen(sqlite3* db, const std::array<const SqliteAnswer*, 3>& answers) {
    if (std::ranges::any_of(answers, lacked_memory))
        return unfinished();
    int error = 0;
    sqlite3_file_control(db, nullptr, SQLITE_FCNTL_LAST_ERRNO, &error);
    const auto failed =
        std::ranges::find_if(answers, [](const SqliteAnswer* answer) { return is_of_disk(answer->fault); });
    if (error == 0 && failed == answers.end())
        return std::nullopt;
    return unreadable_sqlite(error, failed == answers.end() ? SQLITE_IOERR : (*failed)->fault);
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
    // Then there was not even memory to say why.
    if (!raw)
        return unfinished();
    if (is_of_disk(opened))
        return unreadable_sqlite(sqlite3_system_errno(raw), opened);
    if (opened != SQLITE_OK)
        return bad(fmt::format("SQLite: {}", sqlite3_errmsg(raw)));
    constexpr int kEverySteps = 10'000;
    sqlite3_progress_handler(raw, kEverySteps, stop_when_late, const_cast<Budget*>(&budget));

    const auto pages = ask(raw, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    const auto objects = ask(raw, "SELECT count(*) FROM sqlite_master");
    const auto whole =
        deep && objects.fault == SQLITE_OK ? ask(raw, "PRAGMA integrity_check(1)") : SqliteAnswer{"ok", SQLITE_OK};
    if (budget.late())
        return unfinished();
    const std::array answers{&pages, &objects, &whole};
    if (auto proof = unseen(raw, answers))
        return *proof;
    for (const SqliteAnswer* answer : answers)
        if (answer->fault != SQLITE_OK)
            return bad(fmt::format("SQLite: {}", answer->text));
    if (std::stoull("0" + pages.text) > size)
        return bad(fmt::format("truncated SQLite database: its header tells {} bytes, there are {}", pages.text, size));
    if (whole.text != "ok")
        return bad(fmt::format("SQLite: {}", whole.text.substr(0, 200)));
    return {deep ? core::Depth::checksummed : core::Depth::listed, core::PointState::good, {}, true};
}

} // namespace recoverd::worker::files
