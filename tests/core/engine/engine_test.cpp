// SPDX-License-Identifier: Apache-2.0
#include "tests/core/engine/fleet.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace recoverd::core;
using namespace recoverd::core::fleet;

namespace {

using List = std::vector<std::string>;

/// An engine that watches one asset with one backup check, whose newest backup is `age` old.
struct Watched {
    Time now = kNow;
    Engine engine{kNow};

    explicit Watched(Duration age = 0ms) {
        engine.configure(Fleet{}.with(asset("orders")).with(backups_of("b", "orders")).done(), now);
        learn(points("repo1", {now - age - 1h, now - age}));
    }
    void learn(SubjectReport seen) {
        engine.learn("b", report(now, {std::move(seen)}), now);
        engine.advance(now);
    }
    /// Of its check: another source under the same name.
    void change_options() {
        Check changed = backups_of("b", "orders");
        changed.fingerprint = "pgbackrest elsewhere";
        engine.configure(Fleet{}.with(asset("orders")).with(changed).done(), now);
    }
    void pass(Duration duration) { fleet::pass(engine, now, duration); }
    List firing() { return fleet::firing(engine, now); }
    const Alert* alert(std::string_view name) {
        found_.reset();
        for_each_alert(engine.snapshot(now), [&](const Alert& one) {
            if (one.labels.at("alertname") == name && one.state == AlertState::firing)
                found_ = one;
        });
        return found_ ? &*found_ : nullptr;
    }

  private:
    std::optional<Alert> found_;
};

/// What the store would keep, given to a new engine that starts at `now`.
std::unique_ptr<Engine> restarted(const Engine& before, const std::shared_ptr<const Config>& config, Time now,
                                  std::optional<Time> due_at = std::nullopt) {
    auto after = std::make_unique<Engine>(now);
    for (const auto& check : config->checks)
        if (const auto* unit = before.check(check->name))
            after->restore_check(unit->name, {unit->check->fingerprint, *unit->memory, unit->alerts, due_at});
    for (const auto& [name, kept] : config->assets)
        if (const auto* unit = before.asset(name))
            after->restore_asset(name, unit->first_seen, unit->alerts);
    after->restore_other(before.other_alerts());
    after->configure(config, now);
    after->advance(now);
    return after;
}

/// After two days in which nobody tests what is to be tested every day.
bool overdue_names_node(Fleet& fleet) {
    fleet.config.instance = "node1";
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    pass(engine, now, 2 * kDay);
    std::optional<bool> names_node;
    for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
        if (alert.labels.at("alertname") == "RestoreTestOverdue")
            names_node = alert.labels.contains("instance");
    });
    REQUIRE(names_node);
    return *names_node;
}

} // namespace

TEST_CASE("though no check ever runs again, an age rule fires on its second") {
    Watched watched;
    watched.pass(2h - 1s);
    CHECK_FALSE(watched.alert("BackupTooOld"));
    watched.pass(1s);
    REQUIRE(watched.alert("BackupTooOld"));
    CHECK(watched.alert("BackupTooOld")->started_at - kNow == 2h);
}

TEST_CASE("a fresh backup ends what its age began") {
    Watched watched{3h};
    REQUIRE(watched.alert("BackupTooOld"));
    watched.learn(points("repo1", {watched.now - 4h, watched.now - 3h, watched.now}));
    CHECK_FALSE(watched.alert("BackupTooOld"));
}

TEST_CASE("a check that fails ends no finding, and its silence becomes one of its own") {
    Watched watched{3h};
    for (int i = 0; i < 10; ++i) {
        watched.engine.learn("b", failure(watched.now), watched.now);
        watched.pass(1min);
    }
    CHECK(watched.alert("BackupTooOld"));
    REQUIRE(watched.alert("EvidenceMissing"));
    CHECK(watched.alert("EvidenceMissing")->finding.priority == Priority::p3);
    watched.learn(points("repo1", {watched.now - 1h, watched.now}));
    CHECK_FALSE(watched.alert("BackupTooOld"));
    CHECK_FALSE(watched.alert("EvidenceMissing"));
}

TEST_CASE("an alert is sent on after a restart with the start it had") {
    Watched watched{3h};
    const Time started = watched.alert("BackupTooOld")->started_at;
    const auto config = Fleet{}.with(asset("orders")).with(backups_of("b", "orders")).done();
    Time now = kNow + 10min;
    const auto restored = restarted(watched.engine, config, now);
    Engine& after = *restored;
    CHECK(firing(after, now) == List{"BackupTooOld"});
    after.learn("b", report(now, {points("repo1", {kNow - 4h, kNow - 3h})}), now);
    after.advance(now);
    const auto& alerts = after.check("b")->alerts;
    REQUIRE(alerts.size() == 1);
    CHECK(alerts.begin()->second.started_at == started);
    CHECK(after.take_changes().transitions.empty());
}

TEST_CASE("an agent that was stopped for a day does not storm at its start") {
    Watched watched;
    const auto config = Fleet{}.with(asset("orders")).with(backups_of("b", "orders")).done();
    Time now = kNow + kDay;
    const auto restored = restarted(watched.engine, config, now);
    Engine& after = *restored;
    pass(after, now, 2min);
    CHECK(firing(after, now).empty());
    after.learn("b", failure(now), now);
    pass(after, now, 1min);
    CHECK(firing(after, now) == List{"BackupTooOld"});
}

TEST_CASE("what was pending before a restart has to hold from then on: nobody saw it do so") {
    Check check = backups_of("b", "orders");
    check.policy[RuleId::backup_too_old].hold = 4min;
    const auto config = Fleet{}.with(asset("orders")).with(check).done();
    const auto old = [](Time at) { return report(at, {points("repo1", {kNow - 4h, kNow - 3h})}); };
    Time now = kNow;
    Engine before{kNow};
    before.configure(config, now);
    before.learn("b", old(now), now);
    pass(before, now, 1min);
    REQUIRE(firing(before, now).empty());
    now += 10min;
    const auto after = restarted(before, config, now);
    after->learn("b", old(now), now);
    pass(*after, now, 3min);
    CHECK(firing(*after, now).empty());
    pass(*after, now, 90s);
    CHECK(firing(*after, now) == List{"BackupTooOld"});
}

TEST_CASE("what was pending when its machine was suspended has to hold from when that woke") {
    Check check = backups_of("b", "orders");
    check.policy[RuleId::backup_too_old].hold = 4min;
    Time now = kNow;
    Engine engine{kNow};
    engine.configure(Fleet{}.with(asset("orders")).with(check).done(), now);
    engine.learn("b", report(now, {points("repo1", {kNow - 4h, kNow - 3h})}), now);
    pass(engine, now, 1min);
    REQUIRE(firing(engine, now).empty());
    now += 10min;
    engine.resumed(now);
    pass(engine, now, 3min);
    CHECK(firing(engine, now).empty());
    pass(engine, now, 90s);
    CHECK(firing(engine, now) == List{"BackupTooOld"});
}

TEST_CASE("a check that is to look more often is not late at once") {
    Watched watched;
    const auto look_every = [&](Duration every) {
        Check check = backups_of("b", "orders");
        check.every = every;
        watched.engine.configure(Fleet{}.with(asset("orders")).with(check).done(), watched.now);
    };
    look_every(1h);
    watched.pass(40min);
    REQUIRE_FALSE(watched.alert("EvidenceMissing"));
    look_every(1min);
    watched.pass(4min);
    CHECK_FALSE(watched.alert("EvidenceMissing"));
    watched.pass(2min);
    CHECK(watched.alert("EvidenceMissing"));
}

TEST_CASE(
    "what is told of one subject's silence goes on, and makes the others late neither by a reload nor a restart") {
    Watched watched;
    const auto look_every = [&](Duration every) {
        Check check = backups_of("b", "orders");
        check.every = every;
        const auto config = Fleet{}.with(asset("orders")).with(check).done();
        watched.engine.configure(config, watched.now);
        return config;
    };
    const auto silent = [](Engine& engine, Time now) {
        return std::ranges::count(firing(engine, now), "EvidenceMissing");
    };
    const SubjectReport unreadable{"repo2", {}, {}, Failure{FailureKind::unreachable, "no route"}};
    look_every(1h);
    for (int hour = 0; hour < 5; ++hour) {
        watched.engine.learn("b", report(watched.now, {points("repo1", {watched.now}), unreadable}), watched.now);
        watched.pass(hour < 4 ? 1h : 40min);
    }
    REQUIRE(silent(watched.engine, watched.now) == 1);
    const Time started = watched.alert("EvidenceMissing")->started_at;
    const auto config = look_every(1min);
    watched.pass(4min);
    CHECK(silent(watched.engine, watched.now) == 1);
    CHECK(watched.alert("EvidenceMissing")->started_at == started);

    Time now = watched.now + kDay;
    const auto after = restarted(watched.engine, config, now);
    after->learn("b", failure(now), now);
    pass(*after, now, 4min);
    CHECK(silent(*after, now) == 1);
    after->learn("b", report(now, {points("repo1", {now}), points("repo2", {now})}), now);
    pass(*after, now, 1s);
    CHECK(silent(*after, now) == 0);
}

TEST_CASE("the time in which nobody could ask for an expectation does not count, unless its silence was told before") {
    Check check = backups_of("b", "orders");
    check.brings = {EvidenceKind::assertions};
    const auto config = Fleet{}.with(asset("orders")).with(check).done();
    const SubjectReport unknown{
        "", {}, {Assertions{{{.name = "versioning", .expected = "on", .actual = std::nullopt}}}}, {}};
    Time now = kNow;
    auto engine = std::make_unique<Engine>(now);
    engine->configure(config, now);
    const auto told_after = [&](Duration duration) {
        engine->learn("b", report(now, {unknown}), now);
        pass(*engine, now, duration);
        return std::ranges::count(firing(*engine, now), "EvidenceMissing") == 1;
    };
    const auto restart = [&] {
        now += 1h;
        engine = restarted(*engine, config, now);
    };
    CHECK_FALSE(told_after(4min));
    restart();
    CHECK_FALSE(told_after(4min));
    CHECK(told_after(2min));
    restart();
    CHECK(told_after(1s));
}

TEST_CASE("silence that was known before a restart goes on") {
    Watched watched;
    watched.pass(10min);
    REQUIRE(watched.alert("EvidenceMissing"));
    const auto config = Fleet{}.with(asset("orders")).with(backups_of("b", "orders")).done();
    Time now = watched.now + 1min;
    const auto restored = restarted(watched.engine, config, now);
    Engine& after = *restored;
    after.learn("b", failure(now), now);
    pass(after, now, 1s);
    CHECK(firing(after, now) == List{"EvidenceMissing"});
}

TEST_CASE("a check that leaves the configuration takes its alerts with it, resolved and told") {
    Watched watched{3h};
    watched.engine.take_changes();
    watched.engine.configure(Fleet{}.with(asset("orders")).done(), watched.now);
    watched.engine.advance(watched.now);
    CHECK_FALSE(watched.alert("BackupTooOld"));
    const auto changes = watched.engine.take_changes();
    REQUIRE_FALSE(changes.transitions.empty());
    CHECK(changes.transitions[0].alert.state == AlertState::resolved);
    CHECK(changes.dropped_checks == List{"b"});
    CHECK(watched.engine.other_alerts().size() == 2);
    watched.pass(kResolvedRetention + 1min);
    CHECK(watched.engine.other_alerts().size() <= 2);
    CHECK_FALSE(watched.alert("BackupTooOld"));
}

TEST_CASE("a check that left while the agent was down has its alerts resolved at the start") {
    Watched watched{3h};
    Engine after{kNow + 1min};
    const auto* unit = watched.engine.check("b");
    after.restore_check("b", {unit->check->fingerprint, *unit->memory, unit->alerts, std::nullopt});
    after.configure(Fleet{}.with(asset("orders")).done(), kNow + 1min);
    after.advance(kNow + 1min);
    CHECK(std::ranges::any_of(after.take_changes().transitions, [](const Transition& t) {
        return t.alert.state == AlertState::resolved && t.alert.finding.identity.rule == RuleId::backup_too_old;
    }));
}

TEST_CASE("a reload that changes nothing changes no alert and forgets nothing") {
    Watched watched{3h};
    const auto before = watched.engine.check("b")->alerts;
    const auto memory = *watched.engine.check("b")->memory;
    watched.engine.take_changes();
    watched.engine.configure(Fleet{}.with(asset("orders")).with(backups_of("b", "orders")).done(), watched.now);
    watched.engine.advance(watched.now);
    CHECK(watched.engine.check("b")->alerts == before);
    CHECK(*watched.engine.check("b")->memory == memory);
    CHECK(watched.engine.take_changes().transitions.empty());
}

TEST_CASE("a check whose options changed keeps its alerts until it has looked again") {
    Watched watched{3h};
    watched.change_options();
    watched.pass(1min);
    CHECK(watched.alert("BackupTooOld"));
    watched.learn(points("repo1", {watched.now - 1h, watched.now}));
    CHECK_FALSE(watched.alert("BackupTooOld"));
}

TEST_CASE("a check whose options changed ends nothing by failing") {
    Watched watched{3h};
    const Time started = watched.alert("BackupTooOld")->started_at;
    watched.change_options();
    watched.engine.learn("b", failure(watched.now), watched.now);
    watched.pass(1min);
    REQUIRE(watched.alert("BackupTooOld"));
    CHECK(watched.alert("BackupTooOld")->started_at == started);
    watched.learn(points("repo1", {watched.now - 1h, watched.now}));
    CHECK_FALSE(watched.alert("BackupTooOld"));
}

TEST_CASE("a check whose options changed ends nothing of a subject that it cannot see yet") {
    Watched watched{3h};
    watched.change_options();
    watched.learn({"repo1", {}, {}, Failure{FailureKind::unreachable, "no route"}});
    CHECK(watched.alert("BackupTooOld"));
    watched.learn(points("repo1", {watched.now - 1h, watched.now}));
    CHECK_FALSE(watched.alert("BackupTooOld"));
}

TEST_CASE("half an answer to other options ends nothing of a kind that it does not bring") {
    for (const bool whole : {true, false}) {
        CAPTURE(whole);
        Check server = backups_of("server", "");
        server.brings = {EvidenceKind::replication, EvidenceKind::assertions, EvidenceKind::fingerprint};
        server.policy[RuleId::replica_missing].hold = 0ms;
        Engine engine{kNow};
        Time now = kNow;
        const auto use = [&](const char* options) {
            server.fingerprint = std::string{"pgbackrest "} + options;
            engine.configure(Fleet{}.with(server).done(), now);
        };
        const auto sees = [&](std::vector<Evidence> evidence, std::optional<Failure> broken) {
            const SubjectReport seen{"", {}, std::move(evidence), std::move(broken)};
            engine.learn("server", report(now, {seen}), now);
            pass(engine, now, 10s);
            return firing(engine, now);
        };
        const auto standby = [](FollowerState state) {
            Replication seen;
            seen.role = "primary";
            seen.followers.push_back({.name = "standby1", .state = state, .expected = true});
            return seen;
        };
        const auto expectation = [](const char* actual) {
            return Assertions{{{.name = "fsync", .expected = "on", .actual = actual}}};
        };
        const Fingerprint is_the_same{.name = "system_identifier", .value = "42"};
        const Failure refused{FailureKind::refused, "may not read pg_stat_replication"};
        use("{a}");
        const List found{"AssertionFailed", "ReplicaMissing"};
        REQUIRE(sees({standby(FollowerState::missing), expectation("off"), is_the_same}, {}) == found);
        use("{b}");
        CHECK(sees({is_the_same}, refused) == found);
        CHECK(sees({is_the_same}, refused) == found);
        CHECK(sees({is_the_same, expectation("on")}, refused) == List{"ReplicaMissing"});
        CHECK(sees({}, refused) == List{"ReplicaMissing"});
        if (whole)
            CHECK(sees({is_the_same, expectation("on")}, {}).empty());
        else
            CHECK(sees({standby(FollowerState::streaming), is_the_same}, refused).empty());
        // It has answered wholly, or of this kind: nothing is left of what was found before.
        CHECK(sees({is_the_same}, refused).empty());
    }
}

TEST_CASE("that backups are not encrypted ends by backups that are, however little else is told beside them") {
    Asset orders = asset("orders");
    orders.objectives.encryption = true;
    Check backups = backups_of("b", "orders");
    Engine engine{kNow};
    Time now = kNow;
    const auto use = [&](const char* options) {
        backups.fingerprint = options;
        engine.configure(Fleet{}.with(orders).with(backups).done(), now);
    };
    const auto sees = [&](Told encrypted) {
        SubjectReport seen = points("repo1", {now});
        std::get<RecoveryPoints>(seen.evidence[0]).points[0].encrypted = encrypted;
        seen.failure = Failure{FailureKind::refused, "may not read the log"};
        engine.learn("b", report(now, {seen}), now);
        pass(engine, now, 10s);
        const List found = firing(engine, now);
        return std::ranges::find(found, "AssertionFailed") != found.end();
    };
    use("{a}");
    REQUIRE(sees(Told::no));
    use("{b}");
    CHECK(sees(Told::no));
    CHECK_FALSE(sees(Told::yes));
}

TEST_CASE("a check that was silent when its options changed is silent until it has looked") {
    Watched watched;
    watched.pass(10min);
    REQUIRE(watched.alert("EvidenceMissing"));
    const Time started = watched.alert("EvidenceMissing")->started_at;
    watched.change_options();
    watched.engine.learn("b", failure(watched.now), watched.now);
    watched.pass(1min);
    REQUIRE(watched.alert("EvidenceMissing"));
    CHECK(watched.alert("EvidenceMissing")->started_at == started);
    watched.learn(points("repo1", {watched.now - 1h, watched.now}));
    CHECK_FALSE(watched.alert("EvidenceMissing"));
}

TEST_CASE("outcomes go on where their exercise is known, whatever is configured later") {
    Fleet fleet;
    fleet.with(asset("orders"));
    Engine engine{kNow};
    engine.configure(fleet.done(), kNow);
    Exercise test;
    test.id = test.exercise = "restore-test";
    test.ended_at = kNow;
    const std::string own = engine.outcome_check("orders", "restore-test", kNow);
    CHECK(own == "orders/outcomes");
    engine.learn(own, report(kNow, {{"restore-test", {}, {test}, {}}}, false), kNow);
    for (const char* name : {"z-told", "a-told"}) {
        Check told;
        told.name = told.fingerprint = name;
        told.asset = "orders";
        told.collector = "outcome";
        told.every = Duration{0};
        told.brings = {EvidenceKind::exercise};
        fleet.with(told);
    }
    engine.configure(fleet.done(), kNow);
    CHECK(engine.outcome_check("orders", "restore-test", kNow) == own);
    // What nobody knows yet is for whoever was configured, and always for the same.
    CHECK(engine.outcome_check("orders", "failover-test", kNow) == "a-told");
}

TEST_CASE("a backup that reports itself is for a check of backups, not for one of an exercise") {
    const auto told = [](const char* name, std::vector<EvidenceKind> brings) {
        Check made;
        made.name = made.fingerprint = name;
        made.asset = "orders";
        made.collector = "outcome";
        made.every = Duration{0};
        made.brings = std::move(brings);
        return made;
    };
    Fleet fleet;
    fleet.with(asset("orders")).with(told("a-drill", {EvidenceKind::exercise}));
    Engine engine{kNow};
    engine.configure(fleet.done(), kNow);
    CHECK(engine.outcome_check("orders", "", kNow) == "orders/outcomes");
    fleet.with(told("z-dump", {EvidenceKind::exercise, EvidenceKind::recovery_points}));
    engine.configure(fleet.done(), kNow);
    CHECK(engine.outcome_check("orders", "", kNow) == "z-dump");
    CHECK(engine.outcome_check("orders", "drill", kNow) == "a-drill");
    // Where its beginning was told before, its end is too.
    engine.learn("a-drill", report(kNow, {points("", {kNow})}, false), kNow);
    CHECK(engine.outcome_check("orders", "", kNow) == "a-drill");
}

TEST_CASE("a check whose options changed while the agent was down has not looked, whenever it is due") {
    Watched watched{3h};
    Check changed = backups_of("b", "orders");
    changed.fingerprint = "pgbackrest elsewhere";
    const auto config = Fleet{}.with(asset("orders")).with(changed).done();
    Time now = watched.now + 1min;
    Engine after{now};
    const auto* unit = watched.engine.check("b");
    after.restore_check("b", {unit->check->fingerprint, *unit->memory, unit->alerts, now + 10min});
    after.configure(config, now);
    pass(after, now, 1min);
    CHECK(firing(after, now) == List{"BackupTooOld"});
    CHECK_FALSE(after.check("b")->fresh);
}

TEST_CASE("a changed threshold counts at once, without a new report") {
    Watched watched{1h};
    CHECK_FALSE(watched.alert("BackupTooOld"));
    Check strict = backups_of("b", "orders");
    strict.policy[RuleId::backup_too_old].steps = {{to_seconds(30min), Priority::p1, {}}};
    watched.engine.configure(Fleet{}.with(asset("orders")).with(strict).done(), watched.now);
    watched.engine.advance(watched.now);
    REQUIRE(watched.alert("BackupTooOld"));
    CHECK(watched.alert("BackupTooOld")->finding.priority == Priority::p1);
}

TEST_CASE("maintenance lowers what it covers, says so, and ends on its second") {
    Watched watched{3h};
    const Time started = watched.alert("BackupTooOld")->started_at;
    Fleet fleet;
    fleet.with(asset("orders")).with(backups_of("b", "orders"));
    fleet.config.maintenance.push_back({{"ord*"}, {}, kNow + 1h, kNow + 2h, "move to another rack"});
    watched.engine.configure(fleet.done(), watched.now);
    watched.pass(59min);
    CHECK(watched.alert("BackupTooOld")->finding.priority == Priority::p2);
    watched.pass(1min);
    CHECK(watched.alert("BackupTooOld")->finding.priority == Priority::p4);
    CHECK(watched.alert("BackupTooOld")->finding.lowered_by == "maintenance: move to another rack");
    CHECK(watched.alert("BackupTooOld")->started_at == started);
    watched.pass(1h);
    CHECK(watched.alert("BackupTooOld")->finding.priority == Priority::p2);
    CHECK(watched.alert("BackupTooOld")->started_at == started);
}

TEST_CASE("maintenance of one asset leaves the others alone") {
    Fleet fleet;
    fleet.with(asset("orders")).with(asset("users"));
    fleet.with(backups_of("o", "orders")).with(backups_of("u", "users"));
    fleet.config.maintenance.push_back({{"orders"}, {}, kNow - 1h, kNow + 2h, ""});
    Engine engine{kNow};
    engine.configure(fleet.done(), kNow);
    for (const char* name : {"o", "u"})
        engine.learn(name, report(kNow, {points("r", {kNow - 4h, kNow - 3h})}), kNow);
    engine.advance(kNow);
    std::map<std::string, Priority> found;
    for_each_alert(engine.snapshot(kNow), [&](const Alert& alert) {
        if (alert.finding.identity.rule == RuleId::backup_too_old)
            found[alert.finding.identity.asset] = alert.finding.priority;
    });
    CHECK(found == std::map<std::string, Priority>{{"orders", Priority::p4}, {"users", Priority::p2}});
}

TEST_CASE("a repository that lacks what the server archived is found by whichever of them looks last") {
    Fleet fleet;
    Check writer = backups_of("server", "orders");
    Check holder = backups_of("repository", "orders");
    fleet.with(asset("orders")).with(writer).with(holder);
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const auto archive = [&](bool from_repository, std::string last) {
        LogArchive seen;
        seen.enabled = Told::yes;
        seen.newest_at = now;
        seen.pending = Told::no;
        seen.last_segment = std::move(last);
        seen.from_repository = from_repository;
        seen.system_id = "42";
        return SubjectReport{"", {}, {seen}, {}};
    };
    for (int i = 0; i < 5; ++i) {
        engine.learn("server", report(now, {archive(false, "000000010000000000000009")}), now);
        pass(engine, now, 30s);
        engine.learn("repository", report(now, {archive(true, "000000010000000000000002")}), now);
        engine.advance(now);
    }
    const auto alerts = firing(engine, now);
    CHECK(std::ranges::count(alerts, "WalArchiveGap") == 1);
    engine.learn("repository", report(now, {archive(true, "000000010000000000000009")}), now);
    engine.advance(now);
    const auto after = firing(engine, now);
    CHECK(std::ranges::count(after, "WalArchiveGap") == 0);
}

TEST_CASE(
    "what the server archived while somebody looked at the repository is not held against what was listed first") {
    Fleet fleet;
    fleet.with(asset("orders")).with(backups_of("server", "orders")).with(backups_of("repository", "orders"));
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const auto learn = [&](const char* check, int segment, Duration took, std::optional<Failure> broken = {}) {
        LogArchive seen;
        seen.enabled = Told::yes;
        seen.newest_at = now;
        seen.pending = Told::no;
        seen.last_segment = "0000000100000000000000" + std::to_string(segment);
        seen.from_repository = std::string_view{check} == "repository";
        seen.system_id = "42";
        Report made = report(now, {{"", {}, {seen}, std::move(broken)}});
        made.took = took;
        engine.learn(check, made, now);
        engine.advance(now);
    };
    const auto gaps = [&] { return std::ranges::count(firing(engine, now), "WalArchiveGap"); };
    learn("server", 10, 10ms);
    for (int look = 0; look < 3; ++look) {
        // The listing is of its first second, and it ends four minutes later.
        const int listed = 10 + 20 * look;
        pass(engine, now, 2min);
        learn("server", listed + 10, 10ms);
        pass(engine, now, 2min);
        learn("server", listed + 20, 10ms);
        learn("repository", listed, 4min,
              look == 1 ? std::optional{Failure{FailureKind::timed_out, "cut off"}} : std::nullopt);
        CHECK(gaps() == 0);
        // A look that learns nothing, however short, has not listed it anew.
        engine.learn("repository", fleet::failure(now), now);
        engine.advance(now);
        CHECK(gaps() == 0);
    }
    pass(engine, now, 4min);
    learn("repository", 10, 1s);
    CHECK(gaps() == 1);
}

TEST_CASE("checks that share a target speak of its silence once") {
    Fleet fleet;
    fleet.with(asset("orders"));
    for (const char* name : {"a", "b", "c"}) {
        Check check = backups_of(name, "orders");
        check.target = "db1:5432";
        fleet.with(check);
    }
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    for (int i = 0; i < 10; ++i) {
        for (const char* name : {"a", "b", "c"})
            engine.learn(name, failure(now), now);
        pass(engine, now, 1min);
    }
    const auto alerts = firing(engine, now);
    CHECK(std::ranges::count(alerts, "EvidenceMissing") == 1);
}

TEST_CASE("the silence of a target outlives a restart that its checks need not hurry for") {
    Fleet fleet;
    fleet.with(asset("orders"));
    for (const char* name : {"a", "b"}) {
        Check check = backups_of(name, "orders");
        check.every = 1h;
        check.target = "db1:5432";
        fleet.with(check);
    }
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    for (int i = 0; i < 5; ++i) {
        for (const char* name : {"a", "b"})
            engine.learn(name, failure(now), now);
        pass(engine, now, 1h);
    }
    REQUIRE(std::ranges::count(firing(engine, now), "EvidenceMissing") == 1);
    const auto after = restarted(engine, fleet.done(), now, now + 30min);
    pass(*after, now, 1min);
    CHECK(std::ranges::count(firing(*after, now), "EvidenceMissing") == 1);
}

TEST_CASE("a target that no check looks at any more is not counted any more") {
    Fleet fleet;
    fleet.with(asset("orders"));
    for (const char* name : {"a", "b"}) {
        Check check = backups_of(name, "orders");
        check.target = "db1:5432";
        fleet.with(check);
    }
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    for (int i = 0; i < 10; ++i) {
        for (const char* name : {"a", "b"})
            engine.learn(name, failure(now), now);
        pass(engine, now, 1min);
    }
    REQUIRE(std::ranges::count(firing(engine, now), "EvidenceMissing") == 1);
    engine.configure(Fleet{}.done(), now);
    pass(engine, now, 1s);
    CHECK(firing(engine, now).empty());
    CHECK(engine.snapshot(now).alert_counts == Snapshot{}.alert_counts);
}

TEST_CASE("who falls silent later makes no other alert of a target's silence") {
    Fleet fleet;
    fleet.with(asset("orders")).with(asset("users"));
    Check quick = backups_of("a", "orders");
    Check slow = backups_of("b", "users");
    slow.every = 10min;
    quick.target = slow.target = "db1:5432";
    quick.scope = slow.scope = Scope::node;
    fleet.with(quick).with(slow);
    fleet.config.instance = "node1";
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    std::set<std::pair<Labels, Time>> told;
    const auto live = [&](Duration duration) {
        for (const Time until = now + duration; now < until;) {
            pass(engine, now, 1min);
            engine.learn("a", failure(now), now);
            engine.learn("b", failure(now), now);
            for (const Transition& transition : engine.take_changes().transitions)
                if (transition.alert.finding.identity.rule == RuleId::evidence_missing)
                    told.emplace(transition.alert.labels, transition.alert.started_at);
        }
    };
    live(18min);
    REQUIRE(told.size() == 1);
    CHECK(told.begin()->first.at("instance") == "node1");
    const auto before = told;
    live(20min);
    // P2 after four times the time allowed, with the start that it had.
    for (const auto& [labels, started_at] : told)
        CHECK(started_at == before.begin()->second);
    CHECK(told.size() == 2);
}

TEST_CASE("what is said of an asset that only nodes look at names the node, and of any other does not") {
    for (const bool also_cluster : {false, true}) {
        Asset orders = asset("orders");
        orders.objectives.restore_test_every = kDay;
        Check of_node = backups_of("a", "orders");
        of_node.scope = Scope::node;
        Fleet fleet;
        fleet.with(orders).with(of_node);
        if (also_cluster)
            fleet.with(backups_of("b", "orders"));
        CHECK(overdue_names_node(fleet) == !also_cluster);
    }
}

TEST_CASE("what is said of an asset that nobody looks at names the node where only a node is told of it") {
    for (const Scope scope : {Scope::node, Scope::cluster}) {
        Asset orders = asset("orders");
        orders.objectives.restore_test_every = kDay;
        Check told = backups_of("told", "orders");
        told.collector = "outcome";
        told.every = 0ms;
        told.scope = scope;
        Fleet fleet;
        fleet.with(orders).with(told);
        CHECK(overdue_names_node(fleet) == (scope == Scope::node));
    }
}

TEST_CASE("what an asset was told names the node as the asset does, also when it is seen later who looks") {
    Fleet fleet;
    Check of_node = backups_of("a", "orders");
    of_node.scope = Scope::node;
    Check all = backups_of("b", "{subject}");
    fleet.with(asset("orders")).with(of_node).with(all);
    fleet.config.instance = "node1";
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    Exercise test;
    test.id = "1";
    test.exercise = "restore-test";
    test.outcome = ExerciseOutcome::failed;
    test.started_at = now - 10min;
    test.ended_at = now;
    const std::string outcomes = engine.outcome_check("orders", "restore-test", now);
    REQUIRE(outcomes == "orders/outcomes");
    engine.learn(outcomes, report(now, {{"restore-test", {}, {test}, {}}}, false), now);
    const auto live = [&](std::string_view subject) {
        engine.learn("a", report(now, {points("repo1", {now})}), now);
        engine.learn("b", report(now, {points(std::string{subject}, {now})}), now);
        pass(engine, now, 1s);
    };
    const auto told_by_node = [&] {
        std::vector<bool> of;
        for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
            if (alert.labels.at("alertname") == "RestoreTestFailed" && alert.state == AlertState::firing)
                of.push_back(alert.labels.contains("instance"));
        });
        return of;
    };
    live("users");
    CHECK(engine.check(outcomes)->check->scope == Scope::node);
    CHECK(told_by_node() == std::vector<bool>{true});
    live("orders");
    CHECK(told_by_node() == std::vector<bool>{false});
    // A reload makes it anew, and leaves it where it is.
    engine.configure(fleet.done(), now);
    pass(engine, now, 1s);
    CHECK(told_by_node() == std::vector<bool>{false});
}

TEST_CASE("what cannot be seen because its endpoint is down is not said twice, and leaves no verdict green") {
    Fleet fleet;
    Asset orders = asset("orders");
    orders.objectives.backup_every = kDay;
    Check backups = backups_of("b", "orders");
    Check server = backups_of("server", "orders");
    server.brings = {EvidenceKind::assertions};
    server.target = "db1:5432";
    fleet.with(orders).with(backups).with(server).with(probe("up", "db1:5432"));
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    Exercise test;
    test.id = "1";
    test.exercise = "restore-test";
    test.outcome = ExerciseOutcome::passed;
    test.started_at = now - 10min;
    test.ended_at = now;
    test.depth = Depth::queried;
    engine.learn(engine.outcome_check("orders", "restore-test", now),
                 report(now, {{"restore-test", {}, {test}, {}}}, false), now);
    const auto live = [&](bool up) {
        for (int i = 0; i < 30; ++i) {
            engine.learn("b", report(now, {points("repo1", {kNow - 1h})}), now);
            Assertions holds;
            holds.assertions.push_back({.name = "fsync", .expected = "on", .actual = "on"});
            engine.learn("server", up ? report(now, {{"", {}, {holds}, {}}}) : failure(now), now);
            engine.learn("up", report(now, {reach(up ? ReachState::up : ReachState::down, "db1:5432")}), now);
            pass(engine, now, 30s);
        }
    };
    live(true);
    CHECK(engine.asset("orders")->verdict.state == VerdictState::recoverable);
    live(false);
    CHECK(firing(engine, now) == List{"EndpointDown"});
    CHECK(engine.asset("orders")->verdict.state == VerdictState::at_risk);
    live(true);
    CHECK(engine.asset("orders")->verdict.state == VerdictState::recoverable);
}

TEST_CASE("an endpoint that is down silences the missing evidence of its target, and only that") {
    Fleet fleet;
    Check check = backups_of("b", "orders");
    check.target = "db1:5432";
    fleet.with(asset("orders")).with(check).with(probe("up", "db1:5432"));
    Check other = backups_of("other", "orders");
    other.target = "db2:5432";
    fleet.with(other);
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    for (int i = 0; i < 20; ++i) {
        engine.learn("b", failure(now), now);
        engine.learn("other", failure(now), now);
        engine.learn("up", report(now, {reach(ReachState::down, "db1:5432")}), now);
        pass(engine, now, 30s);
    }
    std::vector<std::string> silent;
    for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
        if (alert.state == AlertState::firing && alert.finding.identity.rule == RuleId::evidence_missing)
            silent.push_back(alert.finding.identity.check);
    });
    CHECK(silent == std::vector<std::string>{"other"});
    for (int i = 0; i < 3; ++i) {
        engine.learn("b", failure(now), now);
        engine.learn("up", report(now, {reach(ReachState::up, "db1:5432")}), now);
        pass(engine, now, 30s);
    }
    const auto alerts = firing(engine, now);
    CHECK(std::ranges::count(alerts, "EvidenceMissing") == 2);
}

TEST_CASE("a check that backed off while its target was down is not called silent before it could look again") {
    Fleet fleet;
    Check check = backups_of("b", "orders");
    check.target = "db1:5432";
    fleet.with(asset("orders")).with(check).with(probe("up", "db1:5432"));
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const auto probe_says = [&](ReachState state, int times) {
        for (int i = 0; i < times; ++i) {
            engine.learn("up", report(now, {reach(state, "db1:5432")}), now);
            pass(engine, now, 30s);
        }
    };
    const auto fires = [&](std::string_view name) {
        const auto alerts = firing(engine, now);
        return std::ranges::count(alerts, name) == 1;
    };
    engine.learn("b", report(now, {points("repo1", {now})}), now);
    probe_says(ReachState::down, 3);
    engine.learn("b", failure(now), now);
    probe_says(ReachState::down, 20);
    REQUIRE(fires("EndpointDown"));
    probe_says(ReachState::up, 4);
    CHECK_FALSE(fires("EndpointDown"));
    CHECK_FALSE(fires("EvidenceMissing"));

    SECTION("it looked, and learned nothing") {
        engine.learn("b", failure(now), now);
        pass(engine, now, 1s);
        CHECK(fires("EvidenceMissing"));
    }
    SECTION("it looked, and all is well") {
        engine.learn("b", report(now, {points("repo1", {now})}), now);
        pass(engine, now, 1s);
        CHECK_FALSE(fires("EvidenceMissing"));
    }
    SECTION("it never looks again") {
        pass(engine, now, 4min);
        CHECK(fires("EvidenceMissing"));
    }
}

TEST_CASE("a running failover test lowers what it explains, and not that a backup is old") {
    Fleet fleet;
    Check probing = probe("up", "db1:5432");
    probing.asset = "orders";
    fleet.with(asset("orders")).with(backups_of("b", "orders")).with(probing);
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const std::string outcomes = engine.outcome_check("orders", "failover-test", now);
    Exercise drill;
    drill.id = "1";
    drill.exercise = "failover-test";
    drill.started_at = now;
    engine.learn(outcomes, report(now, {{"failover-test", {}, {drill}, {}}}, false), now);
    engine.learn("b", report(now, {points("r", {now - 4h, now - 3h})}), now);
    for (int i = 0; i < 5; ++i) {
        engine.learn("up", report(now, {reach(ReachState::down, "db1:5432")}), now);
        pass(engine, now, 30s);
    }
    std::map<std::string, Priority> found;
    for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
        if (alert.state == AlertState::firing && alert.labels.contains("priority"))
            found[alert.labels.at("alertname")] = alert.finding.priority;
    });
    CHECK(found["EndpointDown"] == Priority::p4);
    CHECK(found["BackupTooOld"] == Priority::p2);
    drill.outcome = ExerciseOutcome::passed;
    drill.ended_at = now;
    engine.learn(outcomes, report(now, {{"failover-test", {}, {drill}, {}}}, false), now);
    engine.advance(now);
    const auto after = engine.check("up")->alerts;
    CHECK(std::ranges::any_of(after, [](const auto& entry) {
        return entry.second.state == AlertState::firing && entry.second.finding.priority == Priority::p2;
    }));
}

TEST_CASE("a restore test that runs explains nothing where the data comes from") {
    Fleet fleet;
    Check probing = probe("up", "db1:5432");
    probing.asset = "orders";
    fleet.with(asset("orders")).with(probing);
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    Exercise test;
    test.id = "1";
    test.exercise = "restore-test";
    test.started_at = now;
    engine.learn(engine.outcome_check("orders", "restore-test", now),
                 report(now, {{"restore-test", {}, {test}, {}}}, false), now);
    for (int i = 0; i < 5; ++i) {
        engine.learn("up", report(now, {reach(ReachState::down, "db1:5432")}), now);
        pass(engine, now, 30s);
    }
    CHECK(std::ranges::any_of(engine.check("up")->alerts, [](const auto& entry) {
        return entry.second.state == AlertState::firing && entry.second.finding.priority == Priority::p2;
    }));
}

TEST_CASE("a subject that is gone for good can be forgotten") {
    Watched watched;
    watched.learn(points("repo1", {watched.now}));
    watched.engine.learn("b", report(watched.now, {points("repo1", {watched.now}), points("repo2", {watched.now})}),
                         watched.now);
    watched.pass(1min);
    watched.learn(points("repo1", {watched.now}));
    watched.pass(10min);
    watched.learn(points("repo1", {watched.now}));
    REQUIRE(watched.alert("SubjectVanished"));
    CHECK(watched.engine.forget("b/repo2", watched.now) == 1);
    CHECK(watched.engine.forget("b/repo2", watched.now) == 0);
    watched.engine.advance(watched.now);
    CHECK_FALSE(watched.alert("SubjectVanished"));
}

TEST_CASE("the agent's own troubles are alerts, and the watchdog always fires") {
    Engine engine{kNow};
    engine.configure(std::make_shared<const Config>(), kNow);
    engine.advance(kNow);
    CHECK(engine.other_alerts().size() == 1);
    engine.report_trouble(RuleId::config_reload_failed, "recoverd.toml:3:1: something");
    engine.advance(kNow + 1s);
    CHECK(firing(engine, kNow) == List{"ConfigReloadFailed"});
    engine.report_trouble(RuleId::config_reload_failed, std::nullopt);
    engine.advance(kNow + 2s);
    CHECK(firing(engine, kNow).empty());
}

TEST_CASE("the status word follows the worst that is known, and unknown is never operational") {
    Watched watched;
    CHECK(watched.engine.snapshot(kNow).status != Status::major_outage);
    Engine engine{kNow};
    engine.configure(Fleet{}.with(asset("orders")).with(backups_of("b", "orders")).done(), kNow);
    engine.advance(kNow);
    CHECK(engine.snapshot(kNow).status == Status::degraded);
    watched.pass(3h);
    CHECK(watched.engine.snapshot(watched.now).status == Status::partial_outage);
}

TEST_CASE("what is unknown is never operational, whoever tells of it and however low") {
    Fleet fleet;
    Check up = probe("up", "db1:5432");
    up.policy[RuleId::endpoint_down].steps = {{.priority = Priority::p4}};
    Check server = backups_of("server", "");
    server.brings = {EvidenceKind::assertions};
    server.target = "db1:5432";
    server.policy[RuleId::evidence_missing].steps = {{.priority = Priority::p4}};
    fleet.with(up).with(server);
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const auto live = [&](ReachState state, bool answers, std::optional<std::string> fsync) {
        for (int i = 0; i < 30; ++i) {
            engine.learn("up", report(now, {reach(state, "db1:5432")}), now);
            Assertions seen;
            seen.assertions.push_back({.name = "fsync", .expected = "on", .actual = fsync});
            engine.learn("server", answers ? report(now, {{"", {}, {seen}, {}}}) : failure(now), now);
            pass(engine, now, 30s);
        }
        return engine.snapshot(now).status;
    };
    CHECK(live(ReachState::up, true, "on") == Status::operational);
    CHECK(live(ReachState::up, false, {}) == Status::degraded);
    CHECK(firing(engine, now) == List{"EvidenceMissing"});
    CHECK(live(ReachState::up, true, "on") == Status::operational);
    // Nobody tells of its silence: the endpoint is down.
    CHECK(live(ReachState::down, false, {}) == Status::degraded);
    CHECK(firing(engine, now) == List{"EndpointDown"});
    CHECK(live(ReachState::up, true, "on") == Status::operational);
    // It answers, and what is expected is not in the answer.
    CHECK(live(ReachState::up, true, {}) == Status::degraded);
    const auto config = std::make_shared<Config>(fleet.config);
    config->checks.pop_back();
    engine.configure(config, now);
    pass(engine, now, 1s);
    CHECK(engine.snapshot(now).status == Status::operational);
}

TEST_CASE("what nobody has looked at yet is unknown, and what is only told is not waited for") {
    Check told = backups_of("told", "");
    told.every = Duration{0};
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(Fleet{}.with(told).done(), now);
    pass(engine, now, 1s);
    REQUIRE_FALSE(told.looks());
    CHECK(engine.snapshot(now).status == Status::operational);
    engine.configure(Fleet{}.with(told).with(probe("up", "db1:5432")).done(), now);
    pass(engine, now, 1s);
    CHECK(engine.snapshot(now).status == Status::degraded);
    engine.learn("up", failure(now), now);
    pass(engine, now, 1s);
    CHECK(engine.snapshot(now).status == Status::degraded);
    engine.learn("up", report(now, {reach(ReachState::up, "db1:5432")}), now);
    pass(engine, now, 1s);
    CHECK(engine.snapshot(now).status == Status::operational);
}

TEST_CASE("a silent check that leaves the configuration leaves nothing unknown") {
    Fleet fleet;
    fleet.with(probe("up", "db1:5432"));
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    pass(engine, now, 1h);
    CHECK(engine.snapshot(now).status == Status::partial_outage);
    engine.configure(std::make_shared<const Config>(), now);
    pass(engine, now, 1s);
    CHECK(engine.snapshot(now).status == Status::operational);
}

TEST_CASE("a clock that jumps has kept nobody silent, and who is silent stays so") {
    for (const Duration by : {Duration{kDay}, -Duration{kDay}}) {
        Watched watched;
        watched.now += by;
        watched.engine.clock_jumped(by);
        watched.engine.advance(watched.now);
        CHECK_FALSE(watched.alert("EvidenceMissing"));
        CHECK(watched.engine.check("b")->memory->last_success == watched.now);
        // As if nothing had been: four minutes are no silence, five are.
        watched.pass(4min);
        CHECK_FALSE(watched.alert("EvidenceMissing"));
        watched.pass(2min);
        CHECK(watched.alert("EvidenceMissing"));
    }
}

TEST_CASE("a row that waits for its segment is as old after a jump of the clock as before") {
    for (const Duration by : {Duration{kDay}, -Duration{kDay}}) {
        Fleet fleet;
        fleet.with(asset("orders")).with(backups_of("server", "orders"));
        Engine engine{kNow};
        Time now = kNow;
        engine.configure(fleet.done(), now);
        LogArchive waits;
        waits.enabled = waits.pending = Told::yes;
        waits.newest_at = now - 4min;
        waits.waiting_since = now - 3min;
        engine.learn("server", report(now, {{"", {}, {waits}, {}}}), now);
        engine.advance(now);
        const auto before = firing(engine, now);
        now += by;
        engine.clock_jumped(by);
        engine.advance(now);
        CHECK(firing(engine, now) == before);
    }
}

TEST_CASE("what fires goes on through a jump of the clock and back, with the start it had") {
    Watched watched(3h);
    REQUIRE(watched.alert("BackupTooOld"));
    const Alert before = *watched.alert("BackupTooOld");
    watched.now += kDay;
    watched.engine.clock_jumped(kDay);
    watched.engine.advance(watched.now);
    REQUIRE(watched.alert("BackupTooOld"));
    CHECK(watched.alert("BackupTooOld")->started_at == before.started_at + kDay);
    watched.now -= kDay;
    watched.engine.clock_jumped(-kDay);
    watched.engine.advance(watched.now);
    REQUIRE(watched.alert("BackupTooOld"));
    CHECK(watched.alert("BackupTooOld")->started_at == before.started_at);
    CHECK(watched.engine.take_changes().transitions.size() == 2); // it, and the watchdog, from before
}

TEST_CASE(
    "an alert whose end is owed to somebody is not taken back, however often it comes and goes before that is told") {
    fleet::Fleet fleet;
    Check check = fleet::probe("web", "w:80");
    check.failures = check.successes = 1;
    fleet.with(check);
    Engine engine{kNow};
    Time now = kNow;
    engine.configure(fleet.done(), now);
    const auto see = [&](ReachState state) {
        engine.learn("web", fleet::report(now, {fleet::reach(state, "w:80")}), now);
        engine.advance(now);
        now += 1s;
    };
    see(ReachState::up);
    see(ReachState::down);
    engine.take_changes();
    for (const ReachState state : {ReachState::up, ReachState::down, ReachState::up})
        see(state);
    bool resolved = false;
    for_each_alert(engine.snapshot(now), [&](const Alert& alert) {
        resolved =
            resolved || (alert.finding.identity.rule == RuleId::endpoint_down && alert.state == AlertState::resolved);
    });
    CHECK(resolved);
}
