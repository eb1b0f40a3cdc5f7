// SPDX-License-Identifier: Apache-2.0
// What the answers of one or two servers mean. tests/smoke/test_validation.py asks real ones.
#include "collectors/all.hpp"
#include "collectors/postgresql_validation.hpp"
#include "collectors/postgresql_validation/cursor.hpp"
#include "core/assertion.hpp"
#include "io/json.hpp"

#include "tests/collectors/validation_story.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::Priority;
using test::ValidationStory;

namespace {

constexpr const char* kOrders = "public.orders";

io::PgTable failing(std::string code, std::string words) { return {{}, {}, std::move(code), std::move(words)}; }

} // namespace

TEST_CASE("checksums that are off are no zero failures: nothing is known of the pages") {
    ValidationStory story;
    story.own.cell(0, "checksums") = "off";
    story.own.cell(1, "failures") = std::nullopt;
    const core::Assertion found = story.look().assertion("", "checksum_failures");
    CHECK(core::state_of(found) == AssertionState::unknown);
    CHECK_THAT(found.detail, ContainsSubstring("data_checksums is off"));
}

TEST_CASE("a server before 12 counts no checksum failures, which is unknown as well") {
    ValidationStory story;
    story.own.cell(1, "failures") = std::nullopt;
    CHECK(story.look().state("", "checksum_failures") == AssertionState::unknown);
}

TEST_CASE("checksum failures are P1, and a crash that forgets them mends nothing") {
    ValidationStory story;
    CHECK(story.look().state("", "checksum_failures") == AssertionState::holds);
    story.own.cell(1, "failures") = "3";
    story.own.cell(1, "databases") = "orders";
    const core::Assertion found = story.look().assertion("", "checksum_failures");
    CHECK(core::state_of(found) == AssertionState::fails);
    CHECK(found.priority == Priority::p1);
    story.own.cell(1, "failures") = "0";
    CHECK(story.look().state("", "checksum_failures") == AssertionState::fails);
    // Somebody who mended it said so.
    story.own.cell(1, "reset") = "1795521600";
    CHECK(story.look().state("", "checksum_failures") == AssertionState::holds);
}

TEST_CASE("before PostgreSQL 15 statistics look reset after a crash, so that only who forgets accepts the damage") {
    ValidationStory story;
    story.own.first.server_version = 140012;
    story.own.cell(1, "failures") = "3";
    story.own.cell(1, "reset") = "1795435200";
    CHECK(story.look().state("", "checksum_failures") == AssertionState::fails);
    // The next use of the database after the crash.
    story.own.cell(1, "failures") = "0";
    story.own.cell(1, "reset") = "1795521600";
    const core::Assertion found = story.look().assertion("", "checksum_failures");
    CHECK(core::state_of(found) == AssertionState::fails);
    CHECK_THAT(found.detail, ContainsSubstring("and then `recoverd forget CHECK/`"));
    const std::vector<std::string> all{""};
    story.cursor = collectors::validation::forget(story.cursor, all);
    CHECK(story.look().state("", "checksum_failures") == AssertionState::holds);
}

TEST_CASE("a page that cannot be read is P1, and one that was only not waited for is unknown") {
    ValidationStory story{{.tables = {kOrders}}};
    story.own.second(1) = failing("XX001", "invalid page in block 5 of relation base/5/16384");
    const auto damaged = story.look();
    CHECK(core::state_of(damaged.assertion(kOrders, "readable")) == AssertionState::fails);
    CHECK(damaged.assertion(kOrders, "readable").priority == Priority::p1);
    CHECK_FALSE(damaged.has(kOrders, "row_count"));
    for (const char* code : {"57014", "55P03", "42501", "XX000", ""}) {
        story.own.second(1) = failing(code, "canceling statement due to statement timeout");
        CHECK(story.look().state(kOrders, "readable") == AssertionState::unknown);
    }
}

TEST_CASE("a table that is not there, hidden, no table or beyond the budget is unknown, with words") {
    const auto told = [](std::string_view column, std::optional<std::string> value) {
        ValidationStory story{{.tables = {kOrders}}};
        story.own.cell(4, column) = std::move(value);
        const auto seen = story.look();
        CHECK(seen.state(kOrders, "readable") == AssertionState::unknown);
        return seen.assertion(kOrders, "readable").detail;
    };
    CHECK_THAT(told("bytes", "300000000"), ContainsSubstring("286.1 MiB") && ContainsSubstring("256.0 MiB"));
    CHECK_THAT(told("may_read", "f"), ContainsSubstring("GRANT SELECT ON public.orders TO recoverd"));
    CHECK_THAT(told("row_security", "t"), ContainsSubstring("BYPASSRLS"));
    CHECK_THAT(told("relkind", "v"), ContainsSubstring("no table"));
    ValidationStory story{{.tables = {kOrders}}};
    story.own.first.tables[4].rows.clear();
    CHECK_THAT(story.look().assertion(kOrders, "readable").detail, ContainsSubstring("no such table"));
}

TEST_CASE("rows that went are measured against what there was until they are back or a day's allowance covers it") {
    ValidationStory story{{.tables = {kOrders}, .shrink_at_most = 0.1}};
    story.own.rows = 1000;
    CHECK(story.look().state(kOrders, "row_count") == AssertionState::holds);
    story.own.rows = 899;
    for (int i = 0; i < 3; ++i) {
        const auto seen = story.look();
        CHECK(seen.state(kOrders, "row_count") == AssertionState::fails);
        CHECK(seen.assertion(kOrders, "row_count").priority == Priority::p2);
        CHECK(seen.assertion(kOrders, "row_count").expected == "900");
        story.now += 48h;
    }
    story.own.rows = 900;
    CHECK(story.look().state(kOrders, "row_count") == AssertionState::holds);
    // Slowly, within each day's allowance.
    story.own.rows = 811;
    CHECK(story.look().state(kOrders, "row_count") == AssertionState::holds);
    story.own.rows = 720;
    CHECK(story.look().state(kOrders, "row_count") == AssertionState::fails);
}

TEST_CASE("a primary that rests and a copy may not differ by one row") {
    ValidationStory story{{.hashed = {kOrders}, .compares = true}};
    story.own.rows = 99;
    story.own.hash = "b";
    const auto seen = story.look();
    CHECK(seen.state(kOrders, "row_count_difference") == AssertionState::fails);
    CHECK(seen.state(kOrders, "content") == AssertionState::fails);
    CHECK(seen.assertion(kOrders, "content").priority == Priority::p1);
    CHECK_THAT(seen.assertion(kOrders, "row_count_difference").detail,
               ContainsSubstring("99 rows here, 100 on the primary"));
    story.own.rows = 100;
    CHECK(story.look().state(kOrders, "content") == AssertionState::fails);
    story.own.hash = "a";
    CHECK(story.look().state(kOrders, "content") == AssertionState::holds);
    CHECK(story.look().state(kOrders, "row_count_difference") == AssertionState::holds);
}

TEST_CASE("while the primary is written to, counts are compared roughly and content is unknown") {
    ValidationStory story{{.hashed = {kOrders}, .compares = true}};
    story.after.rows = 110;
    story.after.hash = "c";
    story.after.stamp = "2";
    story.own.rows = 121;
    story.own.hash = "b";
    CHECK(story.look().state(kOrders, "row_count_difference") == AssertionState::holds);
    CHECK(story.look().state(kOrders, "content") == AssertionState::unknown);
    story.own.rows = 122;
    CHECK(story.look().state(kOrders, "row_count_difference") == AssertionState::fails);
    story.own.hash = "c";
    CHECK(story.look().state(kOrders, "content") == AssertionState::holds);
    // By how much more they may differ then is an option.
    story.expected.differ_at_most = 0.02;
    CHECK(story.look().state(kOrders, "row_count_difference") == AssertionState::holds);
    story.own.rows = 123;
    CHECK(story.look().state(kOrders, "row_count_difference") == AssertionState::fails);
}

TEST_CASE("nothing is compared with a primary that did not answer, is none, or is the same server") {
    const auto unknown = [](auto change, std::string_view words) {
        ValidationStory story{{.hashed = {kOrders}, .compares = true}};
        change(story);
        const auto seen = story.look();
        CHECK(seen.state(kOrders, "row_count_difference") == AssertionState::unknown);
        CHECK(seen.state(kOrders, "content") == AssertionState::unknown);
        CHECK_THAT(seen.assertion(kOrders, "content").detail, ContainsSubstring(std::string{words}));
    };
    unknown([](ValidationStory& s) { s.primary_failure = {core::FailureKind::unreachable, "connection refused"}; },
            "refused");
    unknown([](ValidationStory& s) { s.before.cell(0, "in_recovery") = "t"; }, "leads to a standby");
    unknown([](ValidationStory& s) { s.before.cell(0, "started") = s.own.cell(0, "started"); }, "the same server");
    unknown([](ValidationStory& s) { s.before.cell(4, "may_read") = "f"; }, "on the primary: ");
    // A standby that is behind differs, and that is no damage.
    unknown(
        [](ValidationStory& s) {
            s.own.cell(0, "in_recovery") = "t";
            s.own.cell(0, "replayed") = "999";
            s.own.rows = 1;
        },
        "did not replay");
}

TEST_CASE("orphans are counted, and a sample that held some is looked at again until it holds none") {
    const std::string key = "public.lines.fk";
    ValidationStory story{{.foreign_keys = {key}}};
    CHECK(story.look().state(key, "orphans") == AssertionState::holds);
    story.own.cell(4, "rows") = "1000000";
    CHECK_THAT(story.statements().back(), ContainsSubstring("TABLESAMPLE SYSTEM (1.000000) REPEATABLE"));
    story.own.second(1).rows[0] = {"10000", "2"};
    const auto seen = story.look();
    CHECK(seen.state(key, "orphans") == AssertionState::fails);
    CHECK(seen.assertion(key, "orphans").priority == Priority::p2);
    CHECK_THAT(seen.assertion(key, "orphans").detail, ContainsSubstring("of 10000 rows of public.lines, a sample"));
    const std::string sampled = story.statements().back();
    story.now += 1h;
    CHECK(story.statements().back() == sampled);
    story.own.second(1).rows[0] = {"0", "0"};
    CHECK(story.look().state(key, "orphans") == AssertionState::unknown);
    story.own.second(1).rows[0] = {"10000", "0"};
    CHECK(story.look().state(key, "orphans") == AssertionState::holds);
    CHECK(story.statements().back() != sampled);
}

TEST_CASE("foreign keys that are not valid or not enforced are named") {
    ValidationStory story;
    story.own.cell(2, "not_valid") = "public.lines.fk";
    story.own.cell(2, "disabled") = "public.lines.fk2";
    const auto seen = story.look();
    CHECK(seen.state("", "not_valid_foreign_keys") == AssertionState::fails);
    CHECK(seen.assertion("", "not_valid_foreign_keys").actual == "public.lines.fk");
    CHECK(seen.state("", "disabled_foreign_keys") == AssertionState::fails);
    story.own.first.tables[2] = failing("57014", "canceling statement");
    CHECK(story.look().state("", "not_valid_foreign_keys") == AssertionState::unknown);
}

TEST_CASE("an index is sound, damaged, or not looked at") {
    const std::string index = "public.orders_pkey";
    ValidationStory story{{.amcheck = {index}}};
    CHECK(story.look().state(index, "bt_index_check") == AssertionState::holds);
    story.own.second(1) = failing("XX002", "item order invariant violated");
    CHECK(story.look().state(index, "bt_index_check") == AssertionState::fails);
    story.own.second(1) = failing("57014", "canceling statement due to statement timeout");
    CHECK(story.look().state(index, "bt_index_check") == AssertionState::unknown);
    story.own.cell(4, "schema") = std::nullopt;
    CHECK_THAT(story.look().assertion(index, "bt_index_check").detail, ContainsSubstring("CREATE EXTENSION amcheck"));
    story.own.cell(4, "schema") = "public";
    story.own.cell(4, "may_check") = "f";
    CHECK_THAT(story.look().assertion(index, "bt_index_check").detail, ContainsSubstring("GRANT EXECUTE"));
    CHECK(story.look().state(index, "bt_index_check") == AssertionState::unknown);
}

TEST_CASE("who accepts what is gone of one table accepts nothing else") {
    ValidationStory story{{.tables = {"public.orders", "public.jobs"}, .canary = "recoverd"}};
    story.canary(4, 1000, 5, 1010);
    story.look();
    story.canary(3, 990, 4, 1100);
    story.own.rows /= 2;
    const auto lost = story.look();
    for (const char* table : {"public.orders", "public.jobs"})
        REQUIRE(lost.state(table, "row_count") == AssertionState::fails);
    const std::vector<std::string> table{"public.jobs"};
    const std::vector<std::string> canary{""};
    story.cursor = collectors::validation::forget(story.cursor, table);
    story.canary(4, 1100, 5, 1110);
    auto seen = story.look();
    CHECK(seen.state("", "canary_lost_rows") == AssertionState::fails);
    CHECK(seen.state("public.orders", "row_count") == AssertionState::fails);
    CHECK(seen.state("public.jobs", "row_count") == AssertionState::holds);
    story.cursor = collectors::validation::forget(story.cursor, canary);
    story.canary(5, 1110, 6, 1120);
    seen = story.look();
    CHECK(seen.state("", "canary_lost_rows") == AssertionState::holds);
    CHECK(seen.state("public.orders", "row_count") == AssertionState::fails);
}

TEST_CASE("a canary that goes back says how much was lost, until somebody accepts it") {
    ValidationStory story{{.canary = "recoverd"}};
    story.canary(4, 1000, 5, 1010);
    const auto well = story.look();
    CHECK(well.state("", "canary") == AssertionState::holds);
    CHECK(well.measured("", "canary_lost_seconds") == 0);
    story.canary(3, 990, 4, 1100);
    const auto lost = story.look();
    CHECK(lost.assertion("", "canary_lost_rows").actual == "2");
    CHECK(lost.assertion("", "canary_lost_rows").priority == Priority::p1);
    CHECK(lost.measured("", "canary_lost_seconds") == 20);
    story.canary(4, 1100, 5, 1110);
    CHECK(story.look().state("", "canary_lost_rows") == AssertionState::fails);
    story.canary(5, 1110, 6, 1120);
    CHECK(story.look().assertion("", "canary_lost_rows").actual == "2");
    story.cursor.clear();
    CHECK(story.look().state("", "canary_lost_rows") == AssertionState::holds);
}

TEST_CASE("two losses of a canary, one after the other, are told as their sum") {
    ValidationStory story{{.canary = "recoverd"}};
    story.canary(4, 1000, 5, 1010);
    story.look();
    story.canary(3, 990, 4, 1100);
    CHECK(story.look().measured("", "canary_lost_seconds") == 20);
    story.canary(3, 1095, 4, 1200);
    const auto twice = story.look();
    CHECK(twice.measured("", "canary_lost_seconds") == 25);
    CHECK(twice.measured("", "canary_lost_rows") == 3);
}

TEST_CASE("a canary of which no row is left has lost all that is known of it, and never nothing") {
    ValidationStory story{{.canary = "recoverd"}};
    const auto emptied = [&](int next_at) {
        story.canary(0, 0, 1, next_at);
        (*story.written)->tables[0].rows.clear();
        return story.look();
    };
    story.canary(4, 1000, 5, 1010);
    story.look();
    story.canary(5, 1010, 6, 1090);
    story.look();
    const std::string known = story.cursor;
    const auto lost = emptied(2000);
    CHECK(lost.measured("", "canary_lost_rows") == 6);
    CHECK(lost.measured("", "canary_lost_seconds") == 90);
    story.canary(1, 2000, 2, 2030);
    story.look();
    CHECK(emptied(3000).measured("", "canary_lost_seconds") == 120);

    // As it was kept by versions that did not know when the first row was written.
    story.cursor = known;
    const auto at = story.cursor.find("\"first_at\"");
    REQUIRE(at != std::string::npos);
    story.cursor.erase(at, story.cursor.find(',', at) + 1 - at);
    const auto unknown = emptied(2000);
    CHECK(unknown.measured("", "canary_lost_rows") == 6);
    CHECK_FALSE(unknown.measures("", "canary_lost_seconds"));
    story.canary(1, 2000, 2, 2030);
    CHECK_FALSE(story.look().measures("", "canary_lost_seconds"));
}

TEST_CASE("a run that did not read the canary's table tells nothing of what was lost of it") {
    ValidationStory story{{.canary = "recoverd"}};
    const auto told = [&](const char* why) {
        const auto seen = story.look();
        CHECK(seen.state("", "canary_lost_rows") == AssertionState::unknown);
        CHECK_THAT(seen.assertion("", "canary_lost_rows").detail, ContainsSubstring(why));
        CHECK_FALSE(seen.measures("", "canary_lost_rows"));
        CHECK_FALSE(seen.measures("", "canary_lost_seconds"));
    };
    story.canary(4, 1000, 5, 1010);
    CHECK(story.look().measured("", "canary_lost_rows") == 0);
    story.written = core::failed(core::FailureKind::timed_out, "no answer within 100 ms");
    told("no answer within");
    story.canary(5, 1010, 6, 1020);
    (*story.written)->tables[0] = failing("57P03", "the database system is starting up");
    told("starting up");
    (*story.written)->tables.pop_back();
    told("not all");
    story.written.reset();
    told("not asked");
    story.own.cell(3, "table_there") = "f";
    told("");
    story.own.cell(3, "table_there") = "t";
    story.canary(3, 990, 4, 1100);
    CHECK(story.look().measured("", "canary_lost_rows") == 2);
}

TEST_CASE("a canary that cannot be written fails where the server refuses, and is unknown where nobody set it up") {
    ValidationStory story{{.canary = "recoverd"}};
    story.canary(4, 1000, 5, 1010);
    (*story.written)->tables[1] = failing("53100", "could not extend file: No space left on device");
    CHECK(story.look().state("", "canary") == AssertionState::fails);
    (*story.written)->tables[1] = failing("", "canceling wait for synchronous replication due to user request");
    CHECK(story.look().state("", "canary") == AssertionState::fails);
    (*story.written)->tables[1] = failing("42501", "permission denied for table canary");
    CHECK(story.look().state("", "canary") == AssertionState::unknown);
    story.written = core::failed(core::FailureKind::timed_out, "no answer within 100 ms");
    CHECK(story.look().state("", "canary") == AssertionState::fails);
    story.written = core::failed(core::FailureKind::unreachable, "connection lost");
    CHECK(story.look().state("", "canary") == AssertionState::unknown);
    story.written.reset();
    story.cursor.clear();
    story.own.cell(3, "table_there") = "f";
    CHECK(story.look().state("", "canary") == AssertionState::unknown);
}

TEST_CASE("a canary that was there and is gone is no missing setup") {
    ValidationStory story{{.canary = "recoverd"}};
    story.canary(4, 1000, 5, 1010);
    story.look();
    story.written.reset();
    story.own.cell(3, "table_there") = "f";
    CHECK(story.look().assertion("", "canary").actual == "gone");
}

TEST_CASE("nothing is ever written on a standby, and without a primary to compare with that is unknown") {
    ValidationStory story{{.canary = "recoverd"}};
    story.own.cell(0, "in_recovery") = "t";
    CHECK(canary_statements(story.expected, story.own.first).empty());
    const auto seen = story.look();
    CHECK(seen.state("", "canary_arrived") == AssertionState::unknown);
    CHECK_THAT(seen.assertion("", "canary_arrived").detail, ContainsSubstring("nothing is written"));
    // One that is to be promoted has not taken over yet.
    CHECK(seen.state("", "canary") == AssertionState::unknown);
}

TEST_CASE("a standby that replayed past a commit has its canary, or something is very wrong") {
    ValidationStory story{{.canary = "recoverd", .compares = true}};
    story.own.cell(0, "in_recovery") = "t";
    story.own.cell(0, "replayed") = "1000";
    CHECK(story.look().state("", "canary_arrived") == AssertionState::holds);
    story.own.second(1).rows[0][0] = "6";
    CHECK(story.look().state("", "canary_arrived") == AssertionState::fails);
    // Promoted, it has no primary from which anything could arrive.
    story.own.cell(0, "in_recovery") = "f";
    CHECK(story.look().state("", "canary_arrived") == AssertionState::holds);
}

TEST_CASE("names are only ever text for the server, whatever is in them") {
    const ValidationExpected expected{.tables = {R"(a'b\.c"d)"}, .canary = "x'; DROP SCHEMA y"};
    const auto statements = validation_facts(expected, ValidationSide::own);
    CHECK_THAT(statements.at(3), ContainsSubstring("'x''; DROP SCHEMA y'"));
    CHECK_THAT(statements.at(4), ContainsSubstring(R"(E'a''b\\')"));
}

TEST_CASE("half an answer is none, and a cursor of somebody else is an empty one") {
    ValidationStory story{{.tables = {kOrders}}};
    for (const char* cursor : {"{", "[]", R"({"peaks": 3})", R"({"peaks": {"x": {"rows": -1}}})", "\xff"}) {
        story.cursor = cursor;
        CHECK(story.look().state(kOrders, "row_count") == AssertionState::holds);
    }
    story.own.first.tables.pop_back();
    CHECK_THROWS_AS(story.look(), io::BadDocument);
}

TEST_CASE("options of a validation that cannot be meant are mistakes") {
    namespace config = core::config;
    const auto mistakes = [](const std::string& key, config::Node node) {
        config::Diagnostics diagnostics;
        config::Table table;
        table.push_back({"dsn", {}, {std::string{"host=db"}, {}}});
        table.push_back({key, {}, std::move(node)});
        find("postgresql_validation")->compile(table, {"check.x", "collector 'x'", {}}, {}, diagnostics);
        return diagnostics.has_mistakes();
    };
    const auto list = [](std::string word) { return config::Node{config::Array{{std::move(word), {}}}, {}}; };
    CHECK(mistakes("tables", list("orders")));
    CHECK(mistakes("tables", list("public.")));
    CHECK(mistakes("foreign_keys", list("public.lines")));
    CHECK(mistakes("hashed", list("public.orders")));
    CHECK(mistakes("compare_dsn", {std::string{"host=db password=x"}, {}}));
    CHECK(mistakes("shrink_at_most", {1.5, {}}));
    CHECK(mistakes("max_rows", {std::int64_t{0}, {}}));
    CHECK(mistakes("statement_timeout", {std::string{"0s"}, {}}));
    CHECK_FALSE(mistakes("tables", list("public.orders")));
}
