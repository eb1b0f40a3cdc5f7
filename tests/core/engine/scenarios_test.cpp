// SPDX-License-Identifier: Apache-2.0
// Scenarios in the whole engine: decided from probes, measured, explained, drilled, and carried over a restart.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <map>
#include <optional>

using namespace recoverd::core;
using fleet::firing;
using fleet::kNow;
using fleet::pass;
using fleet::Texts;

namespace {

/// Two probes in each of two zones.
struct Zones {
    Time now;
    fleet::Fleet fleet;
    Engine engine{now};

    explicit Zones(Time start = kNow) : now(start) {
        for (const std::string zone : {"a", "b"})
            for (const std::string number : {"1", "2"}) {
                Check check = fleet::probe("web-" + zone + number, zone + number + ":80");
                check.location.zone = zone;
                check.location.node = zone + number;
                check.failures = 2;
                fleet.with(check);
            }
        Scenario az;
        az.name = "az";
        az.priority = Priority::p1;
        az.rto = 5min;
        az.by = "zone";
        az.explains = {"node"};
        Scenario node;
        node.name = "node";
        node.by = "node";
        fleet.config.scenarios = {az, node};
    }

    void configure() { engine.configure(fleet.done(), now); }
    /// Of all checks: they look anew, and remember no probe.
    void change_options() {
        for (auto& check : fleet.config.checks) {
            Check changed = *check;
            changed.fingerprint += " other";
            check = std::make_shared<const Check>(std::move(changed));
        }
        configure();
    }
    /// Probes of zone a say one thing, those of zone b the other, every 30 s.
    void probe(ReachState a, ReachState b = ReachState::up) {
        for (const auto& check : fleet.config.checks)
            if (check->probes)
                engine.learn(check->name,
                             fleet::report(now, {fleet::reach(check->location.zone == "a" ? a : b, check->target)}),
                             now);
        pass(engine, now, 30s);
    }
    void probe_all_up_but(std::string_view down) {
        for (const auto& check : fleet.config.checks)
            engine.learn(check->name,
                         fleet::report(now, {fleet::reach(check->name == down ? ReachState::down : ReachState::up,
                                                          check->target)}),
                         now);
        pass(engine, now, 30s);
    }
    /// No probe finds out anything.
    void fail() {
        for (const auto& check : fleet.config.checks)
            if (check->probes)
                engine.learn(check->name, fleet::failure(now), now);
        pass(engine, now, 30s);
    }
    void go_down(ReachState b = ReachState::up) {
        probe(ReachState::down, b);
        probe(ReachState::down, b);
    }
    Texts firing_at(Priority priority) {
        Texts names;
        for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
            const Identity& id = alert.finding.identity;
            if (alert.state == AlertState::firing && alert.finding.priority == priority &&
                id.rule != RuleId::recoverd_watchdog)
                names.push_back(std::string{rule(id.rule).name} + " " + id.check + id.scenario + "/" + id.subject);
        });
        std::ranges::sort(names);
        return names;
    }
    const OutageHistory& history(const std::string& scenario, const std::string& group) {
        return engine.scenario(scenario)->outages.at(group);
    }
    void add_canary(std::string name) {
        Check canary;
        canary.name = canary.fingerprint = std::move(name);
        canary.collector = "postgresql_validation";
        canary.every = 30s;
        canary.brings = {EvidenceKind::measurement};
        fleet.with(canary);
    }
    /// How much is gone of what it wrote, all in all.
    void canary_tells(const std::string& check, double seconds = 0, double rows = 0) {
        const std::vector<Evidence> lost{Measurement{.name = "canary_lost_seconds", .value = seconds},
                                         Measurement{.name = "canary_lost_rows", .value = rows}};
        engine.learn(check, fleet::report(now, {{"", {}, lost, {}}}), now);
    }
    /// Two probes that are down make the first scenario, of which a canary tells what was lost.
    void watch_by_canary() {
        add_canary("canary");
        Scenario& first = fleet.config.scenarios[0];
        first.by.clear();
        first.at_least = {Quorum::Kind::count, 2};
        first.checks = {"web-*"};
        first.canary = "canary";
    }
    /// The first scenario holds, and its canary told before that all is there.
    void go_down_under_canary() {
        watch_by_canary();
        configure();
        canary_tells("canary");
        probe(ReachState::up);
        go_down();
    }
    /// One of the asset "shop", in which a zone may be down for two minutes.
    void plan_experiment() {
        fleet.with(Asset{.name = "shop"});
        Check told;
        told.name = told.fingerprint = "told";
        told.collector = "outcome";
        told.asset = "shop";
        told.every = Duration{0};
        told.brings = {EvidenceKind::exercise};
        fleet.with(told);
        fleet.config.exercises = {{.name = "zone-failure",
                                   .asset = "shop",
                                   .cadence = 90 * kDay,
                                   .duration = {},
                                   .keeps = {"az"},
                                   .downtime = 2min}};
    }
    void pass_experiment(Time from, Time to, std::string id) {
        engine.learn("told",
                     fleet::report(now, {{"",
                                          {},
                                          {Exercise{.id = std::move(id),
                                                    .exercise = "zone-failure",
                                                    .outcome = ExerciseOutcome::passed,
                                                    .started_at = from,
                                                    .ended_at = to}},
                                          {}}}),
                     now);
    }
    /// Takes over all that another life remembered. The next look is due then; one that is overdue was missed.
    void restore(const Zones& before, std::optional<Time> due_at) {
        for (const auto& check : before.fleet.config.checks) {
            const auto* unit = before.engine.check(check->name);
            engine.restore_check(check->name, {check->fingerprint, *unit->memory, unit->alerts, due_at});
        }
        for (const char* name : {"az", "node"}) {
            const auto* unit = before.engine.scenario(name);
            engine.restore_scenario(name, unit->outages, unit->alerts);
        }
    }
};

} // namespace

TEST_CASE("whoever recovers a moment after its zone wakes nobody, though the agent starts anew meanwhile") {
    Zones before;
    before.fleet.config.scenarios[1].priority = Priority::p4;
    before.configure();
    before.probe(ReachState::up);
    before.go_down();
    before.probe_all_up_but("web-a2");
    before.probe_all_up_but("web-a2");
    REQUIRE(before.engine.check("web-a2")->findings.at(0).lowered_by == "scenario az (a)");

    Zones after{before.now + 5s};
    after.fleet.config.scenarios[1].priority = Priority::p4;
    after.restore(before, after.now + 20s);
    after.configure();
    pass(after.engine, after.now, 1s);
    CHECK(after.firing_at(Priority::p2).empty());
    CHECK_FALSE(after.firing_at(Priority::p4).empty());
}

TEST_CASE("the widest scenario speaks, and what it explains is lowered") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    CHECK(zones.firing_at(Priority::p1) == Texts{"ScenarioActive az/a"});
    CHECK(zones.firing_at(Priority::p2).empty());
    CHECK(zones.firing_at(Priority::p4) ==
          Texts{"EndpointDown web-a1/", "EndpointDown web-a2/", "ScenarioActive node/a1", "ScenarioActive node/a2"});
    // Nobody is told first that two endpoints are down, and then that it is nothing.
    const auto changes = zones.engine.take_changes();
    CHECK(std::ranges::none_of(changes.transitions, [](const Transition& transition) {
        return transition.alert.state == AlertState::resolved ||
               (transition.alert.finding.identity.rule == RuleId::endpoint_down &&
                transition.alert.finding.priority != Priority::p4);
    }));
    const auto* check = zones.engine.check("web-a1");
    CHECK(check->findings.at(0).lowered_by == "scenario az (a)");
    CHECK(zones.engine.snapshot(zones.now).status == Status::major_outage);
}

TEST_CASE("an outage that several rules decide lasts until the look that finds none of it") {
    Zones zones;
    zones.fleet.config.scenarios[0].when = {RuleId::endpoint_down, RuleId::endpoint_degraded};
    zones.configure();
    zones.probe(ReachState::up);
    const Time broke = zones.now;
    for (int i = 0; i < 10; ++i)
        zones.probe(ReachState::degraded);
    const Time back = zones.now;
    zones.probe(ReachState::up);
    zones.probe(ReachState::up);
    REQUIRE(zones.history("az", "a").past.size() == 1);
    const Outage& outage = zones.history("az", "a").past[0];
    CHECK(outage.began_at <= broke + 30s);
    CHECK(*outage.ended_at >= back);
    CHECK(*outage.ended_at <= back + 30s);
}

TEST_CASE("an outage that several rules decide ends with the first look that finds none of it, believed or not") {
    Zones zones;
    zones.fleet.config.scenarios[0].when = {RuleId::endpoint_down, RuleId::assertion_failed};
    for (auto& check : zones.fleet.config.checks) {
        auto made = std::make_shared<Check>(*check);
        made->brings = {EvidenceKind::reachability, EvidenceKind::assertions};
        check = made;
    }
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    const Time back = zones.now;
    zones.probe(ReachState::up);
    CHECK(zones.history("az", "a").running.has_value());
    zones.probe(ReachState::up);
    REQUIRE(zones.history("az", "a").past.size() == 1);
    CHECK(zones.history("az", "a").past[0].ended_at == back);
}

TEST_CASE("an assertion that could not be learned neither proves nor disproves a scenario") {
    for (const std::optional<std::string>& actual : {std::optional<std::string>{"0"}, std::optional<std::string>{}}) {
        Zones zones;
        zones.fleet.config.scenarios[0].when = {RuleId::assertion_failed};
        zones.fleet.config.scenarios[0].by = {};
        zones.fleet.config.scenarios[0].checks = {"web-a1"};
        auto asserting = std::make_shared<Check>(*zones.fleet.config.checks[0]);
        asserting->brings = {EvidenceKind::assertions};
        zones.fleet.config.checks[0] = asserting;
        zones.configure();
        SubjectReport seen{"", {}, {Assertions{{{.name = "lag", .expected = "0", .actual = actual}}}}, {}};
        zones.engine.learn("web-a1", fleet::report(zones.now, {seen}), zones.now);
        pass(zones.engine, zones.now, 1s);
        const auto& groups = zones.engine.scenario("az")->groups;
        REQUIRE(groups.size() == 1);
        CHECK(groups[0].decision.state == (actual ? ScenarioState::clear : ScenarioState::unknown));
    }
}

TEST_CASE("whoever recovers a moment after its zone wakes nobody, and whoever does not speaks for itself") {
    // However rarely somebody looks at another zone.
    const Duration every_of_b = GENERATE(Duration{30s}, Duration{10min});
    Zones zones;
    for (auto& check : zones.fleet.config.checks)
        if (check->location.zone == "b") {
            Check slow = *check;
            slow.every = every_of_b;
            check = std::make_shared<const Check>(std::move(slow));
        }
    zones.fleet.config.scenarios[1].priority = Priority::p4;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    REQUIRE(zones.firing_at(Priority::p1) == Texts{"ScenarioActive az/a"});
    zones.probe_all_up_but("web-a2");
    zones.probe_all_up_but("web-a2");
    CHECK(zones.firing_at(Priority::p1).empty());
    CHECK(zones.firing_at(Priority::p2).empty());
    CHECK(zones.engine.check("web-a2")->findings.at(0).lowered_by == "scenario az (a)");
    for (int i = 0; i < 6; ++i)
        zones.probe_all_up_but("web-a2");
    CHECK(zones.firing_at(Priority::p2) == Texts{"EndpointDown web-a2/"});
}

TEST_CASE("an outage that was over before the clock was set back explains nothing any more") {
    Zones zones;
    zones.fleet.config.scenarios[1].priority = Priority::p4;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    zones.probe_all_up_but("web-a2");
    zones.probe_all_up_but("web-a2");
    REQUIRE(zones.engine.check("web-a2")->findings.at(0).lowered_by == "scenario az (a)");
    zones.now -= 1h;
    zones.engine.clock_jumped(-1h);
    for (int i = 0; i < 6; ++i)
        zones.probe_all_up_but("web-a2");
    CHECK(zones.firing_at(Priority::p2) == Texts{"EndpointDown web-a2/"});
}

TEST_CASE("whoever sees whether an outage is over is waited for while it goes on") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    CHECK_FALSE(zones.engine.is_awaited("web-a1"));
    zones.go_down();
    CHECK(zones.engine.is_awaited("web-a1"));
    CHECK_FALSE(zones.engine.is_awaited("web-b1"));
    CHECK_FALSE(zones.engine.is_awaited("of another agent"));
    zones.fail();
    CHECK(zones.engine.is_awaited("web-a1"));
    zones.probe(ReachState::up);
    zones.probe(ReachState::up);
    CHECK_FALSE(zones.engine.is_awaited("web-a1"));
}

TEST_CASE("one node down is no zone down") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    for (int i = 0; i < 2; ++i) {
        zones.engine.learn("web-a1", fleet::report(zones.now, {fleet::reach(ReachState::down, "a1:80")}), zones.now);
        pass(zones.engine, zones.now, 30s);
    }
    CHECK(zones.firing_at(Priority::p1).empty());
    CHECK(zones.firing_at(Priority::p2) == Texts{"ScenarioActive node/a1"});
    CHECK(zones.firing_at(Priority::p4) == Texts{"EndpointDown web-a1/"});
}

TEST_CASE("an outage lasts from the first bad probe to the first good one, however many it takes to believe them") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    const Time broke = zones.now;
    zones.go_down();
    zones.probe(ReachState::down);
    const Time back = zones.now;
    zones.probe(ReachState::up);
    CHECK(zones.history("az", "a").running.has_value());
    zones.probe(ReachState::up);
    REQUIRE(zones.history("az", "a").past.size() == 1);
    const Outage& outage = zones.history("az", "a").past[0];
    CHECK(outage.began_at == broke - fleet::kTook);
    CHECK(outage.ended_at == back);
    CHECK(outage.cause == "web-a1, web-a2");
    CHECK(firing(zones.engine, zones.now).empty());
}

TEST_CASE("an outage is as long as it was, however long a probe waits that nobody answers") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    const Time asked = zones.now;
    zones.now += 9s;
    for (const char* name : {"web-a1", "web-a2"}) {
        Report waited = fleet::report(zones.now, {fleet::reach(ReachState::down, name)});
        waited.took = 9s;
        zones.engine.learn(name, waited, zones.now);
    }
    pass(zones.engine, zones.now, 21s);
    zones.probe(ReachState::down);
    const Time back = zones.now;
    zones.probe(ReachState::up);
    zones.probe(ReachState::up);
    REQUIRE(zones.history("az", "a").past.size() == 1);
    CHECK(zones.history("az", "a").past[0].began_at == asked);
    CHECK(zones.history("az", "a").past[0].ended_at == back);
}

TEST_CASE("an outage ends with the first good probe, though another one has a bad moment just then") {
    Zones zones;
    zones.fleet.config.scenarios[0].at_least = {Quorum::Kind::count, 1};
    zones.configure();
    const auto probe = [&](ReachState first, ReachState second) {
        zones.engine.learn("web-a1", fleet::report(zones.now, {fleet::reach(first, "a1:80")}), zones.now);
        zones.engine.learn("web-a2", fleet::report(zones.now, {fleet::reach(second, "a2:80")}), zones.now);
        pass(zones.engine, zones.now, 30s);
    };
    probe(ReachState::up, ReachState::up);
    probe(ReachState::down, ReachState::up);
    probe(ReachState::down, ReachState::up);
    const Time back = zones.now;
    probe(ReachState::up, ReachState::down);
    probe(ReachState::up, ReachState::up);
    REQUIRE(zones.history("az", "a").past.size() == 1);
    CHECK(zones.history("az", "a").past[0].ended_at == back);
}

TEST_CASE("an outage that lasts too long is said on its second, though nobody looks any more") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    const Time broke = zones.now;
    zones.go_down();
    pass(zones.engine, zones.now, broke + 5min - zones.now - 1s);
    CHECK(zones.firing_at(Priority::p1) == Texts{"ScenarioActive az/a"});
    pass(zones.engine, zones.now, 1s);
    CHECK(zones.firing_at(Priority::p1) == Texts{"RtoExceeded az/a", "ScenarioActive az/a"});
}

TEST_CASE("checks that fail to look neither end an outage nor begin one") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    for (const auto& check : zones.fleet.config.checks)
        zones.engine.learn(check->name, fleet::failure(zones.now), zones.now);
    pass(zones.engine, zones.now, 30s);
    CHECK(zones.firing_at(Priority::p1) == Texts{"ScenarioActive az/a"});
    const auto& groups = zones.engine.scenario("az")->groups;
    REQUIRE(groups.size() == 2);
    CHECK(groups[1].decision.state == ScenarioState::unknown);
    CHECK(groups[1].decision.unknown == Texts{"web-b1", "web-b2"});
}

TEST_CASE("a scenario that holds goes on over a restart, with the time it began") {
    Zones before;
    before.configure();
    before.probe(ReachState::up);
    const Time broke = before.now;
    before.go_down();
    Zones after{before.now + 10s};
    after.restore(before, std::nullopt);
    after.configure();
    pass(after.engine, after.now, 1s);
    CHECK(after.firing_at(Priority::p1) == Texts{"ScenarioActive az/a"});
    CHECK(after.firing_at(Priority::p2).empty());
    for (const auto& check : after.fleet.config.checks)
        after.engine.learn(
            check->name,
            fleet::report(after.now, {fleet::reach(check->location.zone == "a" ? ReachState::down : ReachState::up,
                                                   check->target)}),
            after.now);
    pass(after.engine, after.now, 1s);
    for (const Transition& transition : after.engine.take_changes().transitions)
        CHECK(transition.alert.finding.identity.rule == RuleId::recoverd_watchdog);
    after.probe(ReachState::up);
    after.probe(ReachState::up);
    CHECK(firing(after.engine, after.now).empty());
    CHECK(after.history("az", "a").past.at(0).began_at == broke - fleet::kTook);
}

TEST_CASE("after a restart nothing is told of a scenario by its age before somebody has looked") {
    for (const Duration hold : {Duration{0}, Duration{2min}}) {
        CAPTURE(hold.count());
        const Texts told = hold == Duration{0} ? Texts{"ScenarioActive az/a"} : Texts{};
        Zones before;
        before.fleet.config.scenarios[0].hold = hold;
        before.configure();
        before.probe(ReachState::up);
        before.go_down();
        REQUIRE(before.firing_at(Priority::p1) == told);
        // Beyond its rto, and its hold.
        Zones after{before.now + 10min};
        after.fleet.config.scenarios[0].hold = hold;
        after.restore(before, std::nullopt);
        after.configure();
        pass(after.engine, after.now, 1min);
        CHECK(after.firing_at(Priority::p1) == told);
        after.go_down();
        CHECK(std::ranges::count(after.firing_at(Priority::p1), "RtoExceeded az/a") == 1);
    }
}

TEST_CASE("a planned drill lowers the scenario it brings about, and one that takes more down does not") {
    Zones zones;
    zones.fleet.config.maintenance = {{{}, {"web-a*"}, kNow - 1h, kNow + 1h, "zone a is switched off"}};
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    CHECK(zones.firing_at(Priority::p1).empty());
    CHECK(zones.firing_at(Priority::p4).size() == 5);
    zones.go_down(ReachState::down);
    CHECK(zones.firing_at(Priority::p1) == Texts{"ScenarioActive az/b"});
}

TEST_CASE("a scenario that leaves the configuration ends, and one whose checks leave has nothing left to be down") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    std::erase_if(zones.fleet.config.checks, [](const auto& check) { return check->location.zone == "a"; });
    zones.configure();
    zones.probe(ReachState::up);
    CHECK(firing(zones.engine, zones.now).empty());
    zones.fleet.config.scenarios.clear();
    zones.configure();
    CHECK(zones.engine.take_changes().dropped_scenarios == Texts{"az", "node"});
    CHECK(zones.engine.scenario("az") == nullptr);
}

TEST_CASE("a scenario never hides what is worse than itself") {
    Zones zones;
    zones.fleet.config.scenarios[0].priority = Priority::p3;
    zones.fleet.config.scenarios[1].priority = Priority::p3;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    CHECK(zones.firing_at(Priority::p2) == Texts{"EndpointDown web-a1/", "EndpointDown web-a2/"});
    CHECK(zones.firing_at(Priority::p3) == Texts{"ScenarioActive az/a"});
}

TEST_CASE("a clock that jumps makes no outage longer") {
    Zones zones;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    const Duration so_far = zones.now - zones.history("az", "a").running->began_at;
    zones.engine.clock_jumped(2h);
    zones.now += 2h;
    pass(zones.engine, zones.now, 1s);
    CHECK(zones.now - zones.history("az", "a").running->began_at == so_far + 1s);
    CHECK(zones.firing_at(Priority::p1) == Texts{"ScenarioActive az/a"});
}

TEST_CASE("readiness follows the backups of what must be recovered, and a scenario that nobody detects is only that") {
    fleet::Fleet fleet;
    fleet.with(fleet::asset("orders")).with(fleet::backups_of("backup", "orders")).with(fleet::probe("web", "w:80"));
    fleet.config.scenarios = {Scenario{.name = "ransomware", .recovers = {"*"}, .back = kDay}};
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    pass(engine, now, 1s);
    const auto* unit = engine.scenario("ransomware");
    CHECK(unit->groups.empty());
    CHECK(unit->readiness->state == VerdictState::unknown);
    engine.learn("backup", fleet::report(now, {fleet::points("main", {now - 20h, now - 1h})}), now);
    pass(engine, now, 1s);
    CHECK(unit->readiness->state == VerdictState::at_risk);
    CHECK(unit->readiness->assets.at(0).blocks == Texts{"goes back 20h, one must be able to go back 1d",
                                                        "no restore has proven it yet: test one, and report it "
                                                        "by `recoverd outcome` with --depth restored or deeper"});
    engine.learn("backup", fleet::report(now, {fleet::points("main", {})}), now);
    pass(engine, now, 1s);
    CHECK(unit->readiness->state == VerdictState::unrecoverable);
}

TEST_CASE("a scenario that is lowered by planned work stays so over a restart, while that goes on") {
    for (const bool goes_on : {true, false}) {
        CAPTURE(goes_on);
        Zones before;
        before.fleet.config.maintenance = {
            {{}, {"web-a*"}, kNow - 1h, goes_on ? kNow + 1h : kNow + 95s, "zone a is switched off"}};
        before.configure();
        before.probe(ReachState::up);
        before.go_down();
        REQUIRE(before.firing_at(Priority::p1).empty());
        Zones after{before.now + 10s};
        after.fleet.config.maintenance = before.fleet.config.maintenance;
        after.restore(before, std::nullopt);
        after.configure();
        pass(after.engine, after.now, 1s);
        CHECK(after.firing_at(Priority::p1) == (goes_on ? Texts{} : Texts{"ScenarioActive az/a"}));
    }
}

TEST_CASE("a scenario is lowered by a drill no longer than that goes on") {
    for (const bool asked : {true, false}) {
        CAPTURE(asked);
        fleet::Fleet fleet;
        Asset shop;
        shop.name = "shop";
        shop.objectives.backups = false;
        Check probing = fleet::probe("up", "db1:5432");
        probing.asset = "shop";
        fleet.with(shop).with(probing);
        fleet.config.scenarios = {Scenario{.name = "db-primary", .checks = {"up"}}};
        if (asked)
            fleet.config.scenarios[0].recovers = {"shop"};
        Engine engine{kNow};
        Time now = kNow;
        engine.configure(fleet.done(), now);
        const std::string outcomes = engine.outcome_check("shop", "failover-test", now);
        Exercise drill{.id = "1", .exercise = "failover-test", .started_at = now};
        const auto tell = [&] {
            engine.learn(outcomes, fleet::report(now, {{"failover-test", {}, {drill}, {}}}, false), now);
            pass(engine, now, 1s);
        };
        const auto told = [&] {
            std::vector<Priority> found;
            for (const auto& [labels, alert] : engine.scenario("db-primary")->alerts)
                if (alert.state == AlertState::firing)
                    found.push_back(alert.finding.priority);
            return found;
        };
        tell();
        for (int looks = 0; looks < 5; ++looks) {
            engine.learn("up", fleet::report(now, {fleet::reach(ReachState::down, "db1:5432")}), now);
            pass(engine, now, 30s);
        }
        CHECK(told() == std::vector{Priority::p4});
        drill.outcome = ExerciseOutcome::passed;
        drill.ended_at = now;
        tell();
        CHECK(told() == std::vector{Priority::p2});
    }
}

namespace {

/// A failover test of a shop goes on, and a canary that may decide a scenario looks at it.
struct Drilled {
    fleet::Fleet fleet;
    Engine engine{kNow};
    Time now = kNow;
    std::string outcomes;

    explicit Drilled(const Scenario& scenario) {
        Asset shop;
        shop.name = "shop";
        shop.objectives.backups = false;
        Check writing;
        writing.name = writing.fingerprint = "canary";
        writing.asset = "shop";
        writing.collector = "postgresql_validation";
        writing.every = 30s;
        writing.brings = {EvidenceKind::assertions};
        fleet.with(shop).with(writing);
        fleet.config.scenarios = {scenario};
        engine.configure(fleet.done(), now);
        outcomes = engine.outcome_check("shop", "failover-test", now);
        const Exercise drill{.id = "1", .exercise = "failover-test", .started_at = now};
        engine.learn(outcomes, fleet::report(now, {{"failover-test", {}, {drill}, {}}}, false), now);
    }
    static Assertion fails(const char* name) { return {.name = name, .expected = "well", .actual = "ill"}; }
    void look(const std::vector<SubjectReport>& seen) {
        for (int looks = 0; looks < 3; ++looks) {
            engine.learn("canary", fleet::report(now, seen), now);
            pass(engine, now, 30s);
        }
    }
    /// Of each assertion that failed, by subject, and of each scenario.
    static std::map<std::string, Priority> told(Engine& by, Time at) {
        std::map<std::string, Priority> found;
        for_each_alert(by.snapshot(at), [&](const Alert& alert) {
            const Identity& identity = alert.finding.identity;
            if (alert.state == AlertState::firing && !(identity.assertion + identity.scenario).empty())
                found[identity.subject + identity.assertion + identity.scenario] = alert.finding.priority;
        });
        return found;
    }
};

} // namespace

TEST_CASE("a drill lowers an assertion that a scenario takes for an outage, over a restart too, and no other one") {
    Drilled drilled{
        Scenario{.name = "db-primary", .checks = {"canary"}, .when = {RuleId::assertion_failed}, .assertion = "can*"}};
    drilled.look({{"", {}, {Assertions{{Drilled::fails("canary"), Drilled::fails("checksum_failures")}}}, {}}});
    const std::map<std::string, Priority> expected{
        {"canary", Priority::p4}, {"checksum_failures", Priority::p2}, {"db-primary", Priority::p4}};
    CHECK(Drilled::told(drilled.engine, drilled.now) == expected);

    // Nothing has looked yet.
    Time now = drilled.now;
    Engine after{now};
    for (const std::string& name : {drilled.outcomes, std::string{"canary"}}) {
        const auto* unit = drilled.engine.check(name);
        after.restore_check(name, {unit->check->fingerprint, *unit->memory, unit->alerts, {}});
    }
    const auto* unit = drilled.engine.scenario("db-primary");
    after.restore_scenario("db-primary", unit->outages, unit->alerts);
    after.configure(drilled.fleet.done(), now);
    pass(after, now, 1s);
    CHECK(Drilled::told(after, now).at("db-primary") == Priority::p4);
}

TEST_CASE("a drill lowers no assertion of a server that no scenario counts") {
    Drilled drilled{
        Scenario{.name = "eu", .checks = {"canary"}, .location = {.region = "eu"}, .when = {RuleId::assertion_failed}}};
    const Assertions fails{{Drilled::fails("canary")}};
    drilled.look({{"eu1", {.region = "eu"}, {fails}, {}}, {"us1", {.region = "us"}, {fails}, {}}});
    CHECK(Drilled::told(drilled.engine, drilled.now) == std::map<std::string, Priority>{{"eu", Priority::p4},
                                                                                        {"eu1canary", Priority::p4},
                                                                                        {"us1canary", Priority::p2}});
}

TEST_CASE("of several assets each is recoverable by what is seen of it, and by what is seen no more") {
    fleet::Fleet fleet;
    fleet.with(fleet::asset("crm")).with(fleet::asset("orders"));
    fleet.with(fleet::backups_of("crm-backup", "crm")).with(fleet::backups_of("orders-backup", "orders"));
    fleet.config.scenarios = {Scenario{.name = "ransomware", .recovers = {"*"}}};
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const auto look = [&](const std::string& check, const std::vector<Time>& backups) {
        engine.learn(check, fleet::report(now, {fleet::points("main", backups)}), now);
        pass(engine, now, 1s);
    };
    const auto states = [&] {
        std::map<std::string, VerdictState> found;
        for (const AssetReadiness& ready : engine.scenario("ransomware")->readiness->assets)
            found.emplace(ready.asset, ready.state);
        return found;
    };
    using States = std::map<std::string, VerdictState>;
    look("crm-backup", {now - 1h});
    CHECK(states() == States{{"crm", VerdictState::at_risk}, {"orders", VerdictState::unknown}});
    look("orders-backup", {now - 1h});
    CHECK(states() == States{{"crm", VerdictState::at_risk}, {"orders", VerdictState::at_risk}});
    look("orders-backup", {});
    CHECK(states() == States{{"crm", VerdictState::at_risk}, {"orders", VerdictState::unrecoverable}});
    engine.clock_jumped(2h);
    now += 2h;
    pass(engine, now, 1s);
    CHECK(states() == States{{"crm", VerdictState::at_risk}, {"orders", VerdictState::unrecoverable}});
    for (int looks = 0; looks < 40; ++looks) {
        look("orders-backup", {now - 1h});
        pass(engine, now, 1min);
    }
    CHECK(states() == States{{"crm", VerdictState::unknown}, {"orders", VerdictState::at_risk}});
    fleet.config.scenarios[0].back = kDay;
    engine.configure(fleet.done(), now);
    pass(engine, now, 1s);
    const auto& assets = engine.scenario("ransomware")->readiness->assets;
    const auto orders = std::ranges::find(assets, "orders", &AssetReadiness::asset);
    REQUIRE(orders != assets.end());
    CHECK(orders->blocks.front().starts_with("goes back 1h"));
}

TEST_CASE("a thing inside a subject that has no name of its own counts for the subject, and is explained with it") {
    fleet::Fleet fleet;
    Check check;
    check.name = "wal";
    check.collector = "postgresql";
    check.every = 1min;
    check.brings = {EvidenceKind::replication};
    check.policy[RuleId::replica_missing].hold = 0ms;
    fleet.with(check);
    fleet.config.scenarios = {Scenario{.name = "standbys", .when = {RuleId::replica_missing}}};
    for (const std::string subject : {"", "orders"}) {
        CAPTURE(subject);
        Engine engine{kNow};
        Time now = kNow;
        engine.configure(fleet.done(), now);
        const auto look = [&](FollowerState state) {
            Replication seen;
            seen.role = "primary";
            seen.followers.push_back({.name = "standby1", .state = state, .expected = true});
            engine.learn("wal", fleet::report(now, {{subject, {}, {seen}, {}}}), now);
            pass(engine, now, 1min);
        };
        look(FollowerState::streaming);
        CHECK(engine.scenario("standbys")->groups.at(0).decision.state == ScenarioState::clear);
        look(FollowerState::missing);
        CHECK(engine.scenario("standbys")->groups.at(0).decision.state == ScenarioState::active);
        REQUIRE(engine.check("wal")->findings.size() == 1);
        CHECK(engine.check("wal")->findings[0].lowered_by == "scenario standbys");
    }
}

TEST_CASE("a check whose options changed is seen by its scenarios as soon as it has looked again") {
    fleet::Fleet fleet;
    Check check = fleet::backups_of("backup", "orders");
    fleet.with(fleet::asset("orders")).with(check);
    fleet.config.scenarios = {Scenario{.name = "late", .when = {RuleId::backup_too_old}}};
    Engine engine{kNow};
    Time now = kNow;
    const auto look = [&] {
        engine.learn("backup", fleet::report(now, {fleet::points("main", {now - 10min})}), now);
        pass(engine, now, 1s);
    };
    engine.configure(fleet.done(), now);
    look();
    CHECK(engine.scenario("late")->groups.at(0).decision.state == ScenarioState::clear);
    check.fingerprint += " other";
    fleet.config.checks = {std::make_shared<const Check>(check)};
    engine.configure(fleet.done(), now);
    pass(engine, now, 1s);
    CHECK(engine.scenario("late")->groups.at(0).decision.state == ScenarioState::unknown);
    look();
    CHECK(engine.scenario("late")->groups.at(0).decision.state == ScenarioState::clear);
}

TEST_CASE("an outage goes on over other options of its probes, and is told when it would have been") {
    Zones zones;
    zones.fleet.config.scenarios[0].hold = 2min;
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    REQUIRE(zones.history("az", "a").running);
    const Outage before = *zones.history("az", "a").running;
    zones.change_options();
    // The first one is no good one, though there are not yet enough to call it down again.
    for (int i = 0; i < 4; ++i) {
        zones.probe(ReachState::down);
        CHECK(std::ranges::count(firing(zones.engine, zones.now), "EndpointDown") == 2);
    }
    CHECK(zones.firing_at(Priority::p1) == Texts{"ScenarioActive az/a"});
    REQUIRE(zones.history("az", "a").running);
    CHECK(*zones.history("az", "a").running == before);
    for (int i = 0; i < 3; ++i)
        zones.probe(ReachState::up);
    CHECK(std::ranges::count(firing(zones.engine, zones.now), "EndpointDown") == 0);
    CHECK_FALSE(zones.history("az", "a").running);
}

TEST_CASE("a scenario that several subjects decide goes on over other options of their check") {
    // Where they stand nobody knows before the next look.
    for (const std::string group : {"", "a"}) {
        CAPTURE(group);
        fleet::Fleet fleet;
        Check check = fleet::backups_of("cluster", "orders");
        check.brings = {EvidenceKind::assertions};
        fleet.with(fleet::asset("orders")).with(check);
        Scenario lost;
        lost.name = "lost";
        lost.when = {RuleId::assertion_failed};
        lost.by = group.empty() ? "" : "zone";
        lost.at_least = {Quorum::Kind::count, 2};
        lost.hold = 2min;
        fleet.config.scenarios = {lost};
        Engine engine{kNow};
        Time now = kNow;
        engine.configure(fleet.done(), now);
        const auto look = [&] {
            std::vector<SubjectReport> seen;
            for (const char* node : {"n1", "n2", "n3"})
                seen.push_back(SubjectReport{node,
                                             {.zone = "a"},
                                             {Assertions{{{.name = "replicated", .expected = "yes", .actual = "no"}}}},
                                             {}});
            engine.learn("cluster", fleet::report(now, seen), now);
            pass(engine, now, 1min);
        };
        look();
        REQUIRE(engine.scenario("lost")->outages.contains(group));
        check.fingerprint += " other";
        fleet.config.checks = {std::make_shared<const Check>(check)};
        engine.configure(fleet.done(), now);
        pass(engine, now, 30s);
        CHECK(std::ranges::count(firing(engine, now), "ScenarioActive") == 0);
        look();
        CHECK(std::ranges::count(firing(engine, now), "ScenarioActive") == 1);
        const OutageHistory& history = engine.scenario("lost")->outages.at(group);
        REQUIRE(history.running);
        CHECK(history.running->began_at == kNow);
        CHECK(history.past.empty());
    }
}

TEST_CASE("the canary of a scenario tells what its outage lost, over a restart too") {
    Zones zones;
    zones.go_down_under_canary();
    CHECK_FALSE(zones.history("az", "").running->lost);
    zones.probe(ReachState::up);
    zones.probe(ReachState::up);
    REQUIRE(zones.history("az", "").past.size() == 1);
    CHECK_FALSE(zones.history("az", "").past[0].lost);

    // The agent is restarted before the canary has looked again. What it remembered of it may be gone.
    for (const bool is_kept : {true, false}) {
        CAPTURE(is_kept);
        Zones again{zones.now};
        again.fleet = zones.fleet;
        again.engine.restore_scenario("az", zones.engine.scenario("az")->outages, {});
        if (is_kept) {
            const auto* canary = zones.engine.check("canary");
            again.engine.restore_check("canary", {canary->check->fingerprint, *canary->memory, canary->alerts, {}});
        }
        again.configure();
        again.probe(ReachState::up);
        again.canary_tells("canary", 3, 7);
        pass(again.engine, again.now, 1s);
        CHECK(again.history("az", "").past[0].lost == (is_kept ? std::optional{Loss{3s, 7}} : std::nullopt));
    }
}

TEST_CASE("a canary that begins anew in an outage or after it does not know that nothing was lost before") {
    for (const bool forgets : {false, true})
        for (const bool in_outage : {false, true})
            for (const bool loses : {false, true}) {
                CAPTURE(forgets, in_outage, loses);
                Zones zones;
                zones.go_down_under_canary();
                const auto begin_anew = [&] {
                    if (forgets) {
                        CHECK(zones.engine.forget("canary/", zones.now) == 1);
                        return;
                    }
                    // Led to the server that took over.
                    auto moved = std::make_shared<Check>(*zones.fleet.config.checks.back());
                    moved->fingerprint = "canary of another";
                    zones.fleet.config.checks.back() = moved;
                    zones.configure();
                };
                if (in_outage) {
                    begin_anew();
                    zones.canary_tells("canary");
                    zones.probe(ReachState::down);
                }
                zones.probe(ReachState::up);
                zones.probe(ReachState::up);
                if (!in_outage)
                    begin_anew();
                for (int i = 0; i < 3; ++i) {
                    zones.canary_tells("canary", loses ? 3 : 0, loses ? 7 : 0);
                    zones.probe(ReachState::up);
                }
                REQUIRE(zones.history("az", "").past.size() == 1);
                // What it had seen in the outage, and is gone after it, was lost by it.
                CHECK(zones.history("az", "").past[0].lost ==
                      (in_outage && loses ? std::optional{Loss{3s, 7}} : std::nullopt));
            }
}

TEST_CASE("a canary in the place of another does not know what was lost before it told, after a reload or a restart") {
    for (const bool restarts : {false, true})
        for (const bool told_in_outage : {false, true}) {
            CAPTURE(restarts, told_in_outage);
            Zones before;
            before.watch_by_canary();
            if (told_in_outage)
                before.add_canary("other");
            before.configure();
            before.canary_tells("canary", 60, 12);
            before.probe(ReachState::up);
            before.go_down();
            if (told_in_outage)
                before.canary_tells("other");
            before.probe(ReachState::down);
            before.probe(ReachState::up);
            before.probe(ReachState::up);
            REQUIRE(before.history("az", "").past.size() == 1);

            Zones after{before.now};
            after.fleet = before.fleet;
            Zones& zones = restarts ? after : before;
            if (!told_in_outage)
                zones.add_canary("other");
            zones.fleet.config.scenarios[0].canary = "other";
            if (restarts)
                zones.restore(before, {});
            zones.configure();
            zones.probe(ReachState::up);
            for (int i = 0; i < 3; ++i) {
                zones.canary_tells("other");
                zones.probe(ReachState::up);
            }
            CHECK_FALSE(zones.history("az", "").past[0].lost);
        }
}

TEST_CASE("since when a canary has told moves with the clock") {
    Zones zones;
    zones.watch_by_canary();
    zones.configure();
    zones.canary_tells("canary");
    zones.probe(ReachState::up);
    zones.engine.clock_jumped(-1h);
    zones.now -= 1h;
    zones.go_down();
    zones.probe(ReachState::up);
    zones.probe(ReachState::up);
    zones.canary_tells("canary");
    zones.probe(ReachState::up);
    REQUIRE(zones.history("az", "").past.size() == 1);
    CHECK(zones.history("az", "").past[0].lost == Loss{});
}

TEST_CASE("maintenance of the asset that a scenario names hides nothing that belongs to others") {
    Zones zones;
    zones.fleet.with(Asset{.name = "edge"}).with(Asset{.name = "web"});
    for (auto& check : zones.fleet.config.checks) {
        auto made = std::make_shared<Check>(*check);
        made->asset = "web";
        check = made;
    }
    zones.fleet.config.scenarios[0].asset = "edge";
    zones.fleet.config.scenarios.pop_back();
    zones.fleet.config.maintenance = {{{"edge"}, {}, kNow - 1h, kNow + 1h, "certificate"}};
    zones.configure();
    zones.probe(ReachState::up);
    zones.go_down();
    CHECK(zones.firing_at(Priority::p4) == Texts{"ScenarioActive az/a"});
    CHECK(zones.firing_at(Priority::p2) == Texts{"EndpointDown web-a1/", "EndpointDown web-a2/"});
    // It ends, and the scenario speaks for them.
    pass(zones.engine, zones.now, 1h);
    zones.probe(ReachState::down);
    CHECK(zones.firing_at(Priority::p1).front() == "RtoExceeded az/a");
    CHECK(zones.firing_at(Priority::p2).empty());
}

TEST_CASE("an experiment in whose window a scenario held fails, by whatever else it was reported to have passed") {
    Zones zones;
    zones.plan_experiment();
    zones.configure();
    const auto ran = [&](Time from, Time to, std::string id) {
        zones.pass_experiment(from, to, std::move(id));
        zones.probe(ReachState::up);
    };
    zones.probe(ReachState::up);
    Time from = zones.now;
    zones.go_down();
    zones.probe(ReachState::up);
    zones.probe(ReachState::up);
    ran(from, zones.now, "short");
    CHECK(fleet::firing(zones.engine, zones.now).empty());

    from = zones.now;
    for (int i = 0; i < 6; ++i)
        zones.probe(ReachState::down);
    zones.probe(ReachState::up);
    zones.probe(ReachState::up);
    ran(from, zones.now, "long");
    CHECK(fleet::firing(zones.engine, zones.now) == Texts{"ExerciseFailed"});

    // Nobody looked in its midst: it may have been as long.
    from = zones.now;
    zones.probe(ReachState::up);
    ran(from, zones.now, "seen");
    CHECK(fleet::firing(zones.engine, zones.now).empty());
    from = zones.now;
    const Time last_seen = *zones.engine.check("web-a1")->memory->last_success;
    for (int i = 0; i < 6; ++i)
        zones.fail();
    zones.probe(ReachState::up);
    for (const char* zone : {"a", "b"})
        CHECK(zones.history("az", zone).unseen.back().from == last_seen);
    ran(from, zones.now, "unseen");
    CHECK(fleet::firing(zones.engine, zones.now) == Texts{"ExerciseFailed"});
    zones.probe(ReachState::up);
    ran(zones.now - 30s, zones.now, "again");
    CHECK(fleet::firing(zones.engine, zones.now).empty());

    // What nothing decides cannot have been kept.
    zones.fleet.config.scenarios[0].checks = {"nobody*"};
    zones.configure();
    ran(zones.now - 30s, zones.now, "blind");
    pass(zones.engine, zones.now, 10min);
    CHECK(std::ranges::count(fleet::firing(zones.engine, zones.now), "ExerciseFailed") == 1);
}

TEST_CASE("an experiment that passed is not doubted because the agent was started anew") {
    Zones before;
    before.plan_experiment();
    before.configure();
    before.probe(ReachState::up);
    before.go_down();
    before.probe(ReachState::up);
    before.probe(ReachState::up);
    before.pass_experiment(before.now - 1min, before.now, "seen");
    for (int i = 0; i < 60; ++i)
        before.probe(ReachState::up);
    REQUIRE(firing(before.engine, before.now).empty());
    for (const Duration due_in : {-1min, 1min}) {
        Zones after{before.now + 10s};
        after.plan_experiment();
        after.restore(before, after.now + due_in);
        after.configure();
        pass(after.engine, after.now, 1s);
        CHECK(firing(after.engine, after.now).empty());
    }
}

TEST_CASE("a log that no repository holds leads no scenario further") {
    fleet::Fleet fleet;
    fleet.with(fleet::asset("orders")).with(fleet::backups_of("server", "orders"));
    fleet.with(fleet::backups_of("repository", "orders"));
    fleet.config.scenarios = {Scenario{.name = "dropped", .rpo = 1h, .recovers = {"orders"}}};
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const SubjectReport backups = fleet::points("", {kNow - 5h});
    for (int i = 0; i < 5; ++i) {
        const LogArchive said{.enabled = Told::yes,
                              .newest_at = now,
                              .pending = Told::no,
                              .last_segment = "000000010000000000000009",
                              .system_id = "42"};
        const LogArchive held{.enabled = Told::yes,
                              .last_segment = "000000010000000000000004",
                              .from_repository = true,
                              .system_id = "42"};
        engine.learn("server", fleet::report(now, {{"", {}, {said}, {}}}), now);
        engine.learn("repository", fleet::report(now, {{"", {}, {backups.evidence[0], held}, {}}}), now);
        pass(engine, now, 2min);
    }
    const AssetReadiness& ready = engine.scenario("dropped")->readiness->assets.at(0);
    CHECK(ready.newest == kNow - 5h);
    CHECK(ready.blocks.front().ends_with("would be lost, 1h are allowed"));
}
