// SPDX-License-Identifier: Apache-2.0
// What scenarios say of an asset enters its verdict, and leaves it again, though nothing of the asset's own changed.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;
using fleet::kNow;
using fleet::pass;
using Words = std::vector<std::string>;

namespace {

/// An asset with hourly backups that were restored, and a port.
struct Shop {
    Time now = kNow;
    fleet::Fleet fleet;
    Engine engine{now};

    Shop() {
        fleet.with(fleet::asset("orders")).with(fleet::backups_of("backup", "orders"));
        fleet.with(fleet::backups_of("copy", "orders"));
        Check port = fleet::probe("port", "db:5432");
        port.failures = port.successes = 1;
        fleet.with(port);
    }

    void configure() {
        engine.configure(fleet.done(), now);
        back_up("backup", "eu");
    }
    void back_up(const std::string& check, std::string region) {
        SubjectReport seen = fleet::points("main", {now - 2h, now - 1min});
        std::get<RecoveryPoints>(seen.evidence.at(0)).points.back().depth = Depth::restored;
        seen.location.region = std::move(region);
        engine.learn(check, fleet::report(now, {seen}), now);
        pass(engine, now, 1s);
    }
    void probe(ReachState state) {
        engine.learn("port", fleet::report(now, {fleet::reach(state, "db:5432")}), now);
        pass(engine, now, 1s);
    }
    const Verdict& verdict() { return engine.asset("orders")->verdict; }
};

} // namespace

TEST_CASE("an asset is at risk while a scenario of its own holds, and no longer") {
    Shop shop;
    std::erase_if(shop.fleet.config.checks, [](const auto& check) { return check->name == "copy"; });
    shop.fleet.config.scenarios = {Scenario{.name = "db-primary", .asset = "orders", .rto = 5min, .checks = {"port"}}};
    shop.configure();
    shop.probe(ReachState::up);
    CHECK(shop.verdict().state == VerdictState::recoverable);
    shop.probe(ReachState::down);
    CHECK(shop.verdict().state == VerdictState::at_risk);
    REQUIRE(shop.verdict().reasons.size() == 1);
    CHECK(shop.verdict().reasons[0].starts_with("scenario db-primary: 1 of 1 down"));
    pass(shop.engine, shop.now, 5min);
    shop.back_up("backup", "eu");
    CHECK(shop.verdict().reasons.size() == 2);
    shop.probe(ReachState::up);
    CHECK(shop.verdict().state == VerdictState::recoverable);
    shop.probe(ReachState::down);
    shop.fleet.config.scenarios.clear();
    shop.configure();
    CHECK(shop.verdict().state == VerdictState::recoverable);
}

TEST_CASE("an asset whose experiment broke its promise is at risk, whatever that was reported to be") {
    Shop shop;
    std::erase_if(shop.fleet.config.checks, [](const auto& check) { return check->name == "copy"; });
    shop.fleet.config.scenarios = {Scenario{.name = "db-primary", .checks = {"port"}}};
    shop.fleet.config.exercises = {{.name = "failover",
                                    .asset = "orders",
                                    .cadence = 90 * kDay,
                                    .duration = {},
                                    .keeps = {"db-primary"},
                                    .downtime = 1min}};
    shop.configure();
    shop.probe(ReachState::up);
    const Time from = shop.now;
    shop.probe(ReachState::down);
    pass(shop.engine, shop.now, 3min);
    shop.probe(ReachState::up);
    Exercise run;
    run.id = "1";
    run.exercise = "failover";
    run.outcome = ExerciseOutcome::passed;
    run.started_at = from;
    run.ended_at = shop.now;
    const std::string told = shop.engine.outcome_check("orders", "failover", shop.now);
    shop.engine.learn(told, fleet::report(shop.now, {{"failover", {}, {run}, {}}}, false), shop.now);
    shop.back_up("backup", "eu");
    CHECK(fleet::firing(shop.engine, shop.now) == Words{"ExerciseFailed"});
    CHECK(shop.verdict().state == VerdictState::at_risk);
    REQUIRE(shop.verdict().reasons.size() == 1);
    CHECK(shop.verdict().reasons[0].contains("db-primary"));
}

TEST_CASE("an asset is at risk while it could not be recovered from a scenario that it must be recoverable from") {
    Shop shop;
    shop.fleet.config.scenarios = {
        Scenario{.name = "region", .recovers = {"orders"}, .recover_from = {.region = "us"}}};
    shop.configure();
    shop.back_up("copy", "asia");
    CHECK(shop.verdict().state == VerdictState::at_risk);
    CHECK(shop.verdict().reasons == Words{"scenario region: no usable recovery point is known in region us"});
    shop.back_up("copy", "us");
    CHECK(shop.verdict().state == VerdictState::recoverable);
}

TEST_CASE("whether an asset could be recovered from a scenario is said where its backups are seen") {
    Shop shop;
    shop.fleet.config.assets["orders"].elsewhere = {EvidenceKind::recovery_points, EvidenceKind::exercise};
    shop.fleet.config.scenarios = {
        Scenario{.name = "region", .recovers = {"orders"}, .recover_from = {.region = "us"}}};
    SECTION("by others alone") {
        std::erase_if(shop.fleet.config.checks, [](const auto& check) { return check->name != "port"; });
        shop.engine.configure(shop.fleet.done(), shop.now);
        shop.probe(ReachState::up);
        CHECK(shop.verdict().state == VerdictState::recoverable);
        CHECK(shop.verdict().reasons == Words{"agents of the other scope see backups of it, and judge its proofs"});
        CHECK(shop.engine.scenario("region")->readiness->assets.empty());
    }
    SECTION("here as well") {
        shop.configure();
        shop.back_up("copy", "asia");
        CHECK(shop.verdict().state == VerdictState::at_risk);
        CHECK(shop.verdict().reasons.front() ==
              "scenario region: no usable recovery point is known in region us, as far as this agent sees");
        shop.back_up("copy", "us");
        CHECK(shop.verdict().state == VerdictState::recoverable);
    }
}

TEST_CASE("an asset that is not backed up is judged by all that looks at it, probes among that") {
    Time now = kNow;
    Asset shop;
    shop.name = "shop";
    shop.objectives.backups = false;
    Check page = fleet::probe("page", "shop:443");
    page.asset = "shop";
    page.failures = page.successes = 1;
    fleet::Fleet fleet;
    fleet.with(shop).with(page);
    Engine engine{now};
    engine.configure(fleet.done(), now);
    const auto look = [&](const Report& report) {
        engine.learn("page", report, now);
        pass(engine, now, 1s);
        return engine.asset("shop")->verdict.state;
    };
    pass(engine, now, 1s);
    CHECK(engine.asset("shop")->verdict.state == VerdictState::unknown);
    CHECK(look(fleet::report(now, {fleet::reach(ReachState::up, "shop:443")})) == VerdictState::recoverable);
    CHECK(engine.snapshot(now).status == Status::operational);
    CHECK(look(fleet::report(now, {fleet::reach(ReachState::down, "shop:443")})) == VerdictState::at_risk);
    CHECK(look(fleet::report(now, {fleet::reach(ReachState::up, "shop:443")})) == VerdictState::recoverable);
    // On its second, though nothing arrives.
    pass(engine, now, 1h);
    CHECK(engine.asset("shop")->verdict.state == VerdictState::unknown);
    CHECK(look(fleet::report(now, {fleet::reach(ReachState::up, "shop:443")})) == VerdictState::recoverable);
}

TEST_CASE("of an asset that is not backed up nobody waits for a backup") {
    Time now = kNow;
    Asset cache;
    cache.name = "cache";
    cache.objectives.backups = false;
    fleet::Fleet fleet;
    fleet.with(cache).with(fleet::backups_of("save", "cache"));
    Engine engine{now};
    engine.configure(fleet.done(), now);
    engine.learn("save", fleet::report(now, {fleet::points("", {})}), now);
    pass(engine, now, 1min);
    CHECK(fleet::firing(engine, now).empty());
    engine.learn("save", fleet::report(now, {fleet::points("", {now - 5h})}), now);
    pass(engine, now, 1min);
    CHECK(fleet::firing(engine, now).empty());
    CHECK(engine.asset("cache")->verdict.state == VerdictState::recoverable);
}
