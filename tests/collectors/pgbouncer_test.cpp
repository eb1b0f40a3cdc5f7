// SPDX-License-Identifier: Apache-2.0
// What an admin console's answers mean: asked of what a real PgBouncer 1.18 said (tests/data/pgbouncer/: a pool of two,
// four clients; a database paused, disabled; all paused; the server gone), changed here and there.
#include "collectors/pgbouncer.hpp"

#include "collectors/all.hpp"
#include "core/assertion.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/pg_answers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using core::AssertionState;
using test::kStart;

namespace {

enum { pools_at, databases_at, config_at, lists_at };

io::PgAnswer captured(const std::string& name) { return test::pg_answer(test::data("pgbouncer/" + name + ".json")); }

std::optional<std::string>& cell(io::PgAnswer& answer, std::size_t table, std::string_view column,
                                 std::string_view first) {
    io::PgTable& in = answer.tables.at(table);
    const int at = in.column(column);
    REQUIRE(at >= 0);
    for (auto& row : in.rows)
        if (row.at(0) == first)
            return row.at(static_cast<std::size_t>(at));
    FAIL("no such row");
    std::abort();
}

const core::SubjectReport& subject(const Seen& seen, std::string_view name = "") {
    for (const core::SubjectReport& report : seen.subjects)
        if (report.subject == name)
            return report;
    FAIL("no such subject");
    std::abort();
}

core::Assertion assertion(const core::SubjectReport& report, std::string_view name) {
    for (const Evidence& evidence : report.evidence)
        if (const auto* assertions = std::get_if<core::Assertions>(&evidence))
            for (const core::Assertion& one : assertions->assertions)
                if (one.name == name)
                    return one;
    FAIL("no such assertion");
    std::abort();
}

core::Measurement measurement(const core::SubjectReport& report, std::string_view name) {
    for (const Evidence& evidence : report.evidence)
        if (const auto* measured = std::get_if<core::Measurement>(&evidence); measured && measured->name == name)
            return *measured;
    FAIL("no such measurement");
    std::abort();
}

Seen look(const io::PgAnswer& answer, const PgBouncerExpected& expected = {}, std::string_view cursor = {},
          Time now = kStart) {
    return interpret_pgbouncer(expected, answer, cursor, now);
}

bool holds(const Seen& seen, std::string_view name) {
    return core::state_of(assertion(subject(seen), name)) == AssertionState::holds;
}

} // namespace

TEST_CASE("a pooler in which nobody waits holds what is expected of it") {
    const Seen seen = look(captured("idle"));
    REQUIRE(seen.subjects.size() == 1);
    CHECK(seen.complete);
    for (const char* name : {"longest_wait", "paused", "disabled"})
        CHECK(holds(seen, name));
    CHECK(measurement(subject(seen), "waiting_clients").value == 0);
    CHECK(measurement(subject(seen), "client_connections").value == 0.01);
    CHECK(measurement(subject(seen), "client_connections").above == 0.9);
}

TEST_CASE("four clients on a pool of two: two wait, and it is said which pool has no server left") {
    const io::PgAnswer answer = captured("waiting");
    const Seen patient = look(answer);
    CHECK(holds(patient, "longest_wait"));
    CHECK(measurement(subject(patient), "waiting_clients").value == 2);
    CHECK(measurement(subject(patient), "active_clients").value == 2);
    CHECK(measurement(subject(patient), "servers_in_use").value == 1);
    const Seen seen = look(answer, {.databases = {}, .max_wait = 2s});
    const core::Assertion wait = assertion(subject(seen), "longest_wait");
    CHECK(core::state_of(wait) == AssertionState::fails);
    CHECK(wait.expected == "2");
    CHECK(wait.actual == "4.019");
    CHECK_THAT(wait.detail,
               ContainsSubstring("orders/app: 2 clients wait, 2 servers connected of 2, 2 of them in use"));
}

TEST_CASE("nobody may wait longer than half the time after which PgBouncer sends clients away") {
    io::PgAnswer answer = captured("waiting");
    cell(answer, config_at, "value", "query_wait_timeout") = "6";
    CHECK(assertion(subject(look(answer)), "longest_wait").expected == "3");
    CHECK_FALSE(holds(look(answer), "longest_wait"));
    // For ever.
    cell(answer, config_at, "value", "query_wait_timeout") = "0";
    CHECK(assertion(subject(look(answer)), "longest_wait").expected == "10");
}

TEST_CASE("a paused database is said as such, as P3 until somebody has waited for it too long") {
    io::PgAnswer answer = captured("paused");
    const core::Assertion paused = assertion(subject(look(answer)), "paused");
    CHECK(core::state_of(paused) == AssertionState::fails);
    CHECK(paused.actual == "orders");
    CHECK(paused.priority == core::Priority::p3);
    cell(answer, pools_at, "cl_waiting", "orders") = "3";
    cell(answer, pools_at, "maxwait", "orders") = "11";
    const Seen seen = look(answer);
    CHECK_FALSE(assertion(subject(seen), "paused").priority);
    CHECK_THAT(assertion(subject(seen), "paused").detail, ContainsSubstring("3 clients wait"));
    // One cause is said once.
    CHECK(holds(seen, "longest_wait"));
}

TEST_CASE("a disabled database is said") {
    const core::Assertion disabled = assertion(subject(look(captured("disabled"))), "disabled");
    CHECK(disabled.expected == "none");
    CHECK(disabled.actual == "orders");
    CHECK_FALSE(disabled.priority);
}

TEST_CASE("who waits in front of a pool without any server is seen to wait, though maxwait stays at 0") {
    for (const char* name : {"all-paused", "server-gone"}) {
        io::PgAnswer answer = captured(name);
        cell(answer, pools_at, "maxwait", "other") = "0";
        cell(answer, pools_at, "maxwait_us", "other") = "0";
        const Seen first = look(answer);
        CHECK(holds(first, "longest_wait"));
        const Seen second = look(answer, {}, first.cursor, kStart + 5s);
        CHECK(measurement(subject(second), "longest_wait").value == 5);
        CHECK(holds(second, "longest_wait"));
        const Seen third = look(answer, {}, second.cursor, kStart + 11s);
        CHECK_FALSE(holds(third, "longest_wait"));
        CHECK_THAT(assertion(subject(third), "longest_wait").detail,
                   ContainsSubstring("other/app: 1 clients wait, 0 servers connected of 20"));
        // Served again, it begins anew.
        const Seen well = look(captured("idle"), {}, third.cursor, kStart + 12s);
        CHECK(holds(well, "longest_wait"));
        CHECK(holds(look(answer, {}, well.cursor, kStart + 60s), "longest_wait"));
        // So it does with a clock that was set back, and with a cursor that is none.
        CHECK(holds(look(answer, {}, third.cursor, kStart - 1h), "longest_wait"));
        CHECK(holds(look(answer, {}, R"({"other/app": "x"})", kStart), "longest_wait"));
        CHECK(holds(look(answer, {}, "\xff{", kStart), "longest_wait"));
    }
}

TEST_CASE("databases that are named are a subject each, and the console stays one for its own figures") {
    const Seen seen = look(captured("waiting"), {.databases = {"orders", "other"}, .max_wait = 2s});
    REQUIRE(seen.subjects.size() == 3);
    CHECK(core::state_of(assertion(subject(seen, "orders"), "longest_wait")) == AssertionState::fails);
    CHECK(core::state_of(assertion(subject(seen, "other"), "longest_wait")) == AssertionState::holds);
    CHECK(measurement(subject(seen), "client_connections").value == 0.05);
    CHECK(subject(seen).evidence.size() == 1);
}

TEST_CASE("a named database that is not listed is unknown, not well") {
    const Seen seen = look(captured("idle"), {.databases = {"billing"}});
    const core::SubjectReport& billing = subject(seen, "billing");
    CHECK(billing.evidence.empty());
    REQUIRE(billing.failure);
    CHECK_THAT(billing.failure->detail,
               ContainsSubstring("expected a database billing") && ContainsSubstring("hint: "));
}

TEST_CASE("clients that are logging in count against max_client_conn, and once") {
    io::PgAnswer answer = captured("idle");
    cell(answer, lists_at, "items", "used_clients") = "60";
    // Of the 60 (janitor.c and admin.c of PgBouncer: whoever was accepted is one of used_clients).
    cell(answer, lists_at, "items", "login_clients") = "35";
    CHECK(measurement(subject(look(answer)), "client_connections").value == 0.6);
}

TEST_CASE("columns of another version, in another order, are read by their names") {
    io::PgAnswer answer = captured("waiting");
    for (io::PgTable& table : answer.tables) {
        std::ranges::reverse(table.columns);
        table.columns.insert(table.columns.begin() + 1, "of_the_future");
        for (auto& row : table.rows) {
            std::ranges::reverse(row);
            row.insert(row.begin() + 1, "x");
        }
    }
    CHECK(look(answer).subjects == look(captured("waiting")).subjects);
}

TEST_CASE("what is no console, or tells half of it, is no answer") {
    io::PgAnswer postgres = captured("idle");
    postgres.tables[0] = {{}, {}, "42704", "unrecognized configuration parameter \"pools\""};
    CHECK_THROWS_MATCHES(look(postgres), io::BadDocument,
                         MessageMatches(ContainsSubstring("admin console") && ContainsSubstring("dbname=pgbouncer")));
    io::PgAnswer no_limit = captured("idle");
    cell(no_limit, config_at, "key", "max_client_conn") = "other";
    CHECK_THROWS_AS(look(no_limit), io::BadDocument);
    for (const auto& [table, column] : {std::pair{pools_at, "cl_waiting"},
                                        {pools_at, "maxwait"},
                                        {databases_at, "paused"},
                                        {databases_at, "disabled"}}) {
        for (const std::optional<std::string>& odd : {std::optional<std::string>{}, std::optional<std::string>{"many"},
                                                      std::optional<std::string>{"99999999999999999999"}}) {
            io::PgAnswer answer = captured("idle");
            cell(answer, static_cast<std::size_t>(table), column, "orders") = odd;
            CHECK_THROWS_AS(look(answer), io::BadDocument);
        }
    }
    io::PgAnswer fewer = captured("idle");
    fewer.tables.pop_back();
    CHECK_THROWS_AS(look(fewer), io::BadDocument);
}

TEST_CASE("the console is asked as a console, with the password from its file") {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    world.secrets["pooler"] = "geheim";
    io::PgRequest asked;
    world.on_postgres = [&](const io::PgRequest& request) -> Result<io::PgAnswer> {
        asked = request;
        return captured("idle");
    };
    core::config::Diagnostics diagnostics;
    core::config::Table secret;
    secret.push_back({"credential", {}, {std::string{"pooler"}, {}}});
    core::config::Table table;
    table.push_back({"dsn", {}, {std::string{"host=pooler port=6432 user=recoverd dbname=pgbouncer"}, {}}});
    table.push_back({"password", {}, {secret, {}}});
    const Kind& kind = *find("pgbouncer");
    const Compiled compiled = kind.compile(table, {"check.x", "collector 'pgbouncer'", {}}, {}, diagnostics);
    REQUIRE(diagnostics.all().empty());
    CHECK(compiled.target == "pooler:6432");
    REQUIRE(test::run(ioc, world.timers(), compiled.collect({world, kind.timeout, {}, kStart, "x"})));
    CHECK(asked.console);
    CHECK(asked.password.reveal() == "geheim");
    CHECK(asked.statements == std::vector<std::string>{"SHOW POOLS", "SHOW DATABASES", "SHOW CONFIG", "SHOW LISTS"});
}

TEST_CASE("options that cannot be meant are mistakes") {
    const auto mistakes = [](const std::string& key, core::config::Node node) {
        core::config::Diagnostics diagnostics;
        core::config::Table table;
        table.push_back({"dsn", {}, {std::string{"host=pooler"}, {}}});
        table.push_back({key, {}, std::move(node)});
        find("pgbouncer")->compile(table, {"check.x", "collector 'pgbouncer'", {}}, {}, diagnostics);
        return diagnostics.has_mistakes();
    };
    CHECK(mistakes("max_clients", {0.0, {}}));
    CHECK(mistakes("max_clients", {1.5, {}}));
    CHECK(mistakes("max_wait", {std::string{"0s"}, {}}));
    CHECK(mistakes("databases", {core::config::Array{{std::string{"a"}, {}}, {std::string{"a"}, {}}}, {}}));
    CHECK_FALSE(mistakes("max_clients", {0.5, {}}));
}
