// SPDX-License-Identifier: Apache-2.0
// What Patroni's documents mean: asked of what a real cluster of two (3.0.2 over etcd) said (tests/data/patroni/), and
// of what other versions and worse days say.
#include "collectors/patroni.hpp"

#include "collectors/all.hpp"
#include "collectors/patroni/cursor.hpp"
#include "core/assertion.hpp"
#include "tests/support/fake_world.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::AssertionState;
using core::FollowerState;
using core::ReachState;

namespace {

/// When the documents were captured: 2026-11-25T14:04:42Z.
constexpr Time kNow{std::chrono::seconds{1'795'615'482}};
constexpr Time kEtcdGone{std::chrono::seconds{1'795'615'524}};

io::Json captured(const std::string& name) { return io::Json::parse(test::data("patroni/" + name + ".json")); }

PatroniAnswers well() {
    return {
        {captured("patroni-leader"), captured("patroni-replica")}, captured("cluster-well"), captured("history-none")};
}

PatroniAnswers with_cluster(const io::Json& cluster) {
    PatroniAnswers answers = well();
    answers.cluster = cluster;
    return answers;
}

/// A cluster whose first member leads on timeline 3.
io::Json cluster_of(const std::string& others, const std::string& more = {}) {
    return io::Json::parse(fmt::format(
        R"({{"members": [{{"name": "node1", "role": "leader", "state": "running", "timeline": 3}}{}{}]{}}})",
        others.empty() ? "" : ", ", others, more));
}

/// What the leader says of itself with its log at `location`.
io::Json leader_at(std::uint64_t location, Time seen = kNow) {
    return io::Json::parse(fmt::format(R"({{"state": "running", "role": "primary", "xlog": {{"location": {}}},
        "dcs_last_seen": {}, "database_system_identifier": "7", "patroni": {{"version": "4.0.4", "scope": "x"}}}})",
                                       location, seen.time_since_epoch().count() / 1000));
}

Seen look(const PatroniAnswers& answers, const PatroniExpected& expected = {}, std::string_view cursor = {},
          Time now = kNow) {
    Result<Seen> seen = interpret_patroni(expected, answers, cursor, now);
    REQUIRE(seen);
    REQUIRE(seen->subjects.size() == 1);
    return std::move(*seen);
}

template <class T>
T the(const Seen& seen) {
    for (const Evidence& evidence : seen.subjects[0].evidence)
        if (const T* found = std::get_if<T>(&evidence))
            return *found;
    FAIL("no such evidence");
    std::abort();
}

std::optional<core::Assertion> assertion(const Seen& seen, std::string_view name) {
    for (const core::Assertion& one : the<core::Assertions>(seen).assertions)
        if (one.name == name)
            return one;
    return std::nullopt;
}

core::Follower follower(const Seen& seen, std::string_view name) {
    for (const core::Follower& one : the<core::Replication>(seen).followers)
        if (one.name == name)
            return one;
    FAIL("no such follower");
    std::abort();
}

bool tells_replication(const Seen& seen) {
    return std::ranges::any_of(seen.subjects[0].evidence, [](const Evidence& evidence) {
        return std::holds_alternative<core::Replication>(evidence);
    });
}

std::string failure(const Seen& seen) { return seen.subjects[0].failure ? seen.subjects[0].failure->detail : ""; }

} // namespace

TEST_CASE("a cluster of two that is well: its leader is up, its replica follows without lag") {
    const Seen seen = look(well(), {.target = "http://node1:8008"});
    CHECK(failure(seen).empty());
    CHECK(the<core::Reachability>(seen) == core::Reachability{.target = "http://node1:8008"});
    CHECK(the<core::Replication>(seen).role == "leader");
    CHECK(the<core::Replication>(seen).timeline == "1");
    REQUIRE(the<core::Replication>(seen).followers.size() == 1);
    CHECK(follower(seen, "node2").state == FollowerState::streaming);
    CHECK(follower(seen, "node2").expected);
    CHECK(follower(seen, "node2").lag == Duration{0});
    CHECK(the<core::Fingerprint>(seen).value == "7712109714073988513");
    for (const char* name : {"pause", "failover_candidates", "primaries"}) {
        CAPTURE(name);
        REQUIRE(assertion(seen, name));
        CHECK(core::state_of(*assertion(seen, name)) == AssertionState::holds);
    }
    CHECK(the<core::Measurement>(seen).value == 0);
}

TEST_CASE("a paused cluster does not fail over, and says so") {
    const auto pause = assertion(look(with_cluster(captured("cluster-paused"))), "pause");
    CHECK(core::state_of(*pause) == AssertionState::fails);
    CHECK(pause->priority == core::Priority::p3);
}

TEST_CASE("a member that is stopped, stopping or starting does not follow, and its lag 'unknown' is no lag of 0") {
    for (const char* name : {"cluster-replica-stopped", "cluster-switchover-stopping", "cluster-switchover-starting"}) {
        const Seen seen = look(with_cluster(captured(name)));
        CHECK(follower(seen, "node1").state == FollowerState::missing);
        CHECK_FALSE(follower(seen, "node1").lag);
        CHECK_FALSE(follower(seen, "node1").lag_bytes);
        CHECK(the<core::Reachability>(seen).state == ReachState::up);
    }
}

TEST_CASE("a member that runs and whose lag is unknown is unknown, not well") {
    for (const char* lag : {R"(, "lag": "unknown")", "", R"(, "lag": null)"}) {
        const Seen seen = look(with_cluster(cluster_of(
            fmt::format(R"({{"name": "node2", "role": "replica", "state": "running", "timeline": 3{}}})", lag))));
        CHECK_THAT(failure(seen), ContainsSubstring("expected how far behind node2 is"));
        // A lag that was found before would be over.
        CHECK_FALSE(tells_replication(seen));
    }
}

TEST_CASE("a member that has left the list is missed: by its name, or because it was seen before") {
    const PatroniAnswers alone = with_cluster(cluster_of(""));
    CHECK(the<core::Replication>(look(alone)).followers.empty());
    const Seen named = look(alone, {.members = {"node1", "node2"}});
    CHECK(follower(named, "node2").state == FollowerState::missing);
    CHECK(follower(named, "node2").expected);
    const Seen before = look(well());
    const Seen seen = look(alone, {}, before.cursor);
    CHECK(follower(seen, "node2").state == FollowerState::missing);
    CHECK(follower(seen, "node2").expected);
    // What its tags were nobody knows, and that it is gone is said already.
    CHECK_FALSE(assertion(seen, "failover_candidates"));
    // Named are those that must be there: then it was removed for good.
    CHECK(the<core::Replication>(look(alone, {.members = {"node1"}}, before.cursor)).followers.empty());
    // One that nobody asked for follows all the same.
    CHECK_FALSE(follower(look(well(), {.members = {"node1"}}), "node2").expected);
}

TEST_CASE("a replica that is added is not missed before it follows for the first time") {
    const auto with = [](const char* state) {
        return with_cluster(cluster_of(fmt::format(
            R"({{"name": "node2", "role": "replica", "state": "running", "timeline": 3, "lag": 0}},
               {{"name": "node3", "role": "replica", "state": "{}", "timeline": 3, "lag": 0}})",
            state)));
    };
    Seen seen = look(with("creating replica"));
    CHECK(follower(seen, "node3").state == FollowerState::missing);
    CHECK_FALSE(follower(seen, "node3").expected);
    CHECK(follower(seen, "node2").expected);
    // It may have much to replay before it takes connections.
    seen = look(with("starting"), {}, seen.cursor);
    CHECK_FALSE(follower(seen, "node3").expected);
    // One that was given up again is nobody's.
    CHECK(the<core::Replication>(look(with_cluster(cluster_of("")), {}, seen.cursor)).followers.size() == 1);
    seen = look(with("streaming"), {}, seen.cursor);
    CHECK(follower(seen, "node3").expected);
    // Made anew it is missed, and so is one that was named.
    CHECK(follower(look(with("creating replica"), {}, seen.cursor), "node3").expected);
    CHECK(follower(look(with("starting"), {}, seen.cursor), "node3").expected);
    CHECK(follower(look(with("creating replica"), {.members = {"node1", "node3"}}), "node3").expected);
    // Which one is new nobody knows at the first look, and one that only starts is rarely.
    CHECK(follower(look(with("starting")), "node3").expected);
}

TEST_CASE("a replica that never followed is not missed, and nobody who could take over") {
    const auto alone = [](const char* state) {
        return with_cluster(cluster_of(fmt::format(R"({{"name": "node2", "role": "replica", "state": "{}"}})", state)));
    };
    const Seen seen = look(alone("creating replica"));
    CHECK_FALSE(follower(seen, "node2").expected);
    CHECK(core::state_of(*assertion(seen, "failover_candidates")) == AssertionState::fails);
    // One that is named is missed, which says it.
    const Seen named = look(alone("creating replica"), {.members = {"node1", "node2"}});
    CHECK(follower(named, "node2").expected);
    CHECK(core::state_of(*assertion(named, "failover_candidates")) == AssertionState::holds);
    CHECK(core::state_of(*assertion(look(alone("stopped")), "failover_candidates")) == AssertionState::holds);
}

TEST_CASE("a replica that is added is stopped at first; one that stays so, or is so again, is missed") {
    const auto with = [](const char* state) {
        return with_cluster(cluster_of(fmt::format(
            R"({{"name": "node2", "role": "replica", "state": "running", "timeline": 3, "lag": 0}},
               {{"name": "node3", "role": "replica", "state": "{}"}})",
            state)));
    };
    const std::string known = look(well()).cursor;
    const Seen added = look(with("stopped"), {}, known);
    CHECK_FALSE(follower(added, "node3").expected);
    const Seen created = look(with("creating replica"), {}, added.cursor, kNow + 30s);
    CHECK_FALSE(follower(created, "node3").expected);
    CHECK_FALSE(follower(look(with("stopped"), {}, added.cursor, kNow + 10s), "node3").expected);
    CHECK(follower(look(with("stopped"), {}, added.cursor, kNow + 30s), "node3").expected);
    CHECK(follower(look(with("stopped"), {}, created.cursor, kNow + 1min), "node3").expected);
    // Named anew after it was given up.
    const Seen gone = look(well(), {}, added.cursor, kNow + 30s);
    CHECK_FALSE(follower(look(with("stopped"), {}, gone.cursor, kNow + 1min), "node3").expected);
    // Before there was anything to compare with, and one that followed.
    CHECK(follower(look(with("stopped")), "node3").expected);
    const Seen follows = look(with("streaming"), {}, created.cursor, kNow + 1min);
    CHECK(follower(look(with("stopped"), {}, follows.cursor, kNow + 90s), "node3").expected);
}

TEST_CASE("a member on another timeline than the leader does not follow, however small its lag") {
    const Seen seen = look(with_cluster(captured("cluster-old-timeline")));
    CHECK(the<core::Replication>(seen).timeline == "3");
    CHECK(follower(seen, "node1").lag_bytes == 0U);
    CHECK(follower(seen, "node1").state == FollowerState::missing);
}

TEST_CASE("each role and state of each version is understood") {
    const struct {
        const char* role;
        const char* state;
        FollowerState expected;
    } rows[] = {
        {"replica", "streaming", FollowerState::streaming},
        {"sync_standby", "streaming", FollowerState::streaming},
        {"quorum_standby", "running", FollowerState::streaming},
        {"replica", "in archive recovery", FollowerState::catching_up},
        {"replica", "creating replica", FollowerState::missing},
        {"replica", "start failed", FollowerState::missing},
        {"replica", "crashed", FollowerState::missing},
        {"uninitialized", "stopped", FollowerState::missing},
    };
    for (const auto& row : rows) {
        CAPTURE(row.role, row.state);
        const Seen seen = look(with_cluster(cluster_of(fmt::format(
            R"({{"name": "n", "role": "{}", "state": "{}", "timeline": 3, "lag": 0}})", row.role, row.state))));
        CHECK(follower(seen, "n").state == row.expected);
    }
    for (const char* role : {"leader", "standby_leader", "master", "primary"}) {
        const auto cluster =
            io::Json::parse(fmt::format(R"({{"members": [{{"name": "n", "role": "{}", "state": "running"}}]}})", role));
        CHECK(the<core::Reachability>(look(with_cluster(cluster))).state == ReachState::up);
    }
}

TEST_CASE("a replica that only runs does not follow where Patroni would say that it streams, and does before 3.0.4") {
    const auto state_by = [](const std::vector<const char*>& versions, const char* leads = "running") {
        PatroniAnswers answers = with_cluster(io::Json::parse(fmt::format(
            R"({{"members": [{{"name": "node1", "role": "leader", "state": "{}", "timeline": 3}},
                             {{"name": "n", "role": "replica", "state": "running", "timeline": 3, "lag": 0}}]}})",
            leads)));
        answers.nodes.clear();
        for (const char* version : versions)
            answers.nodes.push_back(io::Json::parse(fmt::format(
                R"({{"state": "running", "role": "{}", "xlog": {{"location": 1000}}, "dcs_last_seen": {},
                     "patroni": {{"version": "{}", "scope": "x"}}}})",
                answers.nodes.empty() ? "primary" : "replica", kNow.time_since_epoch().count() / 1000, version)));
        return follower(look(answers), "n").state;
    };
    for (const char* version : {"3.0.4", "3.1.0", "4", "4.0.0b1", "10.0.1"}) {
        CAPTURE(version);
        CHECK(state_by({version}) == FollowerState::missing);
    }
    for (const char* version : {"3.0.3", "3.0", "2.1.9", "", "unknown"}) {
        CAPTURE(version);
        CHECK(state_by({version}) == FollowerState::streaming);
    }
    // One of them is upgraded before the other, and speaks of it as it speaks of itself.
    CHECK(state_by({"4.0.4", "3.0.2"}) == FollowerState::streaming);
    CHECK(state_by({"3.0.2", "4.0.4"}) == FollowerState::streaming);
    // From whom nobody can stream is said already.
    CHECK(state_by({"4.0.4"}, "starting") == FollowerState::streaming);
}

TEST_CASE("the leader of a standby cluster that lives on the archive alone leads, and another in that state does not") {
    const auto led_by = [](const char* role) {
        return look(with_cluster(io::Json::parse(fmt::format(
            R"({{"members": [{{"name": "n", "role": "{}", "state": "in archive recovery", "timeline": 3}}]}})",
            role))));
    };
    CHECK(the<core::Reachability>(led_by("standby_leader")).state == ReachState::up);
    CHECK(the<core::Reachability>(led_by("leader")).state == ReachState::down);
}

TEST_CASE("without a leader, or with one that does not run, nobody takes writes") {
    const auto leaderless = io::Json::parse(
        R"({"members": [{"name": "a", "role": "replica", "state": "running", "timeline": 1, "lag": "unknown"}]})");
    const Seen seen = look(with_cluster(leaderless));
    CHECK(the<core::Reachability>(seen).state == ReachState::down);
    CHECK_THAT(the<core::Reachability>(seen).detail, ContainsSubstring("no leader"));
    const auto starting =
        io::Json::parse(R"({"members": [{"name": "a", "role": "leader", "state": "starting", "timeline": 1}]})");
    CHECK_THAT(the<core::Reachability>(look(with_cluster(starting))).detail,
               ContainsSubstring("leader a is 'starting'"));
}

TEST_CASE("two members that both say they lead are one too many") {
    PatroniAnswers answers = well();
    answers.nodes[1] = answers.nodes[0];
    const auto primaries = assertion(look(answers), "primaries");
    CHECK(core::state_of(*primaries) == AssertionState::fails);
    CHECK(primaries->actual == "2");
}

TEST_CASE("members that may not take over are no candidates") {
    const struct {
        const char* tags;
        const char* count;
    } rows[] = {
        {"{}", "1"},
        {R"({"nofailover": true})", "0"},
        {R"({"nofailover": "true"})", "0"},
        {R"({"nofailover": false})", "1"},
        {R"({"failover_priority": 0})", "0"},
        {R"({"failover_priority": 1})", "1"},
        {R"({"clonefrom": true, "noloadbalance": true})", "1"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.tags);
        const Seen seen = look(with_cluster(cluster_of(fmt::format(
            R"({{"name": "n", "role": "replica", "state": "running", "timeline": 3, "lag": 0, "tags": {}}})",
            row.tags))));
        CHECK(assertion(seen, "failover_candidates")->actual == row.count);
    }
    const auto lonely = assertion(look(with_cluster(cluster_of(""))), "failover_candidates");
    CHECK(core::state_of(*lonely) == AssertionState::fails);
    const auto meant = assertion(look(with_cluster(cluster_of("")), {.min_candidates = 0}), "failover_candidates");
    CHECK(core::state_of(*meant) == AssertionState::holds);
}

TEST_CASE("bytes behind become the time since the leader wrote them") {
    const auto at = [](std::uint64_t location, std::uint64_t lag, Time now) {
        return PatroniAnswers{
            {leader_at(location, now)},
            cluster_of(fmt::format(
                R"({{"name": "n", "role": "replica", "state": "streaming", "timeline": 3, "lag": {}}})", lag)),
            captured("history-none")};
    };
    Seen seen = look(at(1000, 0, kNow));
    CHECK(follower(seen, "n").lag == Duration{0});
    seen = look(at(5000, 4000, kNow + 30s), {}, seen.cursor, kNow + 30s);
    CHECK(follower(seen, "n").lag == Duration{0});
    CHECK(follower(seen, "n").lag_bytes == 4000U);
    // An idle leader does not make it younger, and a busy one not older than it is.
    seen = look(at(5000, 4000, kNow + 90s), {}, seen.cursor, kNow + 90s);
    CHECK(follower(seen, "n").lag == 60s);
    seen = look(at(9000, 4000, kNow + 120s), {}, seen.cursor, kNow + 120s);
    CHECK(follower(seen, "n").lag == Duration{0});
    seen = look(at(9000, 8000, kNow + 150s), {}, seen.cursor, kNow + 150s);
    CHECK(follower(seen, "n").lag == 120s);
    // Farther back than anybody remembers: at least so long.
    seen = look(at(9000, 8999, kNow + 180s), {}, seen.cursor, kNow + 180s);
    CHECK(follower(seen, "n").lag == 180s);
    // A new leader with less of the log, a clock that was set back: anew.
    seen = look(at(500, 100, kNow + 210s), {}, seen.cursor, kNow + 210s);
    CHECK(follower(seen, "n").lag == Duration{0});
}

TEST_CASE("what a member received and has not replayed is lag too, where Patroni tells it") {
    const auto at = [](std::uint64_t location, const char* lag, Time now) {
        return PatroniAnswers{
            {leader_at(location, now)},
            cluster_of(
                fmt::format(R"({{"name": "n", "role": "replica", "state": "streaming", "timeline": 3, {}}})", lag)),
            captured("history-none")};
    };
    const char* behind = R"("lag": 0, "receive_lag": 0, "replay_lag": 4000)";
    Seen seen = look(at(1000, R"("lag": 0, "receive_lag": 0, "replay_lag": 0)", kNow));
    CHECK(follower(seen, "n").lag == Duration{0});
    seen = look(at(5000, behind, kNow + 30s), {}, seen.cursor, kNow + 30s);
    seen = look(at(5000, behind, kNow + 90s), {}, seen.cursor, kNow + 90s);
    CHECK(follower(seen, "n").lag_bytes == 4000U);
    CHECK(follower(seen, "n").lag == 60s);
    CHECK_FALSE(follower(seen, "n").wanted_delay);
    PatroniExpected late;
    late.standby_delays = {{"n", 1h}};
    CHECK(follower(look(at(5000, behind, kNow + 90s), late, seen.cursor, kNow + 90s), "n").wanted_delay == 1h);
    // Right after a start it does not know, and then what it received is all there is to tell.
    seen = look(at(5000, R"("lag": 16, "receive_lag": 16, "replay_lag": "unknown")", kNow));
    CHECK(follower(seen, "n").lag_bytes == 16U);
    CHECK_THAT(failure(look(at(5000, R"("lag": "unknown", "replay_lag": "unknown")", kNow))),
               ContainsSubstring("expected how far behind n is"));
}

TEST_CASE("the leader's positions are remembered for long, in little") {
    patroni_parts::Cursor cursor;
    for (std::uint64_t i = 0; i < 5'000; ++i)
        cursor.add_position(i * 100, kNow + 30s * i);
    CHECK(cursor.positions.size() <= 120);
    CHECK(std::ranges::is_sorted(cursor.positions, {}, &patroni_parts::Position::bytes));
    CHECK(patroni_parts::read_cursor(patroni_parts::write_cursor(cursor)) == cursor);
    CHECK(cursor.lag(100, kNow + 30s * 5'000) == 30s);
    CHECK(cursor.lag(400'000, kNow + 30s * 5'000) >= 1h);
    for (const char* odd : {"", "{", "[]", R"({"members": [1], "positions": []})", R"({"members": []})"})
        CHECK(patroni_parts::read_cursor(odd) == patroni_parts::Cursor{});
}

TEST_CASE("when only replicas can be asked the lag is unknown, and it is said what to do") {
    PatroniAnswers answers = well();
    answers.nodes.erase(answers.nodes.begin());
    const Seen seen = look(answers);
    CHECK_FALSE(tells_replication(seen));
    CHECK(the<core::Reachability>(seen).state == ReachState::up);
    CHECK_THAT(failure(seen), ContainsSubstring("hint: name the REST API of every member in urls"));
    // That somebody is missing outweighs it. Positions of before are kept for when it is known again.
    const Seen missing = look(answers, {.members = {"node1", "node2", "node3"}}, look(well()).cursor);
    CHECK(follower(missing, "node3").state == FollowerState::missing);
    CHECK_FALSE(follower(missing, "node2").lag);
    CHECK(patroni_parts::read_cursor(missing.cursor).positions.size() == 1);
}

TEST_CASE("failovers of the last day are counted, not those before, and no row is too short") {
    PatroniAnswers answers = well();
    answers.history = captured("history-switchover");
    CHECK(the<core::Measurement>(look(answers)).value == 1);
    CHECK_FALSE(the<core::Measurement>(look(answers)).above);
    CHECK(the<core::Measurement>(look(answers, {.max_failovers = 0})).above == 0);
    answers.history = io::Json::parse(R"([[1, 5, "no recovery target specified"],
        [2, 6, "r", "2026-11-24T14:04:41+00:00"], [3, 7, "r", "2026-11-24T14:04:43+00:00", "node2"],
        [4, 8, "r", "2026-11-25T15:04:43+01:00", "node1"]])");
    CHECK(the<core::Measurement>(look(answers)).value == 2);
    answers.history = core::failed(FailureKind::unreachable, "cut off");
    CHECK(failure(look(answers)) == "cut off");
    answers.history = captured("patroni-leader");
    CHECK_THROWS_AS(look(answers), io::BadDocument);
}

TEST_CASE("members that lost the DCS: down only when all were asked and none leads, unknown otherwise") {
    PatroniAnswers answers{{captured("patroni-etcd-gone-1"), captured("patroni-etcd-gone-2")},
                           core::failed(FailureKind::unreachable, "node1: connection lost"),
                           core::failed(FailureKind::unreachable, "nobody asked")};
    const std::string cursor = look(well()).cursor;
    const Seen seen = look(answers, {}, cursor, kEtcdGone);
    CHECK(the<core::Reachability>(seen).state == ReachState::down);
    CHECK(failure(seen) == "node1: connection lost");
    CHECK(seen.cursor == cursor);
    // Nobody knows yet who belongs to it.
    CHECK_FALSE(interpret_patroni({}, answers, "", kEtcdGone));
    // Failsafe mode: it leads without a lock.
    answers.nodes[0] = leader_at(1);
    CHECK_FALSE(interpret_patroni({}, answers, cursor, kEtcdGone));
    answers.nodes[0] = answers.nodes[1];
    answers.unasked = core::Failure{core::FailureKind::refused, "status 403"};
    const auto partly = interpret_patroni({}, answers, cursor, kEtcdGone);
    REQUIRE_FALSE(partly);
    CHECK(partly.error().detail == "node1: connection lost");
    answers.unasked.reset();
    answers.nodes.pop_back();
    CHECK_FALSE(interpret_patroni({}, answers, cursor, kEtcdGone));
}

TEST_CASE("a document from memory is not passed on as a fresh one") {
    const auto seen = interpret_patroni({}, well(), "", kNow + 5min);
    REQUIRE_FALSE(seen);
    CHECK_THAT(seen.error().detail, ContainsSubstring("found none that has seen it for 5m"));
}

TEST_CASE("what is not Patroni's is no answer") {
    for (const char* cluster :
         {"{}", "[]", R"({"members": []})", R"({"members": [{}]})", R"({"members": [{"name": "a", "role": "leader"}]})",
          R"({"members": [{"name": "", "role": "leader", "state": "running"}]})",
          R"({"members": [{"name": "a\nb", "role": "leader", "state": "running"}]})",
          R"({"members": [{"name": "a", "role": "leader", "state": "running", "timeline": -1}]})",
          R"({"members": [{"name": "a", "role": "replica", "state": "running", "lag": -5}]})",
          R"({"members": [{"name": "a", "role": "replica", "state": "running", "lag": true}]})",
          R"({"members": [{"name": "a", "role": "replica", "state": "running"},
                          {"name": "a", "role": "leader", "state": "running"}]})"}) {
        CAPTURE(cluster);
        CHECK_THROWS_AS(look(with_cluster(io::Json::parse(cluster))), io::BadDocument);
    }
    for (const char* node : {"{}", "[]", R"({"state": "running", "role": "master"})"}) {
        PatroniAnswers answers = well();
        answers.nodes[0] = io::Json::parse(node);
        CHECK_THROWS_AS(look(answers), io::BadDocument);
    }
}

namespace {

/// Two members behind a scripted world; each path may answer otherwise.
struct Asked {
    asio::io_context ioc;
    test::FakeWorld world{ioc};
    std::map<std::string, Result<io::HttpAnswer>> answers;

    Asked() {
        for (const std::string host : {"a", "b"}) {
            answers.insert_or_assign(host + "/patroni", body(host == "a" ? "patroni-leader" : "patroni-replica"));
            answers.insert_or_assign(host + "/cluster", body("cluster-well"));
            answers.insert_or_assign(host + "/history", body("history-none"));
        }
        world.on_http = [this](const io::HttpRequest& request) { return answers.at(request.url.substr(7)); };
    }
    static io::HttpAnswer body(const std::string& name, int status = 200) {
        io::HttpAnswer answer;
        answer.status = status;
        answer.body = test::data("patroni/" + name + ".json");
        return answer;
    }
    Collected run() {
        core::config::Table table;
        // A slash at the end is no other URL.
        table.push_back(
            {"urls", {}, {core::config::Array{{std::string{"http://a"}, {}}, {std::string{"http://b/"}, {}}}, {}}});
        core::config::Diagnostics diagnostics;
        const Kind& kind = *find("patroni");
        const Compiled compiled = kind.compile(table, {"check.x", "collector 'patroni'", {}}, {}, diagnostics);
        REQUIRE(diagnostics.all().empty());
        return test::run(ioc, world.timers(), compiled.collect({world, kind.timeout, {}, kNow, "x"}));
    }
};

} // namespace

TEST_CASE("that one primary alone is known is not said while a member that runs could not be asked") {
    Asked asked;
    asked.answers.insert_or_assign("b/patroni", Asked::body("patroni-leader", 403));
    const auto seen = asked.run();
    REQUIRE(seen);
    for (const Evidence& one : seen->subjects.at(0).evidence)
        if (const auto* found = std::get_if<core::Assertions>(&one))
            for (const core::Assertion& assertion : found->assertions)
                if (assertion.name == "primaries") {
                    CHECK_FALSE(assertion.actual);
                    CHECK_THAT(assertion.detail, ContainsSubstring("403"));
                    return;
                }
    FAIL("nothing is said of primaries");
}

TEST_CASE("every member is asked for itself, and the first that can for the cluster") {
    Asked asked;
    REQUIRE(asked.run());
    CHECK(asked.world.asked == std::vector<std::string>{"http GET http://a/patroni", "http GET http://b/patroni",
                                                        "http GET http://a/cluster", "http GET http://a/history"});
}

TEST_CASE("a member that does not answer, or is cut off, is passed over while another knows") {
    for (const auto no : {FailureKind::unreachable, FailureKind::timed_out, FailureKind::bad_answer}) {
        Asked asked;
        asked.answers.insert_or_assign("a/cluster", core::failed(no, "cut off after 10 of 1000 bytes"));
        const Collected seen = asked.run();
        REQUIRE(seen);
        CHECK_FALSE(seen->subjects.at(0).failure);
        asked.answers.insert_or_assign("b/cluster", core::failed(no, "cut off"));
        const Collected none = asked.run();
        REQUIRE_FALSE(none);
        CHECK(none.error().kind == no);
    }
    Asked asked;
    asked.answers.insert_or_assign("a/patroni", core::failed(FailureKind::unreachable, "refused"));
    const Collected seen = asked.run();
    REQUIRE(seen);
    // It was the leader, who alone tells where its log stands.
    CHECK(seen->subjects.at(0).failure);
}

TEST_CASE("503 with a document is an answer, other statuses are none") {
    Asked asked;
    asked.answers.insert_or_assign("b/patroni", Asked::body("replica-asked-of-leader-503", 503));
    CHECK(asked.run());
    for (const auto& [status, kind] : {std::pair{401, FailureKind::refused},
                                       {403, FailureKind::refused},
                                       {404, FailureKind::bad_answer},
                                       {500, FailureKind::bad_answer},
                                       {302, FailureKind::bad_answer},
                                       {0, FailureKind::bad_answer}}) {
        for (const std::string host : {"a", "b"})
            asked.answers.insert_or_assign(host + "/patroni", Asked::body("patroni-leader", status));
        const Collected none = asked.run();
        REQUIRE_FALSE(none);
        CHECK(none.error().kind == kind);
    }
    io::HttpAnswer half = Asked::body("cluster-well");
    half.body.resize(half.body.size() / 2);
    for (const std::string host : {"a", "b"}) {
        asked.answers.insert_or_assign(host + "/patroni", Asked::body("patroni-leader"));
        asked.answers.insert_or_assign(host + "/cluster", half);
    }
    const Collected none = asked.run();
    REQUIRE_FALSE(none);
    CHECK(none.error().kind == FailureKind::bad_answer);
}

TEST_CASE("URLs of Patroni that cannot be meant are mistakes") {
    const auto mistakes = [](std::vector<std::string> urls) {
        core::config::Array array;
        for (std::string& url : urls)
            array.push_back({std::move(url), {}});
        core::config::Diagnostics diagnostics;
        core::config::Table table;
        table.push_back({"urls", {}, {array, {}}});
        find("patroni")->compile(table, {"check.x", "collector 'patroni'", {}}, {}, diagnostics);
        return diagnostics.has_mistakes();
    };
    CHECK(mistakes({"node1:8008"}));
    CHECK(mistakes({"http://u:p@node1:8008"}));
    CHECK(mistakes({"http://node1:8008", "http://node1:8008"}));
    CHECK(mistakes({""}));
    CHECK_FALSE(mistakes({"http://node1:8008", "https://node2:8008/"}));
}

TEST_CASE("delays of Patroni's members are durations, of members that are named") {
    const auto delayed = [](std::string delay) {
        const auto text = [](std::string value) { return core::config::Node{std::move(value), {}}; };
        core::config::Table table;
        table.push_back({"urls", {}, {core::config::Array{text("http://node1:8008")}, {}}});
        table.push_back({"members", {}, {core::config::Array{text("node1"), text("node2")}, {}}});
        table.push_back({"standby_delays", {}, {core::config::Table{{"node3", {}, text(std::move(delay))}}, {}}});
        core::config::Diagnostics diagnostics;
        find("patroni")->compile(table, {"check.x", "collector 'patroni'", {}}, {}, diagnostics);
        std::string all;
        for (const auto& diagnostic : diagnostics.all())
            all += core::config::format(diagnostic) + "\n";
        return all;
    };
    CHECK_THAT(delayed("1h"), ContainsSubstring("expected a name out of members, found 'node3'"));
    CHECK_THAT(delayed("soon"), ContainsSubstring("soon"));
}
