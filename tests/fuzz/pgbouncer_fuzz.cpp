// SPDX-License-Identifier: Apache-2.0
// An admin console's answers, as tests/data/pgbouncer has them.
#include "collectors/pgbouncer.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/pg_answers.hpp"

namespace recoverd::fuzz {

void fuzz(std::string_view bytes) {
    try {
        const io::PgAnswer answer = test::pg_answer(bytes);
        for (const auto& expected :
             {collectors::PgBouncerExpected{.databases = {"orders", "other"}}, collectors::PgBouncerExpected{}}) {
            const core::Seen first = collectors::interpret_pgbouncer(expected, answer, {}, kNow);
            must_be_sound(first);
            must_be_sound(
                collectors::interpret_pgbouncer(expected, answer, first.cursor, kNow + std::chrono::minutes{1}));
        }
        collectors::interpret_pgbouncer({}, answer, bytes, kNow);
    } catch (const io::BadDocument&) {
    }
}

} // namespace recoverd::fuzz
