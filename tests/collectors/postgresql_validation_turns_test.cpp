// SPDX-License-Identifier: Apache-2.0
// A run's budget does not suffice for all: who is read, and what is told of the others.
#include "collectors/all.hpp"
#include "collectors/postgresql_validation.hpp"
#include "core/assertion.hpp"

#include "tests/collectors/validation_story.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using test::ValidationStory;

namespace {

constexpr std::uint64_t kPage = 8192;

/// Three tables of a page, of which a run may read so many.
ValidationStory three_tables(std::uint64_t pages) {
    return ValidationStory{{.tables = {"s.a", "s.b", "s.c"}, .budget = kPage, .run_budget = pages * kPage}};
}

/// The tables that a run reads, in its order: "a b".
std::string tables_read(const ValidationStory& story, ValidationSide side = ValidationSide::own) {
    std::string names;
    for (const std::string& sql : story.statements(side))
        if (const auto at = sql.find("FROM s."); at != std::string::npos)
            names += (names.empty() ? "" : " ") + sql.substr(at + 7, 1);
    return names;
}

io::PgTable timed_out() { return {{}, {}, "57014", "canceling statement due to statement timeout"}; }

} // namespace

TEST_CASE("tables that do not fit into one run take turns, and each is reached") {
    ValidationStory story = three_tables(2);
    for (const char* expected : {"a b", "c a", "b c", "a b"}) {
        CHECK(tables_read(story) == expected);
        story.look();
    }
    story = three_tables(3);
    for (const char* expected : {"a b c", "b c a", "c a b"}) {
        CHECK(tables_read(story) == expected);
        story.look();
    }
}

TEST_CASE("what a run does not reach is unknown at first, then told as it was with its age, and not for ever") {
    ValidationStory story = three_tables(2);
    story.own.rows = 1000;
    const auto first = story.look();
    CHECK(first.state("s.a", "readable") == AssertionState::holds);
    CHECK(first.state("s.c", "readable") == AssertionState::unknown);
    CHECK_THAT(first.assertion("s.c", "readable").detail, ContainsSubstring("raise `run_budget`"));
    CHECK_FALSE(first.measures("s.c", "checked_age"));

    story.now += 5min;
    story.own.rows = 500;
    const auto second = story.look();
    CHECK(second.state("s.b", "row_count") == AssertionState::holds);
    CHECK(second.measured("s.b", "rows") == 1000);
    CHECK(second.measured("s.b", "checked_age") == 300);
    CHECK_THAT(second.assertion("s.b", "readable").detail, ContainsSubstring("as of 2026-11-24T12:00:00Z"));
    CHECK(second.state("s.a", "row_count") == AssertionState::fails);
    CHECK(second.measured("s.a", "checked_age") == 0);

    // It failed, and is not reached: nobody knows better yet.
    story.own.rows = 1000;
    story.now += 5min;
    CHECK(story.look().state("s.a", "row_count") == AssertionState::fails);
    CHECK(story.look().state("s.a", "row_count") == AssertionState::holds);

    const std::string waits = "s.b";
    CHECK(tables_read(story) == "c a");
    story.now += 25h;
    const auto late = story.look();
    CHECK(late.state(waits, "readable") == AssertionState::unknown);
    CHECK(late.state(waits, "row_count") == AssertionState::unknown);
    CHECK_FALSE(late.measures(waits, "rows"));
    CHECK_FALSE(late.measures(waits, "checked_age"));
    CHECK_THAT(late.assertion(waits, "readable").detail, ContainsSubstring("last looked at 2026-11-24T12:1"));
}

TEST_CASE("what was learned by a clock that was ahead is not told") {
    ValidationStory story = three_tables(2);
    story.look();
    story.now -= 1h;
    CHECK(story.look().state("s.b", "readable") == AssertionState::unknown);
}

TEST_CASE("who has not had its time is first in the next run, and who never ends keeps nobody waiting") {
    ValidationStory story = three_tables(3);
    story.own.second(1) = timed_out();
    story.own.second(3) = timed_out();
    story.look();
    CHECK(tables_read(story) == "c a b");
    // It has had what a run can give, and is not first again.
    story.own.second(3) = story.own.answer({"AS stamp"}).tables[0];
    story.look();
    CHECK(tables_read(story) == "a b c");
}

TEST_CASE("a run of which nothing was answered does not begin with the same table again") {
    ValidationStory story = three_tables(2);
    story.own_failure = {core::FailureKind::unreachable, "connection lost"};
    CHECK(story.look().state("s.a", "readable") == AssertionState::unknown);
    CHECK(tables_read(story) == "b c");
}

TEST_CASE("a large heap takes what is left of a run, and has its whole turn in the next") {
    ValidationStory story{{.tables = {"s.a"}, .amcheck = {"s.h"}, .budget = 4 * kPage, .run_budget = 5 * kPage}};
    story.own.cell(4, "bytes") = std::to_string(3 * kPage);
    story.own.first.tables[5] = test::relation("16384", "s.h", "m", "heap");
    story.own.cell(5, "bytes") = std::to_string(100 * kPage);
    CHECK_THAT(story.statements().at(2), ContainsSubstring("'none', 0, least(1, "));
    story.look();
    CHECK_THAT(story.statements().at(1), ContainsSubstring("'none', 2, least(5, "));
    CHECK(story.statements().size() == 2);
}

TEST_CASE("a sample of a constraint takes its share of the budget, and a run of its own where that is all of it") {
    ValidationStory story{{.tables = {"s.a"}, .foreign_keys = {"s.b.k"}, .budget = kPage, .run_budget = 12 * kPage}};
    CHECK(story.statements().size() == 3);
    story.expected.run_budget = 11 * kPage;
    CHECK(story.statements().size() == 2);
    story.own.cell(5, "bytes") = std::to_string(2 * kPage);
    CHECK_THAT(story.look().assertion("s.b.k", "orphans").detail, ContainsSubstring("raise `budget`"));
}

TEST_CASE("a table that is compared is read twice on its primary, which counts, and only when it is its turn") {
    ValidationStory story{{.tables = {"s.a", "s.b"}, .budget = kPage, .run_budget = 3 * kPage, .compares = true}};
    CHECK(tables_read(story) == "a");
    CHECK(tables_read(story, ValidationSide::primary) == "a");
    CHECK(story.look().state("s.a", "row_count_difference") == AssertionState::holds);
    CHECK(tables_read(story) == "b");
    CHECK(tables_read(story, ValidationSide::primary) == "b");
    const auto seen = story.look();
    CHECK(seen.state("s.a", "row_count_difference") == AssertionState::holds);
    CHECK(seen.state("s.b", "row_count_difference") == AssertionState::holds);
    story.expected.run_budget = 2 * kPage;
    CHECK_THAT(story.look().assertion("s.a", "readable").detail, ContainsSubstring("with the primary's, read twice"));
}

TEST_CASE("a cursor of a version that knew no turns keeps what it knew") {
    ValidationStory story{{.tables = {"s.a"}}};
    story.own.rows = 500;
    story.cursor = R"({"peaks": {"s.a": {"rows": 1000, "at_ms": 1795521600000}}, "samples": {}, "canary": 0,
                       "canary_at": 0, "lost_rows": 0, "lost_seconds": 0, "lost_words": "", "checksum_failures": 0,
                       "checksums_reset": 0})";
    CHECK(story.look().state("s.a", "row_count") == AssertionState::fails);
}

TEST_CASE("a run's budget below that of one relation is a mistake, and left out it is four times that") {
    namespace config = core::config;
    const auto compiles = [](const char* key, std::string value) {
        config::Diagnostics diagnostics;
        config::Table table;
        table.push_back({"dsn", {}, {std::string{"host=db"}, {}}});
        table.push_back({key, {}, {std::move(value), {}}});
        find("postgresql_validation")->compile(table, {"check.x", "collector 'x'", {}}, {}, diagnostics);
        return !diagnostics.has_mistakes();
    };
    CHECK(compiles("budget", "100GiB"));
    CHECK(compiles("run_budget", "256MiB"));
    CHECK_FALSE(compiles("run_budget", "255MiB"));
    CHECK(compiles("fresh_within", "7d"));
    CHECK_FALSE(compiles("fresh_within", "0s"));
}
