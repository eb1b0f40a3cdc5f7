// SPDX-License-Identifier: Apache-2.0
// What an engine remembers, and from when it counts: after somebody forgot a subject, a start with a slow clock, and
// other options of a check.
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

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

/// Of an index, whether it is sound; nothing where nobody could tell.
Report soundness(Time at, std::optional<std::string> actual) {
    Assertion sound;
    sound.name = "sound";
    sound.expected = "yes";
    sound.actual = std::move(actual);
    return fleet::report(at, {{"index", {}, {Assertions{{sound}}}, {}}});
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

/// An asset that does not say since when it has been there, seen for two months, whose check is changed.
struct Edited {
    Time now = kNow;
    std::unique_ptr<Engine> engine = std::make_unique<Engine>(now);
    Check check = fleet::backups_of("b", "orders");
    bool restarts = false;

    Edited() {
        engine->configure(config(), now);
        sees({now - 1h, now});
        pass(*engine, now, 60 * kDay);
    }
    std::shared_ptr<const Config> config() const {
        Asset orders = fleet::asset("orders");
        orders.objectives.since.reset();
        orders.objectives.retention = 30 * kDay;
        return Fleet{}.with(orders).with(check).done();
    }
    void sees(const std::vector<Time>& at) {
        engine->learn("b", fleet::report(now, {fleet::points("repo1", at)}), now);
        engine->advance(now);
    }
    /// By a reload, or while the agent is down.
    void edit(std::string options) {
        check.fingerprint = check.collector + " " + std::move(options);
        if (restarts) {
            auto after = std::make_unique<Engine>(now);
            const CheckUnit* kept = engine->check("b");
            after->restore_asset("orders", engine->asset("orders")->first_seen, engine->asset("orders")->alerts);
            after->restore_check("b", {kept->check->fingerprint, *kept->memory, kept->alerts, {}});
            engine = std::move(after);
        }
        engine->configure(config(), now);
        pass(*engine, now, 1min);
    }
    /// "P3 BackupRetentionShort 5184000": priority, name, and the second it began.
    Texts fires() {
        Texts said;
        for_each_alert(engine->snapshot(now), [&](const Alert& alert) {
            const Finding& finding = alert.finding;
            if (alert.state == AlertState::firing && finding.identity.rule != RuleId::recoverd_watchdog)
                said.push_back(fmt::format("{} {} {}", name_of(finding.priority), rule(finding.identity.rule).name,
                                           to_seconds(alert.started_at - kNow)));
        });
        return said;
    }
};

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

TEST_CASE("what is forgotten of one subject is left to its collector, which may know more than that") {
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(Fleet{}.with(fleet::asset("orders")).with(fleet::backups_of("b", "orders")).done(), now);
    const auto look = [&] {
        Report report = fleet::report(now, {fleet::points("repo1", {now}), fleet::points("repo2", {now})});
        report.result->cursor = "where it left off";
        engine.learn("b", report, now);
    };
    const auto memory = [&]() -> const CheckMemory& { return *engine.check("b")->memory; };
    look();
    CHECK(engine.forget("b/repo1", now) == 1);
    CHECK(engine.forget("b/repo1", now) == 0);
    CHECK(memory().cursor == "where it left off");
    CHECK(memory().forgotten == Texts{"repo1"});
    look();
    CHECK(memory().forgotten.empty());
}

TEST_CASE("what is forgotten while a look runs is not brought back by that look") {
    for (const char* cursor : {"", "where it left off"}) {
        CAPTURE(cursor);
        Engine engine{kNow};
        Time now = kNow;
        engine.configure(Fleet{}.with(fleet::asset("orders")).with(fleet::backups_of("b", "orders")).done(), now);
        const auto memory = [&]() -> const CheckMemory& { return *engine.check("b")->memory; };
        // One that began when so much had been forgotten.
        const auto look = [&](Texts forgotten) {
            Report report = fleet::report(now, {fleet::points("repo1", {now}), fleet::points("repo2", {now})});
            report.result->cursor = cursor;
            report.forgotten = std::move(forgotten);
            engine.learn("b", report, now);
            pass(engine, now, 1min);
        };
        look({});
        CHECK(engine.forget("b/repo2", now) == 1);
        const Texts one_of_them = memory().forgotten;
        REQUIRE(one_of_them == Texts{"repo2"});
        CHECK(engine.forget("b/repo1", now) == 1);
        // Neither by one that learns nothing.
        engine.learn("b", fleet::failure(now), now);
        look(one_of_them);
        CHECK_FALSE(memory().subjects.contains("repo1"));
        CHECK(memory().subjects.contains("repo2"));
        CHECK(memory().forgotten == Texts{"repo1"});
        CHECK(memory().cursor == cursor);
        // The next one is told.
        look(memory().forgotten);
        CHECK(memory().subjects.at("repo1").first_seen == now - 1min);
        CHECK(memory().forgotten.empty());
    }
}

TEST_CASE("what is told in the moment in which it is learned is known whatever was forgotten before") {
    Engine engine{kNow};
    engine.configure(Fleet{}.with(fleet::asset("orders")).with(told_of("{}")).done(), kNow);
    engine.learn("restore", passed_at(kNow), kNow);
    CHECK(engine.forget("restore/restore-test", kNow) == 1);
    CHECK(engine.check("restore")->memory->forgotten.empty());
    engine.learn("restore", passed_at(kNow), kNow);
    CHECK(engine.check("restore")->memory->subjects.contains("restore-test"));
}

TEST_CASE("an expectation that failed goes on failing over other options while nobody learns whether it holds") {
    Engine engine{kNow};
    Time now = kNow;
    Check check = fleet::backups_of("v", "orders");
    check.brings = {EvidenceKind::assertions};
    const auto use = [&](const char* options) {
        check.fingerprint = std::string{"pgbackrest "} + options;
        engine.configure(Fleet{}.with(fleet::asset("orders")).with(check).done(), now);
    };
    const auto sees = [&](std::optional<std::string> actual) {
        engine.learn("v", soundness(now, std::move(actual)), now);
        pass(engine, now, 1s);
    };
    const auto failed = [&] { return std::ranges::count(firing(engine, now), "AssertionFailed"); };
    use("{a}");
    sees("no");
    REQUIRE(failed() == 1);
    use("{b}");
    sees({});
    CHECK(failed() == 1);
    sees({});
    CHECK(failed() == 1);
    sees("yes");
    CHECK(failed() == 0);
    // Of one that was not known to fail nothing is told.
    sees({});
    CHECK(failed() == 0);
}

TEST_CASE("an expectation that failed goes on, while nobody learns of it, as it is configured now") {
    Engine engine{kNow};
    Time now = kNow;
    Check check = fleet::backups_of("v", "orders");
    check.brings = {EvidenceKind::assertions};
    const auto use = [&] {
        engine.configure(Fleet{}.with(fleet::asset("orders")).with(fleet::asset("shop")).with(check).done(), now);
        pass(engine, now, 1s);
    };
    const auto sees = [&](std::optional<std::string> actual) {
        engine.learn("v", soundness(now, std::move(actual)), now);
        pass(engine, now, 1s);
    };
    const auto failed_of = [&] {
        Texts assets;
        for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
            const Identity& identity = alert.finding.identity;
            if (alert.state == AlertState::firing && identity.rule == RuleId::assertion_failed)
                assets.push_back(identity.asset);
        });
        return assets;
    };
    use();
    sees("no");
    sees({});
    REQUIRE(failed_of() == Texts{"orders"});
    SECTION("nobody wants to hear of it") {
        SubjectOverride quiet;
        quiet.match = "ind*";
        quiet.policy[RuleId::assertion_failed].enabled = false;
        check.subjects.push_back(quiet);
        use();
        CHECK(failed_of().empty());
        sees({});
        CHECK(failed_of().empty());
    }
    SECTION("it belongs to another asset") {
        check.asset_map["index"] = "shop";
        use();
        CHECK(failed_of() == Texts{"shop"});
        sees({});
        CHECK(failed_of() == Texts{"shop"});
    }
    SECTION("it belongs to another asset, and the options are others") {
        check.asset_map["index"] = "shop";
        check.fingerprint += " other";
        use();
        CHECK(failed_of() == Texts{"orders"});
        sees({});
        CHECK(failed_of() == Texts{"shop"});
    }
    SECTION("it belongs to none") {
        check.asset.clear();
        use();
        CHECK(failed_of() == Texts{""});
    }
    sees("yes");
    CHECK(failed_of().empty());
}

TEST_CASE("a standby goes on missing under the asset of its server, until that shows its standbys to other options") {
    Engine engine{kNow};
    Time now = kNow;
    Check check = fleet::backups_of("server", "{subject}");
    check.brings = {EvidenceKind::replication, EvidenceKind::fingerprint};
    check.own_policy[RuleId::replica_missing].hold = 0ms;
    const auto use = [&] { engine.configure(Fleet{}.with(fleet::asset("orders")).with(check).done(), now); };
    const auto sees = [&](std::vector<Evidence> evidence, std::optional<Failure> broken) {
        const SubjectReport seen{"orders", {}, std::move(evidence), std::move(broken)};
        engine.learn("server", fleet::report(now, {seen}), now);
        pass(engine, now, 1s);
    };
    const auto missing = [&] {
        Texts found;
        for (const auto& [labels, alert] : engine.check("server")->alerts)
            if (alert.state == AlertState::firing)
                found.push_back(labels.at("alertname") + " " + labels.at("asset") + " " + labels.at("subject"));
        return found;
    };
    Replication followed;
    followed.role = "primary";
    followed.followers.push_back({.name = "standby1", .state = FollowerState::missing, .expected = true});
    const Fingerprint is_the_same{.name = "system_identifier", .value = "42"};
    const Failure refused{FailureKind::refused, "may not read pg_stat_replication"};
    const Texts found{"ReplicaMissing orders orders/standby1"};
    use();
    sees({followed, is_the_same}, {});
    REQUIRE(missing() == found);
    check.fingerprint += " other";
    use();
    engine.learn("server", fleet::failure(now), now);
    pass(engine, now, 1s);
    CHECK(missing() == found);
    sees({is_the_same}, refused);
    CHECK(missing() == found);
    SECTION("it follows") {
        followed.followers.front().state = FollowerState::streaming;
        sees({followed, is_the_same}, {});
    }
    SECTION("nobody wants to hear of it") {
        SubjectOverride quiet;
        quiet.match = "orders";
        quiet.policy[RuleId::replica_missing].enabled = false;
        check.subjects.push_back(quiet);
        use();
        pass(engine, now, 1s);
    }
    CHECK(missing().empty());
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
    after.restore_check("b", {kept->check->fingerprint, *kept->memory, kept->alerts, {}});
    after.configure(config, now);
    CHECK(after.check("b")->memory->last_success == now);
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
    after.restore_check("restore", {kept->check->fingerprint, *kept->memory, kept->alerts, {}});
    after.configure(later, now);
    after.advance(now);
    CHECK(after.check("restore")->memory->subjects.contains("restore-test"));

    engine.configure(later, now);
    engine.advance(now);
    CHECK(engine.check("restore")->memory->subjects.contains("restore-test"));
    CHECK(std::ranges::count(firing(engine, now), "RestoreTestOverdue") == 0);
    // It was another collector's name before.
    Check other = fleet::backups_of("restore", "orders");
    engine.configure(with_cadence(other), now);
    CHECK(engine.check("restore")->memory->subjects.empty());
}

TEST_CASE("other options of a check end nothing that is asked of what has been there for long") {
    for (const bool restarts : {false, true}) {
        CAPTURE(restarts);
        Edited edited;
        edited.restarts = restarts;
        const auto keeps_too_little = [&] { edited.sees({edited.now - 12 * kDay, edited.now}); };
        keeps_too_little();
        const Texts short_since = edited.fires();
        REQUIRE(short_since == Texts{fmt::format("P3 BackupRetentionShort {}", to_seconds(60 * kDay))});
        for (const char* options : {"{command}", "{command, scan_archive}"}) {
            edited.edit(options);
            CHECK(edited.fires() == short_since);
            keeps_too_little();
            CHECK(edited.fires() == short_since);
        }
        // All of them are gone.
        edited.sees({});
        const Texts gone = edited.fires();
        REQUIRE(gone.size() == 1);
        CHECK(gone.front().starts_with("P1 BackupMissing "));
        edited.edit("{command, stanza}");
        edited.sees({});
        CHECK(edited.fires() == gone);
        // Of another collector it is another thing, which has a day for its first backup.
        edited.check.collector = "restic";
        edited.edit("{repository}");
        edited.sees({});
        REQUIRE(edited.fires().size() == 1);
        CHECK(edited.fires().front().starts_with("P3 BackupMissing "));
    }
}

TEST_CASE("how long something was there before its check was changed moves with the clock, and can be forgotten") {
    Edited edited;
    edited.edit("{command}");
    const auto before = [&]() -> const auto& { return edited.engine->check("b")->memory->seen_before; };
    CHECK(before().at("repo1").first_seen == kNow);
    edited.engine->clock_jumped(kDay);
    edited.now += kDay;
    CHECK(before().at("repo1").first_seen == kNow + kDay);
    CHECK(edited.engine->forget("b/repo1", edited.now) == 1);
    CHECK(edited.engine->forget("b/repo1", edited.now) == 0);
    CHECK(before().empty());
    edited.sees({edited.now - 12 * kDay, edited.now});
    CHECK(edited.fires().empty());
}
