// SPDX-License-Identifier: Apache-2.0
// What a server's answers mean: asked of what real servers said (tests/data/postgresql/, made by
// postgresql_server_test.cpp), changed here and there into what others may say.
#include "collectors/postgresql.hpp"

#include "collectors/all.hpp"
#include "collectors/postgresql/parts.hpp"
#include "tests/support/fake_world.hpp"
#include "tests/support/pg_answers.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <map>

namespace recoverd {

namespace {

using namespace std::chrono_literals;
using namespace collectors::pg;
using Catch::Matchers::ContainsSubstring;
using collectors::interpret_postgresql;
using collectors::PostgresqlExpected;
using core::FollowerState;
using core::Told;
using test::kStart;

constexpr std::uint64_t kSegment = std::uint64_t{16} << 20U;

/// Its clock is taken for ours: a test has a time of its own.
io::PgAnswer captured(const std::string& name) {
    io::PgAnswer answer = test::pg_answer(test::data("postgresql/" + name + ".json"));
    io::PgTable& server = answer.tables[server_table];
    if (server.column("server_now") < 0) {
        server.columns.emplace_back("server_now");
        for (auto& row : server.rows)
            row.emplace_back();
    }
    for (auto& row : server.rows)
        row[static_cast<std::size_t>(server.column("server_now"))].reset();
    return answer;
}

std::optional<std::string>& cell(io::PgAnswer& answer, Table table, std::string_view column, std::size_t row = 0) {
    const int at = answer.tables[table].column(column);
    REQUIRE(at >= 0);
    return answer.tables[table].rows.at(row)[static_cast<std::size_t>(at)];
}

core::SubjectReport subject(const PostgresqlExpected& expected, const io::PgAnswer& answer) {
    core::Seen seen = interpret_postgresql(expected, answer, "", kStart);
    REQUIRE(seen.subjects.size() == 1);
    CHECK(seen.subjects[0].subject.empty());
    return std::move(seen.subjects[0]);
}

template <class T>
T the(const core::SubjectReport& report) {
    for (const auto& evidence : report.evidence)
        if (const T* found = std::get_if<T>(&evidence))
            return *found;
    FAIL("no such evidence");
    std::abort();
}

std::string waiting(std::uint64_t count, const std::string& first = {}, const std::string& since = {}) {
    std::string xml =
        fmt::format("<row xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><count>{}</count>", count);
    if (count > 0)
        xml += fmt::format("<first>{}</first><since>{}</since>", first, since);
    return xml + "</row>";
}

std::string unix_seconds(core::Time time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

/// A primary that a test moves along, looked at every half minute.
struct Story {
    io::PgAnswer answer = captured("idle");
    std::string cursor;
    core::Time now = kStart;

    Story() { at(5 * kSegment + 300, "700:700:"); }
    void at(std::uint64_t position, const std::string& horizon) {
        cell(answer, server_table, "insert_position") = std::to_string(position);
        cell(answer, server_table, "flush_position") = std::to_string(position);
        cell(answer, server_table, "horizon") = horizon;
    }
    core::LogArchive look() {
        now += 30s;
        core::Seen seen = interpret_postgresql({}, answer, cursor, now);
        cursor = seen.cursor;
        return the<core::LogArchive>(seen.subjects.at(0));
    }
    /// All that was written is archived, as was seen.
    void rest() {
        look();
        at(6 * kSegment + 40, "700:700:");
        look();
    }
};

} // namespace

TEST_CASE("an idle server's byte lag is nothing pending, however often it is looked at") {
    Story story;
    CHECK(story.look().pending == Told::not_told);
    CHECK(story.look().pending_bytes == 0);
    // Its segment is switched and archived; what follows are the log's own records.
    story.at(6 * kSegment + 40, "700:700:");
    CHECK(story.look().pending == Told::no);
    for (const std::uint64_t offset : {96U, 328U, 400U}) {
        story.at(6 * kSegment + offset, "700:700:");
        const core::LogArchive archive = story.look();
        CHECK(archive.pending == Told::no);
        CHECK(archive.newest_at == story.now);
        CHECK(archive.pending_bytes == 0);
    }
}

TEST_CASE("one row in the open segment is pending, and its moment stays until the segment is archived") {
    Story story;
    story.rest();
    const core::Time quiet = story.now;
    story.at(6 * kSegment + 600, "701:701:");
    for (int i = 0; i < 100; ++i) {
        const core::LogArchive archive = story.look();
        CHECK(archive.pending == Told::yes);
        CHECK(archive.newest_at == quiet);
        CHECK(archive.pending_bytes == 600);
    }
    const core::Time before_switch = story.now;
    story.at(7 * kSegment + 40, "702:702:");
    // One more transaction came before or after the switch. At the last look, all was still safe.
    const core::LogArchive archive = story.look();
    CHECK(archive.newest_at >= before_switch);
}

TEST_CASE("after hours without a look one could go back to what was archived meanwhile, not to the last look") {
    Story story;
    story.rest();
    const core::Time quiet = story.now;
    story.now += 3h;
    const core::Time archived = story.now - 20s;
    story.at(20 * kSegment + 500, "900:900:");
    cell(story.answer, archiver_table, "last_archived_time") = unix_seconds(story.now);
    // Segments that wait, and nobody may see since when.
    Story hidden = story;
    cell(hidden.answer, archiver_table, "waiting") = std::nullopt;
    cell(hidden.answer, archiver_table, "last_archived_wal") = "000000010000000000000010";
    CHECK(hidden.look().newest_at == quiet);

    cell(story.answer, archiver_table, "waiting") =
        waiting(1, "000000010000000000000013.ready", unix_seconds(archived));
    core::LogArchive archive = story.look();
    CHECK(archive.pending == Told::yes);
    CHECK(archive.newest_at == archived);
    // It does not go back when that segment is archived, and more was written into the open one.
    cell(story.answer, archiver_table, "waiting") = waiting(0);
    story.at(20 * kSegment + 900, "901:901:");
    archive = story.look();
    CHECK(archive.pending == Told::yes);
    CHECK(archive.newest_at == archived);
    // An archiver that has been stuck since before is no news.
    Story stuck;
    stuck.rest();
    const core::Time seen = stuck.now;
    stuck.now += 3h;
    stuck.at(20 * kSegment + 500, "900:900:");
    cell(stuck.answer, archiver_table, "last_archived_time") = unix_seconds(stuck.now);
    cell(stuck.answer, archiver_table, "waiting") =
        waiting(13, "000000010000000000000007.ready", unix_seconds(seen - 60s));
    CHECK(stuck.look().newest_at == seen);
}

TEST_CASE("an archiver that recovers late makes nothing safe that was written behind what it archived") {
    Story story;
    story.rest();
    cell(story.answer, archiver_table, "waiting") =
        waiting(1, "000000010000000000000006.ready", unix_seconds(story.now));
    story.at(6 * kSegment + 600, "701:701:");
    story.look();
    const core::Time safe = story.now;
    story.at(7 * kSegment + 1'000, "702:702:");
    for (int i = 0; i < 360; ++i)
        story.look();
    cell(story.answer, archiver_table, "waiting") = waiting(0);
    cell(story.answer, archiver_table, "last_archived_time") = unix_seconds(story.now);
    CHECK(story.look().newest_at == safe);
    story.at(7 * kSegment + 2'000, "703:703:");
    CHECK(story.look().newest_at == safe);
}

TEST_CASE("after hours without a look the moment of an upload dates nothing where the archiver failed meanwhile") {
    Story story;
    story.rest();
    const core::Time quiet = story.now;
    story.now += 3h;
    story.at(20 * kSegment + 500, "900:900:");
    cell(story.answer, archiver_table, "last_archived_time") = unix_seconds(story.now);
    cell(story.answer, archiver_table, "last_failed_time") = unix_seconds(story.now - 1min);
    CHECK(story.look().newest_at == quiet);
}

TEST_CASE("an old transaction that ends late counts, though no newer one ever began") {
    Story story;
    story.at(5 * kSegment + 300, "690:702:690");
    story.look();
    story.at(6 * kSegment + 40, "690:702:690");
    CHECK(story.look().pending == Told::no);
    story.at(6 * kSegment + 400, "702:702:");
    CHECK(story.look().pending == Told::yes);
}

TEST_CASE("with writes all the time the newest moment follows the archive, and the cursor stays small") {
    Story story;
    std::uint64_t position = 5 * kSegment + 300;
    std::optional<core::Time> last;
    for (unsigned i = 0; i < 200; ++i) {
        position += kSegment / 4;
        story.at(position, fmt::format("{0}:{0}:", 700 + i));
        const core::LogArchive archive = story.look();
        if (i < 10)
            continue;
        CHECK(archive.pending != Told::no);
        REQUIRE(archive.newest_at);
        CHECK(story.now - *archive.newest_at <= 5 * 30s);
        CHECK((!last || *archive.newest_at >= *last));
        last = archive.newest_at;
    }
    // The archiver stops: nothing moves any more, for days.
    cell(story.answer, archiver_table, "waiting") = waiting(3, "000000010000000000000037.ready", "1795316400.5");
    std::optional<core::Time> stuck;
    for (unsigned i = 0; i < 2000; ++i) {
        position += kSegment / 4;
        story.at(position, fmt::format("{0}:{0}:", 1000 + i));
        const core::LogArchive archive = story.look();
        CHECK((!stuck || archive.newest_at == stuck));
        stuck = archive.newest_at;
    }
    CHECK(story.cursor.size() < 16'384);
    CHECK(read_cursor(story.cursor).unsafe.size() <= 64);
}

TEST_CASE("after a promotion, or on another database, nothing is concluded from what was seen before") {
    Story story;
    story.look();
    story.at(6 * kSegment + 40, "700:700:");
    CHECK(story.look().pending == Told::no);
    cell(story.answer, server_table, "timeline") = "00000002";
    story.at(6 * kSegment + 200, "700:700:");
    CHECK(story.look().pending == Told::not_told);
    cell(story.answer, server_table, "system_id") = "1";
    CHECK(story.look().pending == Told::not_told);
    for (const char* rubbish : {"", "{", "[]", "{\"system_id\": 7}", "null"})
        CHECK(read_cursor(rubbish) == Cursor{});
}

TEST_CASE("a cursor survives being written and read") {
    Cursor cursor{.system_id = "7710962351039351529", .timeline = "00000001", .archived_until = 7 * kSegment};
    cursor.safe = Sighting{"700:700:", 1, 2, kStart};
    cursor.unsafe = {Sighting{"700:703:701", 3, 4, kStart + 1s}};
    cursor.last_segment = "000000010000000000000006";
    cursor.failing_since = kStart;
    CHECK(read_cursor(write_cursor(cursor)) == cursor);
    cursor.looked_at = kStart + 2s;
    cursor.unreplayed = {{5, kStart}, {6, kStart + 1s}};
    CHECK(read_cursor(write_cursor(cursor)) == cursor);
    CHECK(read_cursor(write_cursor(Cursor{})) == Cursor{});
}

TEST_CASE("the last archived file may be a backup label or a history file; the last segment stays") {
    Story story;
    cell(story.answer, archiver_table, "last_archived_wal") = "000000010000000000000004";
    CHECK(story.look().last_segment == "000000010000000000000004");
    const std::vector<std::optional<std::string>> others{"000000010000000000000004.00000028.backup", "00000002.history",
                                                         std::nullopt};
    for (const auto& other : others) {
        cell(story.answer, archiver_table, "last_archived_wal") = other;
        CHECK(story.look().last_segment == "000000010000000000000004");
    }
}

TEST_CASE("without a look at the archive's directory the last archived segment tells what waits") {
    Story story;
    cell(story.answer, archiver_table, "waiting") = std::nullopt;
    cell(story.answer, archiver_table, "last_archived_wal") = "000000010000000000000004";
    CHECK(story.look().pending == Told::not_told);
    story.at(9 * kSegment + 300, "700:700:");
    const core::LogArchive behind = story.look();
    CHECK(behind.pending == Told::yes);
    CHECK(behind.pending_segments == 4);
    CHECK_FALSE(behind.waiting_since);
    cell(story.answer, archiver_table, "last_archived_wal") = "000000010000000000000005.00000028.backup";
    CHECK(story.look().pending_segments == 3);
}

TEST_CASE("failing is told from now failing: an old failure before the last success is none") {
    const auto failing = the<core::LogArchive>(subject({}, captured("failing")));
    CHECK(failing.failing_since);
    CHECK(failing.waiting_since);
    const auto healed = the<core::LogArchive>(subject({}, captured("healed")));
    CHECK_FALSE(healed.failing_since);
    CHECK(healed.failing_detail.empty());
    // Seen hours late for the first time, it began when the oldest segment began to wait.
    io::PgAnswer late = captured("failing");
    cell(late, archiver_table, "last_archived_time") = std::nullopt;
    cell(late, archiver_table, "waiting") = waiting(9, "000000010000000000000003.ready", "1795300000");
    cell(late, archiver_table, "last_failed_time") = "1795316390";
    CHECK(the<core::LogArchive>(subject({}, late)).failing_since == core::from_unix_seconds(1'795'300'000));
    // A success in between ended what went before.
    cell(late, archiver_table, "last_archived_time") = "1795310000";
    CHECK(the<core::LogArchive>(subject({}, late)).failing_since == core::from_unix_seconds(1'795'310'000));
}

TEST_CASE("what a server dates by a clock that is wrong is told by ours") {
    io::PgAnswer answer = captured("failing");
    const auto told = [&](core::Duration ahead) {
        const core::Time now = kStart + ahead;
        cell(answer, archiver_table, "last_archived_time") = unix_seconds(now - 1h);
        cell(answer, archiver_table, "last_failed_time") = unix_seconds(now - 1min);
        cell(answer, archiver_table, "waiting") =
            waiting(9, "000000010000000000000003.ready", unix_seconds(now - 50min));
        return the<core::LogArchive>(subject({}, answer));
    };
    const core::LogArchive right = told(0s);
    CHECK(right.waiting_since == kStart - 50min);
    for (const core::Duration ahead : {-7h, 2h}) {
        CAPTURE(ahead.count());
        cell(answer, server_table, "server_now") = unix_seconds(kStart + ahead);
        CHECK(told(ahead) == right);
    }
    // So long an answer may take.
    cell(answer, server_table, "server_now") = unix_seconds(kStart + 10s);
    CHECK(told(0s) == right);
    // An answer that does not say.
    io::PgTable& server = answer.tables[server_table];
    server.columns.at(static_cast<std::size_t>(server.column("server_now"))) = "another";
    CHECK(told(0s) == right);
}

TEST_CASE("a row that waits for its segment waits since the same moment, though our clock jumps") {
    for (const core::Duration jump : {core::Duration{core::kDay}, -core::Duration{core::kDay}}) {
        CAPTURE(jump.count());
        Story story;
        core::Time there = story.now;
        const auto look = [&] {
            there += 30s;
            cell(story.answer, server_table, "server_now") = unix_seconds(there);
            return story.look();
        };
        look();
        story.at(6 * kSegment + 40, "700:700:");
        look();
        const core::Time quiet = story.now;
        story.at(6 * kSegment + 600, "701:701:");
        for (int i = 0; i < 8; ++i)
            CHECK(look().newest_at == quiet);
        story.now += jump;
        const core::LogArchive archive = look();
        CHECK(archive.pending == Told::yes);
        CHECK(archive.newest_at == quiet + jump);
    }
}

TEST_CASE("archiving that is off, or has no command, is told as that") {
    CHECK(the<core::LogArchive>(subject({}, captured("no_archive"))).enabled == Told::no);
    io::PgAnswer empty = captured("hanging");
    cell(empty, archiver_table, "nothing_to_run") = "t";
    CHECK_THAT(the<core::LogArchive>(subject({}, empty)).failing_detail, ContainsSubstring("archive_command is empty"));
}

namespace {

/// One that was not asked for yet when the answer was captured is added.
std::optional<std::string>& setting_of(io::PgAnswer& answer, std::string_view name) {
    auto& rows = answer.tables[settings_table].rows;
    std::size_t row = 0;
    while (row < rows.size() && cell(answer, settings_table, "name", row) != name)
        ++row;
    if (row == rows.size()) {
        rows.push_back(rows.at(0));
        cell(answer, settings_table, "name", row) = name;
    }
    return cell(answer, settings_table, "raw", row);
}

/// recovery_min_apply_delay in milliseconds.
std::optional<std::string>& delay_of(io::PgAnswer& answer) { return setting_of(answer, "recovery_min_apply_delay"); }

/// A standby that a test moves along, looked at every half minute by its own check.
struct LateStory {
    io::PgAnswer answer = captured("standby");
    std::string cursor;
    core::Time now = kStart;

    explicit LateStory(const char* delay = "0") { delay_of(answer) = delay; }
    /// `upstream`: where the primary is, when that is not what was received.
    std::optional<core::Duration> look(std::uint64_t received, std::uint64_t replayed, const char* replay_age,
                                       std::uint64_t upstream = 0) {
        now += 30s;
        cell(answer, receiver_table, "upstream_position") = std::to_string(std::max(upstream, received));
        cell(answer, server_table, "receive_position") = std::to_string(received);
        cell(answer, server_table, "replay_position") = std::to_string(replayed);
        cell(answer, server_table, "replay_age") = replay_age ? std::optional<std::string>{replay_age} : std::nullopt;
        core::Seen seen = interpret_postgresql({.role = "standby"}, answer, cursor, now);
        cursor = seen.cursor;
        return the<core::Replication>(seen.subjects.at(0)).followers.at(0).lag;
    }
};

} // namespace

TEST_CASE("a standby that replays nothing from its start on is behind for as long as that was seen") {
    LateStory story;
    CHECK_FALSE(story.look(2000, 1000, nullptr));
    for (int i = 1; i <= 200; ++i)
        CHECK(story.look(2000 + 8U * static_cast<unsigned>(i), 1000, nullptr) == i * 30s);
    CHECK(story.cursor.size() < 8192);
    CHECK(story.look(4000, 4000, "1") == core::Duration{0});
}

TEST_CASE("what a primary writes after a silence is late since then, not since the silence began") {
    LateStory story;
    CHECK(story.look(1000, 1000, "86400") == core::Duration{0});
    CHECK(story.look(1200, 1000, "86430") == 30s);
    CHECK(story.look(1400, 1000, "86460") == 60s);
    CHECK(story.look(1400, 1200, "61") == 60s);
    // A busy one is behind by less than the time between two looks.
    CHECK(story.look(1600, 1500, "0.5") == 500ms);
    LateStory on_purpose("14400000");
    CHECK(on_purpose.look(1000, 1000, "86400") == core::Duration{0});
    CHECK(on_purpose.look(1200, 1000, "86430") == core::Duration{0});
    CHECK(on_purpose.look(1400, 1000, "86460") == 30s);
    CHECK(on_purpose.look(1400, 1200, "61") == 30s);
}

TEST_CASE("a standby that has replayed all it received, and received little of what there is, is late by that") {
    LateStory story;
    CHECK(story.look(1000, 1000, "1") == core::Duration{0});
    for (unsigned i = 1; i <= 20; ++i)
        CHECK(story.look(1000 + i, 1000 + i, "21600", 90'000'000'000) == i * 30s);
    // At its first look the age of what it replayed last says it.
    CHECK(LateStory{}.look(1000, 1000, "21600", 90'000'000'000) == 6h);
    // What is on its way to a busy one is here a moment later.
    CHECK(story.look(90'000'000'100, 90'000'000'100, "0.5", 90'000'000'200) == 500ms);
    CHECK(story.look(90'000'000'300, 90'000'000'300, "0.5") == core::Duration{0});
    // It dies, and the next primary is not as far: what it had written last is nowhere.
    CHECK(story.look(90'000'000'300, 90'000'000'300, "1", 90'000'009'000) == 1s);
    CHECK(story.look(90'000'000'400, 90'000'000'400, "1") == core::Duration{0});
}

TEST_CASE("at the first look at a standby that is late on purpose nobody knows how late it is") {
    LateStory story("14400000");
    CHECK_FALSE(story.look(1200, 1000, "86400"));
    CHECK(story.look(1200, 1000, "86430") == 30s);
}

TEST_CASE("the lag of a standby that has caught up is none, however long its primary has been idle") {
    io::PgAnswer idle = captured("standby");
    delay_of(idle) = "0";
    cell(idle, server_table, "replay_age") = "86400";
    cell(idle, server_table, "receive_position") = "67109488";
    cell(idle, server_table, "replay_position") = "67109488";
    const auto follower = [](const io::PgAnswer& answer) {
        return the<core::Replication>(subject({.role = "standby"}, answer)).followers.at(0);
    };
    CHECK(follower(idle).lag == core::Duration{0});
    // Not heard of the primary: the positions say nothing.
    cell(idle, receiver_table, "silent_for") = "61";
    CHECK(follower(idle).lag == core::kDay);
    cell(idle, receiver_table, "silent_for") = "1";
    cell(idle, server_table, "replay_position") = "67109000";
    CHECK(follower(idle).lag == core::kDay);
    // Right after a start nobody knows.
    cell(idle, server_table, "replay_age") = std::nullopt;
    CHECK_FALSE(follower(idle).lag);
    idle.tables[receiver_table].rows.clear();
    cell(idle, server_table, "streams") = "t";
    CHECK(follower(idle).state == FollowerState::missing);
}

TEST_CASE("how far behind a standby is that lives on the archive alone is unknown, unless it is said what it may be") {
    io::PgAnswer answer = captured("standby");
    answer.tables[receiver_table].rows.clear();
    cell(answer, server_table, "streams") = "f";
    cell(answer, server_table, "replay_age") = "86400";
    delay_of(answer) = "0";
    const core::SubjectReport unknown = subject({.role = "standby"}, answer);
    REQUIRE(unknown.failure);
    CHECK_THAT(unknown.failure->detail,
               ContainsSubstring("it lives on the archive alone") && ContainsSubstring("hint: set archive_lag"));
    for (const auto& evidence : unknown.evidence)
        CHECK(core::kind_of(evidence) != core::EvidenceKind::replication);
    // That it is no primary is said as such.
    CHECK_FALSE(subject({.role = "primary"}, answer).failure);
    PostgresqlExpected expected{.role = "standby"};
    expected.archive_lag = 10h;
    const auto follower = [&] {
        const core::SubjectReport report = subject(expected, answer);
        CHECK_FALSE(report.failure);
        return the<core::Replication>(report).followers.at(0);
    };
    CHECK(follower().state == FollowerState::catching_up);
    CHECK(follower().lag == core::kDay);
    CHECK(follower().wanted_delay == 10h);
    // One that lags on purpose is that much older.
    delay_of(answer) = "14400000";
    CHECK(follower().wanted_delay == 14h);
    cell(answer, server_table, "replay_age") = std::nullopt;
    const core::SubjectReport started = subject(expected, answer);
    REQUIRE(started.failure);
    CHECK_THAT(started.failure->detail, ContainsSubstring("since it started"));
}

TEST_CASE("a standby on the archive alone that was started on a quiet night is as far behind as before") {
    io::PgAnswer answer = captured("standby");
    answer.tables[receiver_table].rows.clear();
    cell(answer, server_table, "streams") = "f";
    cell(answer, server_table, "replay_age") = "18000";
    delay_of(answer) = "0";
    PostgresqlExpected expected{.role = "standby"};
    expected.archive_lag = 10h;
    const std::string cursor = interpret_postgresql(expected, answer, "", kStart).cursor;
    cell(answer, server_table, "replay_age") = std::nullopt;
    const core::Seen seen = interpret_postgresql(expected, answer, cursor, kStart + 30s);
    CHECK_FALSE(seen.subjects.at(0).failure);
    CHECK(the<core::Replication>(seen.subjects.at(0)).followers.at(0).lag == 5h + 30s);
}

TEST_CASE("a standby is silent for as long as its wal_receiver_timeout lets it, on a quiet night") {
    io::PgAnswer quiet = captured("standby");
    cell(quiet, server_table, "replay_age") = "28800";
    cell(quiet, server_table, "receive_position") = "67109488";
    cell(quiet, server_table, "replay_position") = "67109488";
    cell(quiet, receiver_table, "upstream_position") = "67109488";
    const auto lag = [&](const char* timeout, const char* silent_for) {
        setting_of(quiet, "wal_receiver_timeout") = timeout;
        cell(quiet, receiver_table, "silent_for") = silent_for;
        return the<core::Replication>(subject({.role = "standby"}, quiet)).followers.at(0).lag;
    };
    CHECK(lag("60000", "59") == core::Duration{0});
    CHECK(lag("60000", "61") == 8h);
    CHECK(lag("1000", "59") == core::Duration{0});
    CHECK(lag("300000", "170") == core::Duration{0});
    CHECK(lag("300000", "190") == 8h);
    CHECK(lag("0", "59") == core::Duration{0});
    // It does not ask, so nobody knows; and what was seen before is not over.
    cell(quiet, receiver_table, "silent_for") = "61";
    core::SubjectReport report = subject({.role = "standby"}, quiet);
    REQUIRE(report.failure);
    CHECK_THAT(report.failure->detail, ContainsSubstring("hint: set wal_receiver_timeout"));
    for (const auto& evidence : report.evidence)
        CHECK(core::kind_of(evidence) != core::EvidenceKind::replication);
    // One that asks every half an hour does not know much more.
    setting_of(quiet, "wal_receiver_timeout") = "3600000";
    cell(quiet, receiver_table, "silent_for") = "900";
    CHECK(subject({.role = "standby"}, quiet).failure);
    CHECK(lag("3600000", "299") == core::Duration{0});
    CHECK(lag("540000", "299") == core::Duration{0});
    CHECK(lag("540000", "301") == 8h);
    // What it has and does not replay it knows itself.
    cell(quiet, server_table, "replay_position") = "67109000";
    CHECK(lag("0", "61") == 8h);
}

TEST_CASE("followers are known by application name, slot or address, and each name is used once") {
    io::PgAnswer answer = captured("streaming");
    auto& table = answer.tables[followers_table];
    const auto add = [&](const char* name, const char* state, const char* address, std::optional<std::string> slot) {
        table.rows.push_back({name, state, address, std::move(slot), std::nullopt, "0"});
    };
    table.rows.clear();
    REQUIRE(table.columns.size() == 6);
    add("walreceiver", "catchup", "10.0.0.2", std::nullopt);
    add("walreceiver", "streaming", "10.0.0.3", "replica_c");
    add("walreceiver", "streaming", "10.0.0.4", std::nullopt);
    add("pg_basebackup", "backup", "10.0.0.9", std::nullopt);
    const PostgresqlExpected expected{
        .standbys = {"replica_c", "10.0.0.2", "gone"}, .standby_delays = {{"replica_c", 3600s}}, .settings = {}};
    const auto report = subject(expected, answer);
    const auto replication = the<core::Replication>(report);
    REQUIRE(replication.followers.size() == 4);
    CHECK(replication.followers[0].name == "replica_c");
    CHECK(replication.followers[0].state == FollowerState::streaming);
    CHECK(replication.followers[0].wanted_delay == 3600s);
    CHECK(replication.followers[0].lag == core::Duration{0});
    CHECK(replication.followers[1].name == "10.0.0.2");
    CHECK(replication.followers[1].state == FollowerState::catching_up);
    CHECK(replication.followers[2].name == "gone");
    CHECK(replication.followers[2].state == FollowerState::missing);
    CHECK(replication.followers[2].expected);
    CHECK(replication.followers[3].name == "walreceiver");
    CHECK_FALSE(replication.followers[3].expected);
    bool backup = false;
    for (const auto& evidence : report.evidence)
        if (const auto* number = std::get_if<core::Measurement>(&evidence);
            number && number->name == "backups_in_progress")
            backup = number->value == 1;
    CHECK(backup);
}

TEST_CASE("a server that turned out to be a standby misses no followers of its own") {
    const PostgresqlExpected expected{.role = "primary", .standbys = {"b", "c"}};
    const auto report = subject(expected, captured("standby"));
    for (const auto& follower : the<core::Replication>(report).followers)
        CHECK(follower.state != FollowerState::missing);
    const auto role = the<core::Assertions>(report).assertions.at(0);
    CHECK(role.name == "role");
    CHECK(role.expected == "primary");
    CHECK(role.actual == "standby");
}

TEST_CASE("after a promotion the timeline is the new one, not the last checkpoint's") {
    io::PgAnswer answer = captured("promoted");
    cell(answer, server_table, "checkpoint_timeline") = "1";
    CHECK(the<core::Replication>(subject({}, answer)).timeline == "2");
    cell(answer, server_table, "timeline") = "0000000A";
    CHECK(the<core::Replication>(subject({}, answer)).timeline == "10");
    std::vector<core::Fingerprint> fingerprints;
    for (const auto& evidence : subject({}, answer).evidence)
        if (const auto* fingerprint = std::get_if<core::Fingerprint>(&evidence))
            fingerprints.push_back(*fingerprint);
    REQUIRE(fingerprints.size() == 2);
    CHECK(fingerprints[0].name == "system_identifier");
    CHECK(fingerprints[1] == core::Fingerprint{"timeline", "10", core::Constancy::rising});
}

TEST_CASE("a slot is lost when the server says so in any version's words") {
    io::PgAnswer answer = captured("standby_missing");
    const auto slot = [&] { return the<core::Replication>(subject({}, answer)).slots.at(0); };
    CHECK_FALSE(slot().lost);
    CHECK(slot().limit_bytes == std::uint64_t{64} << 20U);
    cell(answer, slots_table, "wal_status") = "lost";
    cell(answer, slots_table, "retained") = std::nullopt;
    CHECK(slot().lost);
    CHECK_FALSE(slot().retained_bytes);
    cell(answer, slots_table, "wal_status") = std::nullopt;
    cell(answer, slots_table, "invalidation_reason") = "rows_removed";
    CHECK(slot().lost);
}

TEST_CASE("checksum failures are expected to be none, and not mentioned while checksums are off") {
    io::PgAnswer answer = captured("idle");
    const auto named = [&](std::string_view name) -> std::optional<core::Assertion> {
        for (const auto& assertion : the<core::Assertions>(subject({}, answer)).assertions)
            if (assertion.name == name)
                return assertion;
        return std::nullopt;
    };
    CHECK_FALSE(named("checksum_failures"));
    cell(answer, checksums_table, "failures") = "0";
    CHECK(named("checksum_failures")->actual == "0");
    cell(answer, checksums_table, "failures") = "3";
    cell(answer, checksums_table, "databases") = "orders, shared objects";
    CHECK(named("checksum_failures")->actual == "3");
    CHECK_THAT(named("checksum_failures")->detail, ContainsSubstring("in orders, shared objects"));
    CHECK(named("fsync")->expected == "on");
}

TEST_CASE(
    "damage that was counted outlasts a crash, which discards the statistics, and ends when somebody resets them") {
    io::PgAnswer answer = captured("idle");
    std::string cursor;
    const auto look = [&](const char* failures, const char* reset, const char* archiving = nullptr) {
        cell(answer, checksums_table, "failures") = failures;
        cell(answer, checksums_table, "reset") =
            reset != nullptr ? std::optional<std::string>{reset} : std::optional<std::string>{};
        if (archiving != nullptr)
            cell(answer, archiver_table, "mode") = archiving;
        core::Seen seen = interpret_postgresql({}, answer, cursor, kStart);
        cursor = seen.cursor;
        for (const auto& assertion : the<core::Assertions>(seen.subjects.at(0)).assertions)
            if (assertion.name == "checksum_failures")
                return assertion;
        return core::Assertion{};
    };
    CHECK(look("0", "1795310000").actual == "0");
    CHECK(look("3", "1795310000").actual == "3");
    const core::Assertion after_crash = look("0", nullptr);
    CHECK(after_crash.actual == "3");
    CHECK_THAT(after_crash.detail, ContainsSubstring("before a crash discarded the statistics"));
    // Also where nothing is archived, and the rest of what is remembered begins anew with each look.
    CHECK(look("1", nullptr, "off").actual == "3");
    CHECK(look("0", nullptr).actual == "3");
    CHECK(look("0", "1795320000").actual == "0");
    // Before 15 the crash itself looks like that.
    answer.server_version = 140012;
    CHECK(look("3", "1795330000").actual == "3");
    CHECK(look("0", "1795340000").actual == "3");
    answer.server_version = 150006;
    CHECK(look("0", "1795340000").actual == "0");
    // Another server answers after a failover.
    CHECK(look("2", "1795320000", "on").actual == "2");
    cell(answer, server_table, "timeline") = "00000009";
    CHECK(look("0", nullptr).actual == "0");
}

TEST_CASE("transactions and multixacts have an age, which is out of range just before the server's own failsafe") {
    io::PgAnswer answer = captured("idle");
    cell(answer, ages_table, "xid_age") = "1600000001";
    cell(answer, ages_table, "multixact_age") = "12";
    const auto report = subject({}, answer);
    std::map<std::string, core::Measurement> told;
    for (const auto& evidence : report.evidence)
        if (const auto* number = std::get_if<core::Measurement>(&evidence))
            told.emplace(number->name, *number);
    REQUIRE(told.contains("xid_age"));
    REQUIRE(told.contains("multixact_age"));
    CHECK(told.at("xid_age").value == 1'600'000'001);
    CHECK(told.at("multixact_age").value == 12);
    for (const char* name : {"xid_age", "multixact_age"}) {
        CHECK(told.at(name).unit == "transactions");
        CHECK(told.at(name).above == 1.5e9);
    }
}

TEST_CASE("what cannot be a server's answer is a bad answer that names the place") {
    const auto wrong = [](const io::PgAnswer& answer) { (void)interpret_postgresql({}, answer, "", kStart); };
    CHECK_THROWS_WITH(wrong({}), ContainsSubstring("expected 8 tables, found 0"));
    io::PgAnswer answer = captured("idle");
    cell(answer, server_table, "insert_position") = "0/3000148";
    CHECK_THROWS_WITH(wrong(answer), ContainsSubstring("column insert_position: expected a whole number"));
    answer = captured("idle");
    cell(answer, server_table, "segment_size") = "0";
    CHECK_THROWS_WITH(wrong(answer), ContainsSubstring("wal_segment_size"));
    answer = captured("idle");
    cell(answer, archiver_table, "last_archived_time") = "infinity";
    CHECK_THROWS_WITH(wrong(answer), ContainsSubstring("last_archived_time"));
    answer = captured("idle");
    answer.tables[server_table].rows.clear();
    CHECK_THROWS_WITH(wrong(answer), ContainsSubstring("server: expected one row, found 0"));
    answer = captured("idle");
    answer.tables[ages_table].sqlstate = "57014";
    answer.tables[ages_table].error = "canceling statement due to statement timeout";
    CHECK_THROWS_WITH(wrong(answer), ContainsSubstring("statement timeout (57014)"));
}

TEST_CASE("options that cannot work are said when the configuration is read") {
    namespace config = core::config;
    const auto mistakes = [](config::Table table) {
        config::Diagnostics diagnostics;
        const auto kind = collectors::postgresql();
        const auto compiled = kind.compile(table, {"check.x", "collector 'postgresql'", {}}, {}, diagnostics);
        std::string all;
        for (const auto& diagnostic : diagnostics.all())
            all += config::format(diagnostic) + "\n";
        return all.empty() ? compiled.target : all;
    };
    const auto text = [](std::string value) { return config::Node{std::move(value), {}}; };
    const config::Entry dsn{"dsn", {}, text("postgresql://recoverd@db1:5433/orders")};
    CHECK(mistakes({dsn}) == "db1:5433");
    CHECK_THAT(mistakes({{"dsn", {}, text("host=db1 password=geheim")}}),
               ContainsSubstring("expected no password") && !ContainsSubstring("geheim"));
    CHECK_THAT(mistakes({dsn, {"expect_role", {}, text("leader")}}), ContainsSubstring("leader"));
    const config::Node delay{config::Table{{"b", {}, text("soon")}}, {}};
    CHECK_THAT(mistakes({dsn, {"standby_delays", {}, delay}}),
               ContainsSubstring("soon") && ContainsSubstring("expected a name out of standbys"));
    const config::Node evil{config::Table{{"x') OR true --", {}, text("1")}}, {}};
    CHECK_THAT(mistakes({dsn, {"settings", {}, evil}}), ContainsSubstring("expected the name of a setting"));
    const config::Node secret{config::Table{{"primary_conninfo", {}, text("x")}}, {}};
    CHECK_THAT(mistakes({dsn, {"settings", {}, secret}}), ContainsSubstring("holds a password"));
}

} // namespace recoverd
