// SPDX-License-Identifier: Apache-2.0
// The little of SQLite that the store needs, with errors as exceptions that stay inside agent/store.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace recoverd::agent {

class SqliteError : public std::runtime_error {
  public:
    static constexpr int kCorrupt = 11;
    static constexpr int kNotADatabase = 26;

    SqliteError(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
    /// Is the file itself no good (damaged, or no database), rather than the disk or a lock?
    bool damaged() const;

  private:
    int code_;
};

class Statement;

enum class Access {
    /// Made when it is not there.
    read_write,
    read_only,
    /// The file as it lies there: no lock, no log beside it, nothing written.
    immutable,
    /// Ours alone, so that the index of the log needs no room on the disk.
    exclusive,
};

class Database {
  public:
    explicit Database(const std::string& path, Access access = Access::read_write);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void run(const char* sql);
    Statement prepare(const char* sql);
    std::int64_t integer(const char* sql);

  private:
    sqlite3* db_ = nullptr;
};

/// A prepared statement; bind from 1, step, read columns from 0.
class Statement {
  public:
    Statement(sqlite3* db, const char* sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& bind(int at, std::string_view text);
    Statement& bind(int at, std::int64_t number);
    Statement& bind(int at, std::optional<core::Time> time);
    /// True while there is a row.
    bool step();
    /// Runs it to its end and makes it ready to be bound again.
    void run();

    std::string text(int column) const;
    std::int64_t integer(int column) const;
    std::optional<core::Time> time(int column) const;

  private:
    sqlite3* db_;
    sqlite3_stmt* statement_ = nullptr;
};

} // namespace recoverd::agent
