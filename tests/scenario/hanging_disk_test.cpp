// SPDX-License-Identifier: Apache-2.0
// A disk that neither writes nor refuses: for a monitor the worst, if it waited for it.
#include "tests/scenario/site.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace recoverd::scenario {

namespace {

using Alerts = std::set<std::string>;
using Notified = std::multiset<std::string>;

constexpr const char* kOutcome =
    R"({"id":"81","asset":"orders","exercise":"restore-test","depth":"queried","outcome":"passed"})";

} // namespace

TEST_CASE("a disk that hangs is said, the checks go on, and what they find is sent") {
    Site site;
    site.pass_days(1);
    site.played.disk.hangs = true;
    site.listening = false;
    site.played.pass(10min);
    CHECK(site.played.firing() == Alerts{"StateDegraded P3", "EndpointDown P2 orders"});
    CHECK(site.played.notified() == Notified{"StateDegraded P3", "EndpointDown P2 orders"});
    site.played.disk.hangs = false;
    site.listening = true;
    site.played.pass(10min);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.notified() == Notified{"StateDegraded P3", "EndpointDown P2 orders"});
    CHECK(site.played.books_agree());
}

TEST_CASE("what has an age grows old while the disk hangs, and nobody is stuck") {
    Site site;
    site.pass_days(3);
    site.dumping = false;
    site.played.disk.hangs = true;
    for (int minutes = 0; minutes < 25 * 60; ++minutes) {
        site.played.pass(1min);
        REQUIRE_FALSE(site.played.agent().is_stuck());
    }
    CHECK(site.played.firing() == Alerts{"StateDegraded P3", "BackupTooOld P2 orders/orders"});
    CHECK(site.played.verdict("orders") == core::VerdictState::at_risk);
}

TEST_CASE("an outcome is refused while the disk hangs, and nobody waits for that without an end") {
    Site site;
    site.pass_days(1);
    site.played.disk.hangs = true;
    CHECK(site.played.post(kOutcome).status == 503);
    site.played.pass(10min);
    const auto before = site.played.now();
    CHECK(site.played.post(kOutcome).status == 503);
    CHECK(site.played.now() - before < 100ms);
    site.played.disk.hangs = false;
    site.played.pass(1min);
    CHECK(site.played.post(kOutcome).status == 201);
    CHECK(site.played.post(kOutcome).status == 200);
    CHECK(site.played.firing() == Alerts{});
    CHECK(site.played.books_agree());
}

TEST_CASE("an outcome on its way to a disk that begins to hang is kept once, whatever was answered") {
    Site site;
    site.pass_days(1);
    const auto lines = [&] {
        return std::ranges::count(site.played.disk.log, std::string{"outcome"}, &agent::LogRow::kind);
    };
    const auto before = lines();
    // Between the look whether it is known and the commit.
    site.played.disk.hangs_after_looks = 1;
    CHECK(site.played.post(kOutcome).status == 503);
    site.played.disk.hangs = false;
    site.played.pass(1min);
    CHECK(lines() == before + 1);
    CHECK(site.played.post(kOutcome).status == 200);
    CHECK(lines() == before + 1);
    CHECK(site.played.firing() == Alerts{});
}

TEST_CASE("an agent whose disk hangs ends, and goes on from what was on the disk before") {
    Site site;
    site.pass_days(1);
    site.listening = false;
    site.played.pass(10min);
    const auto firing = site.played.alertmanager.firing();
    REQUIRE(firing.size() == 1);
    site.played.disk.hangs = true;
    site.played.pass(10min);
    site.played.terminate();
    site.played.disk.hangs = false;
    site.played.start();
    site.played.pass(10min);
    CHECK(site.played.alertmanager.firing().contains(firing.begin()->first));
    CHECK(site.played.alertmanager.firing().at(firing.begin()->first) == firing.begin()->second);
    CHECK(site.played.books_agree());
}

} // namespace recoverd::scenario
