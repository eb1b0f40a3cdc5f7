// SPDX-License-Identifier: Apache-2.0
// Replication, clusters, sentinels, settings and refusals.
#include "tests/collectors/valkey_story.hpp"

#include "collectors/all.hpp"
#include "io/json.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

namespace recoverd {

namespace {

using namespace std::chrono_literals;
using namespace collectors::vk;
using collectors::interpret_valkey;
using collectors::valkey_more;
using collectors::ValkeyExpected;
using core::FailureKind;
using core::FollowerState;
using core::Time;
using namespace test;
using Catch::Matchers::ContainsSubstring;

FailureKind refused_as(const io::RespValue& reply) {
    const auto seen = interpret_valkey({}, {{reply}}, {}, {}, kStart);
    REQUIRE_FALSE(seen);
    return seen.error().kind;
}

} // namespace

TEST_CASE("a primary tells who follows, and how far behind") {
    for (const char* server : kServers) {
        Story story{"primary", server};
        const auto replication = the<core::Replication>(story.look());
        CHECK(replication.role == "primary");
        REQUIRE(replication.followers.size() == 1);
        CHECK(replication.followers[0].name.starts_with("127.0.0.1:"));
        CHECK(replication.followers[0].state == FollowerState::streaming);
        CHECK_FALSE(replication.followers[0].expected);
    }
}

TEST_CASE("no replica is an error only where one was expected") {
    Story story{"fresh"};
    CHECK(the<core::Replication>(story.look()).followers.empty());
    story.expected.replicas = {"10.0.0.7"};
    const auto missing = the<core::Replication>(story.look()).followers;
    REQUIRE(missing.size() == 1);
    CHECK(missing[0].state == FollowerState::missing);
    CHECK(missing[0].expected);
    set(story.info, "connected_slaves", "1\r\nslave0:ip=10.0.0.7,port=6379,state=online,offset=0,lag=0");
    const auto found = the<core::Replication>(story.look()).followers;
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == "10.0.0.7");
    CHECK(found[0].state == FollowerState::streaming);
    CHECK(found[0].expected);
}

TEST_CASE("bytes that a replica lacks have been there since the look that first saw them") {
    Story story{"primary"};
    const auto at = [&](int primary, int replica) {
        set(story.info, "master_repl_offset", std::to_string(primary));
        set(story.info, "slave0", fmt::format("ip=::1,port=6379,state=online,offset={},lag=1,type=replica", replica));
        return the<core::Replication>(story.look()).followers.at(0);
    };
    CHECK(at(1'000, 1'000).name == "[::1]:6379");
    story.expected.replicas = {"::1"};
    CHECK(at(1'000, 1'000).expected);
    CHECK(at(1'000, 1'000).lag == 0s);
    CHECK(at(2'000, 1'000).lag == 1s);
    CHECK(at(3'000, 1'500).lag == 30s);
    CHECK(at(3'000, 1'500).lag_bytes == 1'500U);
    CHECK(at(3'000, 2'000).lag == 60s);
    CHECK(at(3'000, 3'000).lag == 0s);
    // Of another history nothing is known.
    at(9'000, 3'000);
    set(story.info, "master_replid", "another");
    CHECK(at(9'000, 3'000).lag == 1s);
}

TEST_CASE("a replica whose link is down is missing, whatever its role was meant to be") {
    for (const char* server : kServers) {
        Story story{"link-down", server};
        const auto self = the<core::Replication>(story.look()).followers.at(0);
        CHECK(self.name == "replica");
        CHECK(self.state == FollowerState::missing);
        CHECK(self.expected);
        CHECK(self.lag);
        Story up{"replica", server};
        CHECK(the<core::Replication>(up.look()).followers.at(0).state == FollowerState::streaming);
        set(up.info, "master_last_io_seconds_ago", "45");
        CHECK(the<core::Replication>(up.look()).followers.at(0).lag == 45s);
        set(story.info, "master_link_down_since_seconds", "-1");
        CHECK_FALSE(the<core::Replication>(story.look()).followers.at(0).lag);
        set(story.info, "master_sync_in_progress", "1");
        CHECK(the<core::Replication>(story.look()).followers.at(0).state == FollowerState::catching_up);
    }
}

TEST_CASE("Valkey calls itself Redis 7.2.4 and a replica a slave, and is understood") {
    const io::RespValue replica = captured("replica", "valkey");
    REQUIRE(get(replica, "redis_version") == "7.2.4");
    REQUIRE(get(replica, "server_name") == "valkey");
    REQUIRE(get(replica, "role") == "slave");
    const auto seen = interpret_valkey({.role = "replica"}, {{replica}}, {}, {}, kStart);
    REQUIRE(seen);
    CHECK(actual(seen->subjects[0], "role") == "replica");
}

TEST_CASE("a server that reads its dataset from disk says nothing that could be believed") {
    for (const char* server : kServers) {
        CHECK(refused_as(captured("loading", server)) == FailureKind::refused);
        CHECK(refused_as(captured("loading-ping", server)) == FailureKind::refused);
        const auto seen = interpret_valkey({}, {{captured("loading", server)}}, {}, {}, kStart);
        CHECK_THAT(seen.error().detail, ContainsSubstring("LOADING") && ContainsSubstring("%"));
    }
}

TEST_CASE("NOAUTH, NOPERM, MISCONF and a wrong password are refusals, in the server's words") {
    for (const char* server : kServers)
        for (const char* name : {"noauth", "noperm", "misconf", "wrongpass"}) {
            const io::RespValue reply = captured(name, server);
            CHECK(refused_as(reply) == FailureKind::refused);
            const auto seen = interpret_valkey({}, {{reply}}, {}, {}, kStart);
            CHECK_THAT(seen.error().detail, ContainsSubstring(reply.text.substr(0, 40)));
        }
    CHECK(refused_as({.kind = io::RespValue::Kind::error, .text = "ERR max number of clients reached"}) ==
          FailureKind::refused);
    CHECK(refused_as({.kind = io::RespValue::Kind::error, .text = "ERR unknown command 'INFO'"}) ==
          FailureKind::bad_answer);
}

TEST_CASE("a setting that may not be read is unknown, and INFO's are known without asking") {
    Story story{"fresh"};
    story.expected.settings = {{"appendfsync", "always"}, {"maxmemory-policy", "noeviction"}, {"appendonly", "yes"}};
    CHECK(valkey_commands(story.expected) == std::vector<io::RespCommand>{{"INFO"}, {"CONFIG", "GET", "appendfsync"}});
    const auto seen = interpret_valkey(story.expected, {{story.info, captured("noperm")}}, {}, {}, kStart);
    REQUIRE(seen);
    CHECK(actual(seen->subjects[0], "appendfsync") == std::nullopt);
    CHECK(actual(seen->subjects[0], "maxmemory-policy") == "noeviction");
    CHECK(actual(seen->subjects[0], "appendonly") == "no");
}

TEST_CASE("a cluster that goes on without full coverage is ok by its own word, and lacks slots") {
    for (const char* server : kServers) {
        Story story{"member", server};
        CHECK(valkey_more({{story.info}}) == std::vector<io::RespCommand>{{"CLUSTER", "INFO"}});
        story.more.replies = {captured("cluster-ok", server)};
        CHECK(actual(story.look(), "cluster_slots_assigned") == "16384");
        story.more.replies = {captured("cluster-partly", server)};
        CHECK(actual(story.look(), "cluster_state") == "ok");
        CHECK(actual(story.look(), "cluster_slots_assigned") == "16383");
        story.more.replies = {captured("cluster-fail", server)};
        CHECK(actual(story.look(), "cluster_state") == "fail");
        story.more.replies = {captured("noperm", server)};
        const auto refused = story.look();
        REQUIRE(refused.failure);
        CHECK(refused.failure->kind == FailureKind::refused);
        CHECK_FALSE(refused.evidence.empty());
    }
}

TEST_CASE("a sentinel tells of each master: its state, the quorum, and who follows") {
    for (const char* server : kServers) {
        const io::RespAnswer first{{captured("sentinel", server)}};
        const auto commands = valkey_more(first);
        REQUIRE(commands);
        REQUIRE(commands->size() == 2);
        CHECK(commands->at(0) == io::RespCommand{"SENTINEL", "CKQUORUM", "mymaster"});
        const ValkeyExpected expected{.replicas = {"127.0.0.1", "10.0.0.7"}};
        auto seen = interpret_valkey(
            expected, first, {{captured("ckquorum", server), captured("sentinel-replicas", server)}}, {}, kStart);
        REQUIRE(seen);
        REQUIRE(seen->subjects.size() == 1);
        CHECK(seen->subjects[0].subject == "mymaster");
        CHECK(actual(seen->subjects[0], "status") == "ok");
        CHECK(actual(seen->subjects[0], "quorum") == "reachable");
        const auto followers = the<core::Replication>(seen->subjects[0]).followers;
        REQUIRE(followers.size() == 2);
        CHECK(followers[0].state == FollowerState::streaming);
        CHECK(followers[1].state == FollowerState::missing);
        seen =
            interpret_valkey({}, {{captured("sentinel-down", server)}},
                             {{captured("noquorum", server), captured("sentinel-replicas-down", server)}}, {}, kStart);
        REQUIRE(seen);
        CHECK(actual(seen->subjects[0], "status") == "sdown");
        CHECK(actual(seen->subjects[0], "quorum") == "out of reach");
        seen = interpret_valkey({}, first, {{captured("noperm", server), captured("noperm", server)}}, {}, kStart);
        REQUIRE(seen);
        CHECK(seen->subjects[0].failure);
        CHECK(actual(seen->subjects[0], "quorum") == std::nullopt);
    }
}

TEST_CASE("a sentinel knows which replicas are down, and which have lost their primary") {
    const auto state = [](const std::string& field, const std::string& value) {
        io::RespValue replicas = captured("sentinel-replicas");
        auto& items = replicas.items.at(0).items;
        const auto name = std::ranges::find(items, field, &io::RespValue::text);
        REQUIRE(name != items.end());
        std::next(name)->text = value;
        const auto seen =
            interpret_valkey({}, {{captured("sentinel")}}, {{captured("ckquorum"), replicas}}, {}, kStart);
        REQUIRE(seen);
        return the<core::Replication>(seen->subjects[0]).followers.at(0).state;
    };
    CHECK(state("flags", "slave") == FollowerState::streaming);
    CHECK(state("flags", "s_down,slave") == FollowerState::missing);
    CHECK(state("flags", "slave,disconnected") == FollowerState::missing);
    CHECK(state("master-link-status", "err") == FollowerState::catching_up);
}

TEST_CASE("what is no INFO, or lacks what every version tells, is a bad answer") {
    const auto throws = [](io::RespValue reply) {
        CHECK_THROWS_AS(interpret_valkey({}, {{std::move(reply)}}, {}, {}, kStart), io::BadDocument);
    };
    throws({.kind = io::RespValue::Kind::text, .text = ""});
    throws({.kind = io::RespValue::Kind::integer, .integer = 1});
    throws({});
    for (const char* field : {"run_id", "role", "rdb_last_bgsave_status", "master_replid"}) {
        io::RespValue info = captured("fresh");
        set(info, field, "");
        throws(info);
    }
    for (const char* field : {"rdb_last_save_time", "uptime_in_seconds", "loading", "rdb_changes_since_last_save"}) {
        io::RespValue info = captured("fresh");
        set(info, field, "soon");
        throws(info);
    }
}

TEST_CASE("every cursor that was written is read again, and others begin anew") {
    Story story{"primary"};
    story.save(2);
    set(story.info, "master_repl_offset", "9000");
    story.look();
    set(story.info, "rdb_last_bgsave_status", "err");
    story.look();
    const Cursor cursor = read_cursor(story.cursor);
    CHECK(cursor.save);
    CHECK(cursor.save_failed_at);
    CHECK_FALSE(cursor.offsets.empty());
    CHECK(read_cursor(write_cursor(cursor)) == cursor);
    CHECK(read_cursor("{\"run_id\": 7}") == Cursor{});
    CHECK(read_cursor("not ours") == Cursor{});
}

TEST_CASE("a password among the settings, a pattern, and a user without a password are mistakes") {
    const auto* kind = collectors::find("valkey");
    REQUIRE(kind);
    const auto mistakes = [&](const std::string& key, core::config::Node node) {
        core::config::Table table{{"address", {}, {std::string{"cache:6379"}, {}}}, {key, {}, std::move(node)}};
        core::config::Diagnostics diagnostics;
        kind->compile(table, {"check.x", "collector 'valkey'", {}}, {}, diagnostics);
        return diagnostics.has_mistakes();
    };
    const auto settings = [](const char* name) {
        return core::config::Node{core::config::Table{{name, {}, {std::string{"x"}, {}}}}, {}};
    };
    CHECK(mistakes("settings", settings("requirepass")));
    CHECK(mistakes("settings", settings("*")));
    CHECK_FALSE(mistakes("settings", settings("appendfsync")));
    CHECK(mistakes("username", {std::string{"recoverd"}, {}}));
    CHECK(mistakes("address", {std::string{"cache"}, {}}));
}

TEST_CASE("the second question is asked of a member of a cluster only, within what is left of the time") {
    for (const bool member : {true, false}) {
        asio::io_context ioc;
        test::FakeWorld world{ioc};
        world.on_resp = [&](const io::RespRequest& request) -> core::Result<io::RespAnswer> {
            if (request.commands[0] == io::RespCommand{"INFO"})
                return io::RespAnswer{{captured(member ? "member" : "fresh")}};
            return io::RespAnswer{{captured("cluster-ok")}};
        };
        core::config::Table table{{"address", {}, {std::string{"cache:6379"}, {}}}};
        core::config::Diagnostics diagnostics;
        const auto* kind = collectors::find("valkey");
        const auto compiled = kind->compile(table, {"check.x", "collector 'valkey'", {}}, {}, diagnostics);
        const auto seen =
            test::run(ioc, world.timers(), compiled.collect({world, kind->timeout, {}, world.timers().now(), "x"}));
        REQUIRE(seen);
        CHECK(world.asked.size() == (member ? 2 : 1));
        CHECK(world.asked.back() == (member ? "resp cache:6379 | CLUSTER INFO" : "resp cache:6379 | INFO"));
    }
}

} // namespace recoverd
