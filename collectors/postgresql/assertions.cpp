// SPDX-License-Identifier: Apache-2.0
// What the server is expected to be, beside what it is.
#include "collectors/postgresql/parts.hpp"

#include <fmt/format.h>

namespace recoverd::collectors::pg {

core::Assertions interpret_assertions(const PostgresqlExpected& expected, const Server& server,
                                      const Settings& settings, const io::PgTable& checksums, Cursor& cursor) {
    core::Assertions found;
    if (expected.role != "any")
        found.assertions.push_back(
            {.name = "role", .expected = expected.role, .actual = server.in_recovery ? "standby" : "primary"});
    // Without either of these a power failure leaves a database that no log can repair. Who runs on a file system that
    // needs no full_page_writes says so in `settings`.
    core::Labels wanted = expected.settings;
    wanted.try_emplace("fsync", "on");
    wanted.try_emplace("full_page_writes", "on");
    for (const auto& [name, value] : wanted) {
        core::Assertion assertion{.name = name, .expected = value};
        if (const auto setting = settings.find(name); setting != settings.end())
            assertion.actual = setting->second.shown;
        else
            assertion.detail = fmt::format("this server has no such setting, or hides it from {}", server.user);
        found.assertions.push_back(std::move(assertion));
    }
    const Row row = only_row(checksums, "checksum failures");
    const int major = server.version / 10'000;
    // NULL while checksums are off (or older than 12): nothing was counted, so nothing is said. A zero proves nothing
    // either: pages are only checked when they are read.
    if (const auto failures = row.natural("failures")) {
        cursor.checksums.follow(*failures, row.number("reset").value_or(0), major);
        found.assertions.push_back({.name = "checksum_failures",
                                    .expected = "0",
                                    .actual = std::to_string(cursor.checksums.count),
                                    .detail = words_of(cursor.checksums, *failures, major, row)});
    }
    return found;
}

} // namespace recoverd::collectors::pg
