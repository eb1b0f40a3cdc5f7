// SPDX-License-Identifier: Apache-2.0
// What Vault's answers mean: asked of what a real cluster of three (OpenBao 2.7.2, tests/data/vault/) said, and of what
// other versions and worse days say. snapshot-auto-*.json follow the documentation of Vault Enterprise.
#include "collectors/vault.hpp"

#include "collectors/vault/parts.hpp"
#include "tests/collectors/one_look.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace recoverd;
using namespace recoverd::collectors;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using core::FollowerState;
using core::ReachState;

namespace {

/// When the documents were captured: 2026-11-29T08:28:46Z.
constexpr Time kNow{std::chrono::seconds{1'795'940'926}};
constexpr const char* kTarget = "http://vault.example:8200";

using Answer = Result<io::HttpAnswer>;

Answer says(int status, std::string body, std::string url = std::string{kTarget} + "/v1/x") {
    io::HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.url = std::move(url);
    return answer;
}

Answer captured(const std::string& name, int status = 200) {
    return says(status, test::data("vault/" + name + ".json"));
}

Answer health(const std::string& more, int status = 200) {
    return says(status, R"({"initialized": true, "sealed": false, "standby": false)" + more + "}");
}

VaultAnswers answers(Answer of_health) {
    return {.health = std::move(of_health), .seal_status = {}, .leader = {}, .raft = {}, .auto_snapshots = {}};
}

VaultAnswers active() {
    VaultAnswers all = answers(captured("health-active"));
    all.seal_status = captured("seal-status-unsealed");
    all.raft = captured("autopilot-well");
    return all;
}

VaultAnswers standby() {
    VaultAnswers all = answers(captured("health-standby", 429));
    all.seal_status = captured("seal-status-unsealed");
    all.leader = captured("leader-standby");
    all.raft = captured("autopilot-well");
    return all;
}

VaultExpected expected() { return {.target = kTarget, .has_token = true}; }

Collected look(const VaultAnswers& given, const VaultExpected& wanted = expected(), std::string_view cursor = {},
               Time now = kNow) {
    return interpret_vault(wanted, given, cursor, now);
}

core::Reachability reach(const VaultAnswers& given, const VaultExpected& wanted = expected(), Time now = kNow) {
    const Collected seen = look(given, wanted, {}, now);
    REQUIRE(seen);
    return test::evidence<core::Reachability>(seen->subjects.at(0));
}

std::map<std::string, FollowerState> followers(const Collected& seen) {
    std::map<std::string, FollowerState> found;
    for (const auto& follower : test::evidence<core::Replication>(seen->subjects.at(0)).followers)
        if (follower.expected)
            found.emplace(follower.name, follower.state);
    return found;
}

using Followers = std::map<std::string, FollowerState>;

} // namespace

TEST_CASE("a sealed Vault is down, and says how far unsealing has come") {
    VaultAnswers all = answers(captured("health-sealed", 503));
    all.seal_status = captured("seal-status-sealed");
    const Time then = kNow - 6s;
    const auto seen = reach(all, expected(), then);
    CHECK(seen.state == ReachState::down);
    CHECK(seen.detail == "it is sealed, 0 of 1 unseal keys given");
    // Nothing is known of its peers meanwhile.
    CHECK(look(all, expected(), {}, then)->subjects.at(0).failure);
}

TEST_CASE("the body decides and not the status, which an administrator may have remapped") {
    CHECK(reach(answers(captured("health-sealed", 200)), expected(), kNow - 6s).state == ReachState::down);
    CHECK(reach(answers(captured("health-uninitialized", 200)), expected(), kNow - 8s).detail ==
          "it is not initialized");
    CHECK(reach(answers(health("", 299))).state == ReachState::up);
}

TEST_CASE("429 is a standby and not a rate limit, unless it says nothing of Vault") {
    CHECK(reach(standby()).state == ReachState::up);
    const Collected limited = look(answers(says(429, "Too Many Requests")));
    REQUIRE_FALSE(limited);
    CHECK(limited.error().kind == FailureKind::bad_answer);
}

TEST_CASE("secondaries and performance standbys are up, nodes that were removed or are cut off are not") {
    CHECK(reach(answers(health(R"(, "replication_dr_mode": "secondary")", 472))).state == ReachState::up);
    CHECK(reach(answers(health(R"(, "performance_standby": true)", 473))).state == ReachState::up);
    CHECK(reach(answers(health(R"(, "removed_from_cluster": true)", 530))).state == ReachState::down);
    const auto cut = says(474, R"({"initialized": true, "sealed": false, "standby": true,
                                   "ha_connection_healthy": false})");
    CHECK(reach(answers(cut)).state == ReachState::degraded);
}

TEST_CASE("what stands before Vault and cannot reach it answers for it: down") {
    CHECK(reach(answers(says(502, "<html>Bad Gateway</html>"))).state == ReachState::down);
    CHECK(reach(answers(says(503, R"({"errors": []})"))).state == ReachState::down);
    CHECK(reach(answers(core::failed(FailureKind::unreachable, "cannot connect"))).detail == "cannot connect");
}

TEST_CASE("an answer that is not Vault's is no answer, whatever its status") {
    for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
             {200, ""}, {200, "<html>"}, {200, "{}"}, {200, "[]"}, {200, R"({"sealed": false})"}, {404, "{}"}}) {
        CAPTURE(status, body);
        const Collected seen = look(answers(says(status, body)));
        REQUIRE_FALSE(seen);
        CHECK(seen.error().kind == FailureKind::bad_answer);
    }
    CHECK(look(answers(says(403, ""))).error().kind == FailureKind::refused);
    CHECK_THROWS_AS(look(answers(health(R"(, "removed_from_cluster": "no")"))), io::BadDocument);
    CHECK_FALSE(look(answers(core::failed(FailureKind::misconfigured, "no such file"))));
}

TEST_CASE("an answer of yesterday comes from a cache, and one of tomorrow from a wrong clock") {
    for (const Duration off : {Duration{-3min}, Duration{3min}}) {
        const Collected seen = look(active(), expected(), {}, kNow + off);
        REQUIRE_FALSE(seen);
        CHECK(seen.error().kind == FailureKind::bad_answer);
    }
    CHECK(look(active(), expected(), {}, kNow + 1min));
}

TEST_CASE("a standby whose active node died goes on to call itself well: what it passes on is asked") {
    for (const auto& broken :
         {Answer{core::failed(FailureKind::unreachable, "cannot connect")},
          Answer{core::failed(FailureKind::refused, "cannot connect: Connection refused")},
          Answer{core::failed(FailureKind::timed_out, "no answer")}, says(500, R"({"errors": ["internal error"]})"),
          says(503, R"({"errors": ["no active node"]})")}) {
        VaultAnswers all = standby();
        all.raft = broken;
        const auto seen = reach(all);
        CHECK(seen.state == ReachState::down);
        CHECK_THAT(seen.detail, ContainsSubstring("the active node does not answer"));
        CHECK(look(all)->subjects.at(0).failure);
    }
    VaultAnswers refers = standby();
    refers.raft = says(403, "{}", "http://other.example:8200/v1/sys/storage/raft/autopilot/state");
    CHECK(reach(refers).state == ReachState::degraded);
    CHECK(look(refers)->subjects.at(0).failure->kind == FailureKind::refused);
    for (const char* told : {R"({"ha_enabled": true, "leader_address": ""})", R"({"ha_enabled": true})"}) {
        VaultAnswers leaderless = standby();
        leaderless.leader = says(200, told);
        CHECK_THAT(reach(leaderless).detail, ContainsSubstring("has no active node"));
    }
}

TEST_CASE("without a token a refusal that a standby passes on shows that the active node is there") {
    VaultAnswers all = standby();
    all.raft = captured("permission-denied", 403);
    const VaultExpected nobody{.target = kTarget};
    CHECK(vault_questions(nobody, all, kNow).raft);
    CHECK(reach(all, nobody).state == ReachState::up);
    CHECK_FALSE(look(all, nobody)->subjects.at(0).failure);
    all.leader = says(502, "");
    all.raft.reset();
    CHECK(look(all, nobody)->subjects.at(0).failure);
}

TEST_CASE("a peer that was killed stays alive for autopilot, but not healthy: it is missing") {
    VaultAnswers all = active();
    all.raft = captured("autopilot-peer-killed");
    CHECK(followers(look(all)) == Followers{{"bao2", FollowerState::streaming}, {"bao3", FollowerState::missing}});
    all.raft = captured("autopilot-peer-sealed");
    CHECK(followers(look(all)) == Followers{{"bao2", FollowerState::missing}, {"bao3", FollowerState::streaming}});
}

TEST_CASE("a peer that left the list is missed by name, or because it was seen before") {
    VaultAnswers all = active();
    const std::string cursor = look(all)->cursor;
    all.raft = says(200, R"({"data": {"leader": "bao1", "failure_tolerance": 0, "servers": {
        "bao1": {"healthy": true, "node_status": "alive"}, "bao2": {"healthy": true, "node_status": "left"}}}})");
    CHECK(followers(look(all)) == Followers{{"bao2", FollowerState::missing}});
    CHECK(followers(look(all, expected(), cursor)).at("bao3") == FollowerState::missing);
    VaultExpected named = expected();
    named.peers = {"bao1", "bao4"};
    CHECK(followers(look(all, named, cursor)) == Followers{{"bao4", FollowerState::missing}});
}

TEST_CASE("raft that tells nothing is a failure beside what health tells") {
    for (const auto& nothing :
         {captured("permission-denied", 403), says(404, R"({"errors": []})"), says(200, "{}"), says(200, "garbage"),
          says(200, R"({"data": null})"), says(200, R"({"data": {"servers": {}, "leader": ""}})"),
          says(200, R"({"data": {"servers": {"a": {"healthy": true, "node_status": "alive"}}, "leader": "b"}})")}) {
        VaultAnswers all = active();
        all.raft = nothing;
        const Collected seen = look(all);
        REQUIRE(seen);
        CHECK(seen->subjects.at(0).failure);
        CHECK(test::evidence<core::Reachability>(seen->subjects.at(0)).state == ReachState::up);
        CHECK_THROWS(test::evidence<core::Replication>(seen->subjects.at(0)));
    }
}

TEST_CASE("storage that is not raft has no peers, which is a mistake only where some were named") {
    VaultAnswers all = answers(captured("health-active"));
    all.seal_status = says(200, R"({"storage_type": "consul", "t": 3, "progress": 0})");
    CHECK_FALSE(vault_questions(expected(), all, kNow).raft);
    CHECK_FALSE(look(all)->subjects.at(0).failure);
    VaultExpected named = expected();
    named.peers = {"bao1"};
    CHECK(look(all, named)->subjects.at(0).failure->kind == FailureKind::misconfigured);
}

TEST_CASE("a snapshot that failed takes nothing from the one before, which Vault does not tell of any more") {
    VaultExpected wanted = expected();
    wanted.auto_snapshots = {"hourly"};
    VaultAnswers all = active();
    all.auto_snapshots = {captured("snapshot-auto-failed")};
    const Collected first = look(all, wanted);
    CHECK_THAT(test::subject(first, "snapshot-auto/hourly").failure->detail, ContainsSubstring("AccessDenied"));
    all.auto_snapshots = {captured("snapshot-auto-done")};
    const Collected done = look(all, wanted);
    const auto& points = test::points(done, "snapshot-auto/hourly");
    REQUIRE(points.points.size() == 1);
    CHECK(points.points[0].id == "vault-snapshot-1795921201.snap");
    CHECK(points.points[0].duration == Duration{2s});
    CHECK(points.jobs.empty());
    all.auto_snapshots = {captured("snapshot-auto-failed")};
    const Collected failed = look(all, wanted, done->cursor);
    const auto& after = test::points(failed, "snapshot-auto/hourly");
    CHECK(after.points == points.points);
    REQUIRE(after.jobs.size() == 1);
    CHECK(after.jobs[0].state == core::JobState::failed);
    CHECK(after.jobs[0].detail == "AccessDenied: Access Denied");
}

TEST_CASE("a snapshot that runs is a job, and one that never ran is none") {
    VaultExpected wanted = expected();
    wanted.auto_snapshots = {"hourly"};
    VaultAnswers all = active();
    all.auto_snapshots = {captured("snapshot-auto-running")};
    const Collected running = look(all, wanted);
    CHECK(test::points(running, "snapshot-auto/hourly").jobs.at(0).state == core::JobState::running);
    all.auto_snapshots = {captured("snapshot-auto-never")};
    const Collected never = look(all, wanted);
    CHECK(test::points(never, "snapshot-auto/hourly").count == 0);
    CHECK(test::points(never, "snapshot-auto/hourly").jobs.empty());
}

TEST_CASE("a server without automated snapshots, or that cannot be asked, says so of each of them") {
    VaultExpected wanted = expected();
    wanted.auto_snapshots = {"hourly"};
    VaultAnswers all = active();
    all.auto_snapshots = {captured("snapshot-auto-unsupported", 404)};
    const Collected none = look(all, wanted);
    CHECK(test::subject(none, "snapshot-auto/hourly").failure->kind == FailureKind::misconfigured);
    CHECK_FALSE(test::subject(none, "").failure);
    const Collected down = look(answers(core::failed(FailureKind::unreachable, "cannot connect")), wanted);
    CHECK(test::subject(down, "snapshot-auto/hourly").failure);
}

TEST_CASE("a cluster that is well has its peers, its tolerance and its identity") {
    VaultExpected wanted = expected();
    wanted.failure_tolerance = 1;
    const Collected seen = look(active(), wanted);
    REQUIRE(seen);
    const auto& report = seen->subjects.at(0);
    CHECK_FALSE(report.failure);
    CHECK(followers(seen) == Followers{{"bao2", FollowerState::streaming}, {"bao3", FollowerState::streaming}});
    const auto& tolerance = test::evidence<core::Assertions>(report).assertions.at(0);
    CHECK(tolerance.actual == "1");
    CHECK(test::evidence<core::Fingerprint>(report).value == "138dfab3-4aec-f152-638e-01196936d6c3");
    CHECK(test::evidence<core::Replication>(report).role == "active");
    CHECK(vault_parts::write_cursor(vault_parts::read_cursor(seen->cursor)) == seen->cursor);
    CHECK(vault_parts::read_cursor("garbage") == vault_parts::Cursor{});
}
