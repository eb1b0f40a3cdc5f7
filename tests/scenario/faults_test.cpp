// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/site.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace recoverd::scenario {

namespace {

using Alerts = std::set<std::string>;
using Notified = std::multiset<std::string>;
using core::VerdictState;

} // namespace

TEST_CASE("two healthy weeks notify nobody, and end recoverable") {
    Site site;
    site.pass_days(14);
    CHECK(site.played.notified() == Notified{});
    CHECK(site.played.alertmanager.watched());
    CHECK(site.played.verdict("orders") == VerdictState::recoverable);
    CHECK(site.played.books_agree());
}

TEST_CASE("dumps that stop are missed after twice their interval, and the next one ends it") {
    Site site;
    site.pass_days(3);
    site.dumping = false;
    site.played.pass(23h);
    CHECK(site.played.firing() == Alerts{});
    site.played.pass(90min);
    CHECK(site.played.firing() == Alerts{"BackupTooOld P2 orders/orders"});
    CHECK(site.played.verdict("orders") == VerdictState::at_risk);
    site.dumps.write("orders", site.played.now());
    site.played.pass(10min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.notified() == Notified{"BackupTooOld P2 orders/orders"});
    CHECK(site.played.books_agree());
}

TEST_CASE("one series of dumps that is no longer renewed is not hidden by fresh ones beside it") {
    Site site;
    for (int night = 8; night > 0; --night)
        site.dumps.write("users", site.played.now() - night * 24h);
    site.pass_days(2);
    CHECK(site.played.notified() == Notified{"BackupTooOld P2 orders/users"});
}

TEST_CASE("a dump that is spoilt is corrupt, whatever its age") {
    Site site;
    site.pass_days(1);
    site.dumps.write("orders", site.played.now());
    site.dumps.spoil_newest("orders");
    site.played.pass(10min);
    CHECK(site.played.firing() == Alerts{"BackupCorrupt P1 orders/orders"});
    CHECK(site.played.verdict("orders") == VerdictState::unrecoverable);
}

TEST_CASE("a series that was there and is gone has vanished, until somebody says so") {
    Site site;
    for (int night = 8; night >= 0; --night)
        site.dumps.write("users", site.played.now() - night * 24h);
    site.played.pass(1h);
    site.dumps.lose("users");
    site.played.pass(1h);
    CHECK(site.played.firing() == Alerts{"SubjectVanished P2 orders/users"});
    CHECK(site.played.agent().forget("dumps/users") == 1);
    site.played.pass(1min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.books_agree());
}

TEST_CASE("a failed restore test is told, not also that one is due, and a good one ends it") {
    Site site;
    site.restoring = false;
    CHECK(site.restore("failed").status == 201);
    site.pass_days(10);
    CHECK(site.played.notified() == Notified{"RestoreTestFailed P2 orders/restore-test"});
    CHECK(site.played.verdict("orders") == VerdictState::at_risk);
    CHECK(site.restore("passed").status == 201);
    site.played.pass(1min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.verdict("orders") == VerdictState::recoverable);
}

TEST_CASE("restore tests that stay silent are overdue a quarter of their interval later") {
    Site site;
    site.pass_days(1);
    site.restoring = false;
    site.pass_days(7);
    CHECK(site.played.firing() == Alerts{});
    site.pass_days(1);
    CHECK(site.played.firing() == Alerts{"RestoreTestOverdue P2 orders"});
}

TEST_CASE("a check that waits for restore tests is nobody's missing repository") {
    Site site{1, std::string{kSite} + "\n[check.tests]\nasset = \"orders\"\ncollector = \"outcome\"\n"
                                      "exercise = \"restore-test\"\ncadence = \"7d\"\n"};
    site.restoring = false;
    site.pass_days(1);
    CHECK(site.played.notified() == Notified{});
    CHECK(site.played.verdict("orders") == VerdictState::at_risk);
    CHECK(site.restore("passed").status == 201);
    site.played.pass(1min);
    CHECK(site.played.verdict("orders") == VerdictState::recoverable);
}

TEST_CASE("a run is reported once: the same again changes nothing, another end is refused") {
    Site site;
    const std::string head = R"({"id":"81","asset":"orders","exercise":"restore-test","depth":"queried","outcome":)";
    CHECK(site.played.post(head + R"("started"})").status == 201);
    CHECK(site.played.post(head + R"("passed"})").status == 201);
    CHECK(site.played.post(head + R"("passed"})").status == 200);
    CHECK(site.played.post(head + R"("failed"})").status == 409);
    CHECK(site.played.post(R"({"asset":"users","exercise":"restore-test","outcome":"passed"})").status == 404);
    CHECK(site.played.post(R"({"asset":"orders"})").status == 400);
    site.played.disk.full = true;
    CHECK(site.played.post(R"({"asset":"orders","exercise":"restore-test","outcome":"passed"})").status == 503);
}

TEST_CASE("a port that is down fires after three probes, once, and two good ones end it") {
    Site site;
    site.pass_days(1);
    site.listening = false;
    site.played.pass(5min);
    CHECK(site.played.firing() == Alerts{"EndpointDown P2 orders"});
    site.listening = true;
    site.played.pass(5min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.notified() == Notified{"EndpointDown P2 orders"});
}

namespace {

/// What fires ten minutes after the port was closed: one alert.
auto fires_for_a_closed_port(Site& site) {
    site.pass_days(1);
    site.listening = false;
    site.played.pass(10min);
    auto firing = site.played.alertmanager.firing();
    REQUIRE(firing.size() == 1);
    return firing;
}

} // namespace

TEST_CASE("an agent that is killed while something fires goes on with it, as if it had never been away") {
    Site site;
    const auto before = fires_for_a_closed_port(site);
    for (int i = 0; i < 3; ++i) {
        site.played.kill();
        site.played.pass(90s);
        site.played.start();
        CHECK(site.played.alertmanager.firing() == before);
        site.played.pass(10min);
        CHECK(site.played.alertmanager.firing() == before);
        CHECK(site.played.books_agree());
    }
    site.listening = true;
    site.played.pass(10min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.notified() == Notified{"EndpointDown P2 orders"});
}

TEST_CASE("an agent that dies more often than it sends keeps up what fires") {
    Site site;
    const auto before = fires_for_a_closed_port(site);
    // An alert that is not sent anew ends by itself after four intervals of a minute.
    for (int i = 0; i < 12; ++i) {
        site.played.kill();
        site.played.start();
        site.played.pass(50s);
        CHECK(site.played.alertmanager.firing() == before);
    }
}

TEST_CASE("an agent that was off for a day wakes nobody, and tells what it finds") {
    Site site;
    site.pass_days(2);
    site.played.terminate();
    site.dumps.write("orders", site.played.now());
    site.played.pass(25h);
    site.dumps.write("orders", site.played.now());
    site.played.start();
    site.played.pass(1h);
    CHECK(site.played.notified() == Notified{});
    CHECK(site.played.verdict("orders") == VerdictState::recoverable);

    site.played.terminate();
    site.played.pass(72h);
    site.played.start();
    site.played.pass(1h);
    CHECK(site.played.firing() == Alerts{"BackupTooOld P2 orders/orders"});
}

TEST_CASE("what ended while the agent was off is ended in the Alertmanager") {
    Site site;
    site.listening = false;
    site.pass_days(1);
    REQUIRE(site.played.firing() == Alerts{"EndpointDown P2 orders"});
    site.played.kill();
    site.listening = true;
    site.played.pass(1min);
    site.played.start();
    CHECK(site.played.firing() == Alerts{"EndpointDown P2 orders"});
    site.played.pass(5min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.books_agree());
}

TEST_CASE("an Alertmanager that was away for an hour hears what fires, and nothing of what is over") {
    Site site;
    site.pass_days(1);
    site.played.alertmanager.away = true;
    site.listening = false;
    site.played.pass(20min);
    site.listening = true;
    site.dumps.write("orders", site.played.now());
    site.dumps.spoil_newest("orders");
    site.played.pass(40min);
    site.played.alertmanager.away = false;
    site.played.pass(2min);
    CHECK(site.played.notified() == Notified{"BackupCorrupt P1 orders/orders"});
    CHECK(site.played.books_agree());
}

TEST_CASE("a check that leaves the configuration takes its alerts with it") {
    Site site;
    site.listening = false;
    site.pass_days(1);
    REQUIRE(site.played.firing() == Alerts{"EndpointDown P2 orders"});
    std::string config = kSite;
    const auto from = config.find("[check.port]");
    config.erase(from, config.find("[alertmanager]") - from);
    site.played.reload(config);
    site.played.pass(1min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.books_agree());
}

TEST_CASE("a reload that changes another check neither ends nor restarts what fires") {
    Site site;
    site.listening = false;
    site.pass_days(1);
    const auto before = site.played.alertmanager.firing();
    REQUIRE(before.size() == 1);
    site.played.reload(std::string{kSite} + "\n[check.other]\ncollector = \"tcp\"\naddress = \"127.0.0.1:1\"\n");
    site.played.pass(3min);
    const auto after = site.played.alertmanager.firing();
    REQUIRE(after.contains(before.begin()->first));
    CHECK(after.at(before.begin()->first) == before.begin()->second);
}

TEST_CASE("an outage is over as soon as it can be seen, though a check that tells learned nothing all the while") {
    Site site{1, R"(
[asset.orders]
backup_every = "24h"

[check.dumps]
asset = "orders"
collector = "files"
path = "/backups/{subject}-*.dump"
every = "1m"
timeout = "10s"

[check.port]
asset = "orders"
collector = "tcp"
address = "127.0.0.1:5432"
every = "1m"

[[scenario]]
name = "lost"
checks = ["port", "dumps"]
when = ["endpoint_down", "backup_corrupt"]
at_least = 1

[alertmanager]
urls = ["http://127.0.0.1:9093"]
)"};
    const auto holds = [&] {
        return std::ranges::any_of(site.played.firing(),
                                   [](const std::string& alert) { return alert.starts_with("ScenarioActive"); });
    };
    site.played.pass(10min);
    REQUIRE_FALSE(holds());
    site.listening = false;
    site.hanging = true;
    site.played.pass(27min);
    REQUIRE(holds());
    site.listening = true;
    site.hanging = false;
    site.played.pass(80s);
    CHECK_FALSE(holds());
}

TEST_CASE("a disk that fills up is said, the checks go on, and what they find is sent") {
    Site site;
    site.pass_days(1);
    site.played.disk.full = true;
    site.listening = false;
    site.played.pass(10min);
    CHECK(site.played.firing() == Alerts{"StateDegraded P3", "EndpointDown P2 orders"});
    site.played.disk.full = false;
    site.listening = true;
    site.played.pass(10min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.books_agree());
}

TEST_CASE("a clock that jumps is said, and makes nothing old before its time") {
    Site site;
    site.pass_days(1);
    site.played.world.timers().jump(-3h);
    site.played.pass(1min);
    CHECK(site.played.firing() == Alerts{"ClockSkewed P3"});
    site.played.world.timers().jump(3h);
    site.played.pass(30min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.verdict("orders") == VerdictState::recoverable);
}

TEST_CASE("a worker that hangs leaves the evidence missing, not green") {
    Site site;
    site.pass_days(1);
    site.hanging = true;
    site.played.pass(30min);
    CHECK(site.played.firing() == Alerts{"EvidenceMissing P3 orders"});
    CHECK(site.played.verdict("orders") == VerdictState::unknown);
    site.hanging = false;
    site.played.pass(15min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.verdict("orders") == VerdictState::recoverable);
}

} // namespace recoverd::scenario
