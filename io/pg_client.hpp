// SPDX-License-Identifier: Apache-2.0
// Asks a PostgreSQL server a few things without blocking the loop. What the answers mean is not known here.
#pragma once

#include "io/postgres.hpp"
#include "io/task.hpp"

namespace recoverd::io {

/// Connects (every host and address of the dsn in turn, each with its share of the time), asks in one READ ONLY
/// transaction (a console: without one), disconnects. `unreachable`: nobody answered there; `refused`: the server did
/// and would not let us in, with its words; `misconfigured`: the dsn is at fault.
/// Answers are limited to 10,000 rows and 8 MiB over all statements; more ends in `bad_answer`.
Task<Result<PgAnswer>> pg_query(PgRequest request);

/// What a dsn points at, for labels and mistakes: "db1:5432", "db1:5432,db2:5432", "/run/postgresql:5432". Fails with
/// `misconfigured` for what libpq cannot read, for a password in it and for `service`, whose host libpq would resolve
/// itself, on the loop. The words never hold the dsn.
Result<std::string> pg_target(const std::string& dsn);

} // namespace recoverd::io
