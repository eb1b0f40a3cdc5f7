// SPDX-License-Identifier: Apache-2.0
// What PgBouncer's admin console is asked, and what its answers mean. Pure: tests feed it captured answers.
#pragma once

#include "core/report.hpp"
#include "io/postgres.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says about the pooler.
struct PgBouncerExpected {
    /// Databases that are a subject each; all together are one when empty.
    std::vector<std::string> databases;
    /// How long a client may wait for a server.
    core::Duration max_wait{10'000};
    /// Share of max_client_conn that may be in use, 0 to 1.
    double max_clients = 0.9;
};

/// One statement per table of the answer, in the order that interpret_pgbouncer expects. For the simple query protocol,
/// the only one that the console speaks.
std::vector<std::string> pgbouncer_statements();

/// What a console's answers say. `cursor` is what the last call left in `Seen::cursor`, or empty. Throws
/// io::BadDocument for answers that are not those to pgbouncer_statements.
core::Seen interpret_pgbouncer(const PgBouncerExpected& expected, const io::PgAnswer& answer, std::string_view cursor,
                               core::Time now);

} // namespace recoverd::collectors
