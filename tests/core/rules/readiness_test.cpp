// SPDX-License-Identifier: Apache-2.0
#include "core/rules/readiness.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;

namespace {

/// An asset in two repositories: one beside it, one in another region with its objects locked.
struct Copies {
    Asset asset{.name = "orders"};
    Check near{
        .name = "near", .asset = "orders", .location = {.region = "eu"}, .brings = {EvidenceKind::recovery_points}};
    Check far{
        .name = "far", .asset = "orders", .location = {.region = "us"}, .brings = {EvidenceKind::recovery_points}};
    CheckMemory near_memory;
    CheckMemory far_memory;
    Verdict verdict{.proven_rto = 30min, .proven_depth = Depth::restored};
    Scenario scenario{.name = "region", .rto = 1h, .recovers = {"orders"}, .recover_from = {.region = "us"}};
    Time revisit = kNever;

    static RecoveryPoints points(Duration oldest, Duration newest) {
        RecoveryPoints made;
        for (const Duration age : {oldest, newest})
            made.points.push_back({.id = std::to_string(age.count()), .data_at = kNow - age, .ended_at = kNow - age});
        made.count = 2;
        made.oldest_at = kNow - oldest;
        return made;
    }
    /// Of what changes rarely: for the last time when the newest was made.
    static RecoveryPoints rarely(Duration oldest, Duration newest) {
        RecoveryPoints made = points(oldest, newest);
        made.source_changed_at = kNow - newest;
        return made;
    }
    void see(Check& check, CheckMemory& memory, std::vector<Evidence> evidence) {
        remember(memory, check, {kNow, 1s, Seen{{{"", {}, std::move(evidence), {}}}}});
    }
    void see_both() {
        see(near, near_memory, {points(10 * kDay, 1h)});
        see(far, far_memory, {points(9 * kDay, 3h), lock("COMPLIANCE")});
    }
    static Assertions lock(std::optional<std::string> actual) {
        return {{{.name = "object_lock", .expected = "COMPLIANCE", .actual = std::move(actual)}}};
    }
    AssetReadiness judge() {
        std::vector<Contributor> contributors;
        for (const auto& [check, memory] : {std::pair{&near, &near_memory}, std::pair{&far, &far_memory}})
            contributors.push_back(
                {check, "", memory->subjects.empty() ? nullptr : &memory->subjects.begin()->second, memory});
        return judge_readiness(scenario, {asset, kNow - 30 * kDay, contributors, {}, {}, kNow}, verdict, revisit);
    }
};

} // namespace

TEST_CASE("what is left to recover from is what stands elsewhere, with its own reach") {
    Copies copies;
    copies.see_both();
    AssetReadiness ready = copies.judge();
    CHECK(ready.state == VerdictState::recoverable);
    CHECK(ready.from == "far");
    CHECK(ready.newest == kNow - 3h);
    CHECK(ready.oldest == kNow - 9 * kDay);
    CHECK(ready.takes == 30min);
    copies.scenario.recover_from = {};
    CHECK(copies.judge().from == "near");
    copies.scenario.recover_from = {.region = "asia"};
    ready = copies.judge();
    CHECK(ready.state == VerdictState::unrecoverable);
    CHECK(ready.blocks == Lines{"no usable recovery point is known in region asia"});
}

TEST_CASE("what cannot be seen is unknown, and not gone") {
    Copies copies;
    copies.see(copies.near, copies.near_memory, {Copies::points(10 * kDay, 1h)});
    CHECK(copies.judge().state == VerdictState::unknown);
}

TEST_CASE("one must be able to go back as far as is asked for, and that comes with time") {
    Copies copies;
    copies.see_both();
    copies.scenario.back = 14 * kDay;
    const AssetReadiness ready = copies.judge();
    CHECK(ready.state == VerdictState::at_risk);
    CHECK(ready.blocks == Lines{"goes back 9d, one must be able to go back 14d"});
    CHECK(copies.revisit <= kNow + 5 * kDay);
    copies.scenario.back = 9 * kDay;
    CHECK(copies.judge().state == VerdictState::recoverable);
}

TEST_CASE("what is left must be young enough for what may be lost, and that passes with time") {
    Copies copies;
    copies.see_both();
    copies.scenario.rpo = 4h;
    CHECK(copies.judge().state == VerdictState::recoverable);
    CHECK(copies.revisit <= kNow + 1h);
    copies.scenario.rpo = 2h;
    const AssetReadiness ready = copies.judge();
    CHECK(ready.state == VerdictState::at_risk);
    CHECK(ready.blocks == Lines{"3h would be lost, 2h are allowed"});
    // Of a standby that takes over; what it lost is its canary's to tell.
    copies.scenario.rpo = 0s;
    CHECK(copies.judge().state == VerdictState::recoverable);
}

TEST_CASE("a log leads on from what is left only where it is kept in the same place") {
    Copies copies;
    copies.scenario.rpo = 2h;
    const LogArchive log{.enabled = Told::yes, .newest_at = kNow - 10min, .from_repository = true};
    copies.see(copies.near, copies.near_memory, {Copies::points(10 * kDay, 4h), log});
    copies.see(copies.far, copies.far_memory, {Copies::points(9 * kDay, 3h)});
    CHECK(copies.judge().state == VerdictState::at_risk);
    CHECK(copies.judge().newest == kNow - 3h);
    copies.scenario.recover_from = {};
    CHECK(copies.judge().state == VerdictState::recoverable);
    copies.scenario.recover_from = {.region = "us"};
    copies.see(copies.far, copies.far_memory, {Copies::points(9 * kDay, 3h), log});
    CHECK(copies.judge().state == VerdictState::recoverable);
    CHECK(copies.judge().newest == kNow - 10min);
}

TEST_CASE("of what changes rarely the first change is lost that the copy does not have") {
    Copies copies;
    copies.scenario.rpo = 1h;
    copies.see(copies.near, copies.near_memory, {Copies::rarely(10 * kDay, 5 * kDay)});
    copies.see(copies.far, copies.far_memory, {Copies::rarely(10 * kDay, 5 * kDay)});
    CHECK(copies.judge().state == VerdictState::recoverable);
    copies.see(copies.near, copies.near_memory, {Copies::rarely(10 * kDay, 10min)});
    CHECK(copies.judge().state == VerdictState::recoverable);
    CHECK(copies.revisit <= kNow + 50min);
    copies.see(copies.near, copies.near_memory, {Copies::rarely(3h, 10min)});
    CHECK(copies.judge().blocks == Lines{"3h would be lost, 1h are allowed"});
}

TEST_CASE("a copy that does not tell of changes lacks none where another one tells that there were none") {
    Copies copies;
    copies.scenario.rpo = 1h;
    RecoveryPoints rarely = Copies::rarely(10 * kDay, 5 * kDay);
    copies.see(copies.near, copies.near_memory, {rarely});
    copies.see(copies.far, copies.far_memory, {Copies::points(10 * kDay, 5 * kDay)});
    CHECK(copies.judge().state == VerdictState::recoverable);
    rarely.source_changed_at = kNow - 2h;
    copies.see(copies.near, copies.near_memory, {rarely});
    CHECK(copies.judge().state == VerdictState::at_risk);
    copies.see(copies.near, copies.near_memory, {Copies::points(10 * kDay, 5 * kDay)});
    CHECK(copies.judge().state == VerdictState::at_risk);
}

TEST_CASE("who is gone, or silent, tells of no changes any more") {
    Copies copies;
    copies.scenario.rpo = 1h;
    RecoveryPoints rarely = Copies::rarely(10 * kDay, 5 * kDay);
    copies.see(copies.near, copies.near_memory, {rarely});
    copies.see(copies.far, copies.far_memory, {Copies::points(10 * kDay, 5 * kDay)});
    REQUIRE(copies.judge().state == VerdictState::recoverable);
    SECTION("gone") { copies.near_memory.subjects.begin()->second.vanished_since = kNow - 4 * kDay; }
    SECTION("bad, and silent since") {
        rarely.points.back().state = PointState::bad;
        copies.see(copies.near, copies.near_memory, {rarely});
        copies.near_memory.subjects.begin()->second.learned_at = kNow - 3 * kDay;
    }
    CHECK(copies.judge().blocks == Lines{"5d would be lost, 1h are allowed"});
}

TEST_CASE("whether it changed since is unknown while whoever else tells of changes is not seen") {
    Copies copies;
    copies.scenario.rpo = 1h;
    RecoveryPoints rarely = Copies::rarely(10 * kDay, 5 * kDay);
    copies.see(copies.near, copies.near_memory, {rarely});
    copies.see(copies.far, copies.far_memory, {rarely});
    REQUIRE(copies.judge().state == VerdictState::recoverable);
    remember(copies.near_memory, copies.near, {kNow - 1h, 1s, failed(FailureKind::unreachable, "no route")});
    copies.near_memory.subjects.begin()->second.learned_at = kNow - 3 * kDay;
    CHECK(copies.judge().state == VerdictState::unknown);
    CHECK(copies.judge().blocks == Lines{"whether it changed since could not be seen"});
    // One that saw the source itself knows that nothing came after what it has.
    RecoveryPoints knowing = rarely;
    knowing.source_changed_at = kNow - 6 * kDay;
    copies.see(copies.far, copies.far_memory, {knowing});
    CHECK(copies.judge().state == VerdictState::recoverable);
    copies.see(copies.far, copies.far_memory, {rarely});
    copies.scenario.rpo.reset();
    CHECK(copies.judge().state == VerdictState::recoverable);
}

TEST_CASE("of a job that only reports its backups nobody knows how far back they go, but for who looks in that place") {
    Copies copies;
    copies.see_both();
    RecoveryPoints reported = Copies::points(365 * kDay, 1min);
    reported.oldest_at.reset();
    copies.see(copies.near, copies.near_memory, {reported});
    copies.scenario.back = 9 * kDay;
    copies.scenario.recover_from = {.region = "eu"};
    AssetReadiness ready = copies.judge();
    CHECK(ready.state == VerdictState::at_risk);
    CHECK_FALSE(ready.oldest);
    CHECK(ready.blocks == Lines{"nobody tells how far it goes back, 9d are asked for"});
    copies.scenario.recover_from = {};
    ready = copies.judge();
    CHECK(ready.from == "near");
    CHECK(ready.oldest == kNow - 9 * kDay);
    CHECK(ready.state == VerdictState::recoverable);
}

TEST_CASE("the time that recovery takes is held against the scenario's, and an unproven one is at risk") {
    Copies copies;
    copies.see_both();
    copies.scenario.rto = 10min;
    CHECK(copies.judge().blocks == Lines{"the last proof took 30m, 10m are allowed"});
    copies.verdict.proven_rto.reset();
    CHECK(copies.judge().blocks ==
          Lines{"no proof told how long it takes, 10m are allowed: report its start, or its --rto"});
    copies.verdict.proven_depth.reset();
    CHECK(copies.judge().blocks == Lines{"no restore has proven it yet: test one, and report it by `recoverd outcome` "
                                         "with --depth restored or deeper"});
}

TEST_CASE("what a scenario is proven by is the newest pass of the best exercise that it names, whatever came later") {
    Copies copies;
    copies.see_both();
    copies.scenario.rto = 10min;
    copies.scenario.proven_by = {"failover-*", "restore-test"};
    CHECK(copies.judge().blocks == Lines{"no pass of 'failover-*' or 'restore-test' has proven it yet: test it, and "
                                         "report it by `recoverd outcome`"});
    const auto passed = [](std::string exercise, Duration age, Duration took) {
        return Exercise{.id = exercise,
                        .exercise = exercise,
                        .outcome = ExerciseOutcome::passed,
                        .started_at = kNow - age - took,
                        .ended_at = kNow - age};
    };
    const Exercise restored = passed("restore-test", 1h, 20min);
    copies.see(copies.near, copies.near_memory, {Copies::points(10 * kDay, 1h), restored});
    CHECK(copies.judge().blocks == Lines{"the last proof took 20m, 10m are allowed"});
    copies.see(copies.near, copies.near_memory,
               {Copies::points(10 * kDay, 1h), restored, passed("failover-zone", kDay, 40s)});
    CHECK(copies.judge().takes == 40s);
    CHECK(copies.judge().state == VerdictState::recoverable);
    // One of a measured time that is nobody's of these changes nothing.
    copies.see(
        copies.near, copies.near_memory,
        {Copies::points(10 * kDay, 1h), restored, passed("failover-zone", kDay, 40s), passed("game-day", 1min, 5h)});
    CHECK(copies.judge().takes == 40s);
    // Without names it is whatever restored it last.
    copies.scenario.proven_by.clear();
    CHECK(copies.judge().takes == 30min);
}

TEST_CASE("what is needed must be asserted and hold: three answers, and none is worse than one") {
    Copies copies;
    copies.scenario.needs = {"object_lock*"};
    copies.see_both();
    CHECK(copies.judge().state == VerdictState::recoverable);
    copies.see(copies.far, copies.far_memory, {Copies::points(9 * kDay, 3h), Copies::lock("none")});
    CHECK(copies.judge().blocks == Lines{"far: object_lock is none, COMPLIANCE is expected"});
    copies.see(copies.far, copies.far_memory, {Copies::points(9 * kDay, 3h), Copies::lock({})});
    CHECK(copies.judge().state == VerdictState::unknown);
    CHECK(copies.judge().blocks == Lines{"nobody could tell 'object_lock*'"});
    // Which of two is the one that counts nobody knows.
    copies.see(copies.near, copies.near_memory, {Copies::points(10 * kDay, 1h), Copies::lock("COMPLIANCE")});
    CHECK(copies.judge().blocks == Lines{"nobody could tell 'object_lock*'"});
    // But where it holds of what is left: the other one went with its region.
    copies.see(copies.near, copies.near_memory, {Copies::points(10 * kDay, 1h), Copies::lock({})});
    copies.see(copies.far, copies.far_memory, {Copies::points(9 * kDay, 3h), Copies::lock("COMPLIANCE")});
    CHECK(copies.judge().state == VerdictState::recoverable);
    copies.scenario.recover_from = {};
    CHECK(copies.judge().blocks == Lines{"nobody could tell 'object_lock*'"});
    copies.scenario.recover_from = {.region = "us"};
    copies.see(copies.near, copies.near_memory, {Copies::points(10 * kDay, 1h)});
    copies.see(copies.far, copies.far_memory, {Copies::points(9 * kDay, 3h)});
    CHECK(copies.judge().blocks == Lines{"no check asserts 'object_lock*'"});
}

TEST_CASE("what is needed and held when somebody could still look is unknown") {
    Copies copies;
    copies.scenario.needs = {"object_lock*"};
    SECTION("nobody learned it since") {
        const auto look = [&](Time at, std::vector<Evidence> evidence, std::optional<Failure> failure) {
            remember(copies.far_memory, copies.far,
                     {at, 1s, Seen{{{"", {}, std::move(evidence), std::move(failure)}}}});
        };
        look(kNow - kDay, {Copies::points(9 * kDay, 3h), Copies::lock("COMPLIANCE")}, {});
        look(kNow, {Copies::points(9 * kDay, 3h)}, Failure{FailureKind::refused, "403"});
    }
    SECTION("what told it is gone") {
        copies.see(copies.far, copies.far_memory, {Copies::points(9 * kDay, 3h)});
        copies.see(copies.near, copies.near_memory, {Copies::lock("COMPLIANCE")});
        remember(copies.near_memory, copies.near, {kNow, 1s, Seen{}});
    }
    const AssetReadiness ready = copies.judge();
    CHECK(ready.from == "far");
    CHECK(ready.state == VerdictState::unknown);
    CHECK(ready.blocks == Lines{"nobody could tell 'object_lock*'"});
}

TEST_CASE("a scenario is as ready as the worst of what must be recovered, and of nothing it is unknown") {
    CHECK(sum_up({}).state == VerdictState::unknown);
    const Readiness ready = sum_up({{.asset = "a", .state = VerdictState::recoverable},
                                    {.asset = "b", .state = VerdictState::unrecoverable},
                                    {.asset = "c", .state = VerdictState::at_risk}});
    CHECK(ready.state == VerdictState::unrecoverable);
    CHECK(ready.assets.front().asset == "b");
}

TEST_CASE("what could not be recovered, or of which nobody can tell, is unready with what blocks it most") {
    CHECK(unready({}).empty());
    const Readiness ready = sum_up({{.asset = "a", .state = VerdictState::recoverable},
                                    {.asset = "b", .state = VerdictState::unrecoverable, .blocks = {"none", "slow"}},
                                    {.asset = "c", .state = VerdictState::unknown, .blocks = {"unseen"}},
                                    {.asset = "d", .state = VerdictState::at_risk, .blocks = {"slow"}}});
    CHECK(unready(ready) == Unready{{"b", "none"}, {"c", "unseen"}});
}

TEST_CASE("what is not backed up on purpose is ready while it is seen, and where a time is asked once one was shown") {
    Copies copies;
    copies.asset.objectives.backups = false;
    copies.verdict.state = VerdictState::recoverable;
    CHECK(copies.judge().state == VerdictState::recoverable);
    copies.verdict.proven_rto = 2h;
    CHECK(copies.judge().blocks == Lines{"the last proof took 2h, 1h are allowed"});
    copies.verdict = {.state = VerdictState::unknown, .reasons = {"page: nothing learned yet"}};
    CHECK(copies.judge().state == VerdictState::unknown);
    CHECK(copies.judge().blocks.front() == "page: nothing learned yet");
}

TEST_CASE("what agents of the other scope see may be ready, and they are told how long it takes") {
    Copies copies;
    copies.see_both();
    copies.asset.elsewhere = {EvidenceKind::recovery_points, EvidenceKind::assertions};
    copies.scenario.needs = {"versioning"};
    CHECK(copies.judge().blocks == Lines{"no check asserts 'versioning', as far as this agent sees"});
    copies.scenario.needs.clear();
    copies.scenario.recover_from = {.region = "asia"};
    AssetReadiness ready = copies.judge();
    CHECK(ready.state == VerdictState::unknown);
    CHECK(ready.blocks == Lines{"no usable recovery point is known in region asia, as far as this agent sees"});
    copies.scenario.recover_from = {};
    copies.scenario.rto = 10min;
    CHECK(copies.judge().blocks == Lines{"the last proof took 30m, 10m are allowed"});
    copies.asset.elsewhere = {EvidenceKind::exercise};
    ready = copies.judge();
    CHECK(ready.state == VerdictState::at_risk);
    CHECK(ready.blocks == Lines{"10m are allowed, and how long it takes is told to agents of the other scope alone"});
    copies.scenario.rto.reset();
    CHECK(copies.judge().state == VerdictState::recoverable);
    copies.asset.elsewhere = {EvidenceKind::log_archive};
    copies.scenario.rpo = 10min;
    CHECK(copies.judge().blocks == Lines{"1h would be lost, 10m are allowed, as far as this agent sees"});
}
