// SPDX-License-Identifier: Apache-2.0
#include "core/rules/losses.hpp"
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <limits>

using namespace recoverd::core;

namespace {

constexpr Loss kNothing{};
constexpr Loss kThreeRows{30s, 3};

OutageHistory over(Time began_at, Time ended_at) { return {.running = {}, .past = {{began_at, ended_at, "db-1", {}}}}; }

CheckMemory canary(double seconds, double rows) {
    CheckMemory memory;
    memory.subjects[""].learned_at = kNow;
    memory.subjects[""].evidence =
        std::make_shared<const EvidenceList>(EvidenceList{Measurement{.name = "canary_seconds", .value = 0.1},
                                                          Measurement{.name = "canary_lost_seconds", .value = seconds},
                                                          Measurement{.name = "canary_lost_rows", .value = rows}});
    return memory;
}

} // namespace

TEST_CASE("a canary tells seconds and rows, and what is no number is not told") {
    CHECK(told_by_canary(canary(12.5, 3)) == CanaryTold{kNow, {12s + 500ms, 3}});
    CHECK(told_by_canary(canary(-1, -1)) == CanaryTold{kNow, kNothing});
    CHECK_FALSE(told_by_canary(canary(std::numeric_limits<double>::quiet_NaN(), 3)));
    CHECK_FALSE(told_by_canary(canary(1, std::numeric_limits<double>::infinity())));
    CHECK_FALSE(told_by_canary(CheckMemory{}));
}

TEST_CASE("what the canary misses at its first look after an outage was lost by it") {
    OutageHistory history = over(kNow - 10min, kNow - 5min);
    CHECK(remember_loss(history, {kNow - 11min, kNothing}));
    CHECK_FALSE(history.past[0].lost);
    CHECK(remember_loss(history, {kNow, kThreeRows}));
    CHECK(history.past[0].lost == kThreeRows);
    CHECK_FALSE(remember_loss(history, {kNow, kThreeRows}));
    CHECK_FALSE(remember_loss(history, {kNow + 1min, kThreeRows}));
    CHECK(last_loss(history) == kThreeRows);
}

TEST_CASE("an outage after which nothing is missing lost nothing, which is known and not merely unknown") {
    OutageHistory history = over(kNow - 10min, kNow - 5min);
    remember_loss(history, {kNow - 11min, kNothing});
    remember_loss(history, {kNow - 6min, kNothing});
    CHECK_FALSE(last_loss(history));
    CHECK(remember_loss(history, {kNow, kNothing}));
    CHECK(last_loss(history) == kNothing);
}

TEST_CASE("what is missing while an outage goes on is lost by it, and what came before is not") {
    OutageHistory history;
    remember_loss(history, {kNow - 1h, kThreeRows});
    history.running = Outage{kNow - 10min, {}, "db-1", {}};
    CHECK_FALSE(remember_loss(history, {kNow - 9min, kThreeRows}));
    CHECK(remember_loss(history, {kNow - 8min, {50s, 5}}));
    CHECK(history.running->lost == Loss{20s, 2});
    CHECK(remember_loss(history, {kNow - 7min, {60s, 6}}));
    CHECK(history.running->lost == kThreeRows);
}

TEST_CASE("a failover that the canary saw before the probes is of the outage that they date before it") {
    OutageHistory history;
    remember_loss(history, {kNow - 10min, kNothing});
    CHECK(remember_loss(history, {kNow - 1min, kThreeRows}));
    CHECK_FALSE(last_loss(history));
    SECTION("the outage had begun") {
        history.running = Outage{kNow - 2min, {}, "db-1", {}};
        remember_loss(history, {kNow, kThreeRows});
        CHECK(last_loss(history) == kThreeRows);
    }
    SECTION("the outage began later") {
        history.running = Outage{kNow - 30s, {}, "db-1", {}};
        remember_loss(history, {kNow, kThreeRows});
        CHECK_FALSE(last_loss(history));
    }
}

TEST_CASE("rows that vanish long after an outage are not its doing") {
    OutageHistory history = over(kNow - 10h, kNow - 9h);
    remember_loss(history, {kNow - 11h, kNothing});
    remember_loss(history, {kNow - 8h, kNothing});
    remember_loss(history, {kNow, kThreeRows});
    CHECK(last_loss(history) == kNothing);
}

TEST_CASE("a loss that was accepted counts from nothing again") {
    OutageHistory history = over(kNow - 10min, kNow - 5min);
    remember_loss(history, {kNow - 11min, {10min, 60}});
    SECTION("something is lost") {
        remember_loss(history, {kNow, kThreeRows});
        CHECK(last_loss(history) == kThreeRows);
    }
    SECTION("whether something was lost before it was accepted nobody knows") {
        remember_loss(history, {kNow, kNothing});
        CHECK_FALSE(last_loss(history));
    }
}

TEST_CASE("a canary that was seen first in an outage knows what is lost from then on, and not that nothing was") {
    OutageHistory history = over(kNow - 10min, kNow - 5min);
    remember_loss(history, {kNow - 8min, kNothing});
    SECTION("nothing is missing") {
        CHECK_FALSE(remember_loss(history, {kNow, kNothing}));
        CHECK_FALSE(last_loss(history));
    }
    SECTION("something is") {
        CHECK(remember_loss(history, {kNow, kThreeRows}));
        CHECK(last_loss(history) == kThreeRows);
    }
}

TEST_CASE("what one canary told is not held against what another tells") {
    OutageHistory history = over(kNow - 10min, kNow - 5min);
    remember_loss(history, {kNow - 11min, kNothing, {}, "one"});
    CHECK(remember_loss(history, {kNow, kThreeRows, {}, "other"}));
    CHECK_FALSE(last_loss(history));
}

TEST_CASE("a canary of which an older release kept nothing else has told always") {
    OutageHistory history = over(kNow - 10min, kNow - 5min);
    history.told = CanaryTold{kNow - 6min, kNothing};
    CHECK(remember_loss(history, {kNow, kNothing, {}, "canary"}));
    CHECK(last_loss(history) == kNothing);
    CHECK(history.told == CanaryTold{kNow, kNothing, {}, "canary"});
}

TEST_CASE("a canary that was never seen before an outage cannot tell what it lost") {
    OutageHistory history = over(kNow - 10min, kNow - 5min);
    CHECK(remember_loss(history, {kNow, kThreeRows}));
    CHECK_FALSE(last_loss(history));
}
