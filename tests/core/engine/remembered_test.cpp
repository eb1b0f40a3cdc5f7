// SPDX-License-Identifier: Apache-2.0
// What an engine remembers, and from when it counts: after somebody forgot a subject, a start with a slow clock, and
// other options of a check that is told.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;
using fleet::firing;
using fleet::Fleet;
using fleet::kNow;
using fleet::pass;
using fleet::Texts;

namespace {

/// One that is told of exercises, and never looks.
Check told_of(const char* options) {
    Check told;
    told.name = "restore";
    told.asset = "orders";
    told.collector = "outcome";
    told.every = Duration{0};
    told.brings = {EvidenceKind::exercise};
    told.fingerprint = std::string{"outcome "} + options;
    return told;
}

Report passed_at(Time at) {
    Exercise test;
    test.id = "1";
    test.exercise = "restore-test";
    test.outcome = ExerciseOutcome::passed;
    test.ended_at = at;
    test.depth = Depth::queried;
    return fleet::report(at, {{"restore-test", {}, {test}, {}}}, false);
}

/// The same, and a promise that it will come again.
std::shared_ptr<const Config> with_cadence(Check told) {
    Fleet fleet;
    fleet.with(fleet::asset("orders")).with(told);
    fleet.config.exercises.push_back({"restore-test", "orders", 7 * kDay, std::nullopt});
    return fleet.done();
}

} // namespace

TEST_CASE("a check whose only subject was forgotten has not been silent for that, until it is") {
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(Fleet{}.with(fleet::asset("orders")).with(fleet::backups_of("b", "orders")).done(), now);
    for (int i = 0; i < 60; ++i) {
        engine.learn("b", fleet::report(now, {fleet::points("repo1", {now})}), now);
        pass(engine, now, 1min);
    }
    CHECK(engine.forget("b/repo1", now) == 1);
    engine.advance(now);
    CHECK(std::ranges::count(firing(engine, now), "EvidenceMissing") == 0);
    pass(engine, now, 5min);
    CHECK(std::ranges::count(firing(engine, now), "EvidenceMissing") == 1);
}

TEST_CASE("a node that another takes the place of is missed by nobody, and what is told of the other is its own") {
    Check nodes = fleet::probe("nodes", "cluster:6443");
    nodes.asset = "{subject}";
    nodes.failures = 1;
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(Fleet{}.with(fleet::asset("n1")).with(fleet::asset("n2")).with(nodes).done(), now);
    const auto sees = [&](const char* name, ReachState state) {
        SubjectReport report = fleet::reach(state, name);
        report.subject = name;
        report.passing = true;
        engine.learn("nodes", fleet::report(now, {report}), now);
        pass(engine, now, 1min);
    };
    sees("n1", ReachState::down);
    sees("n2", ReachState::down);
    std::vector<std::string> told;
    for (const auto& [labels, alert] : engine.check("nodes")->alerts)
        if (alert.state == AlertState::firing)
            told.push_back(labels.at("alertname") + " " + labels.at("asset") + " " + labels.at("subject"));
    CHECK(told == Texts{"EndpointDown n2 n2"});
}

TEST_CASE("what an earlier life kept is not ahead of a slow clock, and silence is told all the same") {
    Engine before{kNow};
    const auto config = Fleet{}.with(fleet::asset("orders")).with(fleet::backups_of("b", "orders")).done();
    before.configure(config, kNow);
    // Its backups are old, which fires.
    before.learn("b", fleet::report(kNow, {fleet::points("repo1", {kNow - kDay})}), kNow);
    before.advance(kNow);
    REQUIRE(firing(before, kNow) == Texts{"BackupTooOld"});

    Time now = kNow - 5h;
    Engine after{now};
    after.restore_asset("orders", before.asset("orders")->first_seen, before.asset("orders")->alerts);
    const CheckUnit* kept = before.check("b");
    after.restore_check("b", {kept->check->fingerprint, kept->memory, kept->alerts, {}});
    after.configure(config, now);
    CHECK(after.check("b")->memory.last_success == now);
    CHECK(after.asset("orders")->first_seen <= now);
    for (const auto& [labels, alert] : after.check("b")->alerts)
        CHECK(alert.started_at <= now);
    // Somebody sets the clock.
    after.clock_jumped(5h);
    now += 5h;
    for (int i = 0; i < 10; ++i) {
        after.learn("b", fleet::failure(now), now);
        pass(after, now, 1min);
    }
    CHECK(std::ranges::count(firing(after, now), "EvidenceMissing") == 1);
}

TEST_CASE("what a check was told stays known whatever is expected of it from now on") {
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(Fleet{}.with(fleet::asset("orders")).with(told_of("{exercise}")).done(), now);
    pass(engine, now, 30 * kDay);
    engine.learn("restore", passed_at(now), now);
    const auto later = with_cadence(told_of("{exercise, cadence}"));

    const CheckUnit* kept = engine.check("restore");
    Engine after{now};
    after.restore_asset("orders", engine.asset("orders")->first_seen, {});
    after.restore_check("restore", {kept->check->fingerprint, kept->memory, kept->alerts, {}});
    after.configure(later, now);
    after.advance(now);
    CHECK(after.check("restore")->memory.subjects.contains("restore-test"));

    engine.configure(later, now);
    engine.advance(now);
    CHECK(engine.check("restore")->memory.subjects.contains("restore-test"));
    CHECK(std::ranges::count(firing(engine, now), "RestoreTestOverdue") == 0);
    // It was another collector's name before.
    Check other = fleet::backups_of("restore", "orders");
    engine.configure(with_cadence(other), now);
    CHECK(engine.check("restore")->memory.subjects.empty());
}
