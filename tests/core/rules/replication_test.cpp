// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

namespace {

constexpr std::uint64_t kGiB = 1024 * kMiB;

Lines said_of(Follower follower) { return Bench{}.sees({Replication{.followers = {std::move(follower)}}}).says(); }
Lines said_of(ReplicationSlot slot) { return Bench{}.sees({Replication{.slots = {std::move(slot)}}}).says(); }

} // namespace

TEST_CASE("an expected standby that does not follow is a subject of its own") {
    CHECK(said_of({.name = "db2", .state = FollowerState::missing, .expected = true}) ==
          Lines{"P2 ReplicaMissing main/db2: expected standby db2 does not follow"});
    CHECK(said_of({.name = "db2", .state = FollowerState::missing}).empty());
    CHECK(said_of({.name = "db2", .expected = true}).empty());
}

TEST_CASE("two missing standbys are two findings") {
    const Replication both{.followers = {{.name = "a", .state = FollowerState::missing, .expected = true},
                                         {.name = "b", .state = FollowerState::missing, .expected = true}}};
    CHECK(Bench{}.sees({both}).says().size() == 2);
}

TEST_CASE("a standby more than five minutes behind is found, its wanted delay taken off") {
    CHECK(said_of(Follower{.name = "db2", .lag = 5min}).empty());
    CHECK(said_of(Follower{.name = "db2", .lag = 5min + 1s}) ==
          Lines{"P2 ReplicationLagHigh main/db2: standby db2 is 5m1s behind, 5m allowed"});
    CHECK(said_of(Follower{.name = "db2", .lag = 65min, .wanted_delay = 1h}).empty());
    CHECK(said_of(Follower{.name = "db2", .lag = 70min, .wanted_delay = 1h}) ==
          Lines{"P2 ReplicationLagHigh main/db2: standby db2 is 10m behind, 5m allowed beyond its delay of 1h"});
    CHECK(said_of(Follower{.name = "db2", .lag_bytes = kGiB}).empty());
}

TEST_CASE("a missing standby does not also lag") {
    CHECK(said_of({.name = "db2", .state = FollowerState::missing, .expected = true, .lag = 1h}).size() == 1);
}

TEST_CASE("a slot that holds back more than its limit is found") {
    CHECK(said_of(ReplicationSlot{.name = "s", .retained_bytes = 2 * kGiB, .limit_bytes = 2 * kGiB}).empty());
    CHECK(said_of(ReplicationSlot{.name = "s", .retained_bytes = 3 * kGiB, .limit_bytes = 2 * kGiB}) ==
          Lines{"P3 ReplicationSlotRetaining main/s: unused slot s holds back 3GiB, 2GiB allowed"});
    CHECK(said_of(ReplicationSlot{.name = "s", .active = true, .retained_bytes = 11 * kGiB}) ==
          Lines{"P3 ReplicationSlotRetaining main/s: active slot s holds back 11GiB, 10GiB allowed"});
    CHECK(said_of(ReplicationSlot{.name = "s", .retained_bytes = 10 * kGiB}).empty());
    CHECK(said_of(ReplicationSlot{.name = "s"}).empty());
}

TEST_CASE("a lost slot is found whatever it holds") {
    CHECK(said_of(ReplicationSlot{.name = "s", .lost = true}) ==
          Lines{"P3 ReplicationSlotRetaining main/s: slot s is lost: what it needed was removed"});
}

TEST_CASE("the policy's limit of a slot wins over the source's") {
    Bench bench;
    bench.policy(RuleId::replication_slot_retaining, {{.over = 1.0 * kGiB, .priority = Priority::p2}});
    bench.sees({Replication{.slots = {{.name = "s", .retained_bytes = 2 * kGiB, .limit_bytes = 50 * kGiB}}}});
    CHECK(bench.says() == Lines{"P2 ReplicationSlotRetaining main/s: unused slot s holds back 2GiB, 1GiB allowed"});
}

TEST_CASE("what stands in a check without subjects is named by itself") {
    Bench bench;
    bench.subject = "";
    bench.sees({Replication{.slots = {{.name = "s", .lost = true}}}});
    CHECK(bench.judged().findings.at(0).identity.subject == "s");
}

} // namespace recoverd::core
