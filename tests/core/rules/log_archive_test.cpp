// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

namespace {

/// A writer's view at kNow with a window of 30 days and nothing waiting.
LogArchive idle() {
    return {.enabled = Told::yes,
            .oldest_at = kNow - 30 * kDay,
            .newest_at = kNow,
            .pending = Told::no,
            .last_segment = "000000010000000000000003",
            .system_id = "7"};
}

LogArchive waiting_since(Time at) {
    LogArchive archive = idle();
    archive.pending = Told::yes;
    archive.newest_at = at;
    archive.pending_segments = 2;
    archive.waiting_since = at;
    return archive;
}

LogArchive said(std::string segment) {
    LogArchive archive = idle();
    archive.last_segment = std::move(segment);
    return archive;
}

LogArchive holding(std::string segment) {
    LogArchive archive = said(std::move(segment));
    archive.from_repository = true;
    archive.pending = Told::not_told;
    return archive;
}

constexpr const char* kOne = "000000010000000000000001";
constexpr const char* kThree = "000000010000000000000003";
constexpr const char* kFour = "000000010000000000000004";
constexpr const char* kOnTwo = "000000020000000000000001";

} // namespace

TEST_CASE("an idle database does not lag, however long nothing is written") {
    Bench bench;
    bench.sees({idle()});
    CHECK(bench.says().empty());
    CHECK(first_speaks(bench, pitr_lag_high) == kNever);
    LogArchive week_old = idle();
    week_old.newest_at = kNow - 7 * kDay;
    CHECK(bench.sees({week_old}).says().empty());
}

TEST_CASE("one row written and never archived lags an hour later, though no segment waits") {
    Bench bench;
    LogArchive archive = idle();
    archive.pending = Told::yes;
    archive.newest_at = kNow - 5min;
    bench.sees({archive});
    CHECK(first_speaks(bench, pitr_lag_high) == kNow + 55min);
    CHECK(bench.after(55min).says() == Lines{"P2 PitrLagHigh: newest recoverable moment is 1h ago, 1h allowed, and "
                                             "something was written since"});
}

TEST_CASE("a repository that cannot tell whether anything waits does not lag by age alone") {
    Bench bench;
    LogArchive archive = idle();
    archive.pending = Told::not_told;
    archive.newest_at = kNow - 5h;
    CHECK(bench.sees({archive}).says().empty());
    SECTION("segments wait") { archive.pending_segments = 1; }
    SECTION("bytes wait") { archive.pending_bytes = 1; }
    SECTION("something waits since") { archive.waiting_since = kNow - 1s; }
    CHECK(bench.sees({archive}).says(pitr_lag_high).size() == 1);
}

TEST_CASE("nothing is said of the lag of an archive that knows no newest moment") {
    LogArchive archive = waiting_since(kNow);
    archive.newest_at.reset();
    CHECK(Bench{}.sees({archive}).says().empty());
}

TEST_CASE("a window shorter than promised by more than one backup interval is found") {
    Bench bench;
    bench.asset.objectives.since = kNow - 100 * kDay;
    bench.asset.objectives.pitr_window = 7 * kDay;
    bench.asset.objectives.backup_every = kDay;
    LogArchive archive = idle();
    archive.oldest_at = kNow - 6 * kDay;
    CHECK(bench.sees({archive}).says().empty());
    archive.oldest_at = kNow - 6 * kDay + 1ms;
    CHECK(bench.sees({archive}).says() == Lines{"P3 PitrWindowShort: one can go back 5d23h continuously, 7d wanted"});
    bench.asset.objectives.since = kNow - 7 * kDay;
    CHECK(bench.says().empty());
}

TEST_CASE("of several windows that are missed the worst is told, in whatever order they stand") {
    const Step a_week{.over = 7.0 * 86'400, .priority = Priority::p3};
    const Step two_days{.over = 2.0 * 86'400, .priority = Priority::p1};
    for (const auto& steps : {std::vector{a_week, two_days}, std::vector{two_days, a_week}}) {
        Bench bench;
        bench.asset.objectives.since = kNow - 100 * kDay;
        LogArchive archive = idle();
        archive.oldest_at = kNow - 6h;
        CHECK(bench.policy(pitr_window_short, steps).sees({archive}).says(pitr_window_short) ==
              Lines{"P1 PitrWindowShort: one can go back 6h continuously, 2d wanted"});
    }
}

TEST_CASE("a day is wanted where no window is promised, once the asset is a day old") {
    Bench bench;
    LogArchive archive = idle();
    archive.oldest_at = kNow - 2h;
    bench.sees({archive}).after(25h).sees({archive});
    CHECK(bench.says().empty());
    archive.oldest_at = bench.now - 2h;
    CHECK(bench.sees({archive}).says(pitr_window_short) ==
          Lines{"P3 PitrWindowShort: one can go back 2h continuously, 1d wanted"});
}

TEST_CASE("a window ends where writing has not been archived, and at the moment of looking otherwise") {
    Bench bench;
    bench.asset.objectives.since = kNow - 100 * kDay;
    LogArchive archive = idle();
    archive.oldest_at = kNow - 30h;
    archive.newest_at = kNow - 20h;
    CHECK(bench.sees({archive}).says().empty());
    archive.pending = Told::yes;
    CHECK(bench.sees({archive}).says(pitr_window_short).size() == 1);
}

TEST_CASE("a promised window without an archive is found") {
    Bench bench;
    bench.asset.objectives.since = kNow - 100 * kDay;
    LogArchive archive{.enabled = Told::no};
    CHECK(bench.sees({archive}).says().empty());
    bench.asset.objectives.pitr_window = kDay;
    CHECK(bench.says() == Lines{"P3 PitrWindowShort: archiving is switched off, a window of 1d is promised"});
    archive = {.from_repository = true};
    CHECK(bench.sees({archive}).says() ==
          Lines{"P3 PitrWindowShort: no moment between backups can be recovered, a window of 1d is wanted"});
    archive = {.enabled = Told::yes};
    CHECK(bench.sees({archive}).says().empty());
}

TEST_CASE("a repository that says it keeps a log and reaches nowhere is found, promised or not") {
    Bench bench;
    LogArchive archive{.enabled = Told::yes, .from_repository = true};
    CHECK(bench.sees({archive}).says().empty());
    CHECK(bench.after(25h).sees({archive}).says() ==
          Lines{"P3 PitrWindowShort: no moment between backups can be recovered, a window of 1d is wanted"});
    archive.enabled = Told::not_told;
    CHECK(bench.sees({archive}).says().empty());
}

TEST_CASE("archiving that fails with WAL waiting is found after five minutes, on its second") {
    Bench bench;
    LogArchive archive = waiting_since(kNow - 1min);
    archive.failing_since = kNow - 1min;
    archive.failing_detail = "exit status 1";
    bench.sees({archive});
    CHECK(first_speaks(bench, wal_archiving_failing) == kNow + 4min);
    CHECK(bench.after(4min).says() == Lines{"P2 WalArchivingFailing: archiving has been failing for 5m, 5m allowed, 2 "
                                            "segments wait: exit status 1"});
}

TEST_CASE("archiving that failed while nothing waits is no matter") {
    Bench bench;
    LogArchive archive = idle();
    archive.failing_since = kNow - kDay;
    CHECK(bench.sees({archive}).says().empty());
    archive.pending = Told::not_told;
    CHECK(bench.sees({archive}).says(wal_archiving_failing).size() == 1);
}

TEST_CASE("an archive command that hangs is found by what has waited for ten minutes") {
    Bench bench;
    bench.sees({waiting_since(kNow)});
    CHECK(first_speaks(bench, wal_archiving_failing) == kNow + 10min);
    CHECK(bench.after(10min).says() ==
          Lines{"P2 WalArchivingFailing: oldest finished segment has been waiting for 10m, 10m allowed, 2 wait"});
}

TEST_CASE("a hole in a repository is found") {
    LogArchive archive = holding(kFour);
    archive.gaps = {{"a", "b", 2}, {"d", "d", 1}};
    CHECK(Bench{}.sees({archive}).says() == Lines{"P2 WalArchiveGap: 3 segments missing, the first from a to b"});
}

TEST_CASE("a hole that has left the promised window is none, and one that nobody can date stays") {
    LogArchive archive = holding(kFour);
    archive.gaps = {{"a", "b", 2}};
    archive.whole_since = kNow - 3 * kDay;
    Bench bench;
    bench.sees({archive});
    CHECK(bench.says(wal_archive_gap).size() == 1);
    bench.asset.objectives.pitr_window = 3 * kDay + 1ms;
    CHECK(bench.says(wal_archive_gap).size() == 1);
    CHECK(bench.judged().revisit <= kNow + 1ms);
    CHECK(bench.after(1ms).says(wal_archive_gap).empty());
    archive.whole_since.reset();
    CHECK(bench.sees({archive}).says(wal_archive_gap).size() == 1);
}

TEST_CASE("a segment that the server archived and no repository holds is found once one was looked at later") {
    Bench bench;
    const LogArchive repository = holding(kThree);
    bench.sees({said(kThree)}).after(1h).sees({said(kFour)});
    bench.repositories = {{&repository, bench.now}};
    CHECK(bench.says(wal_archive_gap).empty());
    bench.repositories = {{&repository, bench.now + 1min - 1ms}};
    CHECK(bench.says(wal_archive_gap).empty());
    bench.repositories = {{&repository, bench.now + 1min}};
    CHECK(bench.after(5min).says(wal_archive_gap) ==
          Lines{"P2 WalArchiveGap: the server says it archived 000000010000000000000004 5m ago, no repository holds "
                "it"});
}

TEST_CASE("a busy server that is looked at more often than its repository is not held against it") {
    Bench bench;
    LogArchive repository = holding("");
    const auto goes_on = [&](int from, int to) {
        for (int i = from; i < to; ++i)
            bench.after(30s).sees({said(fmt::format("00000001{:016X}", i))});
    };
    for (int round = 0; round < 20; ++round) {
        goes_on(round * 20, round * 20 + 19);
        repository = holding(bench.seen().archived.back().segment);
        bench.repositories = {{&repository, bench.now}};
        goes_on(round * 20 + 19, round * 20 + 20);
        CHECK(bench.says(wal_archive_gap).empty());
    }
    goes_on(400, 420);
    bench.repositories = {{&repository, bench.now}};
    CHECK(bench.says(wal_archive_gap).size() == 1);
    // What the server says after that takes nothing back, though nobody looks at the repository any more.
    goes_on(420, 500);
    CHECK(bench.says(wal_archive_gap).size() == 1);
    CHECK(bench.seen().archived.size() == kMaxMarks);
}

TEST_CASE("one repository that holds the segment is enough; one of another database is not") {
    Bench bench;
    const LogArchive behind = holding(kThree);
    const LogArchive ahead = holding(kFour);
    LogArchive foreign = holding(kFour);
    foreign.system_id = "8";
    LogArchive writer = said(kFour);
    bench.sees({said(kFour)}).after(5min);
    bench.repositories = {{&behind, bench.now}, {&ahead, bench.now}};
    CHECK(bench.says(wal_archive_gap).empty());
    bench.repositories = {{&behind, bench.now}, {&foreign, bench.now}, {&writer, bench.now}};
    CHECK(bench.says(wal_archive_gap).size() == 1);
    bench.repositories = {{&foreign, bench.now}};
    CHECK(bench.says(wal_archive_gap).empty());
}

TEST_CASE("what a database had archived is not held against the archive of the one that took its place") {
    Bench bench;
    LogArchive writer = said("");
    LogArchive repository = holding("");
    writer.system_id = repository.system_id = "8";
    bench.sees({said(kFour)}).after(5min).sees({writer}).after(5min);
    bench.repositories = {{&repository, bench.now}};
    CHECK(bench.says(wal_archive_gap).empty());
    writer.last_segment = kOne;
    bench.sees({writer}).after(5min);
    bench.repositories = {{&repository, bench.now}};
    CHECK(bench.says(wal_archive_gap).size() == 1);
}

TEST_CASE("of the segments that several repositories lost the newest is named") {
    for (const bool newer_first : {false, true}) {
        Bench bench;
        const LogArchive behind = holding(kOne);
        bench.sees({said(kThree)}).after(30min).sees({said(kFour)}).after(5min);
        const HeldArchive newer{&behind, bench.now};
        const HeldArchive older{&behind, bench.now - 20min};
        bench.repositories = newer_first ? std::vector{newer, older} : std::vector{older, newer};
        const Lines told = bench.says(wal_archive_gap);
        REQUIRE(told.size() == 1);
        CHECK(told.front().contains(kFour));
    }
}

TEST_CASE("a repository on a later timeline is past the segment, one on an earlier is not") {
    Bench bench;
    const LogArchive later = holding(kOnTwo);
    const LogArchive earlier = holding(kFour);
    bench.sees({said(kFour)}).after(5min);
    bench.repositories = {{&later, bench.now}};
    CHECK(bench.says(wal_archive_gap).empty());
    bench.sees({said(kOnTwo)}).after(5min);
    bench.repositories = {{&earlier, bench.now}};
    CHECK(bench.says(wal_archive_gap).size() == 1);
}

TEST_CASE("an archive command that stores nothing leaves the repository empty, and that is found") {
    Bench bench;
    const LogArchive empty = holding("");
    bench.sees({said(kThree)}).after(5min);
    bench.repositories = {{&empty, bench.now}};
    CHECK(bench.says(wal_archive_gap).size() == 1);
}

TEST_CASE("names that are no segments are not held against a repository") {
    Bench bench;
    const LogArchive empty = holding("");
    bench.sees({said("00000002.history")}).sees({said("")}).after(5min);
    bench.repositories = {{&empty, bench.now}};
    CHECK(bench.says(wal_archive_gap).empty());
    bench.sees({said("000000010000000000000003.00000028.backup")});
    CHECK(bench.seen().archived.back().segment == kThree);
}

TEST_CASE("without a system identifier nobody knows which repository is the server's") {
    Bench bench;
    LogArchive anonymous = said(kFour);
    anonymous.system_id.clear();
    LogArchive repository = holding(kThree);
    repository.system_id.clear();
    bench.sees({anonymous}).after(5min);
    bench.repositories = {{&repository, bench.now}};
    CHECK(bench.says(wal_archive_gap).empty());
}

} // namespace recoverd::core
