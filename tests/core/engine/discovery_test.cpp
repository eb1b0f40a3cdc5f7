// SPDX-License-Identifier: Apache-2.0
// Assets that are made of what a check sees, and those that it comes to see: how long they stay, what is judged of
// them, and what is forgotten with them.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;
using namespace recoverd::core::fleet;
using List = std::vector<std::string>;

namespace {

/// A check "dumps", and an engine that it tells.
struct Dumps {
    Time now = kNow;
    Fleet fleet;
    Check check;
    Engine engine{now};

    explicit Dumps(const char* asset) : check(backups_of("dumps", asset)) {}
    std::shared_ptr<const Config> config() const { return Fleet{fleet}.with(check).done(); }
    void configure() { engine.configure(config(), now); }
    /// Another source under the same name.
    void change_options() {
        check.fingerprint = "pgbackrest elsewhere";
        configure();
    }
    void learn(std::vector<SubjectReport> seen, bool complete = true) {
        engine.learn("dumps", report(now, std::move(seen), complete), now);
        pass(engine, now, 1min);
    }
    /// Of the asset "shop". The check that was told.
    std::string tell_restore_test(ExerciseOutcome outcome) {
        Exercise test;
        test.id = test.exercise = "restore-test";
        test.outcome = outcome;
        test.ended_at = now;
        const std::string own = engine.outcome_check("shop", "restore-test", now);
        engine.learn(own, report(now, {{"restore-test", {}, {test}, {}}}, false), now);
        return own;
    }
    List firing() { return fleet::firing(engine, now); }
};

/// Each of them makes an asset of the class "gold".
struct Discovering : Dumps {
    Discovering() : Dumps("{subject}") {
        fleet.config.classes["gold"] = asset("");
        check.discover = true;
        check.discover_class = "gold";
    }
};

/// One asset of them is promised where it is seen.
struct Promised : Dumps {
    Promised() : Dumps("") {
        Asset shop = asset("shop");
        shop.asset_class = "silver";
        fleet.config.where_seen["shop"] = shop;
    }
    /// Each has a backup of now.
    void learn(const List& subjects) {
        std::vector<SubjectReport> seen;
        for (const std::string& subject : subjects)
            seen.push_back(points(subject, {now - 1h, now}));
        Dumps::learn(std::move(seen));
    }
    /// That it failed. The check that was told.
    std::string tell_restore_test() {
        std::string own = Dumps::tell_restore_test(ExerciseOutcome::failed);
        pass(engine, now, 1min);
        return own;
    }
    std::size_t shown() {
        std::size_t count = 0;
        engine.snapshot(now).assets.for_each([&](const AssetSnapshot&) { ++count; });
        return count;
    }
};

/// The check "workloads", which probes, sees these up.
void look(Engine& engine, Time& now, const List& names) {
    std::vector<SubjectReport> seen;
    for (const std::string& name : names) {
        seen.push_back(reach(ReachState::up, "cluster:6443"));
        seen.back().subject = name;
    }
    engine.learn("workloads", report(now, std::move(seen)), now);
    pass(engine, now, 10s);
}

/// Jobs of an asset that are told as exercises, each a subject of its own that nobody misses.
struct Jobs {
    Time now = kNow;
    Engine engine{now};

    Jobs() {
        Fleet fleet;
        Check jobs = backups_of("jobs", "orders");
        jobs.brings = {EvidenceKind::exercise};
        fleet.with(asset("orders")).with(jobs);
        engine.configure(fleet.done(), now);
    }
    SubjectReport ended(std::string exercise, std::string job, ExerciseOutcome outcome) const {
        Exercise run{.id = job, .exercise = std::move(exercise), .outcome = outcome};
        run.started_at = now - 1min;
        run.ended_at = now;
        return SubjectReport{.subject = std::move(job), .evidence = {run}, .passing = true};
    }
    /// A whole answer, and a minute.
    void tell(std::vector<SubjectReport> subjects) {
        engine.learn("jobs", report(now, std::move(subjects)), now);
        pass(engine, now, 1min);
    }
    auto firing_of(std::string_view name) { return std::ranges::count(firing(engine, now), name); }
};

} // namespace

TEST_CASE("subjects can make assets of a class") {
    Discovering dumps;
    dumps.fleet.config.classes["gold"].objectives.backup_every = 10min;
    dumps.configure();
    dumps.engine.learn(
        "dumps", report(kNow, {points("shop", {kNow - 1h, kNow - 30min}), points("crm", {kNow - 10min, kNow})}), kNow);
    dumps.engine.advance(kNow);
    REQUIRE(dumps.engine.asset("shop"));
    REQUIRE(dumps.engine.asset("crm"));
    CHECK(dumps.engine.check("dumps")->subject_assets == List{"crm", "shop"});
    List old;
    for_each_alert(dumps.engine.snapshot(kNow), [&](const Alert& alert) {
        if (alert.finding.identity.rule == RuleId::backup_too_old)
            old.push_back(alert.finding.identity.asset);
    });
    CHECK(old == List{"shop"});
}

TEST_CASE("a restore test that was a Job of its own has failed until the next one of its name passes") {
    Jobs jobs;
    jobs.tell({jobs.ended("restore-test", "job/1", ExerciseOutcome::failed)});
    CHECK(jobs.firing_of("RestoreTestFailed") == 1);
    // It was deleted, which says nothing of what it tested.
    jobs.tell({});
    CHECK(jobs.firing_of("RestoreTestFailed") == 1);
    jobs.tell({jobs.ended("restore-test", "job/2", ExerciseOutcome::passed)});
    CHECK(jobs.firing_of("RestoreTestFailed") == 0);
}

TEST_CASE("how an exercise stands outlives the Jobs that told it, however many of others come and go") {
    Jobs jobs;
    // Jobs that failed are kept, and those that passed deleted.
    const SubjectReport first = jobs.ended("restore-test", "job/1", ExerciseOutcome::failed);
    jobs.tell({first});
    jobs.tell({first, jobs.ended("restore-test", "job/2", ExerciseOutcome::passed)});
    jobs.tell({first, jobs.ended("failover", "job/3", ExerciseOutcome::failed)});
    for (int i = 4; i < 104; ++i) {
        const std::string name = std::to_string(i);
        jobs.tell({first, jobs.ended("drill-" + name, "job/" + name, ExerciseOutcome::passed)});
    }
    CHECK(jobs.firing_of("RestoreTestFailed") == 0);
    CHECK(jobs.firing_of("ExerciseFailed") == 1);
}

TEST_CASE("an asset that was made of what nobody misses goes with it") {
    Discovering dumps;
    Time& now = dumps.now;
    dumps.configure();
    SubjectReport passing = points("shop", {now - 1h, now});
    passing.passing = true;
    dumps.learn({passing, points("crm", {now - 1h, now})});
    REQUIRE(dumps.engine.asset("shop"));
    dumps.learn({points("crm", {now - 1h, now})});
    CHECK_FALSE(dumps.engine.asset("shop"));
    CHECK(dumps.engine.asset("crm"));
    CHECK(dumps.firing().empty());
}

TEST_CASE("assets that a check discovered outlive a change of its options until it has looked") {
    Discovering dumps;
    Time& now = dumps.now;
    dumps.configure();
    dumps.learn({points("shop", {now - 4h, now - 3h}), points("crm", {now - 1h, now})});
    REQUIRE(dumps.firing() == List{"BackupTooOld"});
    const Time first_seen = dumps.engine.asset("shop")->first_seen;
    dumps.change_options();
    dumps.engine.learn("dumps", failure(now), now);
    pass(dumps.engine, now, 1min);
    CHECK(dumps.firing() == List{"BackupTooOld"});
    REQUIRE(dumps.engine.asset("shop"));
    CHECK(dumps.engine.asset("shop")->first_seen == first_seen);
    dumps.learn({points("crm", {now - 1h, now})});
    CHECK(dumps.firing().empty());
    CHECK_FALSE(dumps.engine.asset("shop"));
    CHECK(dumps.engine.asset("crm"));
}

TEST_CASE("a report that changes nothing of the assets it discovered has none of them written anew") {
    Discovering dumps;
    dumps.configure();
    const auto learn = [&](std::vector<SubjectReport> seen) {
        dumps.learn(std::move(seen));
        List changed;
        for (const AssetUnit* unit : dumps.engine.take_changes().assets)
            changed.push_back(unit->name);
        std::ranges::sort(changed);
        return changed;
    };
    const Time at = dumps.now;
    CHECK(learn({points("crm", {at - 1h, at}), points("shop", {at - 1h, at})}) == List{"crm", "shop"});
    CHECK(learn({points("crm", {at - 1h, at}), points("shop", {at - 1h, at})}) == List{});
    CHECK(learn({points("crm", {at - 1h, at}), points("mail", {at - 1h, at}), points("shop", {at - 1h, at})}) ==
          List{"mail"});
    for (const char* name : {"crm", "mail", "shop"})
        CHECK(dumps.engine.asset(name)->verdict.recoverable_until == at);
    // Another class counts from the reload on.
    dumps.fleet.config.classes["gold"].objectives.rpo = 1min;
    dumps.configure();
    CHECK(dumps.engine.asset("crm")->asset.objectives.rpo == 1min);
}

TEST_CASE("what was reported of a discovered asset outlives half a look after a change of options") {
    Discovering dumps;
    Time& now = dumps.now;
    dumps.configure();
    dumps.engine.learn("dumps", report(now, {points("crm", {now}), points("shop", {now})}), now);
    const std::string own = dumps.tell_restore_test(ExerciseOutcome::failed);
    pass(dumps.engine, now, 1min);
    REQUIRE(dumps.firing() == List{"RestoreTestFailed"});
    dumps.change_options();
    dumps.learn({points("crm", {now})}, false);
    CHECK(dumps.engine.check(own));
    dumps.learn({points("crm", {now}), points("shop", {now})});
    CHECK(dumps.firing() == List{"RestoreTestFailed"});
}

TEST_CASE("what was reported of a discovered asset outlives a restart with other options") {
    Discovering dumps;
    Time& now = dumps.now;
    Engine& engine = dumps.engine;
    dumps.configure();
    engine.learn("dumps", report(now, {points("shop", {now - 1h, now})}), now);
    dumps.tell_restore_test(ExerciseOutcome::passed);
    pass(engine, now, 1min);

    dumps.check.fingerprint = "pgbackrest elsewhere";
    Engine after{now};
    for (const char* name : {"dumps", "shop/outcomes"}) {
        const auto* unit = engine.check(name);
        after.restore_check(name, {unit->check->fingerprint, *unit->memory, unit->alerts, std::nullopt});
    }
    after.restore_asset("shop", engine.asset("shop")->first_seen, engine.asset("shop")->alerts);
    after.configure(dumps.config(), now);
    pass(after, now, 1min);
    REQUIRE(after.check("shop/outcomes"));
    CHECK(after.check("shop/outcomes")->memory->subjects.at("restore-test").exercises.size() == 1);
    CHECK(after.take_changes().dropped_checks.empty());
    after.learn("dumps", report(now, {points("shop", {now - 1h, now})}), now);
    pass(after, now, 1min);
    REQUIRE(after.asset("shop"));
    CHECK(after.asset("shop")->first_seen == engine.asset("shop")->first_seen);
}

TEST_CASE("an asset that was made of a subject is forgotten with it") {
    Discovering dumps;
    Time& now = dumps.now;
    Engine& engine = dumps.engine;
    dumps.fleet.config.scenarios = {Scenario{.name = "ransomware", .recovers = {"*"}}};
    dumps.configure();
    dumps.learn({points("crm", {now - 1h, now}), points("shop", {now - 1h, now})});
    REQUIRE(engine.scenario("ransomware")->readiness->assets.size() == 2);
    const std::string own = dumps.tell_restore_test(ExerciseOutcome::passed);
    dumps.learn({points("crm", {now - 1h, now})});
    REQUIRE(dumps.firing() == List{"SubjectVanished"});
    CHECK(engine.forget("dumps/shop", now) == 1);
    CHECK_FALSE(engine.asset("shop"));
    REQUIRE(engine.asset("crm"));
    CHECK_FALSE(engine.check(own));
    pass(engine, now, 1s);
    CHECK(engine.scenario("ransomware")->readiness->assets.size() == 1);
    for (int i = 0; i < 30; ++i)
        dumps.learn({points("crm", {now - 1h, now})});
    CHECK(dumps.firing().empty());
    CHECK(engine.take_changes().dropped_assets == List{"shop"});
    std::size_t shown = 0;
    engine.snapshot(now).assets.for_each([&](const AssetSnapshot&) { ++shown; });
    CHECK(shown == 1);
}

TEST_CASE("an asset that is promised where it is seen is there once it is, as it was promised") {
    Promised dumps;
    dumps.check.asset_map = {{"main", "shop"}};
    dumps.configure();
    dumps.learn({"users"});
    CHECK_FALSE(dumps.engine.asset("shop"));
    CHECK(dumps.engine.outcome_check("shop", "restore-test", dumps.now).empty());
    CHECK(dumps.shown() == 0);
    dumps.learn({"main", "users"});
    REQUIRE(dumps.engine.asset("shop"));
    CHECK(dumps.engine.asset("shop")->asset == dumps.fleet.config.where_seen.at("shop"));
    CHECK(dumps.engine.asset("shop")->verdict.recoverable_until == dumps.now - 1min);
    CHECK(dumps.shown() == 1);
    // It is missed where it was seen.
    for (int i = 0; i < 30; ++i)
        dumps.learn({"users"});
    CHECK(dumps.firing() == List{"SubjectVanished"});
    CHECK(dumps.engine.asset("shop"));
    CHECK(dumps.engine.forget("dumps/main", dumps.now) == 1);
    CHECK_FALSE(dumps.engine.asset("shop"));
}

TEST_CASE("an asset that is promised where it is seen is not made of a class") {
    Promised dumps;
    dumps.check.asset = "{subject}";
    SECTION("though its check discovers others") {
        dumps.fleet.config.classes["gold"] = asset("");
        dumps.check.discover = true;
        dumps.check.discover_class = "gold";
        dumps.configure();
        dumps.learn({"shop", "users"});
        CHECK(dumps.engine.asset("users")->asset.asset_class == "gold");
    }
    SECTION("and its check makes no others") {
        dumps.configure();
        dumps.learn({"shop", "users"});
        CHECK_FALSE(dumps.engine.asset("users"));
    }
    REQUIRE(dumps.engine.asset("shop"));
    CHECK(dumps.engine.asset("shop")->asset == dumps.fleet.config.where_seen.at("shop"));
    // Another promise counts from the reload on.
    dumps.fleet.config.where_seen["shop"].objectives.rpo = 1h;
    dumps.configure();
    CHECK(dumps.engine.asset("shop")->asset.objectives.rpo == 1h);
}

TEST_CASE("an asset that was promised where it is seen goes with its promise") {
    Promised dumps;
    dumps.check.asset = "{subject}";
    dumps.configure();
    dumps.learn({"shop"});
    REQUIRE(dumps.engine.asset("shop"));
    dumps.fleet.config.where_seen.clear();
    dumps.configure();
    CHECK_FALSE(dumps.engine.asset("shop"));
    CHECK(dumps.shown() == 0);
    dumps.learn({"shop"});
    CHECK_FALSE(dumps.engine.asset("shop"));
}

TEST_CASE("an asset that is promised where it is seen outlives other options of its check until that has looked") {
    Promised dumps;
    Time& now = dumps.now;
    dumps.check.asset_map = {{"main", "shop"}};
    dumps.configure();
    dumps.engine.learn("dumps", report(now, {points("main", {now - 4h, now - 3h})}), now);
    pass(dumps.engine, now, 1min);
    REQUIRE(dumps.firing() == List{"BackupTooOld"});
    dumps.change_options();
    dumps.engine.learn("dumps", failure(now), now);
    pass(dumps.engine, now, 1min);
    CHECK(dumps.firing() == List{"BackupTooOld"});
    CHECK(dumps.engine.asset("shop"));
    dumps.learn({"users"});
    CHECK(dumps.firing().empty());
    CHECK_FALSE(dumps.engine.asset("shop"));
}

TEST_CASE("a check with other options that sees nothing has nothing of what it saw before") {
    Promised dumps;
    dumps.check.asset_map = {{"main", "shop"}};
    dumps.configure();
    dumps.learn({"main"});
    dumps.change_options();
    REQUIRE(dumps.engine.asset("shop"));
    dumps.learn({});
    CHECK_FALSE(dumps.engine.asset("shop"));
}

TEST_CASE("nobody misses what a check with other options has not looked at yet") {
    Promised dumps;
    dumps.check.asset_map = {{"main", "shop"}};
    dumps.configure();
    for (int i = 0; i < 10; ++i)
        dumps.learn({"main"});
    REQUIRE(dumps.firing().empty());
    dumps.change_options();
    pass(dumps.engine, dumps.now, 1s);
    CHECK(dumps.firing().empty());
    dumps.engine.learn("dumps", failure(dumps.now), dumps.now);
    pass(dumps.engine, dumps.now, 1s);
    CHECK(dumps.firing().empty());
}

TEST_CASE("what was reported of an asset that is promised where it is seen outlives a restart with other options") {
    Promised dumps;
    dumps.check.asset_map = {{"main", "shop"}};
    dumps.configure();
    dumps.learn({"main"});
    const std::string own = dumps.tell_restore_test();
    REQUIRE(dumps.firing() == List{"RestoreTestFailed"});
    dumps.check.fingerprint = "pgbackrest elsewhere";
    Engine after{dumps.now};
    for (const std::string& name : {std::string{"dumps"}, own}) {
        const auto* unit = dumps.engine.check(name);
        after.restore_check(name, {unit->check->fingerprint, *unit->memory, unit->alerts, std::nullopt});
    }
    for (const char* name : {"shop", "users"})
        after.restore_asset(name, dumps.now - 1h, {});
    after.configure(dumps.config(), dumps.now);
    CHECK(after.asset("shop"));
    CHECK(after.check(own));
    // Nobody promises that one.
    CHECK_FALSE(after.asset("users"));
}

TEST_CASE("what a probe discovers is judged, whenever it appears, and says who sees it") {
    Fleet fleet;
    Asset service = asset("");
    service.objectives = {};
    service.objectives.backups = false;
    fleet.config.classes["service"] = service;
    Check check = probe("workloads", "cluster:6443");
    check.asset = "{subject}";
    check.discover = true;
    check.discover_class = "service";
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.with(check).done(), now);
    look(engine, now, {"web"});
    look(engine, now, {"api", "web"});
    CHECK(engine.asset("web")->verdict.state == VerdictState::recoverable);
    CHECK(engine.asset("api")->verdict.state == VerdictState::recoverable);
    std::size_t shown = 0;
    engine.snapshot(now).assets.for_each([&](const AssetSnapshot& one) {
        CHECK(one.checks == List{"workloads"});
        ++shown;
    });
    CHECK(shown == 2);
}

TEST_CASE("a configured asset that a probe comes to see later is judged") {
    Fleet fleet;
    Asset shop = asset("shop");
    shop.objectives = {};
    shop.objectives.backups = false;
    Check check = probe("workloads", "cluster:6443");
    check.asset_map = {{"web", "shop"}};
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.with(shop).with(check).done(), now);
    look(engine, now, {"db"});
    CHECK(engine.asset("shop")->verdict.state == VerdictState::unknown);
    look(engine, now, {"db", "web"});
    CHECK(engine.asset("shop")->verdict.state == VerdictState::recoverable);
}
