// SPDX-License-Identifier: Apache-2.0
// What a replica that has lost its primary has saved, and up to when.
#include "tests/collectors/valkey_story.hpp"

namespace recoverd {

namespace {

using namespace std::chrono_literals;
using namespace collectors::vk;
using core::LogArchive;
using core::Time;
using core::Told;
using namespace test;

/// A replica in step, unless it is told for how many seconds its link has been down.
struct Replica : Story {
    explicit Replica(const std::string& server = "valkey") : Story("link-down", server) {
        set(info, "rdb_saves", "0");
        join();
    }
    void join() { set(info, "master_link_status", "up"); }
    void lose(const std::string& since) {
        set(info, "master_link_status", "down");
        set(info, "master_link_down_since_seconds", since);
    }
    void append_only() { set(info, "aof_enabled", "1"); }
    void change() { set(info, "rdb_changes_since_last_save", "5"); }
};

core::RecoveryPoint point(const core::RecoveryPoints& found, std::string_view id) {
    const auto one = std::ranges::find(found.points, id, &core::RecoveryPoint::id);
    REQUIRE(one != found.points.end());
    return *one;
}

} // namespace

TEST_CASE("the append-only file of a replica that lost its primary ends where the link broke, however well it is "
          "written") {
    for (const char* server : kServers) {
        Replica replica{server};
        replica.append_only();
        replica.lose("10800");
        const auto report = replica.look();
        const Time broke = replica.now - 3h;
        CHECK(the<LogArchive>(report).newest_at == broke);
        CHECK(the<LogArchive>(report).pending == Told::not_told);
        CHECK(point(points(report), "aof").data_at == broke);
        CHECK_FALSE(points(report).source_changed_at);
        // Told in whole seconds, and of the same moment all the same.
        replica.lose("10829");
        CHECK(the<LogArchive>(replica.look()).newest_at == broke);
        CHECK(read_cursor(replica.cursor).cut_off_at == broke);
        CHECK(read_cursor(write_cursor(read_cursor(replica.cursor))) == read_cursor(replica.cursor));
        // What it reads meanwhile is not written yet.
        replica.lose("10860");
        set(replica.info, "master_sync_in_progress", "1");
        CHECK(the<LogArchive>(replica.look()).newest_at == broke);
        replica.join();
        const auto back = replica.look();
        CHECK(the<LogArchive>(back).newest_at == replica.now);
        CHECK(the<LogArchive>(back).pending == Told::no);
        replica.lose("10");
        const auto again = replica.look();
        CHECK(the<LogArchive>(again).newest_at == replica.now - 10s);
    }
}

TEST_CASE("a replica that lost its primary has saved all that it had, and not all that there is") {
    Replica replica;
    replica.save(2);
    const Time saved = replica.now - 4s;
    CHECK(points(replica.look()).source_changed_at == saved);
    for (const char* since : {"20", "50"}) {
        replica.lose(since);
        const auto found = points(replica.look());
        const Time broke = replica.now - std::chrono::seconds{std::stoi(since)};
        CHECK(point(found, "rdb").data_at == broke);
        CHECK(point(found, "rdb").ended_at == saved + 4s);
        CHECK(found.oldest_at == broke);
        CHECK(found.source_changed_at == broke + 1ms);
    }
    // In step again, nothing had been written meanwhile.
    replica.join();
    const auto back = points(replica.look());
    CHECK(point(back, "rdb").data_at == saved);
    CHECK(back.source_changed_at == saved);
}

TEST_CASE("what was unsaved when the link broke is unsaved since then, unless an append-only file has it") {
    for (const bool append_only : {false, true}) {
        Replica replica;
        if (append_only)
            replica.append_only();
        replica.save(2);
        const Time saved = replica.now - 4s;
        replica.look();
        const Time unchanged = replica.now;
        replica.change();
        replica.look();
        replica.lose("10");
        const auto found = points(replica.look());
        const Time broke = replica.now - 10s;
        CHECK(point(found, "rdb").data_at == saved);
        CHECK(found.source_changed_at == (append_only ? broke : unchanged) + 1ms);
        if (append_only)
            CHECK(point(found, "aof").data_at == broke);
    }
}

TEST_CASE("what a replica saves while it is cut off stays of the moment at which the link broke") {
    Replica replica;
    replica.save(2);
    replica.look();
    replica.lose("20");
    replica.look();
    const Time broke = replica.now - 20s;
    replica.save(3);
    const Time again = replica.now;
    replica.lose("50");
    const auto cut_off = points(replica.look());
    CHECK(point(cut_off, "rdb").data_at == broke);
    CHECK(point(cut_off, "rdb").ended_at == again);
    CHECK(cut_off.source_changed_at == broke + 1ms);
    // What then comes in was written since, for all one knows.
    replica.join();
    replica.change();
    for (int looks = 0; looks < 2; ++looks) {
        const auto back = points(replica.look());
        CHECK(point(back, "rdb").data_at == broke);
        CHECK(back.source_changed_at == broke + 1ms);
    }
    replica.save(4);
    const Time whole = replica.now - 4s;
    const auto found = points(replica.look());
    CHECK(point(found, "rdb").data_at == whole);
    CHECK(found.source_changed_at == whole);
}

TEST_CASE("a save that began since the last look may hold what came when the link was up again, one before that not") {
    for (const bool since : {true, false}) {
        Replica replica;
        replica.save(2);
        replica.lose("20");
        replica.look();
        const Time broke = replica.now - 20s;
        if (since)
            replica.now += 20s;
        replica.save(3);
        const Time began = replica.now - 4s;
        replica.join();
        CHECK(point(points(replica.look()), "rdb").data_at == (since ? began : broke));
    }
}

TEST_CASE("a link that broke once more since the last look holds nothing newer of what was saved before") {
    Replica replica;
    replica.append_only();
    replica.save(2);
    replica.lose("600");
    replica.look();
    const Time broke = replica.now - 10min;
    replica.save(3);
    replica.lose("630");
    replica.look();
    replica.change();
    replica.lose("5");
    const auto report = replica.look();
    CHECK(point(points(report), "rdb").data_at == broke);
    CHECK(point(points(report), "aof").data_at == replica.now - 5s);
    CHECK(points(report).source_changed_at == replica.now - 5s + 1ms);
}

TEST_CASE("a replica that was promoted has nobody to be behind, whatever it saved before") {
    Replica replica;
    replica.append_only();
    replica.save(2);
    replica.lose("600");
    replica.look();
    replica.save(3);
    const Time began = replica.now - 4s;
    replica.lose("630");
    replica.look();
    const Time last = replica.now;
    set(replica.info, "role", "master");
    replica.change();
    const auto report = replica.look();
    CHECK(the<LogArchive>(report).newest_at == replica.now);
    CHECK(the<LogArchive>(report).pending == Told::no);
    CHECK(point(points(report), "rdb").data_at == began);
    CHECK(points(report).source_changed_at == last + 1ms);
    CHECK_FALSE(read_cursor(replica.cursor).cut_off_at);
}

TEST_CASE("a replica without a link since its start is as old as that, or as the last look that saw it in step") {
    Replica replica;
    replica.append_only();
    replica.lose("-1");
    for (int looks = 0; looks < 2; ++looks)
        CHECK(the<LogArchive>(replica.look()).newest_at == replica.started);
    // It was a primary for days, and is told to follow another.
    Replica demoted;
    demoted.append_only();
    set(demoted.info, "role", "master");
    demoted.look();
    const Time last = demoted.now;
    set(demoted.info, "role", "slave");
    demoted.lose("-1");
    for (int looks = 0; looks < 2; ++looks)
        CHECK(the<LogArchive>(demoted.look()).newest_at == last);
}

TEST_CASE("a restart of a replica that is cut off brings nothing of its primary") {
    for (const char* server : kServers) {
        for (const bool tells : {true, false}) {
            Replica replica{server};
            replica.append_only();
            replica.lose("3600");
            replica.look();
            const Time broke = replica.now - 1h;
            replica.restart("another");
            // Redis before 7.0 does not say what it read.
            set(replica.info, "rdb_last_load_keys_loaded", tells ? "100" : "");
            replica.lose("-1");
            CHECK(the<LogArchive>(replica.look()).newest_at == broke);
            CHECK(the<LogArchive>(replica.look()).newest_at == broke);
        }
        // In step when it was last seen, and without its primary ever since.
        Replica replica{server};
        replica.append_only();
        replica.look();
        const Time last = replica.now;
        replica.restart("another");
        replica.lose("-1");
        CHECK(the<LogArchive>(replica.look()).newest_at == last);
    }
}

TEST_CASE("what a former release took for written while the link was down is not believed") {
    Replica replica;
    replica.append_only();
    replica.lose("3600");
    replica.look();
    const Time broke = replica.now - 1h;
    Cursor former = read_cursor(replica.cursor);
    former.cut_off_at.reset();
    former.aof_written_at = replica.now;
    replica.cursor = write_cursor(former);
    replica.lose("3630");
    set(replica.info, "aof_last_write_status", "err");
    const auto log = the<LogArchive>(replica.look());
    CHECK(log.newest_at == broke);
    CHECK(log.pending == Told::yes);
}

} // namespace recoverd
