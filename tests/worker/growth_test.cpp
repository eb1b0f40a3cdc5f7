// SPDX-License-Identifier: Apache-2.0
#include "tests/worker/folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>

using namespace recoverd;
using namespace recoverd::test;
using namespace std::chrono_literals;
using core::JobState;
using core::PointState;

namespace {

core::RecoveryPoints look_with(HandClock& hand, const std::string& path, std::string cursor = {},
                               std::string* left = nullptr) {
    const auto seen = worker::files::look({.path = path, .cursor = std::move(cursor)}, hand.clock());
    REQUIRE(seen);
    if (left)
        *left = seen->cursor;
    return points(*seen);
}

} // namespace

TEST_CASE("a file that grows while we look is incomplete, and a job runs") {
    Folder f;
    f.write("orders-1.dump", "1", 24h);
    f.write("orders-2.dump", "1", 0s);
    HandClock hand;
    int turn = 0;
    hand.meanwhile = [&] { f.write("orders-2.dump", std::string(static_cast<std::size_t>(++turn) + 1, 'x'), 0s); };
    const auto found = look_with(hand, f / "*.dump");
    REQUIRE(found.points.size() == 2);
    CHECK(found.points[0].state == PointState::good);
    CHECK(found.points[1].state == PointState::incomplete);
    REQUIRE(found.jobs.size() == 1);
    CHECK(found.jobs[0].state == JobState::running);
    CHECK(found.jobs[0].detail == "orders-2.dump is being written");
    CHECK(hand.slept <= 1s);
}

TEST_CASE("a file written just now that stays the same is good after a moment's wait") {
    Folder f;
    f.write("orders.dump", "1", 1s);
    HandClock hand;
    const auto found = look_with(hand, f / "*.dump");
    CHECK(found.points[0].state == PointState::good);
    CHECK(found.jobs.empty());
    CHECK(hand.slept > 3s);
    CHECK(hand.slept <= 5s);
}

TEST_CASE("old files cost no wait") {
    Folder f;
    f.write("orders.dump", "1", 1h);
    HandClock hand;
    look_with(hand, f / "*.dump");
    CHECK(hand.slept == 0s);
}

TEST_CASE("a file dated into the future is watched once, and believed when the next look finds it the same") {
    Folder f;
    f.write("orders.dump", "1", -24h);
    HandClock hand;
    std::string cursor;
    CHECK(look_with(hand, f / "*.dump", {}, &cursor).points[0].state == PointState::good);
    CHECK(hand.slept >= 5s);
    hand.slept = 0s;
    hand.now += 5min;
    CHECK(look_with(hand, f / "*.dump", cursor).points[0].state == PointState::good);
    CHECK(hand.slept == 0s);
}

TEST_CASE("a file that changed since the last look though its time denies it is watched again") {
    Folder f;
    f.write("orders.dump", "1", 24h);
    HandClock hand;
    std::string cursor;
    look_with(hand, f / "*.dump", {}, &cursor);
    hand.now += 5min;
    f.write("orders.dump", "12", 24h);
    hand.meanwhile = [&] { f.write("orders.dump", "123", 24h); };
    CHECK(look_with(hand, f / "*.dump", cursor).points[0].state == PointState::incomplete);
}

TEST_CASE("a .part file is a job that runs, as long as it was touched within the hour") {
    Folder f;
    f.write("orders-1.dump", "1", 24h);
    f.write("orders-2.dump.part", "1", 20min);
    HandClock hand;
    const auto running = look_with(hand, f / "*.dump");
    CHECK(running.count == 1);
    REQUIRE(running.jobs.size() == 1);
    CHECK(running.jobs[0].state == JobState::running);
    CHECK(running.jobs[0].started_at);

    f.set_age("orders-2.dump.part", 2h);
    const auto abandoned = look_with(hand, f / "*.dump");
    REQUIRE(abandoned.jobs.size() == 1);
    CHECK(abandoned.jobs[0].state == JobState::failed);
    CHECK(abandoned.jobs[0].detail == "orders-2.dump.part was never finished");
}

TEST_CASE("a .tmp folder is a job that runs, as long as anything in it was touched within the hour") {
    Folder f;
    f.write("orders-1/base/1", "1", 24h);
    f.write("orders-2.tmp/base/1", "1", 10min);
    for (const auto* name : {"orders-2.tmp/base", "orders-2.tmp"})
        f.set_age(name, 3h);
    HandClock hand;
    const auto running = look_with(hand, f / "orders-*");
    CHECK(running.count == 1);
    REQUIRE(running.jobs.size() == 1);
    CHECK(running.jobs[0].state == JobState::running);
    CHECK(running.jobs[0].detail == "orders-2.tmp is being written");

    f.set_age("orders-2.tmp/base/1", 2h);
    const auto abandoned = look_with(hand, f / "orders-*");
    REQUIRE(abandoned.jobs.size() == 1);
    CHECK(abandoned.jobs[0].state == JobState::failed);
    CHECK(abandoned.jobs[0].detail == "orders-2.tmp was never finished");
}

TEST_CASE("a file in a folder that is dated ahead does not tell when the folder was written") {
    Folder f;
    f.write("photos-1/2026.jpg", "x", 24h);
    f.write("photos-1/2038.jpg", "x", -24h * 4000);
    f.set_age("photos-1", 24h);
    f.write("photos-2.tmp/2026.jpg", "x", 3h);
    f.write("photos-2.tmp/2038.jpg", "x", -24h * 4000);
    f.set_age("photos-2.tmp", 3h);
    HandClock hand;
    std::string cursor;
    const auto abandoned = look_with(hand, f / "photos-*", {}, &cursor);
    REQUIRE(abandoned.points.size() == 1);
    CHECK(abandoned.points[0].size_bytes == 2);
    CHECK(abandoned.points[0].ended_at < hand.now - 23h);
    REQUIRE(abandoned.jobs.size() == 1);
    CHECK(abandoned.jobs[0].state == JobState::failed);
    CHECK(abandoned.jobs[0].detail == "photos-2.tmp was never finished");
    CHECK(hand.slept == 0s);

    // One that fills is being written, whatever it is dated.
    hand.now += 5min;
    f.write("photos-2.tmp/more.jpg", "x", -24h * 4000);
    f.set_age("photos-2.tmp", 3h);
    int turn = 0;
    hand.meanwhile = [&] {
        f.write("photos-2.tmp/" + std::to_string(++turn), "x", -24h * 4000);
        f.set_age("photos-2.tmp", 3h);
    };
    const auto running = look_with(hand, f / "photos-*", cursor);
    REQUIRE(running.jobs.size() == 1);
    CHECK(running.jobs[0].state == JobState::running);

    // A file server whose clock is minutes ahead.
    hand.meanwhile = {};
    f.write("photos-3.tmp/1", "x", -10min);
    f.set_age("photos-3.tmp", 3h);
    CHECK(look_with(hand, f / "photos-*").jobs.at(0).state == JobState::running);
}

TEST_CASE("what was never finished takes nothing from adding up what was") {
    Folder f;
    f.write("orders-1/1", "x", 24h);
    f.set_age("orders-1", 24h);
    for (int i = 0; i < 20; ++i)
        f.write("orders-2.tmp/" + std::to_string(i), "x", 48h);
    f.set_age("orders-2.tmp", 48h);
    HandClock hand;
    const auto seen = worker::files::look({.path = f / "orders-*", .min_size = 1000, .entries = 10}, hand.clock());
    REQUIRE(seen);
    const auto found = points(*seen);
    REQUIRE(found.points.size() == 1);
    CHECK(found.points[0].size_bytes == 1);
    CHECK(found.points[0].state == PointState::bad);
    REQUIRE(found.jobs.size() == 1);
    CHECK(found.jobs[0].state == JobState::failed);
}

TEST_CASE("what was finished, and what was left behind, keeps nobody from knowing what is being written") {
    Folder f;
    for (int i = 0; i < 20; ++i) {
        f.write("orders-1/" + std::to_string(i), "x", 48h);
        f.write("orders-2.tmp/" + std::to_string(i), "x", 24h);
    }
    f.set_age("orders-1", 48h);
    f.set_age("orders-2.tmp", 24h);
    f.write("orders-3.tmp/base/1", "x", 10min);
    for (const auto* name : {"orders-3.tmp/base", "orders-3.tmp"})
        f.set_age(name, 3h);
    // Its own time tells of this one.
    for (int i = 0; i < 20; ++i)
        f.write("parts-1.tmp/" + std::to_string(i), "x", 24h);
    HandClock hand;
    const auto seen = worker::files::look({.path = f / "{subject}-*", .entries = 10}, hand.clock());
    REQUIRE(seen);
    for (const auto* subject : {"orders", "parts"}) {
        CAPTURE(subject);
        const auto jobs = points(*seen, subject).jobs;
        REQUIRE_FALSE(jobs.empty());
        CHECK(jobs[0].state == JobState::running);
    }
}

TEST_CASE("one that is being written is known as far down as a finished one is added up") {
    Folder f;
    f.write("orders-2.tmp/a/b/c/d/e/f/1", "x", 10min);
    for (std::string folder = "orders-2.tmp/a/b/c/d/e/f"; !folder.empty();
         folder.resize(folder.contains('/') ? folder.rfind('/') : 0))
        f.set_age(folder, 3h);
    HandClock hand;
    const auto seen = worker::files::look({.path = f / "orders-*", .entries = 10}, hand.clock());
    REQUIRE(seen);
    REQUIRE(points(*seen).jobs.size() == 1);
    CHECK(points(*seen).jobs[0].state == JobState::running);
}

TEST_CASE("a file that is written anew under its old name did not begin when the first of that name was made") {
    Folder f;
    f.write("orders-Mon.dump", "1", 24h);
    HandClock hand;
    int turn = 0;
    hand.meanwhile = [&] {
        std::ofstream(f / "orders-Mon.dump") << std::string(static_cast<std::size_t>(++turn) + 1, 'x');
    };
    hand.meanwhile();
    const auto found = look_with(hand, f / "*.dump");
    REQUIRE(found.jobs.size() == 1);
    CHECK(found.jobs[0].state == JobState::running);
    CHECK_FALSE(found.jobs[0].started_at);
}

TEST_CASE("a .part file belongs to the series of the name it will have") {
    Folder f;
    f.write("orders-2026-11-22.dump.part", "1", 1min);
    HandClock hand;
    const auto seen = worker::files::look({.path = f / "{subject}-*.dump"}, hand.clock());
    REQUIRE(seen);
    CHECK(points(*seen, "orders").jobs.size() == 1);
    CHECK(points(*seen, "orders").count == 0);
}

TEST_CASE("a folder that fills is incomplete") {
    Folder f;
    f.write("base/1", "x", 0s);
    HandClock hand;
    int turn = 0;
    hand.meanwhile = [&] { f.write("base/" + std::to_string(++turn), "xx", 0s); };
    CHECK(look_with(hand, f / "ba*").points[0].state == PointState::incomplete);
}

TEST_CASE("a folder that is added up in one run and not in the next is as finished as it was") {
    Folder f;
    f.write("orders-1/1", "x", 24h);
    f.set_age("orders-1", 24h);
    HandClock hand;
    std::string cursor;
    for (const std::size_t entries : {10U, 0U, 0U, 10U}) {
        const auto seen =
            worker::files::look({.path = f / "orders-*", .entries = entries, .cursor = cursor}, hand.clock());
        REQUIRE(seen);
        const auto found = points(*seen);
        REQUIRE(found.points.size() == 1);
        CHECK(found.points[0].state == PointState::good);
        CHECK(found.points[0].size_bytes.has_value() == (entries > 0));
        CHECK(found.jobs.empty());
        CHECK(hand.slept == 0s);
        cursor = seen->cursor;
        hand.now += 5min;
    }
}

TEST_CASE("a folder that is too large to be added up and was written just now is good after a moment's wait") {
    Folder f;
    f.write("orders-1/1", "x", 1s);
    HandClock hand;
    const auto seen = worker::files::look({.path = f / "orders-*", .entries = 0}, hand.clock());
    REQUIRE(seen);
    CHECK(points(*seen).points.at(0).state == PointState::good);
    CHECK(points(*seen).jobs.empty());
    CHECK(hand.slept <= 5s);
}

TEST_CASE("what a former release remembers of a folder that it did not add up costs one wait") {
    Folder f;
    f.write("orders-1/1", "x", 24h);
    f.set_age("orders-1", 24h);
    HandClock hand;
    std::string cursor;
    look_with(hand, f / "orders-*", {}, &cursor);
    const auto at = cursor.find("\"size\":1");
    REQUIRE(at != std::string::npos);
    cursor.replace(at, 8, "\"size\":0");
    hand.now += 5min;
    const auto found = look_with(hand, f / "orders-*", cursor, &cursor);
    CHECK(found.points.at(0).state == PointState::good);
    CHECK(hand.slept <= 5s);
    hand.slept = 0s;
    hand.now += 5min;
    look_with(hand, f / "orders-*", cursor);
    CHECK(hand.slept == 0s);
}
