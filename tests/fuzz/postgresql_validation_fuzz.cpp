// SPDX-License-Identifier: Apache-2.0
// One answer, as a server could give it to everything that postgresql_validation asks: to the catalogue's part as it
// is, to the rest as many tables of it as are asked for.
#include "collectors/postgresql_validation.hpp"
#include "io/json.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/pg_answers.hpp"

namespace recoverd::fuzz {

namespace {

using collectors::ValidationExpected;
using collectors::ValidationLooked;
using collectors::ValidationSide;

io::PgAnswer as_many(io::PgAnswer answer, std::size_t count) {
    io::PgTable last = answer.tables.empty() ? io::PgTable{} : answer.tables.back();
    answer.tables.resize(count, last);
    return answer;
}

void play(const ValidationExpected& expected, const io::PgAnswer& answer, std::string_view cursor) {
    const auto facts = as_many(answer, collectors::validation_facts(expected, ValidationSide::own).size());
    ValidationLooked looked{.facts = facts};
    if (expected.compares)
        looked.primary_facts = as_many(answer, collectors::validation_facts(expected, ValidationSide::primary).size());
    const auto asked = [&](ValidationSide side) {
        return as_many(answer, collectors::validation_statements(expected, side, looked, cursor, kNow).size());
    };
    looked.own = asked(ValidationSide::own);
    if (const auto writes = collectors::canary_statements(expected, facts); !writes.empty())
        looked.canary = as_many(answer, writes.size());
    if (expected.compares)
        looked.before = looked.after = asked(ValidationSide::primary);
    const core::Seen first = collectors::interpret_validation(expected, looked, cursor, kNow);
    must_be_sound(first);
    must_be_sound(collectors::interpret_validation(expected, looked, first.cursor, kNow + std::chrono::hours{30}));
}

} // namespace

void fuzz(std::string_view bytes) {
    ValidationExpected expected{.tables = {"a.b"}, .frozen = {"a.c"}, .canary = "r", .name = "x"};
    ValidationExpected other{
        .hashed = {"a.b"}, .amcheck = {"a.i"}, .foreign_keys = {"a.b.k"}, .canary = "r", .name = "x", .compares = true};
    for (const ValidationExpected& asked : {expected, other})
        try {
            play(asked, test::pg_answer(bytes), {});
            play(asked, test::pg_answer(bytes), bytes);
        } catch (const io::BadDocument&) {
        }
}

} // namespace recoverd::fuzz
