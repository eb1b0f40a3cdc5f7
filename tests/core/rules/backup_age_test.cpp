// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

TEST_CASE("a backup is too old at twice the promised interval, on its second, though nobody looks again") {
    Bench bench;
    bench.asset.objectives.backup_every = 6h;
    bench.sees({all({good(1h)})});
    CHECK(bench.says().empty());
    CHECK(first_speaks(bench, backup_too_old) == kNow + 11h);
    bench.after(11h);
    CHECK(bench.says() == Lines{"P2 BackupTooOld: newest good backup is 12h old, 12h allowed"});
}

TEST_CASE("where no interval is promised a backup may be two hours old, with an asset or without") {
    Bench bench;
    bench.sees({all({good(1h)})});
    CHECK(first_speaks(bench, backup_too_old) == kNow + 1h);
    bench.has_asset = false;
    CHECK(first_speaks(bench, backup_too_old) == kNow + 1h);
}

TEST_CASE("a failing check leaves the old backup to age") {
    Bench bench;
    bench.sees({all({good(0h)})}).after(1h).fails().after(1h);
    CHECK(bench.says(backup_too_old) == Lines{"P2 BackupTooOld: newest good backup is 2h old, 2h allowed"});
}

TEST_CASE("backups that are listed while the rest of their subject could not be learned are as young as they are") {
    // `borg check` met a lock, or a key may list backups and not the WAL archive: nothing of that makes them old.
    const Failure broken{FailureKind::refused, "its check came to no end"};
    Bench bench;
    bench.sees({Fingerprint{"id", "1"}, all({good(0h)})});
    for (int hour = 0; hour < 48; ++hour) {
        bench.after(1h);
        const RecoveryPoints points = all({good(7 * kDay, {}, bench.now), good(30min, {}, bench.now)});
        bench.answers({{{"main", {}, {Fingerprint{"id", "1"}, points}, broken}}});
    }
    CHECK(bench.says(backup_too_old).empty());
    CHECK(bench.says(evidence_implausible).empty());
    CHECK(bench.says(evidence_missing).size() == 1);
    CHECK(newest_good_now(bench.seen()) == bench.now - 30min);
    CHECK(first_speaks(bench, backup_too_old) == bench.now + 90min);
}

TEST_CASE("bad, unfinished and orphaned backups are not what one would restore from") {
    Bench bench;
    SECTION("bad") { bench.sees({all({good(3h), in_state(good(1h), PointState::bad)})}); }
    SECTION("unfinished") { bench.sees({all({good(3h), in_state(good(1h), PointState::incomplete)})}); }
    SECTION("its full is gone") { bench.sees({all({good(3h), named(good(1h, "diff"), "d", {"gone"})})}); }
    CHECK(bench.says(backup_too_old) == Lines{"P2 BackupTooOld: newest good backup is 3h old, 2h allowed"});
}

TEST_CASE("steps are crossed one after the other, and the worst speaks") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 5400, .priority = Priority::p3}, {.over = 10800, .priority = Priority::p1}});
    bench.sees({all({good(0h)})});
    CHECK(first_speaks(bench, backup_too_old) == kNow + 90min);
    CHECK(first_speaks(bench, backup_too_old, Priority::p1) == kNow + 3h);
    CHECK(bench.after(4h).says() == Lines{"P1 BackupTooOld: newest good backup is 4h old, 3h allowed"});
}

TEST_CASE("a full that is too old is found though a differential is fresh") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 7 * 86400, .priority = Priority::p3, .backup_type = "full"}});
    bench.sees({all({good(8 * kDay, "full"), good(1h, "diff")})});
    CHECK(bench.says() == Lines{"P3 BackupTooOld: newest good full backup is 8d old, 7d allowed"});
}

TEST_CASE("asking for a type takes nothing from what is asked of all types") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 7 * 86400, .priority = Priority::p3, .backup_type = "full"}});
    bench.sees({all({good(1h, "full")})});
    CHECK(first_speaks(bench, backup_too_old) == kNow + 1h);
}

TEST_CASE("a full serves where a differential is asked for, not the other way round") {
    CHECK(serves_as("full", "diff"));
    CHECK(serves_as("diff", "incr"));
    CHECK_FALSE(serves_as("incr", "diff"));
    CHECK(serves_as("full", "incremental"));
    CHECK(serves_as("incr", "incremental"));
    CHECK_FALSE(serves_as("incremental", "differential"));
    CHECK_FALSE(serves_as("", "full"));
    CHECK_FALSE(serves_as("full", "snapshot"));
    CHECK(serves_as("snapshot", "snapshot"));
}

TEST_CASE("a type that was never made counts from the beginning") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 86400, .backup_type = "full"}, {.over = 1e9}});
    bench.sees({all({good(1h, "incr")})});
    CHECK(first_speaks(bench, backup_too_old) == kNow + kDay);
    CHECK(bench.after(kDay).says() == Lines{"P2 BackupTooOld: no good full backup for 1d, 1d allowed"});
}

TEST_CASE("a type that a cut list no longer shows is as old as the list at least") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 7 * 86400, .backup_type = "full"}, {.over = 1e9}});
    RecoveryPoints points = all({good(50h, "incr"), good(1h, "incr")});
    points.count = 400;
    bench.sees({points});
    CHECK(bench.says().empty());
    CHECK(first_speaks(bench, backup_too_old) == kNow - 50h + 7 * kDay);
    CHECK(bench.after(5 * kDay).says() ==
          Lines{"P2 BackupTooOld: newest good full backup is more than 7d2h old, 7d allowed"});
}

namespace {

/// A full that is asked for every ten days, hourly incrementals after it, and only the newest 200 of them all listed.
struct Hourly : Bench {
    std::vector<RecoveryPoint> made{good(0h, "full")};

    Hourly() {
        policy(backup_too_old, {{.over = 10 * 86400, .backup_type = "full"}, {.over = 1e9}});
        look();
    }
    void look() {
        RecoveryPoints points = all(made);
        if (points.points.size() > kMaxPoints)
            points.points.erase(points.points.begin(), points.points.end() - kMaxPoints);
        sees({points});
    }
    Lines looks_after(int hours) {
        for (int i = 0; i < hours; ++i) {
            after(1h);
            made.push_back(good(0h, "incr", now));
        }
        look();
        return says(backup_too_old);
    }
};

} // namespace

TEST_CASE("a type that was pushed out of a cut list ages on, and not only as far as the list goes back") {
    Hourly bench;
    for (int day = 1; day < 10; ++day)
        CHECK(bench.looks_after(24).empty());
    CHECK(bench.looks_after(24) == Lines{"P2 BackupTooOld: newest good full backup is more than 10d old, 10d allowed"});
    for (int day = 11; day < 30; ++day)
        bench.looks_after(24);
    CHECK(bench.looks_after(24) == Lines{"P2 BackupTooOld: newest good full backup is more than 30d old, 10d allowed"});
    bench.made.push_back(good(0h, "full", bench.now + 30min));
    CHECK(bench.looks_after(1).empty());
}

TEST_CASE("a type that a cut list does not show may have been made while nobody looked") {
    Hourly bench;
    for (int day = 1; day <= 5; ++day)
        bench.looks_after(24);
    CHECK(bench.looks_after(15 * 24).empty());
    CHECK(bench.looks_after(24).empty());
    CHECK(bench.looks_after(24) ==
          Lines{"P2 BackupTooOld: newest good full backup is more than 10d7h old, 10d allowed"});
}

TEST_CASE("a backup dated in the future is not fresh") {
    Bench bench;
    SECTION("an older one counts") {
        bench.sees({all({good(3h), good(-1h)})});
        CHECK(bench.says(backup_too_old) == Lines{"P2 BackupTooOld: newest good backup is 3h old, 2h allowed"});
    }
    SECTION("the only one leaves the last credible one to age") {
        bench.sees({all({good(1h)})}).sees({all({good(-1h)})}).after(1h);
        CHECK(bench.says(backup_too_old) == Lines{"P2 BackupTooOld: last credible backup is 2h old, 2h allowed"});
        CHECK(bench.says(backup_missing).empty());
    }
    SECTION("clocks that differ by two minutes are believed") {
        bench.sees({all({good(3h), good(-2min)})});
        CHECK(bench.says().empty());
    }
}

TEST_CASE("a source that did not change since its backup has nothing to lose") {
    Bench bench;
    RecoveryPoints points = all({good(30 * kDay)});
    points.source_changed_at = kNow - 31 * kDay;
    bench.sees({points});
    CHECK(bench.says().empty());
    CHECK(bench.judged().revisit == kNever);
}

TEST_CASE("a change that is not backed up counts from the change") {
    Bench bench;
    RecoveryPoints points = all({good(30 * kDay)});
    points.source_changed_at = kNow - 10min;
    bench.sees({points});
    CHECK(first_speaks(bench, backup_too_old) == kNow + 110min);
}

TEST_CASE("a source that changes all the time does not put its own backup off") {
    Bench bench;
    for (int i = 0; i < 5; ++i, bench.after(30min)) {
        RecoveryPoints points = all({good(30 * kDay)});
        points.source_changed_at = bench.now;
        bench.sees({points});
    }
    CHECK(bench.now == kNow + 150min);
    CHECK(bench.says() == Lines{"P2 BackupTooOld: oldest change without a good backup is 2h30m old, 2h allowed"});
}

TEST_CASE("a switched off rule is silent") {
    Bench bench;
    bench.check.policy[backup_too_old].enabled = false;
    CHECK(bench.sees({all({good(kDay)})}).says().empty());
}

TEST_CASE("a finding carries the policy's hold and names asset, check and subject") {
    Bench bench;
    bench.check.policy[backup_too_old].hold = 10min;
    const Finding found = bench.sees({all({good(kDay)})}).judged().findings.at(0);
    CHECK(found.hold == 10min);
    CHECK(found.identity == Identity{.rule = backup_too_old, .asset = "db", .check = "backup", .subject = "main"});
    CHECK(found.raw_priority == Priority::p2);
}

} // namespace recoverd::core
