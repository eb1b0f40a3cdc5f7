// SPDX-License-Identifier: Apache-2.0
// Servers of Barman's that somebody gave up, in the form that the source of 3.4 to 3.17 gives them.
#include "collectors/barman.hpp"

#include "tests/collectors/one_look.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;

namespace {

using Answer = core::Result<io::Finished>;
using Names = std::vector<std::string>;

/// A Barman 3.17 that lists `old`, whom somebody gave up, beside `orders`.
struct TwoServers {
    Answer told = test::exited(R"_({"old": {"description": "was (inactive)"}, "orders": {"description": ""}})_");
    std::string cursor = {};
    Names asked = {};

    Collected look(const core::config::Table& table = {}, core::Duration later = 0s) {
        asio::io_context ioc;
        test::FakeWorld world{ioc};
        world.on_run = [this](const io::Command& command) -> Answer {
            const auto is = [&](const char* word) {
                return std::ranges::find(command.argv, word) != command.argv.end();
            };
            if (is("list-server"))
                return told;
            if (is("check"))
                return test::exited(R"({"old": {"pg": {"status": "FAILED"}}, "orders": {"pg": {"status": "OK"}}})");
            return test::exited(R"({"old": [], "orders": []})");
        };
        Collected seen = test::look(ioc, world, "barman", table, cursor, 1min, later);
        asked = world.asked;
        if (seen)
            cursor = seen->cursor;
        return seen;
    }

    Names watched(const core::config::Table& table = {}, core::Duration later = 0s) {
        const Collected seen = look(table, later);
        REQUIRE(seen);
        Names names;
        for (const auto& subject : seen->subjects)
            names.push_back(subject.subject);
        return names;
    }
};

const Names kBoth{"old", "orders"};
const Names kActive{"orders"};

/// What tells nothing of who is active.
std::vector<Answer> silent() {
    return {core::failed(FailureKind::timed_out, "no answer within 24s"), test::exited("", 126), test::exited("[]"),
            test::exited("{")};
}

} // namespace

TEST_CASE("barman: a server is not active when Barman says so behind its description") {
    const auto inactive = interpret_barman_inactive(io::Json::parse(
        R"_({"_INFO": ["x (inactive)"], "gone": {"description": "the shop's (inactive)"},
             "bare": {"description": " (inactive)"}, "copy": {"description": "a copy (inactive) (Passive)"},
             "orders": {"description": "the shop's"}, "passive": {"description": "a copy (Passive)"},
             "disabled": {"description": "odd (WARNING: disabled)"}, "none": {"description": ""},
             "told": {"description": "(inactive) since it moved"}})_"));
    CHECK(inactive == std::set<std::string>{"bare", "copy", "gone"});
    for (const auto* odd : {R"({"a":{}})", R"({"a":{"description":null}})", R"({"a":[]})", "[]"})
        CHECK_THROWS_AS(interpret_barman_inactive(io::Json::parse(odd)), io::BadDocument);
}

TEST_CASE("barman: a server that somebody gave up is not watched, though newer versions list it") {
    CHECK(TwoServers{}.watched() == kActive);
    CHECK(TwoServers{}.watched({test::entry("check", false)}) == kActive);
    TwoServers none{
        .told = test::exited(R"_({"old": {"description": " (inactive)"}, "orders": {"description": " (inactive)"}})_")};
    const Collected seen = none.look();
    REQUIRE_FALSE(seen);
    CHECK(seen.error().kind == FailureKind::misconfigured);
}

TEST_CASE("barman: one that is named is meant, whether it is active or not") {
    TwoServers named;
    CHECK(named.watched({test::text("server", "old")}) == kBoth);
    CHECK(named.asked == Names{"run barman -f json list-backup old", "run barman -f json check old"});
}

TEST_CASE("barman: where nobody ever said which are active, all are") {
    for (const Answer& nothing : silent()) {
        TwoServers unable{.told = nothing};
        CHECK(unable.watched() == kBoth);
        CHECK(unable.cursor.empty());
    }
}

TEST_CASE("barman: one look without an answer takes up nobody whom somebody gave up, and a day of them does") {
    for (const Answer& nothing : silent()) {
        TwoServers servers;
        CHECK(servers.watched() == kActive);
        servers.told = nothing;
        CHECK(servers.watched({}, 5min) == kActive);
        CHECK(servers.watched({}, 23h) == kActive);
        CHECK(servers.watched({}, 24h) == kBoth);
    }
    // Whom somebody took up again is watched at once.
    TwoServers again;
    CHECK(again.watched() == kActive);
    again.told = test::exited(R"({"old": {"description": "is again"}, "orders": {"description": ""}})");
    CHECK(again.watched({}, 5min) == kBoth);
    again.told = test::exited("", 126);
    CHECK(again.watched({}, 10min) == kBoth);
}

TEST_CASE("barman: what is remembered of the active is read as it was written, and what is none is nothing") {
    const BarmanInactive told{{"a \"b\"", "old"}, test::kStart};
    CHECK(read_barman_inactive(write_barman_inactive(told), test::kStart) == told);
    CHECK(read_barman_inactive(write_barman_inactive(told), test::kStart - 1s) == BarmanInactive{});
    for (const char* odd : {"", "x", "[]", "{}", R"({"inactive": ["a"]})", R"({"inactive": {}, "told_at": 5})",
                            R"({"inactive": ["a"], "told_at": "long ago"})"})
        CHECK(read_barman_inactive(odd, test::kStart) == BarmanInactive{});
}
