// SPDX-License-Identifier: Apache-2.0
// PostgreSQL as a client: a few statements in one read-only transaction, each in one of its own that may write, or to a
// console that knows none.
#pragma once

#include "core/failure.hpp"
#include "core/time.hpp"
#include "io/secret.hpp"

#include <optional>
#include <string>
#include <vector>

namespace recoverd::io {

struct PgRequest {
    /// A libpq connection string or URI without a password.
    std::string dsn;
    Secret password;
    /// Run in order in one READ ONLY transaction, with the server's statement_timeout at three quarters of what is
    /// left.
    std::vector<std::string> statements;
    core::Duration timeout{10'000};
    /// For what speaks the protocol and is no database (PgBouncer's admin console): each statement goes as a simple
    /// query as it stands, outside of any transaction, and nothing but `timeout` ends one. Only for fixed statements: a
    /// second one behind a semicolon would run, too.
    bool console = false;
    /// All statements see one moment (REPEATABLE READ), rows are written the same way whatever the server's settings
    /// are, names are those of pg_catalog unless they say more, and row security refuses what it would otherwise leave
    /// out.
    bool snapshot = false;
    /// Each statement in a transaction of its own, as the server's defaults make one (a server may make them all READ
    /// ONLY), which is committed. A commit with a warning, such as one that no synchronous standby confirmed, is an
    /// error of its statement.
    bool writes = false;
    /// At most this long per statement, and for a lock; zero for what `timeout` leaves.
    core::Duration statement_timeout{0};
    core::Duration lock_timeout{0};
};

/// Text as the server sent it; nothing stands for NULL.
struct PgTable {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;
    /// SQLSTATE and message when this one statement failed (a missing privilege); later ones still ran, each behind its
    /// own savepoint.
    std::string sqlstate;
    std::string error;

    /// Index of a column, or -1.
    int column(std::string_view name) const;
};

struct PgAnswer {
    std::vector<PgTable> tables;
    /// 150006 for 15.6.
    int server_version = 0;
};

} // namespace recoverd::io
