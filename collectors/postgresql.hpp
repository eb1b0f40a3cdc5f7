// SPDX-License-Identifier: Apache-2.0
// What the `postgresql` collector asks a server, and what the answers mean. Pure: tests feed it captured answers.
#pragma once

#include "core/labels.hpp"
#include "core/report.hpp"
#include "io/postgres.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::collectors {

/// What the configuration says about the server.
struct PostgresqlExpected {
    /// primary, standby or any.
    std::string role = "any";
    /// application_name, slot or address of each standby that must follow it.
    std::vector<std::string> standbys;
    /// Delays that standbys keep on purpose: the primary cannot see them.
    std::map<std::string, core::Duration, std::less<>> standby_delays;
    /// Settings and the values they must have.
    core::Labels settings;
    /// How old the last transaction may be on a standby that lives on the archive alone.
    std::optional<core::Duration> archive_lag;
};

/// One statement per table of the answer, in the order that interpret_postgresql expects. They run unchanged on
/// versions 10 to 17, on primaries and standbys, and fail for nobody who has pg_monitor.
std::vector<std::string> postgresql_statements(const PostgresqlExpected& expected);

/// What a server's answers say. `cursor` is what the last call left in `Seen::cursor`, or empty. Throws io::BadDocument
/// for answers that are not those to postgresql_statements.
core::Seen interpret_postgresql(const PostgresqlExpected& expected, const io::PgAnswer& answer, std::string_view cursor,
                                core::Time now);

} // namespace recoverd::collectors
