// SPDX-License-Identifier: Apache-2.0
// An asset in agents of both scopes: who has it, what each judges of it, and that neither tells anything false.
#include "agent/narrow.hpp"
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <set>
#include <utility>

using namespace recoverd;
using namespace std::chrono_literals;
using core::EvidenceKind;
using core::kDay;
using core::Scope;
using Names = std::vector<std::string>;

namespace {

core::Check looking(std::string name, Scope scope, std::vector<EvidenceKind> brings, std::string asset = {}) {
    core::Check made;
    made.name = std::move(name);
    made.asset = std::move(asset);
    made.collector = "exec";
    made.every = 1h;
    made.scope = scope;
    made.brings = std::move(brings);
    made.fingerprint = "exec " + made.name;
    return made;
}

/// `scope`: whose agents hear of outcomes.
core::Check told(std::string name, Scope scope, std::string asset) {
    core::Check made =
        looking(std::move(name), scope, {EvidenceKind::exercise, EvidenceKind::recovery_points}, std::move(asset));
    made.collector = "outcome";
    made.every = core::Duration{0};
    return made;
}

core::Asset orders() {
    return {.name = "orders",
            .objectives = {
                .backup_every = kDay, .rpo = 26h, .rto = 4h, .retention = 7 * kDay, .restore_test_every = 7 * kDay}};
}

struct Whole {
    core::Config config;

    explicit Whole(std::vector<core::Check> checks) {
        config.assets["orders"] = orders();
        for (core::Check& check : checks)
            config.checks.push_back(std::make_shared<const core::Check>(std::move(check)));
    }
    core::Config of(Scope scope) const { return agent::narrowed(config, scope); }
};

/// "orders" where it is there from the beginning, "orders?" where it is once it is seen.
Names assets(const core::Config& config) {
    Names found;
    for (const auto& [name, asset] : config.assets)
        found.push_back(name);
    for (const auto& [name, asset] : config.where_seen)
        found.push_back(name + "?");
    return found;
}

const core::Asset& orders_of(const core::Config& config) {
    return config.assets.contains("orders") ? config.assets.at("orders") : config.where_seen.at("orders");
}

const core::PlannedExercise& only_exercise(const core::Config& config) {
    REQUIRE(config.exercises.size() == 1);
    return config.exercises.front();
}

/// An agent that is fed each hour with what its checks see.
struct Life {
    core::Time now = core::fleet::kNow;
    std::shared_ptr<const core::Config> config;
    core::Engine engine{now};
    /// All that ever fired.
    std::set<std::string> fired;

    Life(const Whole& whole, Scope scope) : config(std::make_shared<const core::Config>(whole.of(scope))) {
        engine.configure(config, now);
    }

    /// One of each midnight.
    core::SubjectReport dumps() const {
        const core::Time midnight = std::chrono::floor<std::chrono::days>(now);
        std::vector<core::Time> at;
        for (int i = 9; i >= 0; --i)
            at.push_back(midnight - i * kDay);
        return core::fleet::points("main", at);
    }
    void look() {
        for (const auto& check : config->checks) {
            if (!check->looks())
                continue;
            const bool dumped = check->may_bring(EvidenceKind::recovery_points);
            engine.learn(check->name,
                         core::fleet::report(now, {dumped ? dumps() : core::fleet::reach(core::ReachState::up, "db")}),
                         now);
        }
    }
    void tell_restore_test() {
        const core::Exercise test{.id = std::to_string(now.time_since_epoch().count()),
                                  .exercise = "restore-test",
                                  .outcome = core::ExerciseOutcome::passed,
                                  .started_at = now - 20min,
                                  .ended_at = now,
                                  .depth = core::Depth::restored};
        const std::string check = engine.outcome_check("orders", "restore-test", now);
        REQUIRE_FALSE(check.empty());
        engine.learn(check, core::fleet::report(now, {{"restore-test", {}, {test}, {}}}, false), now);
    }
    /// `tests`: is a restore test reported to it each week?
    void live(int days, bool tests) {
        for (int hour = 0; hour < 24 * days; ++hour) {
            look();
            if (tests && hour % (24 * 7) == 0)
                tell_restore_test();
            core::fleet::pass(engine, now, 1h);
            for (std::string& name : core::fleet::firing(engine, now))
                fired.insert(std::move(name));
        }
    }
    core::Verdict verdict() const {
        REQUIRE(engine.asset("orders") != nullptr);
        return engine.asset("orders")->verdict;
    }
};

} // namespace

TEST_CASE("an asset of which subjects of a node's check are is the nodes', and there where one is seen") {
    core::Check check = looking("stanzas", Scope::node, {EvidenceKind::recovery_points});
    SECTION("by a map") { check.asset_map = {{"main", "orders"}}; }
    SECTION("by what is said of subjects that match") {
        check.subjects = {{.match = "main*", .asset = "orders", .policy = {}}};
    }
    const Whole whole{{check}};
    CHECK(assets(whole.of(Scope::node)) == Names{"orders?"});
    CHECK(orders_of(whole.of(Scope::node)) == orders());
    CHECK(assets(whole.of(Scope::cluster)).empty());
    // Of the cluster there is one agent.
    check.scope = Scope::cluster;
    CHECK(assets(Whole{{check}}.of(Scope::cluster)) == Names{"orders"});
    CHECK(assets(Whole{{check}}.of(Scope::node)).empty());
}

TEST_CASE("an asset that only a pattern of nodes matches is the cluster's, too, which misses nothing of it") {
    const Whole whole{{looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "{subject}")}};
    CHECK(assets(whole.of(Scope::node)) == Names{"orders?"});
    const core::Config cluster = whole.of(Scope::cluster);
    CHECK(assets(cluster) == Names{"orders"});
    CHECK(orders_of(cluster).is_elsewhere(EvidenceKind::recovery_points));
    // Whoever tests a restore reports it there.
    CHECK(orders_of(cluster).objectives.restore_test_every == 7 * kDay);
    CHECK_FALSE(orders_of(whole.of(Scope::node)).objectives.restore_test_every);
    CHECK_FALSE(orders_of(whole.of(Scope::node)).is_elsewhere(EvidenceKind::recovery_points));
    Life life{whole, Scope::cluster};
    life.live(2, true);
    CHECK(life.fired.empty());
    // There may be no node that has any.
    CHECK(life.verdict().state == core::VerdictState::unknown);
    CHECK(life.verdict().reasons == Names{"agents of the other scope may see backups of it, if one does"});
}

TEST_CASE("what a pattern may match takes nothing from who is named") {
    const auto dumps = looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "{subject}");
    const Whole bucket{{dumps, looking("bucket", Scope::cluster, {EvidenceKind::recovery_points}, "orders")}};
    CHECK(orders_of(bucket.of(Scope::cluster)).objectives.rpo == 26h);
    CHECK_FALSE(orders_of(bucket.of(Scope::node)).objectives.rpo);
    const Whole mirrored{{looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "orders"),
                          looking("buckets", Scope::cluster, {EvidenceKind::recovery_points}, "{subject}")}};
    CHECK(orders_of(mirrored.of(Scope::node)).objectives.rpo == 26h);
    CHECK_FALSE(orders_of(mirrored.of(Scope::cluster)).objectives.rpo);
    Whole reported{{dumps, told("backups", Scope::cluster, "orders")}};
    reported.config.scenarios = {core::Scenario{.name = "ransomware", .recovers = {"orders"}}};
    CHECK(reported.of(Scope::cluster).scenarios.size() == 1);
    CHECK_FALSE(orders_of(reported.of(Scope::cluster)).is_elsewhere(EvidenceKind::recovery_points));
}

TEST_CASE("a scenario's promises that no agent can judge are not said to be kept") {
    Whole whole{{looking("repo", Scope::node, {EvidenceKind::recovery_points}, "orders"),
                 looking("server", Scope::cluster, {EvidenceKind::log_archive}, "orders"),
                 told("outcomes", Scope::cluster, "orders")}};
    whole.config.scenarios = {core::Scenario{.name = "ransomware", .rto = 10min, .rpo = 1h, .recovers = {"orders"}}};
    Life node{whole, Scope::node};
    node.live(2, false);
    REQUIRE(node.engine.scenario("ransomware")->readiness);
    const core::Readiness& ready = *node.engine.scenario("ransomware")->readiness;
    CHECK(ready.state == core::VerdictState::at_risk);
    CHECK(ready.assets.at(0).blocks.size() == 2);
}

TEST_CASE("an asset that a node's check names and a pattern of the cluster matches stays the nodes'") {
    const Whole whole{{looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "orders"),
                       looking("buckets", Scope::cluster, {EvidenceKind::assertions}, "{subject}")}};
    CHECK(assets(whole.of(Scope::node)) == Names{"orders"});
    CHECK(orders_of(whole.of(Scope::node)).objectives == orders().objectives);
    CHECK(assets(whole.of(Scope::cluster)) == Names{"orders?"});
    CHECK_FALSE(orders_of(whole.of(Scope::cluster)).objectives.restore_test_every);
}

TEST_CASE("proofs of an asset go with who is told of them") {
    const auto dumps = looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "orders");
    const auto port = looking("port", Scope::cluster, {EvidenceKind::reachability}, "orders");
    const auto runs = looking("runs", Scope::cluster, {EvidenceKind::exercise}, "orders");
    const auto scope_of = [](const Whole& whole) {
        std::vector<Scope> found;
        for (const Scope scope : {Scope::node, Scope::cluster})
            if (orders_of(whole.of(scope)).objectives.restore_test_every) {
                CHECK(orders_of(whole.of(scope)).objectives.rto == 4h);
                CHECK_FALSE(orders_of(whole.of(scope)).is_elsewhere(EvidenceKind::exercise));
                found.push_back(scope);
            } else {
                CHECK_FALSE(orders_of(whole.of(scope)).objectives.rto);
                CHECK(orders_of(whole.of(scope)).is_elsewhere(EvidenceKind::exercise));
            }
        return found;
    };
    CHECK(scope_of(Whole{{dumps, port}}) == std::vector{Scope::cluster});
    CHECK(scope_of(Whole{{dumps, told("outcomes", Scope::cluster, "orders")}}) == std::vector{Scope::cluster});
    CHECK(scope_of(Whole{{dumps, port, told("outcomes", Scope::node, "orders")}}) == std::vector{Scope::node});
    CHECK(scope_of(Whole{{dumps, runs, told("outcomes", Scope::node, "orders")}}) == std::vector{Scope::node});
    CHECK(scope_of(Whole{{dumps, runs}}) == std::vector{Scope::cluster});
    Whole of_both{{dumps, port, told("a", Scope::node, "orders"), told("b", Scope::cluster, "orders")}};
    CHECK(scope_of(of_both) == std::vector{Scope::cluster});
    of_both.config.exercises = {
        {.name = "restore-test", .asset = "orders", .cadence = kDay, .duration = {}, .told_in = Scope::node}};
    CHECK(scope_of(of_both) == std::vector{Scope::node});
}

TEST_CASE(
    "an exercise is due where somebody hears of it, and a run that is reported elsewhere is judged all the same") {
    Whole whole{{looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "orders"),
                 looking("port", Scope::cluster, {EvidenceKind::reachability}, "orders")}};
    whole.config.exercises = {{.name = "drill", .asset = "orders", .cadence = kDay, .duration = 1h}};
    const auto due_in = [&](Scope scope) {
        const core::Config config = whole.of(scope);
        CHECK(only_exercise(config).duration == 1h);
        return only_exercise(config).cadence > core::Duration{0};
    };
    CHECK(due_in(Scope::cluster));
    CHECK_FALSE(due_in(Scope::node));
    SECTION("of the scope whose check waits for it") { whole.config.exercises[0].told_in = Scope::node; }
    SECTION("where a validation of its name runs") {
        core::Validation validation;
        validation.name = "drill";
        validation.asset = "orders";
        validation.steps = {{.check = "dumps"}};
        whole.config.validations = {validation};
    }
    CHECK_FALSE(due_in(Scope::cluster));
    CHECK(due_in(Scope::node));
}

TEST_CASE("how much would be lost is judged where nobody else may know of something newer") {
    const auto dumps = looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "orders");
    const auto has_rpo = [](const Whole& whole, Scope scope) {
        return orders_of(whole.of(scope)).objectives.rpo.has_value();
    };
    const Whole port{{dumps, looking("port", Scope::cluster, {EvidenceKind::reachability}, "orders")}};
    CHECK(has_rpo(port, Scope::node));
    const Whole told_as_well{{dumps, told("outcomes", Scope::cluster, "orders")}};
    CHECK(has_rpo(told_as_well, Scope::node));
    const Whole log{{dumps, looking("server", Scope::cluster, {EvidenceKind::log_archive}, "orders")}};
    CHECK_FALSE(has_rpo(log, Scope::node));
    const Whole copies{{dumps, looking("bucket", Scope::cluster, {EvidenceKind::recovery_points}, "orders")}};
    CHECK_FALSE(has_rpo(copies, Scope::node));
    CHECK_FALSE(has_rpo(copies, Scope::cluster));
}

TEST_CASE("whether all could be recovered from a scenario is asked where it is seen what decides that") {
    Whole whole{{looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "orders"),
                 looking("port", Scope::cluster, {EvidenceKind::reachability}, "orders")}};
    whole.config.scenarios = {core::Scenario{.name = "ransomware", .recovers = {"orders"}},
                              core::Scenario{.name = "nothing", .recovers = {"none"}}};
    const auto scenarios = [&](Scope scope) {
        Names found;
        for (const core::Scenario& scenario : whole.of(scope).scenarios)
            found.push_back(scenario.name);
        return found;
    };
    CHECK(scenarios(Scope::node) == Names{"ransomware"});
    CHECK(scenarios(Scope::cluster) == Names{"nothing"});
    // Of one that only others decide this is asked all the same.
    core::Scenario az{.name = "az", .recovers = {"orders"}};
    az.checks = {"port"};
    whole.config.scenarios.push_back(az);
    whole.config.exercises = {{.name = "drill", .asset = "orders", .cadence = kDay, .duration = 1h, .keeps = {"az"}}};
    CHECK(scenarios(Scope::node) == Names{"ransomware", "az"});
    CHECK(scenarios(Scope::cluster) == Names{"nothing", "az"});
    CHECK_FALSE(whole.of(Scope::node).scenarios.back().is_decided());
    CHECK(whole.of(Scope::cluster).scenarios.back() == az);
    CHECK(only_exercise(whole.of(Scope::node)).keeps.empty());
    CHECK(only_exercise(whole.of(Scope::cluster)).keeps == Names{"az"});
    whole.config.scenarios.pop_back();
    // Who discovers assets may come to see one.
    core::Check all = looking("buckets", Scope::cluster, {EvidenceKind::recovery_points}, "{subject}");
    all.discover = true;
    whole.config.checks.push_back(std::make_shared<const core::Check>(all));
    CHECK(scenarios(Scope::cluster) == Names{"ransomware", "nothing"});
}

TEST_CASE("of an asset with checks of both scopes each agent judges its part, and neither wakes anybody") {
    const Whole whole{{looking("dumps", Scope::node, {EvidenceKind::recovery_points}, "orders"),
                       looking("port", Scope::cluster, {EvidenceKind::reachability}, "orders"),
                       told("outcomes", Scope::cluster, "orders")}};
    Life node{whole, Scope::node};
    node.live(40, false);
    CHECK(node.fired.empty());
    CHECK(node.verdict().state == core::VerdictState::recoverable);
    CHECK(node.verdict().reasons == Names{"agents of the other scope judge its proofs"});

    Life cluster{whole, Scope::cluster};
    cluster.live(40, true);
    CHECK(cluster.fired.empty());
    CHECK(cluster.verdict().state == core::VerdictState::recoverable);
    CHECK(cluster.verdict().reasons == Names{"agents of the other scope see backups of it"});

    // What is missed is told by one of them.
    Life untested{whole, Scope::cluster};
    untested.live(10, false);
    CHECK(untested.fired == std::set<std::string>{"RestoreTestOverdue"});
}

TEST_CASE("an asset that is mapped to subjects of nodes is judged by its own promises") {
    core::Check stanzas = looking("stanzas", Scope::node, {EvidenceKind::recovery_points});
    stanzas.asset_map = {{"main", "orders"}};
    const Whole whole{{stanzas}};
    // Without an asset an hour is expected, and one each day is always too old.
    Life node{whole, Scope::node};
    node.live(3, true);
    CHECK(node.fired.empty());
    CHECK(node.verdict().state == core::VerdictState::recoverable);
    CHECK(node.verdict().reasons.empty());
}
