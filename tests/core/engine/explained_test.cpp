// SPDX-License-Identifier: Apache-2.0
// What a scenario of a place explains: not only what decides it itself, but all that stands there.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <set>

using namespace recoverd::core;
using fleet::kNow;
using fleet::Texts;

namespace {

constexpr Quorum kOne{Quorum::Kind::count, 1};

/// Nodes that one check sees, and workloads that another one does, both every 5 s and believed at once.
struct Cluster {
    Time now = kNow;
    fleet::Fleet fleet;
    Engine engine{now};
    std::set<std::string, std::less<>> down;
    std::map<std::string, Location> workloads{{"shop/web", {.node = "n1"}}, {"shop/pay", {.node = "n2"}}};

    Cluster() {
        for (const char* name : {"nodes", "workloads"}) {
            Check check = fleet::probe(name, "cluster:6443");
            check.every = 5s;
            check.timeout = 2s;
            check.failures = check.successes = 1;
            fleet.with(check);
        }
        fleet.config.scenarios = {
            {.name = "node", .rto = 2min, .checks = {"nodes"}, .by = "node", .at_least = kOne, .explains = {"pod"}},
            {.name = "pod", .rto = 30s, .checks = {"workloads"}, .at_least = kOne}};
    }

    Scenario& node() { return fleet.config.scenarios[0]; }
    Scenario& pod() { return fleet.config.scenarios[1]; }
    void configure() { engine.configure(fleet.done(), now); }
    SubjectReport see(const std::string& name, const Location& stands) const {
        SubjectReport seen = fleet::reach(down.contains(name) ? ReachState::down : ReachState::up, name);
        seen.subject = name;
        seen.location = stands;
        return seen;
    }
    /// Both look, as often as fits into that time.
    void pass(Duration duration = 5s) {
        for (const Time until = now + duration; now < until;) {
            std::vector<SubjectReport> nodes;
            for (const std::string name : {"n1", "n2"})
                nodes.push_back(see(name, {.node = name, .zone = "z" + name, .region = "eu", .role = "worker"}));
            engine.learn("nodes", fleet::report(now, nodes), now);
            std::vector<SubjectReport> pods;
            for (const auto& [name, stands] : workloads)
                pods.push_back(see(name, stands));
            engine.learn("workloads", fleet::report(now, pods), now);
            fleet::pass(engine, now, 5s);
        }
    }
    /// "ScenarioActive pod": what fires and was not lowered.
    Texts says() {
        Texts lines;
        for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
            const Identity& id = alert.finding.identity;
            if (alert.state == AlertState::firing && alert.finding.lowered_by.empty() &&
                id.rule != RuleId::recoverd_watchdog)
                lines.push_back(std::string{rule(id.rule).name} + " " + (id.scenario.empty() ? id.check : id.scenario) +
                                (id.subject.empty() ? "" : "/" + id.subject));
        });
        std::ranges::sort(lines);
        return lines;
    }
};

/// Probes that see one subject each, told apart by it.
struct Apart {
    Time now = kNow;
    fleet::Fleet fleet;
    Engine engine{now};
    std::string subject;

    Apart(const Texts& checks, std::string seen) : subject(std::move(seen)) {
        fleet.config.scenarios = {{.name = "pod", .by = "subject", .at_least = kOne}};
        for (const std::string& check : checks)
            fleet.with(fleet::probe(check, check + ":80"));
        engine.configure(fleet.done(), now);
    }
    void join(const std::string& check) {
        engine.configure(fleet.with(fleet::probe(check, check + ":80")).done(), now);
        fleet::pass(engine, now, 1s);
    }
    /// As often as it takes to be believed.
    void look(const std::map<std::string, ReachState>& states) {
        for (int looks = 0; looks < 4; ++looks) {
            for (const auto& [check, state] : states) {
                SubjectReport seen = fleet::reach(state, check + ":80");
                seen.subject = subject;
                engine.learn(check, fleet::report(now, {seen}), now);
            }
            fleet::pass(engine, now, 30s);
        }
    }
    Texts down() const {
        Texts down;
        for (const ScenarioGroup& group : engine.scenario("pod")->groups)
            if (group.decision.state == ScenarioState::active)
                down.push_back(group.name);
        return down;
    }
};

} // namespace

TEST_CASE("a workload that stands on a node that is down is explained by it, and one that does not speaks") {
    struct Case {
        const char* what;
        std::string by;
        Location web;
        Texts says;
    };
    const Texts both{"ScenarioActive node/n1", "ScenarioActive pod"};
    const Texts zones{"ScenarioActive node/zn1", "ScenarioActive pod"};
    const Case cases[] = {
        {"on that node", "node", {.node = "n1"}, {"ScenarioActive node/n1"}},
        {"on another one", "node", {.node = "n2"}, both},
        {"on several, or nobody knows where", "node", {}, both},
        {"in that zone", "zone", {.node = "n7", .zone = "zn1"}, {"ScenarioActive node/zn1"}},
        {"in another zone", "zone", {.node = "n1", .zone = "zn2"}, zones},
        {"of the same role, which is no place",
         "role",
         {.node = "n1", .role = "worker"},
         {"ScenarioActive node/worker", "ScenarioActive pod"}},
    };
    for (const Case& one : cases) {
        CAPTURE(one.what);
        Cluster cluster;
        cluster.node().by = one.by;
        cluster.workloads["shop/web"] = one.web;
        cluster.configure();
        cluster.pass();
        for (const char* name : {"n1", "shop/web"})
            cluster.down.insert(name);
        cluster.pass(10s);
        CHECK(cluster.says() == one.says);
    }
}

TEST_CASE("all that is down must stand where others are down: what is down elsewhere is told") {
    Cluster cluster;
    cluster.configure();
    cluster.pass();
    for (const char* name : {"n1", "shop/web", "shop/pay"})
        cluster.down.insert(name);
    cluster.pass(10s);
    CHECK(cluster.says() == Texts{"ScenarioActive node/n1", "ScenarioActive pod"});
    cluster.down.insert("n2");
    cluster.pass(10s);
    CHECK(cluster.says() == Texts{"ScenarioActive node/n1", "ScenarioActive node/n2"});
}

TEST_CASE(
    "a workload that moves on from a node that is down is part of it until it is up, and not when it falls again") {
    Cluster cluster;
    cluster.configure();
    cluster.pass();
    for (const char* name : {"n1", "shop/web"})
        cluster.down.insert(name);
    cluster.pass(10s);
    cluster.workloads["shop/web"] = {.node = "n2"};
    cluster.pass(10s);
    CHECK(cluster.says() == Texts{"ScenarioActive node/n1"});
    cluster.down.erase("shop/web");
    cluster.pass(10s);
    cluster.down.insert("shop/web");
    cluster.pass(10s);
    CHECK(cluster.says() == Texts{"ScenarioActive node/n1", "ScenarioActive pod"});
}

TEST_CASE("a workload that goes down while another one is down is told by itself, where they are told apart") {
    for (const bool apart : {true, false}) {
        CAPTURE(apart);
        Cluster cluster;
        cluster.pod().by = apart ? "subject" : "";
        cluster.pod().rto.reset();
        cluster.configure();
        cluster.pass();
        cluster.down.insert("shop/web");
        cluster.pass(10s);
        CHECK(cluster.says() == (apart ? Texts{"ScenarioActive pod/workloads/shop/web"} : Texts{"ScenarioActive pod"}));
        cluster.down.insert("shop/pay");
        cluster.pass(10s);
        CHECK(cluster.says() ==
              (apart ? Texts{"ScenarioActive pod/workloads/shop/pay", "ScenarioActive pod/workloads/shop/web"}
                     : Texts{"ScenarioActive pod"}));
        cluster.down.erase("shop/web");
        cluster.pass(10s);
        CHECK(cluster.says() == (apart ? Texts{"ScenarioActive pod/workloads/shop/pay"} : Texts{"ScenarioActive pod"}));
    }
}

TEST_CASE("by subject, one that stands where a node is down is explained by it, whatever else is down elsewhere") {
    Cluster cluster;
    cluster.pod().by = "subject";
    cluster.configure();
    cluster.pass();
    for (const char* name : {"n1", "shop/web", "shop/pay"})
        cluster.down.insert(name);
    cluster.pass(10s);
    CHECK(cluster.says() == Texts{"ScenarioActive node/n1", "ScenarioActive pod/workloads/shop/pay"});
}

TEST_CASE("by subject, a check that sees none is told apart by its own name") {
    Apart web{{"web1", "web2"}, {}};
    web.look({{"web1", ReachState::down}, {"web2", ReachState::up}});
    CHECK(web.down() == Texts{"web1"});
    CHECK(web.engine.scenario("pod")->groups.size() == 2);
    CHECK(web.engine.scenario("pod")->groups.at(1).name == "web2");
    CHECK(web.engine.scenario("pod")->groups.at(1).decision.state == ScenarioState::clear);
}

TEST_CASE("by subject, an outage goes on when another check joins that sees something else") {
    Apart pods{{"eu"}, "shop/web"};
    pods.look({{"eu", ReachState::down}});
    pods.join("us");
    const auto& outages = pods.engine.scenario("pod")->outages;
    REQUIRE(outages.contains("eu/shop/web"));
    CHECK(outages.at("eu/shop/web").running.has_value());
    CHECK(std::ranges::count_if(outages, [](const auto& one) { return one.second.running.has_value(); }) == 1);
}

TEST_CASE("by subject, two checks that see something of the same name see two things") {
    Apart pods{{"eu", "us"}, "shop/web"};
    pods.look({{"eu", ReachState::down}, {"us", ReachState::up}});
    CHECK(pods.down() == Texts{"eu/shop/web"});
    pods.look({{"eu", ReachState::down}, {"us", ReachState::down}});
    CHECK(pods.down() == Texts{"eu/shop/web", "us/shop/web"});
}

TEST_CASE("that a narrower scenario lasts too long is for the wider one to say, where that has a time of its own") {
    for (const bool timed : {true, false}) {
        CAPTURE(timed);
        Cluster cluster;
        if (!timed)
            cluster.node().rto.reset();
        cluster.configure();
        cluster.pass();
        for (const char* name : {"n1", "shop/web"})
            cluster.down.insert(name);
        cluster.pass(1min);
        if (timed)
            CHECK(cluster.says() == Texts{"ScenarioActive node/n1"});
        else
            CHECK(cluster.says() == Texts{"RtoExceeded pod", "ScenarioActive node/n1"});
        cluster.pass(2min);
        CHECK(cluster.says() == (timed ? Texts{"RtoExceeded node/n1", "ScenarioActive node/n1"}
                                       : Texts{"RtoExceeded pod", "ScenarioActive node/n1"}));
    }
}

TEST_CASE("what stands on a node is explained by its zone as well, over the node") {
    Cluster cluster;
    cluster.fleet.config.scenarios.push_back(
        {.name = "zone", .priority = Priority::p1, .checks = {"nodes"}, .by = "zone", .explains = {"node"}});
    cluster.configure();
    cluster.pass();
    for (const char* name : {"n1", "shop/web"})
        cluster.down.insert(name);
    cluster.pass(10s);
    CHECK(cluster.says() == Texts{"ScenarioActive zone/zn1"});
}

TEST_CASE("an exercise that its check sees no more explains nothing any more") {
    fleet::Fleet fleet;
    Check probing = fleet::probe("up", "db1:5432");
    probing.asset = "orders";
    Check chaos = fleet::backups_of("chaos", "orders");
    chaos.brings = {EvidenceKind::exercise};
    fleet.with(fleet::asset("orders")).with(probing).with(chaos);
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    Exercise drill;
    drill.id = "1";
    drill.exercise = "network-delay";
    drill.started_at = now;
    const auto port = [&] {
        for (int i = 0; i < 5; ++i) {
            engine.learn("up", fleet::report(now, {fleet::reach(ReachState::down, "db1:5432")}), now);
            fleet::pass(engine, now, 30s);
        }
        std::optional<Priority> told;
        for (const auto& [labels, alert] : engine.check("up")->alerts)
            if (alert.state == AlertState::firing)
                told = alert.finding.priority;
        return told;
    };
    const auto sees = [&](std::vector<Evidence> runs) {
        engine.learn("chaos", fleet::report(now, {{"shop/delay", {}, std::move(runs), {}}}), now);
    };
    sees({drill});
    CHECK(port() == Priority::p4);
    // Deleted: a whole answer without it.
    engine.learn("chaos", fleet::report(now, {}), now);
    CHECK(port() == Priority::p2);
    sees({drill});
    CHECK(port() == Priority::p4);
    // Who ran it is there still, and it is not.
    Exercise other = drill;
    other.id = "0";
    other.outcome = ExerciseOutcome::passed;
    other.ended_at = now;
    sees({other});
    CHECK(port() == Priority::p2);
}

TEST_CASE("maintenance of all that share a target lowers what is said of it, and that of some does not") {
    struct Row {
        Maintenance window;
        Priority expected;
    };
    const Row rows[] = {{{{"*"}, {}, kNow - 1h, kNow + 2h, ""}, Priority::p4},
                        {{{"orders", "users"}, {}, kNow - 1h, kNow + 2h, ""}, Priority::p4},
                        {{{}, {"a", "b"}, kNow - 1h, kNow + 2h, ""}, Priority::p4},
                        {{{"users"}, {"a"}, kNow - 1h, kNow + 2h, ""}, Priority::p4},
                        {{{}, {"a"}, kNow - 1h, kNow + 2h, ""}, Priority::p2},
                        {{{"users"}, {}, kNow - 1h, kNow + 2h, ""}, Priority::p2},
                        {{{"*"}, {}, kNow - 1h, kNow + 10min, ""}, Priority::p2}};
    for (const Row& row : rows) {
        fleet::Fleet fleet;
        fleet.with(fleet::asset("orders")).with(fleet::asset("users"));
        Check a = fleet::backups_of("a", "orders");
        Check b = fleet::backups_of("b", "users");
        a.target = b.target = "db1:5432";
        fleet.with(a).with(b);
        fleet.config.maintenance.push_back(row.window);
        Engine engine{kNow};
        Time now = kNow;
        engine.configure(fleet.done(), now);
        for (int i = 0; i < 30; ++i) {
            for (const char* name : {"a", "b"})
                engine.learn(name, fleet::failure(now), now);
            fleet::pass(engine, now, 1min);
        }
        std::vector<Priority> told;
        for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
            if (alert.state == AlertState::firing && alert.finding.identity.rule == RuleId::evidence_missing)
                told.push_back(alert.finding.priority);
        });
        CHECK(told == std::vector{row.expected});
    }
}
