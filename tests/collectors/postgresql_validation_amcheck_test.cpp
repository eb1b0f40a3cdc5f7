// SPDX-License-Identifier: Apache-2.0
// What amcheck says of pages and B-trees, in one run or in several. tests/smoke/test_amcheck.py asks a real server.
#include "collectors/postgresql_validation.hpp"
#include "core/assertion.hpp"
#include "io/json.hpp"

#include "tests/collectors/validation_story.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using test::ValidationStory;

namespace {

constexpr const char* kOrders = "public.orders";
constexpr std::size_t kFacts = 4;
constexpr std::size_t kBlock = 8192;

io::PgTable failing(std::string code, std::string words) { return {{}, {}, std::move(code), std::move(words)}; }

io::PgTable broken(std::string failed, std::string first) {
    return test::one_row({{"failed", std::move(failed)}, {"first", std::move(first)}});
}

/// The only heap of a story, with as many blocks.
ValidationStory heap_of(std::size_t blocks, std::uint64_t budget_in_blocks) {
    ValidationStory story{{.amcheck = {kOrders}, .budget = budget_in_blocks * kBlock, .run_budget = 100 * kBlock}};
    story.own.first.tables[kFacts] = test::relation("16384", kOrders, "r", "heap");
    story.own.cell(kFacts, "bytes") = std::to_string(blocks * kBlock);
    return story;
}

/// With its TOAST table and an index of each.
ValidationStory whole_table(std::vector<std::string> named = {kOrders}) {
    ValidationStory story{{.amcheck = std::move(named)}};
    io::PgTable& facts = story.own.first.tables[kFacts];
    facts = test::relation("16384", kOrders, "r", "heap");
    for (const io::PgTable& part : {test::relation("16387", "pg_toast.pg_toast_16384", "t", "heap"),
                                    test::relation("16390", "public.orders_pkey", "i", "btree"),
                                    test::relation("16388", "pg_toast.pg_toast_16384_index", "i", "btree"),
                                    test::relation("16391", "public.orders_item", "i", "gin")})
        facts.rows.push_back(part.rows[0]);
    return story;
}

auto asked(const ValidationStory& story, std::string_view words) {
    return std::ranges::count_if(story.statements(), [&](const std::string& sql) { return sql.contains(words); });
}

} // namespace

TEST_CASE("a table is its pages, those of its TOAST table and the B-trees of both, and no other index") {
    ValidationStory story = whole_table();
    CHECK(story.statements().size() == 5);
    CHECK(asked(story, "public.verify_heapam(16384::oid::regclass, true, false, 'none', 0, least(0, ") == 1);
    CHECK(asked(story, "public.verify_heapam(16387::oid::regclass") == 1);
    CHECK(asked(story, "public.bt_index_check(16390::oid::regclass)") == 1);
    CHECK(asked(story, "public.bt_index_check(16388::oid::regclass)") == 1);
    const auto seen = story.look();
    CHECK(seen.state(kOrders, "verify_heapam") == AssertionState::holds);
    CHECK(seen.state(kOrders, "bt_index_check") == AssertionState::holds);
    CHECK(seen.measured(kOrders, "checked_age") == 0);
}

TEST_CASE("an index that is named by itself and comes with its table is gone through once, and told of both") {
    ValidationStory story = whole_table({kOrders, "public.orders_pkey"});
    CHECK(asked(story, "bt_index_check(") == 2);
    story.own.second(3) = failing("XX002", "item order invariant violated");
    const auto seen = story.look();
    CHECK(seen.state(kOrders, "bt_index_check") == AssertionState::fails);
    CHECK_THAT(seen.assertion(kOrders, "bt_index_check").detail,
               ContainsSubstring("public.orders_pkey: item order invariant violated"));
    CHECK(seen.state("public.orders_pkey", "bt_index_check") == AssertionState::fails);
    CHECK(seen.state(kOrders, "verify_heapam") == AssertionState::holds);
}

TEST_CASE("what verify_heapam finds is P1, with how much it is and the first of it in one line") {
    ValidationStory story = whole_table();
    story.own.second(1) = broken("3", "block 7, offset 2: xmin 3 precedes\nrelation freeze threshold 0:735");
    const core::Assertion found = story.look().assertion(kOrders, "verify_heapam");
    CHECK(core::state_of(found) == AssertionState::fails);
    CHECK(found.priority == core::Priority::p1);
    CHECK_THAT(found.detail, ContainsSubstring("block 7, offset 2: xmin 3 precedes relation freeze threshold 0:735; "
                                               "3 in all on that page"));
    CHECK_FALSE(found.detail.contains('\n'));
}

TEST_CASE("what a server says of damage is not told at any length") {
    ValidationStory story = whole_table();
    story.own.second(1) = broken("1", std::string(100'000, 'x'));
    CHECK(story.look().assertion(kOrders, "verify_heapam").detail.size() <= 600);
    CHECK(story.cursor.size() < 10'000);
}

TEST_CASE("a page that cannot even be read while a heap is gone through is damage as well") {
    ValidationStory story = heap_of(1, 100);
    story.own.second(1) = failing("XX001", "invalid page in block 7 of relation base/5/16384");
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::fails);
    story.own.second(1) = failing("57014", "canceling statement due to statement timeout");
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
}

TEST_CASE("before PostgreSQL 14 only the B-trees of a table are gone through, and that is said") {
    ValidationStory story = whole_table();
    story.own.first.server_version = 130014;
    CHECK(asked(story, "verify_heapam") == 0);
    const auto seen = story.look();
    CHECK_FALSE(seen.has(kOrders, "verify_heapam"));
    CHECK(seen.state(kOrders, "bt_index_check") == AssertionState::holds);
    CHECK_THAT(seen.assertion(kOrders, "bt_index_check").detail,
               ContainsSubstring("PostgreSQL 13 has no verify_heapam"));
}

TEST_CASE("before PostgreSQL 14 a table without a B-tree has nothing that was gone through") {
    ValidationStory story = heap_of(1, 100);
    CHECK(story.look().state(kOrders, "bt_index_check") == AssertionState::holds);
    story.own.first.server_version = 130014;
    CHECK(story.look().state(kOrders, "bt_index_check") == AssertionState::unknown);
}

TEST_CASE("pages that may not or cannot be gone through are unknown, with words, and B-trees are all the same") {
    const auto told = [](std::string_view column, const char* value, std::string_view words) {
        ValidationStory story = heap_of(1, 100);
        story.own.cell(kFacts, column) = value;
        CHECK(asked(story, "verify_heapam") == 0);
        const auto seen = story.look();
        CHECK(seen.state(kOrders, "verify_heapam") == AssertionState::unknown);
        CHECK(seen.state(kOrders, "bt_index_check") == AssertionState::holds);
        CHECK_THAT(seen.assertion(kOrders, "verify_heapam").detail, ContainsSubstring(std::string{words}));
    };
    told(
        "may_verify", "f",
        "GRANT EXECUTE ON FUNCTION public.verify_heapam(regclass, boolean, boolean, text, bigint, bigint) TO recoverd");
    told("verifies", "f", "ALTER EXTENSION amcheck UPDATE");
    told("method", "columnar", "its access method is columnar");
    told("persistence", "t", "temporary");
}

TEST_CASE("what a standby has nothing of is not sound on it") {
    ValidationStory story = heap_of(1, 100);
    story.own.cell(kFacts, "persistence") = "u";
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::holds);
    story.own.cell(0, "in_recovery") = "t";
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
}

TEST_CASE("of a relation that cannot be gone through at all one thing is told") {
    const auto told = [](std::string_view column, std::optional<std::string> value) {
        ValidationStory story = heap_of(1, 100);
        story.own.cell(kFacts, column) = std::move(value);
        const auto seen = story.look();
        CHECK(seen.has(kOrders, "verify_heapam") != seen.has(kOrders, "bt_index_check"));
        const char* name = seen.has(kOrders, "verify_heapam") ? "verify_heapam" : "bt_index_check";
        CHECK(seen.state(kOrders, name) == AssertionState::unknown);
        return seen.assertion(kOrders, name).detail;
    };
    CHECK_THAT(told("schema", std::nullopt), ContainsSubstring("CREATE EXTENSION amcheck"));
    CHECK_THAT(told("relkind", "p"), ContainsSubstring("name its partitions"));
    CHECK_THAT(told("relkind", "v"), ContainsSubstring("neither a table nor an index"));
    CHECK_THAT(told("relkind", "i"), ContainsSubstring("only B-trees"));
}

TEST_CASE("a heap beyond the budget is gone through in parts, and only a whole pass is sound") {
    ValidationStory story = heap_of(10, 4);
    const auto look = [&](const char* range) {
        CHECK(asked(story, range) == 1);
        auto seen = story.look();
        story.now += 5min;
        return seen;
    };
    const auto first = look("'none', 0, least(3, ");
    CHECK(first.state(kOrders, "verify_heapam") == AssertionState::unknown);
    CHECK_THAT(first.assertion(kOrders, "verify_heapam").detail, ContainsSubstring("first 4 blocks of 10 are sound"));
    CHECK(look("'none', 4, least(7, ").state(kOrders, "verify_heapam") == AssertionState::unknown);
    const auto whole = look("'none', 8, least(9, ");
    CHECK(whole.state(kOrders, "verify_heapam") == AssertionState::holds);
    // As old as the oldest of what it rests on.
    CHECK(whole.measured(kOrders, "checked_age") == 600);
    const auto again = look("'none', 0, least(3, ");
    CHECK(again.state(kOrders, "verify_heapam") == AssertionState::holds);
    CHECK(again.measured(kOrders, "checked_age") == 900);
    CHECK_THAT(again.assertion(kOrders, "verify_heapam").detail, ContainsSubstring("as of 2026-"));
    // Somebody shrank it meanwhile.
    story.own.cell(kFacts, "bytes") = std::to_string(2 * kBlock);
    CHECK(look("'none', 0, least(1, ").measured(kOrders, "checked_age") == 0);
}

TEST_CASE("a pass that takes longer than what it finds may be old is never sound") {
    ValidationStory story = heap_of(10, 5);
    story.look();
    story.now += 25h;
    const auto seen = story.look();
    CHECK(seen.state(kOrders, "verify_heapam") == AssertionState::unknown);
    CHECK_THAT(seen.assertion(kOrders, "verify_heapam").detail, ContainsSubstring("raise `budget` or `fresh_within`"));
}

TEST_CASE("what was gone through of one server says nothing of the one that took its place") {
    for (const char* column : {"system_id", "started"}) {
        CAPTURE(column);
        ValidationStory story = heap_of(10, 5);
        story.look();
        CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::holds);
        story.own.cell(0, column) = "4711";
        CHECK(asked(story, "'none', 0, least(4, ") == 1);
        CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
        CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::holds);
    }
}

TEST_CASE("a library of amcheck that is not installed is no damage") {
    ValidationStory story = heap_of(10, 5);
    story.own.second(1) = failing("58P01", "could not access file \"$libdir/amcheck\": No such file or directory");
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
}

TEST_CASE("damage in one part of a heap is looked at in each run until it is mended, and ends with a whole pass") {
    ValidationStory story = heap_of(10, 5);
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
    story.own.second(1) = broken("1", "block 6, offset 1: line pointer");
    for (int i = 0; i < 3; ++i) {
        CHECK(asked(story, "'none', 5, least(9, ") == 1);
        CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::fails);
    }
    story.own.second(1) = test::one_row({{"failed", "0"}, {"first", test::Cell{}}});
    const auto mended = story.look();
    CHECK(mended.state(kOrders, "verify_heapam") == AssertionState::unknown);
    CHECK_THAT(mended.assertion(kOrders, "verify_heapam").detail, ContainsSubstring("gone through anew"));
    CHECK(asked(story, "'none', 0, least(4, ") == 1);
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::holds);
}

TEST_CASE("a part of a heap that was only not waited for leaves what a whole pass said, and is tried again") {
    ValidationStory story = heap_of(10, 5);
    story.look();
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::holds);
    story.own.second(1) = failing("55P03", "canceling statement due to lock timeout");
    for (int i = 0; i < 2; ++i) {
        CHECK(asked(story, "'none', 0, least(4, ") == 1);
        const auto seen = story.look();
        CHECK(seen.state(kOrders, "verify_heapam") == AssertionState::holds);
        CHECK_THAT(seen.assertion(kOrders, "verify_heapam").detail, ContainsSubstring("from block 0 on: canceling"));
    }
    story.now += 25h;
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
}

TEST_CASE(
    "a part of a heap that a statement has no time for is halved until it has, and grows again while that goes well") {
    ValidationStory story = heap_of(100, 40);
    CHECK(asked(story, "'none', 0, least(39, ") == 1);
    story.own.second(1) = failing("57014", "canceling statement due to statement timeout");
    for (const char* expected : {"'none', 0, least(19, ", "'none', 0, least(9, "}) {
        CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::unknown);
        CHECK(asked(story, expected) == 1);
    }
    story.own.second(1) = test::one_row({{"failed", "0"}, {"first", test::Cell{}}});
    for (const char* expected : {"'none', 10, least(21, ", "'none', 22, least(35, "}) {
        story.look();
        CHECK(asked(story, expected) == 1);
    }
    for (int i = 0; i < 4; ++i)
        story.look();
    CHECK(story.look().state(kOrders, "verify_heapam") == AssertionState::holds);
    // One that is refused for another reason is no slower than it was.
    story.own.second(1) = failing("55P03", "canceling statement due to lock timeout");
    const auto before = story.statements();
    story.look();
    CHECK(story.statements() == before);
    // It has time for a single block at least, or for nothing.
    story.own.second(1) = failing("57014", "canceling statement due to statement timeout");
    for (int i = 0; i < 10; ++i)
        story.look();
    CHECK(asked(story, "'none', 0, least(0, ") == 1);
}

TEST_CASE("a server that counts nothing at all has not found a heap sound") {
    ValidationStory story = heap_of(1, 100);
    story.own.second(1) = test::one_row({{"failed", test::Cell{}}, {"first", test::Cell{}}});
    CHECK_THROWS_AS(story.look(), io::BadDocument);
}
