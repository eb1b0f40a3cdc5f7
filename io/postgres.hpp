// SPDX-License-Identifier: Apache-2.0
// PostgreSQL as a client: a few statements in one read-only transaction.
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
    /// Run in order in one READ ONLY transaction, with `statement_timeout` at three quarters of what is left.
    std::vector<std::string> statements;
    core::Duration timeout{10'000};
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
