// SPDX-License-Identifier: Apache-2.0
#include "core/schedule.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/format.h>

using namespace recoverd::core;

namespace {

constexpr Time kNow{std::chrono::seconds{1'795'316'400}};

Check every(std::string name, Duration interval) {
    Check check;
    check.name = std::move(name);
    check.every = interval;
    return check;
}

/// Lets a check run at once each time it is due, until `until`; the moments at which it ran.
std::vector<Duration> runs(Schedule& schedule, Duration until, bool learned = true) {
    std::vector<Duration> at;
    while (schedule.next() && *schedule.next() <= until) {
        const Duration now = *schedule.next();
        const auto due = schedule.take(now);
        REQUIRE(due);
        at.push_back(now);
        schedule.finished(due->name, learned, now);
    }
    return at;
}

} // namespace

TEST_CASE("a new check runs within its interval and within the ramp") {
    Schedule schedule;
    schedule.add(every("a", 1h), 0ms, kNow);
    REQUIRE(schedule.next());
    CHECK(*schedule.next() >= 0ms);
    CHECK(*schedule.next() < Schedule::kRamp);
}

TEST_CASE("a check keeps its rhythm") {
    Schedule schedule;
    schedule.add(every("a", 1min), 0ms, kNow);
    const auto at = runs(schedule, 1h);
    REQUIRE(at.size() == 60);
    for (std::size_t i = 1; i < at.size(); ++i)
        CHECK(at[i] - at[i - 1] == 1min);
}

TEST_CASE("ten thousand checks do not start together, nor differently on the next start") {
    Schedule first;
    Schedule second;
    for (int i = 0; i < 10'000; ++i) {
        first.add(every(fmt::format("check-{}", i), 15s), 0ms, kNow);
        second.add(every(fmt::format("check-{}", i), 15s), 0ms, kNow);
    }
    std::array<int, 10> seconds{};
    for (int i = 0; i < 10'000; ++i) {
        const std::string name = fmt::format("check-{}", i);
        CHECK(first.due(name) == second.due(name));
        REQUIRE(*first.due(name) < Schedule::kRamp);
        ++seconds[static_cast<std::size_t>(*first.due(name) / 1s)];
    }
    for (const int in_second : seconds) {
        CHECK(in_second > 850);
        CHECK(in_second < 1150);
    }
}

TEST_CASE("after a restart a check that is not due yet waits for its moment") {
    Schedule schedule;
    schedule.add(every("a", 6h), 0ms, kNow, {kNow + 2h});
    CHECK(schedule.next() == 2h);
}

TEST_CASE("after a restart an overdue check runs soon") {
    Schedule schedule;
    schedule.add(every("a", 6h), 0ms, kNow, {kNow - 20h});
    CHECK(*schedule.next() < Schedule::kRamp);
}

TEST_CASE("a stored moment that lies further ahead than the interval is not believed") {
    Schedule schedule;
    schedule.add(every("a", 1min), 0ms, kNow, {kNow + 24h * 365});
    CHECK(*schedule.next() <= 1min);
}

TEST_CASE("a run that takes longer than its interval skips beats and keeps the rhythm") {
    Schedule schedule;
    schedule.add(every("a", 1min), 0ms, kNow);
    const Duration first = *schedule.next();
    schedule.take(first);
    CHECK_FALSE(schedule.next());
    schedule.finished("a", true, first + 150s);
    CHECK(schedule.next() == first + 3min);
}

TEST_CASE("a check that learns nothing again and again is asked less often, and as often as before once it learns") {
    Schedule schedule;
    schedule.add(every("a", 10s), 0ms, kNow);
    const auto at = runs(schedule, 1h, false);
    CHECK(at[4] - at[3] == 10s);
    CHECK(at[6] - at[5] == 20s);
    CHECK(at.back() - at[at.size() - 2] == Schedule::kMaxBackOff);

    const Duration now = *schedule.next();
    schedule.take(now);
    schedule.finished("a", true, now);
    CHECK(*schedule.next() - now == 10s);
}

TEST_CASE("an interval longer than the longest back-off stays as it is") {
    Schedule schedule;
    schedule.add(every("a", 6h), 0ms, kNow);
    const auto at = runs(schedule, 24h * 10, false);
    for (std::size_t i = 1; i < at.size(); ++i)
        CHECK(at[i] - at[i - 1] == 6h);
}

TEST_CASE("a reload that changes nothing keeps the next moment") {
    Schedule schedule;
    schedule.add(every("a", 1h), 0ms, kNow);
    const auto due = schedule.next();
    schedule.add(every("a", 1h), 5s, kNow + 5s);
    CHECK(schedule.next() == due);
}

TEST_CASE("a changed interval counts from the reload") {
    Schedule schedule;
    schedule.add(every("a", 24h), 0ms, kNow, {kNow + 20h});
    schedule.add(every("a", 1min), 1h, kNow + 1h);
    CHECK(*schedule.next() < 1h + 1min);
}

TEST_CASE("a check that is removed is not due any more, even when it is running") {
    Schedule schedule;
    schedule.add(every("a", 1min), 0ms, kNow);
    schedule.take(1min);
    schedule.remove("a");
    schedule.finished("a", true, 2min);
    CHECK_FALSE(schedule.next());
}

TEST_CASE("run now is out of turn and leaves the rest of the rhythm alone") {
    Schedule schedule;
    schedule.add(every("a", 1h), 0ms, kNow, {kNow + 30min});
    schedule.run_now("a", 10s);
    const auto due = schedule.take(10s);
    REQUIRE(due);
    CHECK(due->late == 0ms);
    schedule.run_now("a", 11s);
    CHECK_FALSE(schedule.next());
    schedule.finished("a", true, 12s);
    CHECK(*schedule.next() == 10s + 1h);
}

TEST_CASE("a check without an interval never runs by itself") {
    Schedule schedule;
    schedule.add(every("outcomes", 0ms), 0ms, kNow);
    CHECK_FALSE(schedule.next());
    CHECK_FALSE(schedule.due("outcomes"));
}

TEST_CASE("lateness is how long a check has been due") {
    Schedule schedule;
    schedule.add(every("a", 1h), 0ms, kNow, {kNow + 1s});
    const auto due = schedule.take(4s);
    REQUIRE(due);
    CHECK(due->late == 3s);
}
