// SPDX-License-Identifier: Apache-2.0
// Exercises that name a validation: it is begun by the end of a run, of each run once.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace recoverd::core;
using fleet::kNow;
using fleet::pass;

namespace {

/// A shop whose failover is an exercise, and a port that must be open after it.
struct Drilled {
    Time now;
    fleet::Fleet fleet;
    Engine engine{now};

    explicit Drilled(Time start = kNow) : now(start) {
        fleet.with(Asset{.name = "shop"});
        Check port = fleet::probe("port", "port:80");
        port.failures = 1;
        port.successes = 1;
        fleet.with(port);
        Check told;
        told.name = told.fingerprint = "told";
        told.collector = "outcome";
        told.asset = "shop";
        told.every = Duration{0};
        told.brings = {EvidenceKind::exercise};
        fleet.with(told);
        fleet.config.exercises = {
            {.name = "failover", .asset = "shop", .cadence = 30 * kDay, .validation = "after-failover"}};
        fleet.config.validations = {
            Validation{.name = "after-failover", .asset = "shop", .steps = {{.check = "port", .within = 2min}}}};
    }
    void configure() {
        engine.configure(fleet.done(), now);
        pass(engine, now, 1s);
    }
    void tell(ExerciseOutcome outcome, Time started, std::optional<Time> ended, std::string id) {
        const Exercise ran{
            .id = std::move(id), .exercise = "failover", .outcome = outcome, .started_at = started, .ended_at = ended};
        engine.learn("told", fleet::report(now, {{"", {}, {ran}, {}}}), now);
        pass(engine, now, 1s);
    }
    /// A run of a minute, which has just ended.
    void run(ExerciseOutcome outcome, std::string id) {
        const Time started = now;
        tell(ExerciseOutcome::started, started, std::nullopt, id);
        pass(engine, now, 1min);
        tell(outcome, started, now, std::move(id));
    }
    void port_is_up() {
        // A look begins a little after what it was asked for.
        now += 20ms;
        engine.learn("port", fleet::report(now, {fleet::reach(ReachState::up, "port:80")}), now);
        pass(engine, now, 1s);
    }
    const ValidationMemory& memory() const { return engine.validation("after-failover")->memory; }
    bool validates() const { return memory().running.has_value(); }
    /// The same agent, started anew.
    void restore(const Drilled& before) {
        const CheckUnit* told = before.engine.check("told");
        engine.restore_check("told", {told->check->fingerprint, *told->memory, told->alerts, {}});
        engine.restore_asset("shop", before.engine.asset("shop")->first_seen, {});
        engine.restore_validation("after-failover", before.memory(), {});
    }
};

} // namespace

TEST_CASE("the end of an exercise begins the validation that it names, once") {
    for (const ExerciseOutcome outcome : {ExerciseOutcome::passed, ExerciseOutcome::failed}) {
        CAPTURE(name_of(outcome));
        Drilled shop;
        shop.configure();
        const Time started = shop.now;
        shop.tell(ExerciseOutcome::started, started, std::nullopt, "1");
        CHECK_FALSE(shop.validates());
        pass(shop.engine, shop.now, 1min);
        const Time ended = shop.now;
        shop.tell(outcome, started, ended, "1");
        REQUIRE(shop.validates());
        CHECK(shop.memory().running->cause == "exercise failover is over");
        shop.port_is_up();
        CHECK_FALSE(shop.validates());
        CHECK(shop.memory().last->steps.at(0).state == StepState::passed);
        // Told again, and by another source that has it end a little later.
        shop.tell(outcome, started, ended, "1");
        shop.tell(outcome, started, ended + 3s, "the same");
        CHECK_FALSE(shop.validates());
    }
}

TEST_CASE("over a restart a run that was validated is not validated again, and the next one is") {
    Drilled before;
    before.configure();
    before.run(ExerciseOutcome::passed, "1");
    before.port_is_up();
    REQUIRE(before.memory().last.has_value());

    Drilled after{before.now + 10s};
    after.restore(before);
    after.configure();
    CHECK_FALSE(after.validates());
    after.tell(ExerciseOutcome::passed, before.now - 62s, before.now - 2s, "1");
    CHECK_FALSE(after.validates());
    after.run(ExerciseOutcome::passed, "2");
    CHECK(after.validates());
}

TEST_CASE("a run that ended long ago or was given up, and that of a validation itself, begin no validation") {
    Drilled shop;
    shop.configure();
    shop.tell(ExerciseOutcome::passed, shop.now - 1h, shop.now - 30min, "old");
    CHECK_FALSE(shop.validates());
    shop.run(ExerciseOutcome::aborted, "given up");
    CHECK_FALSE(shop.validates());

    shop.fleet.config.exercises[0].name = "after-failover";
    shop.configure();
    REQUIRE(shop.engine.begin_validation("after-failover", "asked for", shop.now) == Engine::Begun::yes);
    pass(shop.engine, shop.now, 1s);
    shop.port_is_up();
    CHECK_FALSE(shop.validates());
}

TEST_CASE("a run that ends while another one is validated has that begun anew") {
    Drilled shop;
    shop.configure();
    shop.run(ExerciseOutcome::passed, "1");
    REQUIRE(shop.validates());
    shop.run(ExerciseOutcome::passed, "2");
    REQUIRE(shop.validates());
    CHECK(shop.memory().running->cause == "exercise failover is over");
    REQUIRE(shop.memory().last.has_value());
    CHECK(shop.memory().last->aborted == "exercise failover is over, too");
}

TEST_CASE("a run that ends while another one goes on is validated once that has ended, too, or must have") {
    for (const bool ends : {true, false}) {
        CAPTURE(ends);
        Drilled shop;
        shop.fleet.config.exercises[0].duration = 10min;
        shop.configure();
        const Time first = shop.now;
        shop.tell(ExerciseOutcome::started, first, std::nullopt, "1");
        pass(shop.engine, shop.now, 1min);
        const Time second = shop.now;
        shop.tell(ExerciseOutcome::started, second, std::nullopt, "2");
        pass(shop.engine, shop.now, 1min);
        shop.tell(ExerciseOutcome::passed, first, shop.now, "1");
        // What the other one takes away would fail it.
        pass(shop.engine, shop.now, 1min);
        REQUIRE_FALSE(shop.validates());
        CHECK_FALSE(shop.memory().last.has_value());
        if (ends)
            shop.tell(ExerciseOutcome::passed, second, shop.now, "2");
        else
            pass(shop.engine, shop.now, second + 10min + 1s - shop.now);
        REQUIRE(shop.validates());
        CHECK(shop.memory().running->cause == "exercise failover is over");
        shop.port_is_up();
        CHECK_FALSE(shop.validates());
        CHECK(shop.memory().last->aborted.empty());
    }
}

TEST_CASE("the end of a run is found by the next look, for which a check that learned nothing meanwhile backs off") {
    for (const auto& [ago, begins] : {std::pair{5min + 20s, true}, std::pair{5min + 40s, false}}) {
        CAPTURE(begins);
        Drilled shop;
        Check jobs;
        jobs.name = jobs.fingerprint = "jobs";
        jobs.collector = "kubernetes";
        jobs.asset = "shop";
        jobs.every = 1min;
        jobs.timeout = 30s;
        jobs.brings = {EvidenceKind::exercise};
        shop.fleet.with(jobs);
        shop.configure();
        const Exercise ran{.id = "1",
                           .exercise = "failover",
                           .outcome = ExerciseOutcome::passed,
                           .started_at = shop.now - 10min,
                           .ended_at = shop.now - ago};
        shop.engine.learn("jobs", fleet::report(shop.now, {{"job", {}, {ran}, {}}}), shop.now);
        pass(shop.engine, shop.now, 1s);
        CHECK(shop.validates() == begins);
    }
}

TEST_CASE("a check whose options changed begins no validation of a run that was validated") {
    Drilled shop;
    shop.configure();
    const Time started = shop.now;
    shop.run(ExerciseOutcome::passed, "1");
    REQUIRE(shop.validates());
    const Time ended = shop.now - 1s;
    shop.port_is_up();
    REQUIRE_FALSE(shop.validates());
    for (auto& check : shop.fleet.config.checks)
        if (check->name == "told") {
            Check other = *check;
            other.fingerprint = "other options";
            check = std::make_shared<const Check>(std::move(other));
        }
    shop.configure();
    shop.tell(ExerciseOutcome::passed, started, ended, "1");
    CHECK_FALSE(shop.validates());
    shop.run(ExerciseOutcome::passed, "2");
    CHECK(shop.validates());
}
