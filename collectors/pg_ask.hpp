// SPDX-License-Identifier: Apache-2.0
// What collectors that speak PostgreSQL's protocol have in common: their dsn, its password, and asking in time.
#pragma once

#include "collectors/collector.hpp"

#include <string>

namespace recoverd::collectors {

/// A mistake unless `dsn` can be understood; one that is empty is for the table to say.
void check_dsn(const std::string& dsn, const core::config::Place& place, core::config::Diagnostics& diagnostics);

/// host:port, as checks of the same server share it; empty when `dsn` cannot be understood.
std::string dsn_target(const std::string& dsn);

/// Opens the password of the request's user and asks, both within `timeout`.
Task<Result<io::PgAnswer>> ask_postgres(io::World& world, io::PgRequest request, SecretRef password, Duration timeout);

} // namespace recoverd::collectors
