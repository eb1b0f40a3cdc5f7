// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

TEST_CASE("a new asset without a backup is P3 on its first day and P2 after it") {
    Bench bench;
    bench.sees({all({})});
    CHECK(bench.says() == Lines{"P3 BackupMissing: no backup at all for 0s, the first one is due within 1d"});
    CHECK(first_speaks(bench, backup_missing, Priority::p2) == kNow + kDay);
    bench.asset.objectives.first_backup_within = 2h;
    CHECK(first_speaks(bench, backup_missing, Priority::p2) == kNow + 2h);
}

TEST_CASE("an asset that has existed for long is late with its first backup at once") {
    Bench bench;
    bench.asset.objectives.since = kNow - 30 * kDay;
    CHECK(bench.sees({all({})}).says() ==
          Lines{"P2 BackupMissing: no backup at all for 30d, the first one is due within 1d"});
}

TEST_CASE("nobody could report a backup before the agent was there: the first one has its time from then on") {
    Bench bench;
    bench.check.every = 0s;
    bench.asset.objectives.since = kNow - 365 * kDay;
    RecoveryPoints begun{.method = "reported", .jobs = {{.state = JobState::running, .started_at = kNow}}};
    bench.sees({begun});
    CHECK(bench.says() == Lines{"P3 BackupMissing: no backup at all for 0s, the first one is due within 1d"});
    CHECK(first_speaks(bench, backup_missing, Priority::p2) == kNow + kDay);
    bench.asset.objectives.first_backup_within = 2h;
    CHECK(first_speaks(bench, backup_missing, Priority::p2) == kNow + 2h);
    // Of an asset that is yet to begin, from that on.
    bench.asset.objectives.since = kNow + kDay;
    CHECK(first_speaks(bench, backup_missing, Priority::p2) == kNow + kDay + 2h);
}

TEST_CASE("backups that were there and are gone are P1") {
    Bench bench;
    bench.sees({all({good(1h)})}).after(1h).sees({all({})});
    CHECK(bench.says() == Lines{"P1 BackupMissing: no backup at all, the last good one was of 2h ago"});
}

TEST_CASE("one empty repository of several is P3, even when it held some before") {
    Bench bench;
    bench.sees({all({good(1h)})}).sees({all({})});
    bench.asset_newest_good = kNow - 10min;
    CHECK(bench.says() == Lines{"P3 BackupMissing: no backup at all here; elsewhere the newest good one is 10m old"});
}

TEST_CASE("the policy's priority of a missing backup wins") {
    Bench bench;
    bench.policy(backup_missing, {{.priority = Priority::p4}});
    bench.sees({all({good(1h)})}).sees({all({})});
    CHECK(bench.judged().findings.at(0).priority == Priority::p4);
}

TEST_CASE("an unfinished backup is not one yet") {
    Bench bench;
    CHECK(bench.sees({all({in_state(good(1h), PointState::incomplete)})}).says() ==
          Lines{"P3 BackupMissing: no usable backup, 1 unfinished for 0s, the first one is due within 1d"});
}

TEST_CASE("a newest backup with errors is corrupt, and nothing else is said of it") {
    Bench bench;
    bench.sees({all({in_state(named(good(1h), "b1"), PointState::bad, "page checksum error")})});
    CHECK(bench.says() == Lines{"P1 BackupCorrupt: newest backup b1 is bad: page checksum error"});
    bench.sees({all({in_state(named(good(1h), "b1"), PointState::bad)})});
    CHECK(bench.says() == Lines{"P1 BackupCorrupt: newest backup b1 is bad: its source reports errors"});
}

TEST_CASE("a differential of a bad full is corrupt, however far up the chain") {
    Bench bench;
    bench.sees({all({in_state(named(good(3h, "full"), "F"), PointState::bad, "bad page"),
                     named(good(2h, "diff"), "D", {"F"}), named(good(1h, "incr"), "I", {"D"})})});
    CHECK(bench.says(backup_corrupt) == Lines{"P1 BackupCorrupt: newest backup I needs others that are not usable"});
    bench.sees({all(
        {in_state(named(good(3h, "full"), "F"), PointState::bad, "bad page"), named(good(2h, "diff"), "D", {"F"})})});
    CHECK(bench.says(backup_corrupt) == Lines{"P1 BackupCorrupt: newest backup D needs F, which is bad: bad page"});
}

TEST_CASE("a differential whose full is not in a whole list is corrupt; a cut list says nothing") {
    Bench bench;
    RecoveryPoints points = all({named(good(1h, "diff"), "D", {"F"})});
    bench.sees({points});
    CHECK(bench.says(backup_corrupt) == Lines{"P1 BackupCorrupt: newest backup D needs F, which is not there"});
    points.count = 300;
    CHECK(bench.sees({points}).says().empty());
}

TEST_CASE("backups that need each other in a circle are judged and end") {
    Bench bench;
    bench.sees({all({named(good(2h), "a", {"b"}), named(good(1h), "b", {"a"})})});
    CHECK(bench.says(backup_corrupt).empty());
}

TEST_CASE("an old bad backup is no matter once a good one follows") {
    Bench bench;
    CHECK(bench.sees({all({in_state(good(1h), PointState::bad), good(10min)})}).says().empty());
}

TEST_CASE("a bad backup stays corrupt while a new one is being made") {
    Bench bench;
    bench.sees({all({in_state(named(good(1h), "b1"), PointState::bad), in_state(good(1min), PointState::incomplete)})});
    CHECK(bench.says(backup_corrupt).size() == 1);
}

TEST_CASE("with the rule about corruption switched off, only bad backups are as good as none") {
    Bench bench;
    bench.check.policy[backup_corrupt].enabled = false;
    bench.sees({all({in_state(good(1h), PointState::bad)})});
    CHECK(bench.says() == Lines{"P3 BackupMissing: no usable backup for 0s, the first one is due within 1d"});
}

} // namespace recoverd::core
