// SPDX-License-Identifier: Apache-2.0
#include "tests/core/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::core {

using enum RuleId;

namespace {

RecoveryPoints with_jobs(RecoveryPoints points, std::vector<BackupJob> jobs, Told tells = Told::yes) {
    points.jobs = std::move(jobs);
    points.tells_jobs = tells;
    return points;
}

BackupJob failed_job(Time ended, std::string detail = "exit status 1") {
    return {.state = JobState::failed, .ended_at = ended, .detail = std::move(detail)};
}

const BackupJob kRunning{.state = JobState::running};

RecoveryPoints lasting(std::vector<Duration> durations, std::string type = {}) {
    std::vector<RecoveryPoint> points;
    Duration age = 1h * static_cast<int>(durations.size());
    for (const Duration duration : durations) {
        points.push_back(good(age, type));
        points.back().duration = duration;
        age -= 1h;
    }
    return all(points);
}

} // namespace

TEST_CASE("a job that failed since the last good backup is found, until a good one follows") {
    Bench bench;
    bench.sees({with_jobs(all({good(1h)}), {failed_job(kNow - 10min)})});
    CHECK(bench.says() == Lines{"P2 BackupFailed: backup 10m ago failed, newest good one is 1h old: exit status 1"});
    bench.sees({with_jobs(all({good(1h), good(5min)}), {failed_job(kNow - 10min)})});
    CHECK(bench.says().empty());
}

TEST_CASE("a failed job stays found when the source no longer lists it") {
    Bench bench;
    bench.sees({with_jobs(all({good(1h)}), {failed_job(kNow - 10min)})}).sees({with_jobs(all({good(1h)}), {})});
    CHECK(bench.says(backup_failed).size() == 1);
}

TEST_CASE("a good backup that another check of the asset saw ends it as well") {
    Bench bench;
    bench.sees({with_jobs(all({}), {failed_job(kNow - 10min, "")})});
    CHECK(bench.says(backup_failed) ==
          Lines{"P2 BackupFailed: backup 10m ago failed, no good one so far: no reason told"});
    bench.asset_newest_good = kNow - 10min - 1ms;
    CHECK(bench.says(backup_failed).size() == 1);
    bench.asset_newest_good = kNow - 10min;
    CHECK(bench.says(backup_failed).empty());
}

TEST_CASE("a failed job without a time is as new as when it was first listed") {
    Bench bench;
    const BackupJob untimed{.state = JobState::failed, .backup_type = "full", .detail = "x"};
    bench.sees({with_jobs(all({good(1h)}), {untimed})}).after(1h);
    bench.sees({with_jobs(all({good(0h, "", bench.now)}), {untimed})}).after(1min);
    bench.sees({with_jobs(all({good(1min, "", bench.now)}), {untimed})});
    CHECK(bench.says(backup_failed).empty());
}

TEST_CASE("a job that fails in the words of one before a good backup has failed anew") {
    Bench bench;
    const BackupJob untimed{.state = JobState::failed, .backup_type = "full", .detail = "no space left"};
    bench.sees({with_jobs(all({good(1h)}), {untimed})}).after(1h);
    bench.sees({with_jobs(all({good(0h, "", bench.now)}), {})}).after(1h);
    CHECK(bench.says(backup_failed).empty());
    bench.sees({with_jobs(all({good(1h, "", bench.now)}), {untimed})});
    CHECK(bench.says(backup_failed) ==
          Lines{"P2 BackupFailed: full backup 0s ago failed, newest good one is 1h old: no space left"});
}

TEST_CASE("a job that was seen running and left no backup has failed") {
    Bench bench;
    bench.sees({with_jobs(all({good(1h)}), {})}).after(1min);
    bench.sees({with_jobs(all({good(1h)}), {kRunning})}).after(1min);
    CHECK(bench.says().empty());
    bench.sees({with_jobs(all({good(1h)}), {})});
    CHECK(bench.says() == Lines{"P2 BackupFailed: backup 1m ago failed, newest good one is 1h2m old: was seen running "
                                "and left no backup"});
}

TEST_CASE("a job that was seen running and left a backup has not failed, even a bad one") {
    Bench bench;
    bench.sees({with_jobs(all({good(1h)}), {})}).after(1min);
    bench.sees({with_jobs(all({good(1h)}), {kRunning})}).after(2min);
    SECTION("good") { bench.sees({with_jobs(all({good(1h), good(1min, "", bench.now)}), {})}); }
    SECTION("bad") {
        bench.sees({with_jobs(all({good(1h), in_state(good(1min, "", bench.now), PointState::bad)}), {})});
    }
    CHECK(bench.says(backup_failed).empty());
}

TEST_CASE("a backup that is listed some time after its end is that of the job seen in between") {
    Bench bench;
    bench.sees({with_jobs(all({good(1h)}), {})}).after(1min);
    bench.sees({with_jobs(all({good(1h)}), {kRunning})}).after(2s);
    // It ended a second before the look that found its job still running.
    bench.sees({with_jobs(all({good(1h), good(3s, "", bench.now)}), {})});
    CHECK(bench.says(backup_failed).empty());
    SECTION("the next one is judged for itself") {
        bench.after(1min).sees({with_jobs(all({good(1h), good(3s, "", kNow + 62s)}), {kRunning})}).after(1min);
        bench.sees({with_jobs(all({good(1h), good(3s, "", kNow + 62s)}), {})});
        CHECK(bench.says(backup_failed).size() == 1);
    }
}

TEST_CASE("where the source does not tell of jobs, one that is gone proves nothing") {
    Bench bench;
    bench.sees({with_jobs(all({good(1h)}), {kRunning}, Told::not_told)}).after(1min);
    CHECK(bench.sees({with_jobs(all({good(1h)}), {}, Told::not_told)}).says().empty());
}

TEST_CASE("the tail of a run whose backup has just ended is not a run that left none") {
    Bench bench;
    bench.sees({with_jobs(all({good(1h)}), {})}).after(1min);
    const RecoveryPoints ended = all({good(1h), good(10s, "", bench.now)});
    bench.sees({with_jobs(ended, {kRunning})}).after(1min);
    CHECK(bench.sees({with_jobs(ended, {})}).says().empty());
}

TEST_CASE("a job with another start is another job, and the one before it left nothing") {
    Bench bench;
    const auto started = [](Time at) { return BackupJob{.state = JobState::running, .started_at = at}; };
    bench.sees({with_jobs(all({good(1h)}), {started(kNow - 5min)})}).after(10min);
    bench.sees({with_jobs(all({good(1h)}), {started(kNow + 5min)})});
    CHECK(bench.says(backup_failed).size() == 1);
    CHECK(bench.seen().running == std::vector<RunningJob>{{"", kNow + 5min}});
}

TEST_CASE("a job without history is stuck after a day") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 1e9}});
    bench.sees({with_jobs(all({good(1h)}), {kRunning})});
    CHECK(first_speaks(bench, backup_stuck) == kNow + kDay);
    CHECK(bench.after(25h).says() == Lines{"P3 BackupStuck: backup has been running for 1d1h, 1d allowed"});
}

TEST_CASE("a job is stuck at three times what nearly all before it took, and never before half an hour") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 1e9}});
    SECTION("short ones") {
        bench.sees({with_jobs(lasting({1min, 2min, 1min}), {kRunning})});
        CHECK(first_speaks(bench, backup_stuck) == kNow + 30min);
    }
    SECTION("long ones") {
        bench.sees({with_jobs(lasting({1h, 1h, 2h}), {kRunning})});
        CHECK(first_speaks(bench, backup_stuck) == kNow + 6h);
    }
    SECTION("one outlier among twenty does not count") {
        std::vector<Duration> durations(19, 1h);
        durations.push_back(10h);
        bench.sees({with_jobs(lasting(durations), {kRunning})});
        CHECK(first_speaks(bench, backup_stuck) == kNow + 3h);
    }
}

TEST_CASE("a job that was seen running may have ended, until the next look is overdue") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 1e9}});
    bench.check.every = 2h;
    bench.check.timeout = 1min;
    BackupJob job = kRunning;
    job.started_at = kNow;
    bench.sees({with_jobs(lasting({1min, 2min, 1min}), {job})});
    CHECK(first_speaks(bench, backup_stuck) == kNow + 2h + 1min);
    bench.after(40min).sees({with_jobs(lasting({1min, 2min, 1min}), {job})});
    CHECK(bench.says() == Lines{"P3 BackupStuck: backup has been running for 40m, 30m allowed"});
}

TEST_CASE("a run of an untold type may be the slowest one") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 1e9}});
    RecoveryPoints points = lasting({5min, 5min, 5min, 5min}, "incr");
    points.points.front().backup_type = "full";
    points.points.front().duration = 4h;
    BackupJob job = kRunning;
    SECTION("untold") {
        bench.sees({with_jobs(points, {job})});
        CHECK(first_speaks(bench, backup_stuck) == kNow + 12h);
    }
    SECTION("told") {
        job.backup_type = "incr";
        bench.sees({with_jobs(points, {job})});
        CHECK(first_speaks(bench, backup_stuck) == kNow + 30min);
    }
}

TEST_CASE("of several jobs that are stuck the worst is named") {
    Bench bench;
    bench.policy(backup_too_old, {{.over = 1e9}});
    bench.policy(backup_stuck, {{.over = 3600, .priority = Priority::p3}, {.over = 7200, .priority = Priority::p2}});
    bench.sees({with_jobs(all({good(1h)}), {{.backup_type = "incr", .started_at = kNow - 90min},
                                            {.backup_type = "full", .started_at = kNow - 3h}})});
    CHECK(bench.says() == Lines{"P2 BackupStuck: full backup has been running for 3h, 2h allowed"});
}

} // namespace recoverd::core
