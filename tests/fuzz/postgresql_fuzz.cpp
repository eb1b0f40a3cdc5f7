// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL server's answers, as tests/data/postgresql has them.
#include "collectors/postgresql.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/pg_answers.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    const collectors::PostgresqlExpected expected{.role = "primary",
                                                  .standbys = {"s1", "s2"},
                                                  .standby_delays = {{"s1", std::chrono::hours{1}}},
                                                  .settings = {{"fsync", "on"}},
                                                  .archive_lag = std::chrono::hours{1}};
    try {
        const io::PgAnswer answer = test::pg_answer(bytes);
        for (const auto& asked : {expected, collectors::PostgresqlExpected{}}) {
            const core::Seen first = collectors::interpret_postgresql(asked, answer, {}, kNow);
            must_be_sound(first);
            // A second look at the same answers has what the first one left behind.
            must_be_sound(
                collectors::interpret_postgresql(asked, answer, first.cursor, kNow + std::chrono::minutes{1}));
        }
        // What was left behind by a version of ours that is not this one.
        collectors::interpret_postgresql(expected, answer, bytes, kNow);
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
