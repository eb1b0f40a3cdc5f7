// SPDX-License-Identifier: Apache-2.0
// Validations in the whole engine: begun by the end of an outage, driven by what checks find, told as exercises.
#include "core/rules/validations.hpp"
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace recoverd::core;
using fleet::firing;
using fleet::kNow;
using fleet::pass;
using Words = std::vector<std::string>;

namespace {

/// A database whose port decides a scenario, and two things that must work once it is back.
struct Shop {
    Time now;
    fleet::Fleet fleet;
    Engine engine{now};

    explicit Shop(Time start = kNow) : now(start) {
        fleet.with(Asset{.name = "shop"});
        for (const char* name : {"port", "orders", "search"}) {
            Check check = fleet::probe(name, std::string{name} + ":80");
            check.failures = 1;
            check.successes = 1;
            fleet.with(check);
        }
        fleet.config.scenarios = {Scenario{.name = "db-primary", .checks = {"port"}}};
        fleet.config.validations = {
            Validation{.name = "after-recovery",
                       .asset = "shop",
                       .after = {"db-primary"},
                       .steps = {{.check = "orders", .priority = Priority::p1, .within = 2min},
                                 {.check = "search", .priority = Priority::p3, .within = 1min}}}};
    }
    void configure() { engine.configure(fleet.done(), now); }
    void sees(const std::string& check, ReachState state) {
        // A look begins a little after what it was asked for.
        now += 20ms;
        engine.learn(check, fleet::report(now, {fleet::reach(state, check + ":80")}), now);
        pass(engine, now, 1s);
    }
    void all_see(ReachState state) {
        for (const char* name : {"port", "orders", "search"})
            sees(name, state);
    }
    void outage() {
        configure();
        all_see(ReachState::up);
        sees("port", ReachState::down);
        sees("port", ReachState::up);
    }
    const ValidationMemory& memory() const { return engine.validation("after-recovery")->memory; }
    Words states() const {
        Words words;
        const auto& run = memory().running ? *memory().running : *memory().last;
        for (const StepResult& step : run.steps)
            words.emplace_back(name_of(step.state));
        return words;
    }
    /// The steps that are told to have failed.
    Words failed() {
        Words checks;
        for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
            if (alert.state == AlertState::firing && alert.finding.identity.rule == RuleId::validation_failed)
                checks.push_back(alert.finding.identity.check);
        });
        std::ranges::sort(checks);
        return checks;
    }
    void begins() {
        REQUIRE(engine.begin_validation("after-recovery", "asked for", now) == Engine::Begun::yes);
        pass(engine, now, 1s);
    }
    const Exercise* exercise() const {
        const CheckUnit* check = engine.check("shop/validations");
        if (!check)
            return nullptr;
        const auto& exercises = check->memory->subjects.at("after-recovery").exercises;
        return exercises.empty() ? nullptr : &exercises.back();
    }
};

} // namespace

TEST_CASE("the end of an outage starts a validation, and what was seen before it proves nothing") {
    Shop shop;
    shop.outage();
    REQUIRE(shop.memory().running);
    CHECK(shop.memory().running->cause == "scenario db-primary is over");
    CHECK(shop.states() == Words{"running", "waiting"});
    // The checks of its steps are asked to look, one after the other.
    auto changes = shop.engine.take_changes();
    CHECK(changes.run_now == Words{"orders"});
    shop.sees("orders", ReachState::up);
    CHECK(shop.states() == Words{"passed", "running"});
    CHECK(shop.engine.take_changes().run_now == Words{"search"});
    shop.sees("search", ReachState::up);
    CHECK_FALSE(shop.memory().running);
    REQUIRE(shop.exercise() != nullptr);
    CHECK(shop.exercise()->outcome == ExerciseOutcome::passed);
    CHECK(shop.exercise()->message == "scenario db-primary is over: 2 of 2 steps passed");
    CHECK(firing(shop.engine, shop.now).empty());
}

TEST_CASE("a step that does not find all well in its time fails with its own priority, and the others go on") {
    Shop shop;
    shop.outage();
    shop.sees("orders", ReachState::down);
    CHECK(shop.states() == Words{"running", "waiting"});
    pass(shop.engine, shop.now, 2min);
    CHECK(shop.states() == Words{"failed", "running"});
    shop.sees("search", ReachState::up);
    CHECK(shop.exercise()->outcome == ExerciseOutcome::failed);
    CHECK(shop.exercise()->message.ends_with("1 of 2 steps passed; orders: " + shop.memory().last->steps[0].detail));
    // Said once, by the step: the exercise of the same run stays silent.
    CHECK(firing(shop.engine, shop.now) == Words{"EndpointDown", "ValidationFailed"});
    bool found = false;
    for_each_alert(shop.engine.snapshot(shop.now), [&](const Alert& alert) {
        if (alert.finding.identity.rule == RuleId::validation_failed)
            found = alert.finding.priority == Priority::p1 && alert.finding.identity.check == "orders" &&
                    alert.finding.identity.exercise == "after-recovery" && alert.finding.identity.asset == "shop";
    });
    CHECK(found);
    // That all is well now ends nothing: nobody has validated it.
    shop.sees("orders", ReachState::up);
    CHECK(firing(shop.engine, shop.now) == Words{"ValidationFailed"});
    CHECK(shop.engine.begin_validation("after-recovery", "asked for", shop.now) == Engine::Begun::yes);
    CHECK(shop.engine.begin_validation("after-recovery", "asked for", shop.now) == Engine::Begun::running_already);
    CHECK(shop.engine.begin_validation("other", "asked for", shop.now) == Engine::Begun::unknown);
    pass(shop.engine, shop.now, 1s);
    shop.sees("orders", ReachState::up);
    CHECK(firing(shop.engine, shop.now).empty());
    CHECK(shop.memory().running);
}

TEST_CASE("a look that found something ill is no pass, though nobody calls it a finding yet") {
    struct Row {
        std::string_view what;
        std::vector<SubjectReport> seen;
        std::string_view detail;
    };
    SubjectReport half = fleet::reach(ReachState::up, "orders:80");
    half.failure = Failure{FailureKind::bad_answer, "NaN"};
    const Row rows[] = {
        {"a probe that says down", {fleet::reach(ReachState::down, "orders:80")}, "down: connection refused"},
        {"one that says degraded", {fleet::reach(ReachState::degraded, "orders:80")}, "degraded: connection refused"},
        {"a part that could not be seen", {half}, "bad_answer: NaN"},
        {"an expectation of which it learned nothing",
         {{"", {}, {Assertions{{{.name = "readable", .expected = "yes", .detail = "canceling statement"}}}}, {}}},
         "readable could not be learned: canceling statement"},
        {"nothing at all", {}, "missing from complete answers"},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Shop shop;
        auto patient = std::make_shared<Check>(*shop.fleet.config.checks[1]);
        patient->failures = 3;
        shop.fleet.config.checks[1] = patient;
        shop.outage();
        shop.now += 20ms;
        shop.engine.learn("orders", fleet::report(shop.now, row.seen), shop.now);
        pass(shop.engine, shop.now, 1s);
        CHECK(shop.states() == Words{"running", "waiting"});
        pass(shop.engine, shop.now, 2min);
        CHECK(shop.states() == Words{"failed", "running"});
        CHECK(shop.memory().running->steps[0].detail.contains(row.detail));
    }
}

TEST_CASE("an expectation that may stay unknown by the policy of its subject keeps no step from passing") {
    for (const std::string_view said_for : {"the subject", "its asset", "another subject"}) {
        CAPTURE(said_for);
        Policy quiet;
        quiet[RuleId::evidence_missing].enabled = false;
        Shop shop;
        auto orders = std::make_shared<Check>(*shop.fleet.config.checks[1]);
        if (said_for == "its asset") {
            shop.fleet.with(Asset{.name = "search-index", .policy = quiet});
            orders->asset_map["index"] = "search-index";
        } else {
            orders->subjects.push_back(
                {.match = said_for == "the subject" ? "index" : "indices", .asset = {}, .policy = quiet});
        }
        shop.fleet.config.checks[1] = orders;
        shop.outage();
        shop.now += 20ms;
        const SubjectReport index{"index", {}, {Assertions{{{.name = "readable", .expected = "yes"}}}}, {}};
        shop.engine.learn("orders", fleet::report(shop.now, {fleet::reach(ReachState::up, "orders:80"), index}),
                          shop.now);
        pass(shop.engine, shop.now, 1s);
        CHECK(shop.states() ==
              (said_for == "another subject" ? Words{"running", "waiting"} : Words{"passed", "running"}));
    }
}

TEST_CASE("a check that nobody runs fails its step on the second, and asks again until then") {
    Shop shop;
    shop.outage();
    shop.engine.take_changes();
    const Time began = shop.memory().running->steps[0].began_at;
    pass(shop.engine, shop.now, began + 12s - shop.now);
    CHECK(shop.engine.take_changes().run_now == Words{"orders", "orders"});
    pass(shop.engine, shop.now, began + 2min - shop.now - 1ms);
    CHECK(shop.states() == Words{"running", "waiting"});
    pass(shop.engine, shop.now, 1ms);
    CHECK(shop.states() == Words{"failed", "running"});
    CHECK(shop.memory().running->steps[0].detail == "was not looked at within 2m");
}

TEST_CASE("a step that stops leaves out those behind it") {
    Shop shop;
    shop.fleet.config.validations[0].steps[0].stop = true;
    shop.outage();
    pass(shop.engine, shop.now, 3min);
    CHECK_FALSE(shop.memory().running);
    CHECK(shop.states() == Words{"failed", "skipped"});
    CHECK(firing(shop.engine, shop.now) == Words{"ValidationFailed"});
}

TEST_CASE("what breaks again is not validated on, and its next end begins anew") {
    Shop shop;
    shop.outage();
    shop.sees("port", ReachState::down);
    CHECK_FALSE(shop.memory().running);
    CHECK(shop.exercise()->outcome == ExerciseOutcome::aborted);
    CHECK(shop.exercise()->message.ends_with("given up: scenario db-primary holds again"));
    shop.sees("port", ReachState::up);
    CHECK(shop.memory().running);
    CHECK(shop.states() == Words{"running", "waiting"});
}

TEST_CASE("what begins elsewhere meanwhile ends no validation, and its own end begins one anew") {
    Shop shop;
    shop.fleet.config.scenarios.push_back(Scenario{.name = "lag", .checks = {"search"}});
    shop.fleet.config.validations[0].after.emplace_back("lag");
    shop.outage();
    shop.sees("search", ReachState::down);
    REQUIRE(shop.memory().running);
    CHECK(shop.memory().running->cause == "scenario db-primary is over");
    shop.sees("search", ReachState::up);
    REQUIRE(shop.memory().running);
    CHECK(shop.memory().running->cause == "scenario lag is over");
    CHECK(shop.exercise()->message.ends_with("given up: scenario lag is over, too"));
}

TEST_CASE("a wider outage that begins gives up what validates a part of it, over whatever detour it explains that") {
    Shop shop;
    auto& scenarios = shop.fleet.config.scenarios;
    scenarios.push_back(Scenario{.name = "zone", .checks = {"orders"}, .explains = {"db-primary"}});
    scenarios.push_back(Scenario{.name = "region", .checks = {"search"}, .explains = {"zone"}});
    shop.fleet.config.validations[0].after.emplace_back("region");
    shop.outage();
    REQUIRE(shop.memory().running);
    shop.sees("search", ReachState::down);
    CHECK_FALSE(shop.memory().running);
    CHECK(shop.exercise()->message.ends_with("given up: scenario region holds again"));
}

TEST_CASE("the end of what is part of a wider outage validates nothing until that is over, however low it is") {
    const Priority priority = GENERATE(Priority::p2, Priority::p4);
    Shop shop;
    shop.fleet.config.scenarios[0].priority = priority;
    shop.fleet.config.scenarios.push_back(Scenario{.name = "region",
                                                   .checks = {"port", "orders"},
                                                   .at_least = {Quorum::Kind::count, 1},
                                                   .explains = {"db-primary"}});
    shop.fleet.config.validations[0].after.emplace_back("region");
    shop.configure();
    shop.all_see(ReachState::up);
    shop.sees("orders", ReachState::down);
    shop.sees("port", ReachState::down);
    shop.sees("port", ReachState::up);
    CHECK_FALSE(shop.memory().running);
    shop.sees("orders", ReachState::up);
    REQUIRE(shop.memory().running);
    CHECK(shop.memory().running->cause == "scenario region is over");
}

TEST_CASE("the end of a part of a drill validates nothing before all that it took away is back") {
    Shop shop;
    for (auto& check : shop.fleet.config.checks) {
        auto made = std::make_shared<Check>(*check);
        made->asset = "shop";
        check = made;
    }
    Check told;
    told.name = told.fingerprint = "told";
    told.collector = "outcome";
    told.asset = "shop";
    told.every = Duration{0};
    told.brings = {EvidenceKind::exercise};
    shop.fleet.with(told);
    shop.fleet.config.scenarios.push_back(Scenario{.name = "region",
                                                   .checks = {"port", "orders"},
                                                   .at_least = {Quorum::Kind::count, 1},
                                                   .explains = {"db-primary"}});
    shop.fleet.config.validations[0].after.emplace_back("region");
    shop.configure();
    shop.all_see(ReachState::up);
    const Exercise drill{.id = "1", .exercise = "drill", .outcome = ExerciseOutcome::started, .started_at = shop.now};
    shop.engine.learn("told", fleet::report(shop.now, {{"", {}, {drill}, {}}}), shop.now);
    pass(shop.engine, shop.now, 1s);
    shop.sees("orders", ReachState::down);
    shop.sees("port", ReachState::down);
    REQUIRE(shop.engine.scenario("region")->findings.at(0).lowered_by == "exercise drill is running");
    shop.sees("port", ReachState::up);
    CHECK_FALSE(shop.memory().running);
    shop.sees("orders", ReachState::up);
    REQUIRE(shop.memory().running);
    CHECK(shop.memory().running->cause == "scenario region is over");
}

TEST_CASE("a step that failed stays so through runs that are given up before they come to it") {
    Shop shop;
    shop.outage();
    pass(shop.engine, shop.now, 4min);
    REQUIRE(shop.failed() == Words{"orders", "search"});
    const StepResult found = shop.memory().last->steps[0];
    shop.begins();
    for (int runs = 0; runs < 2; ++runs) {
        shop.sees("port", ReachState::down);
        // That is what became of the run; what was found before is told as what it was.
        CHECK(shop.states() == Words{"skipped", "skipped"});
        CHECK(shop.exercise()->outcome == ExerciseOutcome::aborted);
        CHECK(shop.failed() == Words{"orders", "search"});
        CHECK(shop.memory().still_failed.at(0) == found);
        // Its end begins the next one.
        shop.sees("port", ReachState::up);
        CHECK(shop.failed() == Words{"orders", "search"});
    }
    shop.sees("orders", ReachState::up);
    CHECK(shop.failed() == Words{"search"});
    // Its steps are others now: this run is given up as well.
    std::ranges::reverse(shop.fleet.config.validations[0].steps);
    shop.configure();
    pass(shop.engine, shop.now, 1s);
    CHECK_FALSE(shop.memory().running);
    CHECK(shop.failed() == Words{"search"});

    Shop after{shop.now};
    after.fleet.config.validations = shop.fleet.config.validations;
    after.engine.restore_validation("after-recovery", shop.memory(), {});
    after.configure();
    pass(after.engine, after.now, 1s);
    CHECK(after.failed() == Words{"search"});
    after.begins();
    after.sees("search", ReachState::up);
    CHECK(after.failed().empty());
    after.sees("orders", ReachState::up);
    CHECK(after.memory().still_failed.empty());
}

TEST_CASE("a validation that is planned is overdue when its last run was given up, unless a step of it has failed") {
    for (const bool fails : {false, true}) {
        CAPTURE(fails);
        Shop shop;
        shop.fleet.config.exercises = {{.name = "after-recovery", .asset = "shop", .cadence = 4 * kDay}};
        shop.outage();
        if (fails)
            pass(shop.engine, shop.now, 4min);
        // It has begun anew, and is given up.
        shop.sees("port", ReachState::down);
        if (fails) {
            shop.sees("port", ReachState::up);
            shop.sees("port", ReachState::down);
        }
        REQUIRE(shop.exercise()->outcome == ExerciseOutcome::aborted);
        pass(shop.engine, shop.now, 6 * kDay);
        CHECK(std::ranges::count(firing(shop.engine, shop.now), "ExerciseOverdue") == (fails ? 0 : 1));
        CHECK(shop.failed() == (fails ? Words{"orders", "search"} : Words{}));
        if (!fails)
            continue;
        Shop after{shop.now};
        after.fleet.config = shop.fleet.config;
        const CheckUnit* told = shop.engine.check("shop/validations");
        after.engine.restore_asset("shop", shop.engine.asset("shop")->first_seen, {});
        after.engine.restore_check(told->name, {told->check->fingerprint, *told->memory, told->alerts, {}});
        after.engine.restore_validation("after-recovery", shop.memory(), {});
        after.configure();
        after.engine.advance(after.now);
        for (const Transition& transition : after.engine.take_changes().transitions)
            CHECK(transition.alert.finding.identity.rule != RuleId::exercise_overdue);
        // Nobody wants to hear of its steps.
        after.fleet.config.validations[0].policy[RuleId::validation_failed].enabled = false;
        after.configure();
        pass(after.engine, after.now, 1s);
        CHECK(std::ranges::count(firing(after.engine, after.now), "ExerciseOverdue") == 1);
    }
}

TEST_CASE("a step that failed stays so through a run that leaves it out, until it passes or leaves the validation") {
    for (const bool leaves : {false, true}) {
        Shop shop;
        shop.fleet.config.validations[0].steps[0].stop = true;
        shop.outage();
        shop.sees("orders", ReachState::up);
        pass(shop.engine, shop.now, 1min);
        REQUIRE(shop.failed() == Words{"search"});
        shop.begins();
        pass(shop.engine, shop.now, 2min);
        CHECK(shop.states() == Words{"failed", "skipped"});
        CHECK(shop.exercise()->message.starts_with("asked for: 0 of 2 steps passed; orders: "));
        CHECK(shop.failed() == Words{"orders", "search"});
        if (leaves) {
            shop.fleet.config.validations[0].steps.pop_back();
            shop.configure();
            pass(shop.engine, shop.now, 1s);
            CHECK(shop.failed() == Words{"orders"});
        }
        shop.begins();
        shop.sees("orders", ReachState::up);
        CHECK(shop.failed() == (leaves ? Words{} : Words{"search"}));
        shop.sees("search", ReachState::up);
        CHECK(shop.failed().empty());
        CHECK(shop.memory().still_failed.empty());
    }
}

TEST_CASE("a run goes on over a restart, and over a reload that leaves its steps alone") {
    Shop before;
    before.outage();
    before.sees("orders", ReachState::up);
    Shop after{before.now};
    after.engine.restore_validation("after-recovery", before.memory(), {});
    after.configure();
    pass(after.engine, after.now, 1s);
    CHECK(after.states() == Words{"passed", "running"});
    after.configure();
    CHECK(after.states() == Words{"passed", "running"});
    after.fleet.config.validations[0].steps.pop_back();
    after.configure();
    pass(after.engine, after.now, 1s);
    CHECK_FALSE(after.memory().running);
    CHECK(after.memory().last->aborted == "its steps were changed");
    after.fleet.config.validations.clear();
    after.configure();
    CHECK(after.engine.take_changes().dropped_validations == Words{"after-recovery"});
}

TEST_CASE("the time that the agent was away is not held against a step") {
    Shop before;
    before.outage();
    Shop after{before.now + 5min};
    after.engine.restore_validation("after-recovery", before.memory(), {});
    after.configure();
    pass(after.engine, after.now, 1s);
    CHECK(after.states() == Words{"running", "waiting"});
    after.sees("orders", ReachState::up);
    CHECK(after.states() == Words{"passed", "running"});
}

TEST_CASE("the time for which the machine was suspended is not held against a step") {
    Shop shop;
    shop.outage();
    REQUIRE(shop.states() == Words{"running", "waiting"});
    shop.engine.take_changes();
    shop.now += 5min;
    shop.engine.resumed(shop.now);
    pass(shop.engine, shop.now, 1s);
    CHECK(shop.states() == Words{"running", "waiting"});
    // Whatever it was asked for before may have been lost.
    CHECK(shop.engine.take_changes().run_now == Words{"orders"});
    shop.sees("orders", ReachState::up);
    CHECK(shop.states() == Words{"passed", "running"});
}

TEST_CASE("a failed step that left the validation is no longer told of") {
    Shop shop;
    shop.outage();
    pass(shop.engine, shop.now, 4min);
    CHECK(firing(shop.engine, shop.now) == Words{"ValidationFailed", "ValidationFailed"});
    shop.fleet.config.validations[0].steps.erase(shop.fleet.config.validations[0].steps.begin());
    shop.configure();
    pass(shop.engine, shop.now, 1s);
    CHECK(firing(shop.engine, shop.now) == Words{"ValidationFailed"});
}

TEST_CASE("what only a node can validate names it, and what all agents share does not") {
    for (const Scope last : {Scope::node, Scope::cluster}) {
        Shop shop;
        for (auto& check : shop.fleet.config.checks) {
            auto moved = std::make_shared<Check>(*check);
            moved->scope = check->name == "search" ? last : Scope::node;
            check = std::move(moved);
        }
        shop.fleet.config.instance = "node1";
        shop.outage();
        pass(shop.engine, shop.now, 4min);
        REQUIRE(firing(shop.engine, shop.now) == Words{"ValidationFailed", "ValidationFailed"});
        for_each_alert(shop.engine.snapshot(shop.now), [&](const Alert& alert) {
            if (alert.finding.identity.rule == RuleId::validation_failed)
                CHECK(alert.labels.contains("instance") == (last == Scope::node));
        });
    }
}
