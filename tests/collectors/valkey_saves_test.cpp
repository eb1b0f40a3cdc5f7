// SPDX-License-Identifier: Apache-2.0
// Which saves there are to go back to, and the append-only file.
#include "core/assertion.hpp"
#include "tests/collectors/valkey_story.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

namespace recoverd {

namespace {

using namespace std::chrono_literals;
using namespace collectors::vk;
using collectors::interpret_valkey;
using core::Time;
using core::Told;
using namespace test;
using Catch::Matchers::ContainsSubstring;

} // namespace

TEST_CASE("the last save of a server that never saved anything is its start, and no point to go back to") {
    for (const char* server : kServers) {
        Story story{"fresh", server};
        const auto report = story.look();
        CHECK(points(report).points.empty());
        CHECK(points(report).jobs.empty());
        CHECK(points(report).count == 0);
        CHECK_FALSE(points(report).oldest_at);
    }
}

TEST_CASE("a first save that failed, or still runs, has been counted and saved nothing") {
    for (const char* server : kServers) {
        const io::RespValue failed = captured("first-save-failed", server);
        REQUIRE(get(failed, "rdb_saves") == "1");
        const auto now = core::from_unix_seconds(std::stoll(get(failed, "server_time_usec")) / 1'000'000);
        auto seen = interpret_valkey({}, {{failed}}, {}, {}, now);
        REQUIRE(seen);
        CHECK(points(seen->subjects[0]).points.empty());
        REQUIRE(points(seen->subjects[0]).jobs.size() == 1);
        CHECK(points(seen->subjects[0]).jobs[0].state == core::JobState::failed);
        io::RespValue running = failed;
        set(running, "rdb_last_bgsave_status", "ok");
        set(running, "rdb_bgsave_in_progress", "1");
        seen = interpret_valkey({}, {{running}}, {}, {}, now);
        REQUIRE(seen);
        CHECK(points(seen->subjects[0]).points.empty());
        REQUIRE(points(seen->subjects[0]).jobs.size() == 1);
        CHECK(points(seen->subjects[0]).jobs[0].state == core::JobState::running);
    }
}

TEST_CASE("a save is of the moment at which it began") {
    Story story{"fresh"};
    story.look();
    story.save(1);
    const Time saved = story.now;
    const auto found = points(story.look());
    REQUIRE(found.points.size() == 1);
    CHECK(found.points[0].ended_at == saved);
    CHECK(found.points[0].data_at == saved - 4s);
    CHECK(found.points[0].duration == 4s);
    CHECK(found.points[0].backup_type == "rdb");
    CHECK(found.points[0].size_bytes == std::stoull(get(story.info, "used_memory_dataset")));
    CHECK(found.oldest_at == saved - 4s);
}

TEST_CASE("a save that real servers made is found at the first look") {
    for (const char* server : kServers) {
        const io::RespValue saved = captured("saved", server);
        const auto seen = interpret_valkey({}, {{saved}}, {}, {}, kStart);
        REQUIRE(seen);
        REQUIRE(points(seen->subjects[0]).points.size() == 1);
        CHECK(points(seen->subjects[0]).points[0].ended_at ==
              core::from_unix_seconds(std::stoll(get(saved, "rdb_last_save_time"))));
        CHECK(points(seen->subjects[0]).jobs.empty());
    }
}

TEST_CASE("a failed save leaves the time of the one before, and is a failed job of one moment") {
    Story story{"fresh"};
    story.look();
    story.save(1);
    const Time saved = story.now;
    story.look();
    set(story.info, "rdb_last_bgsave_status", "err");
    set(story.info, "rdb_saves", "2");
    set(story.info, "rdb_last_bgsave_time_sec", "900");
    const auto first = points(story.look());
    const Time noticed = story.now;
    const auto second = points(story.look());
    for (const auto& found : {first, second}) {
        REQUIRE(found.points.size() == 1);
        CHECK(found.points[0].data_at == saved - 4s);
        REQUIRE(found.jobs.size() == 1);
        CHECK(found.jobs[0].ended_at == noticed);
        CHECK_THAT(found.jobs[0].detail, ContainsSubstring("rdb_last_bgsave_status"));
    }
    // One that succeeds ends it, and the next failure is another.
    story.save(3);
    CHECK(points(story.look()).jobs.empty());
    set(story.info, "rdb_last_bgsave_status", "err");
    const auto again = points(story.look());
    CHECK(again.jobs.at(0).ended_at == story.now);
}

TEST_CASE("the duration of a failed save is not held against the one before it") {
    const io::RespValue failed = captured("save-failed");
    io::RespValue slow = failed;
    set(slow, "rdb_last_bgsave_time_sec", "900");
    set(slow, "uptime_in_seconds", "9000");
    const auto seen = interpret_valkey({}, {{slow}}, {}, {}, kStart);
    REQUIRE(seen);
    const auto found = points(seen->subjects[0]);
    REQUIRE(found.points.size() == 1);
    CHECK(found.points[0].data_at == found.points[0].ended_at);
    CHECK_FALSE(found.points[0].duration);
}

TEST_CASE("status ok of a server that is told to save nothing is no save") {
    for (const char* server : kServers) {
        Story story{"fresh", server};
        story.expected.settings = {{"save", "3600 1"}};
        story.now += 30s;
        io::RespValue nothing{
            .kind = io::RespValue::Kind::list,
            .items = {{.kind = io::RespValue::Kind::text, .text = "save"}, {.kind = io::RespValue::Kind::text}}};
        const auto seen = interpret_valkey(story.expected, {{story.info, nothing}}, {}, {}, story.now);
        REQUIRE(seen);
        REQUIRE(get(story.info, "rdb_last_bgsave_status") == "ok");
        CHECK(points(seen->subjects[0]).points.empty());
        CHECK(actual(seen->subjects[0], "save") == "");
        const auto asked =
            interpret_valkey(story.expected, {{story.info, captured("config-save", server)}}, {}, {}, story.now);
        REQUIRE(asked);
        CHECK(actual(asked->subjects[0], "save") == "3600 1");
    }
}

TEST_CASE("a full sync rewrites a replica's time of its last save, and saved nothing") {
    for (const char* server : kServers) {
        // Real ones, right after their first sync.
        const auto fresh = interpret_valkey({}, {{captured("replica", server)}}, {}, {}, kStart);
        REQUIRE(fresh);
        CHECK(points(fresh->subjects[0]).points.empty());
    }
    Story story{"replica-saved"};
    story.look();
    story.save(2);
    const Time saved = story.now;
    story.look();
    set(story.info, "rdb_last_save_time", seconds(story.now));
    CHECK(points(story.look()).points.at(0).ended_at == saved);
    story.save(3);
    CHECK(points(story.look()).points.at(0).ended_at > saved);
}

TEST_CASE("a flush of a primary replaces the file that was saved, by an empty one") {
    Story story{"saved"};
    story.save(2);
    set(story.info, "used_memory_dataset", "80000000");
    story.look();
    story.save(3);
    REQUIRE(points(story.look()).points.at(0).size_bytes == 80'000'000U);
    // FLUSHALL with save points: the time moves, and the counter does not.
    const io::RespValue flushed = captured("flushed");
    CHECK(get(flushed, "rdb_saves") == "0");
    CHECK(get(flushed, "rdb_last_save_time") != "0");
    set(story.info, "rdb_last_save_time", seconds(story.now));
    set(story.info, "used_memory_dataset", "40000");
    set(story.info, "db0", "");
    const auto report = story.look();
    CHECK(points(report).points.at(0).ended_at == story.now - 30s);
    CHECK(points(report).points.at(0).size_bytes == 40'000U);
    CHECK(the<core::Measurement>(report).value == 0);
}

TEST_CASE("a flush within the second of the last save shows in the size, and writes after a save do not") {
    Story story{"saved"};
    story.save(2);
    set(story.info, "used_memory_dataset", "80000000");
    REQUIRE(points(story.look()).points.at(0).size_bytes == 80'000'000U);
    set(story.info, "used_memory_dataset", "90000000");
    set(story.info, "rdb_changes_since_last_save", "7");
    CHECK(points(story.look()).points.at(0).size_bytes == 80'000'000U);
    set(story.info, "used_memory_dataset", "40000");
    set(story.info, "rdb_changes_since_last_save", "0");
    CHECK(points(story.look()).points.at(0).size_bytes == 40'000U);
}

TEST_CASE("a restart that read its file keeps the save, one that came up empty has lost it") {
    for (const bool read : {true, false}) {
        Story story{"saved"};
        story.save(2);
        const Time saved = story.now;
        REQUIRE(points(story.look()).points.size() == 1);
        story.restart(read ? "one" : "another");
        set(story.info, "rdb_last_load_keys_loaded", read ? "100" : "0");
        const auto found = points(story.look());
        CHECK(found.points.size() == (read ? 1 : 0));
        if (read)
            CHECK(found.points[0].ended_at == saved);
        // What it then says of itself counts again.
        story.save(1);
        CHECK(points(story.look()).points.at(0).ended_at > saved);
    }
}

TEST_CASE("an older Redis, which does not tell what it read, must have read what it did not write") {
    for (const auto& [changes, kept] : {std::pair{"3", true}, {"100", false}}) {
        Story story{"saved", "redis"};
        for (const char* field : {"rdb_saves", "rdb_last_load_keys_loaded", "rdb_last_load_keys_expired"})
            set(story.info, field, "");
        const auto move = [&](const char* field, const std::string& value) { set(story.info, field, value); };
        move("rdb_last_save_time", seconds(story.now));
        REQUIRE(points(story.look()).points.size() == 1);
        story.started = story.now + 1s;
        move("run_id", "another");
        move("rdb_last_save_time", seconds(story.started));
        move("rdb_last_bgsave_time_sec", "-1");
        move("rdb_changes_since_last_save", changes);
        CHECK(points(story.look()).points.size() == (kept ? 1 : 0));
    }
}

TEST_CASE("another server behind the same address has not made the saves of the one before") {
    Story story{"saved"};
    story.save(2);
    REQUIRE(points(story.look()).points.size() == 1);
    story.restart("another");
    // Up for as long as the one before: it was not restarted.
    story.started = kStart - 24h;
    set(story.info, "rdb_last_save_time", seconds(story.started));
    set(story.info, "rdb_last_load_keys_loaded", "100");
    CHECK(points(story.look()).points.empty());
}

TEST_CASE("nothing is unsaved while nothing was written, and then since the last look without a change") {
    Story story{"saved"};
    story.save(2);
    const auto idle = points(story.look());
    CHECK(idle.source_changed_at == idle.points.at(0).data_at);
    story.look();
    const Time unchanged = story.now;
    set(story.info, "rdb_changes_since_last_save", "5");
    CHECK(points(story.look()).source_changed_at == unchanged + 1ms);
    CHECK(points(story.look()).source_changed_at == unchanged + 1ms);
    // Nobody saw when it began: since the save.
    story.cursor.clear();
    const auto anew = points(story.look());
    CHECK(anew.source_changed_at == anew.points.at(0).data_at + 1ms);
}

TEST_CASE("no change since a full sync, or since a restart from an append-only file, is not no change since the save") {
    Story synced{"replica-saved"};
    synced.look();
    synced.save(2);
    const auto before = points(synced.look());
    CHECK(before.source_changed_at == before.points.at(0).data_at);
    set(synced.info, "rdb_last_save_time", seconds(synced.now));
    const auto after = points(synced.look());
    CHECK(after.source_changed_at == before.points.at(0).data_at + 1ms);
    for (const bool append_only : {true, false}) {
        Story story{append_only ? "aof" : "saved"};
        story.save(2);
        story.look();
        story.restart("another");
        set(story.info, "rdb_last_load_keys_loaded", "100");
        const auto found = points(story.look());
        const auto rdb = std::ranges::find(found.points, "rdb", &core::RecoveryPoint::id);
        REQUIRE(rdb != found.points.end());
        CHECK(found.source_changed_at == rdb->data_at + (append_only ? 1ms : 0ms));
    }
}

TEST_CASE("a child that writes for a replica is no save") {
    Story story{"primary"};
    set(story.info, "rdb_bgsave_in_progress", "1");
    set(story.info, "rdb_current_bgsave_time_sec", "20");
    const auto saving = points(story.look());
    REQUIRE(saving.jobs.size() == 1);
    CHECK(saving.jobs[0].started_at == story.now - 20s);
    set(story.info, "slave0", "ip=127.0.0.1,port=1,state=wait_bgsave,offset=0,lag=0,type=replica");
    CHECK(points(story.look()).jobs.empty());
    for (const char* server : kServers) {
        const auto seen = interpret_valkey({}, {{captured("saving", server)}}, {}, {}, kStart);
        REQUIRE(seen);
        CHECK(points(seen->subjects[0]).jobs.size() == 1);
    }
}

TEST_CASE("an append-only file is a point as new as its last write, for as long as it is written") {
    for (const char* server : kServers) {
        Story story{"aof", server};
        const auto report = story.look();
        const Time first = story.now;
        CHECK(the<core::LogArchive>(report).enabled == Told::yes);
        CHECK(the<core::LogArchive>(report).pending == Told::no);
        CHECK(the<core::LogArchive>(report).newest_at == first);
        story.look();
        const Time written = story.now;
        set(story.info, "aof_last_write_status", "err");
        story.look();
        const Time noticed = story.now;
        const auto failing = story.look();
        CHECK(the<core::LogArchive>(failing).failing_since == noticed);
        CHECK(the<core::LogArchive>(failing).pending == Told::yes);
        CHECK(the<core::LogArchive>(failing).newest_at == written);
        const core::RecoveryPoint point = points(failing).points.at(0);
        CHECK(point.id == "aof");
        CHECK(point.data_at == written);
        CHECK(point.ended_at == first);
        // It recovers by itself.
        set(story.info, "aof_last_write_status", "ok");
        const auto healed = story.look();
        CHECK_FALSE(the<core::LogArchive>(healed).failing_since);
        CHECK(points(healed).points.at(0).data_at == story.now);
    }
}

TEST_CASE("an append-only file that was just switched on holds nothing before its first rewrite has ended") {
    Story story{"aof"};
    set(story.info, "aof_rewrite_in_progress", "1");
    set(story.info, "aof_last_rewrite_time_sec", "-1");
    CHECK(points(story.look()).points.empty());
    set(story.info, "aof_rewrite_in_progress", "0");
    CHECK(points(story.look()).points.size() == 1);
    // A later rewrite takes nothing from it.
    set(story.info, "aof_rewrite_in_progress", "1");
    CHECK(points(story.look()).points.size() == 1);
    set(story.info, "aof_enabled", "0");
    const auto off = story.look();
    CHECK(points(off).points.empty());
    CHECK(the<core::LogArchive>(off).enabled == Told::no);
}

TEST_CASE("a failed save shows beside an append-only file that is as new as ever") {
    Story story{"aof"};
    CHECK(actual(story.look(), "rdb_last_bgsave_status") == "ok");
    set(story.info, "rdb_last_bgsave_status", "err");
    set(story.info, "aof_last_bgrewrite_status", "err");
    const auto report = story.look();
    CHECK(actual(report, "rdb_last_bgsave_status") == "err");
    CHECK(actual(report, "aof_last_bgrewrite_status") == "err");
}

TEST_CASE("what failed beside an append-only file ends when that is switched off, and a save that failed is a job") {
    Story story{"aof"};
    set(story.info, "rdb_last_bgsave_status", "err");
    set(story.info, "aof_last_bgrewrite_status", "err");
    const auto all_are = [](const core::SubjectReport& report, core::AssertionState state) {
        const auto found = the<core::Assertions>(report).assertions;
        REQUIRE(found.size() == 2);
        return core::state_of(found[0]) == state && core::state_of(found[1]) == state;
    };
    CHECK(all_are(story.look(), core::AssertionState::fails));
    set(story.info, "aof_enabled", "0");
    const auto report = story.look();
    CHECK(all_are(report, core::AssertionState::holds));
    REQUIRE(points(report).jobs.size() == 1);
    CHECK(points(report).jobs[0].state == core::JobState::failed);
}

} // namespace recoverd
