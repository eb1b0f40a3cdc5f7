// SPDX-License-Identifier: Apache-2.0
// The collector against real servers, as a role that has pg_monitor and nothing else. With RECOVERD_CAPTURE=DIR the
// answers are written there: that is how tests/data/postgresql/ was made.
#include "collectors/postgresql.hpp"
#include "io/pg_client.hpp"

#include "tests/support/pg_answers.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/real_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace recoverd {

namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using collectors::PostgresqlExpected;
using core::Told;
using test::PostgresServer;

#define NEED_POSTGRES()                                                                                                \
    if (!PostgresServer::available())                                                                                  \
    SKIP("PostgreSQL 15 is not installed")

core::Time wall_clock() { return std::chrono::floor<core::Duration>(std::chrono::system_clock::now()); }

/// Looks at a server again and again, keeping the cursor as the agent does.
struct Watcher {
    std::string dsn;
    PostgresqlExpected expected;
    std::string cursor;
    core::SubjectReport seen;
    core::Time now;

    explicit Watcher(const PostgresServer& server, PostgresqlExpected wanted = {}, const std::string& user = "watcher")
        : dsn(server.dsn(user)), expected(std::move(wanted)) {}

    void look(const char* capture = nullptr) {
        io::PgRequest request;
        request.dsn = dsn;
        request.statements = collectors::postgresql_statements(expected);
        test::RealLoop loop;
        const auto answer = loop.run(io::pg_query(std::move(request)));
        REQUIRE(answer);
        for (const io::PgTable& table : answer->tables)
            CHECK(table.error.empty());
        if (const char* directory = std::getenv("RECOVERD_CAPTURE"); directory && capture)
            std::ofstream(fmt::format("{}/{}.json", directory, capture)) << test::to_json(*answer);
        now = wall_clock();
        core::Seen all = collectors::interpret_postgresql(expected, *answer, cursor, now);
        REQUIRE(all.subjects.size() == 1);
        CHECK(all.complete);
        cursor = all.cursor;
        seen = std::move(all.subjects.front());
    }

    template <class T>
    const T& the() const {
        for (const auto& evidence : seen.evidence)
            if (const T* found = std::get_if<T>(&evidence))
                return *found;
        FAIL("no such evidence");
        std::abort();
    }

    const core::LogArchive& archive() const { return the<core::LogArchive>(); }

    const core::Assertion& assertion(std::string_view name) const {
        for (const auto& assertion : the<core::Assertions>().assertions)
            if (assertion.name == name)
                return assertion;
        FAIL("no such assertion");
        std::abort();
    }
};

void add_watcher(const PostgresServer& server) { server.sql("CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher"); }

/// Everything written so far is archived and nothing is going on.
void settle(const PostgresServer& server) {
    server.sql("CREATE TABLE IF NOT EXISTS t (i int); ALTER TABLE t SET (autovacuum_enabled = off); CHECKPOINT");
    server.sql("INSERT INTO t VALUES (0)");
    const std::string segment = server.sql("SELECT pg_walfile_name(pg_switch_wal())");
    server.await("SELECT last_archived_wal >= '" + segment + "' FROM pg_stat_archiver", "t");
}

const std::vector<std::string> kArchiving{"archive_mode = on", "archive_command = '/bin/true'", "autovacuum = off"};

} // namespace

TEST_CASE("a row written with archive_timeout = 0 is pending until its segment is archived", "[real]") {
    NEED_POSTGRES();
    const PostgresServer server(kArchiving);
    add_watcher(server);
    Watcher watcher(server);
    watcher.look();
    // So far nobody knows whether the open segment holds something.
    CHECK(watcher.archive().pending == Told::not_told);
    CHECK(watcher.archive().pending_bytes == 0);
    settle(server);
    watcher.look();
    settle(server);
    watcher.look("settled");
    CHECK(watcher.archive().enabled == Told::yes);
    CHECK(watcher.archive().last_segment.size() == 24);
    // Something in the log that no transaction wrote, or there would be nothing to switch.
    server.sql("SELECT pg_logical_emit_message(false, 'test', 'filler')");
    const std::string segment = server.sql("SELECT pg_walfile_name(pg_switch_wal())");
    server.await("SELECT last_archived_wal >= '" + segment + "' FROM pg_stat_archiver", "t");
    watcher.look("idle");
    CHECK(watcher.archive().pending == Told::no);
    CHECK(watcher.archive().newest_at == watcher.now);
    CHECK(watcher.archive().pending_bytes == 0);
    const core::Time quiet = watcher.now;
    // Checkpoints and time write log, but nothing that anybody would miss.
    server.sql("CHECKPOINT");
    watcher.look();
    CHECK(watcher.archive().pending == Told::no);

    server.sql("INSERT INTO t VALUES (1)");
    watcher.look("one_row");
    CHECK(watcher.archive().pending == Told::yes);
    CHECK(watcher.archive().pending_bytes > 0);
    CHECK(watcher.archive().pending_segments == 0);
    CHECK_FALSE(watcher.archive().waiting_since);
    CHECK(watcher.archive().newest_at >= quiet);
    CHECK(watcher.archive().newest_at < watcher.now);
    const auto stays = watcher.archive().newest_at;
    watcher.look();
    CHECK(watcher.archive().pending == Told::yes);
    CHECK(watcher.archive().newest_at == stays);

    server.sql("SELECT pg_switch_wal()");
    server.await("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'", "0");
    watcher.look();
    CHECK(watcher.archive().pending == Told::no);
    CHECK(watcher.archive().newest_at == watcher.now);

    // Statistics that were reset take nothing back.
    const std::string last = watcher.archive().last_segment;
    server.sql("SELECT pg_stat_reset_shared('archiver')");
    server.await("SELECT last_archived_wal IS NULL FROM pg_stat_archiver", "t");
    watcher.look("archiver_reset");
    CHECK(watcher.archive().pending == Told::no);
    CHECK(watcher.archive().last_segment == last);
    CHECK_FALSE(watcher.archive().failing_since);
}

TEST_CASE("an archive command that fails is failing since it began, until one succeeds", "[real]") {
    NEED_POSTGRES();
    const PostgresServer server(kArchiving);
    add_watcher(server);
    Watcher watcher(server);
    settle(server);
    server.set("archive_command", "false");
    watcher.look();
    server.sql("INSERT INTO t VALUES (1); SELECT pg_switch_wal()");
    server.await("SELECT failed_count > 0 FROM pg_stat_archiver", "t");
    watcher.look("failing");
    const core::LogArchive first = watcher.archive();
    CHECK(first.pending == Told::yes);
    CHECK(first.pending_segments == 1);
    REQUIRE(first.waiting_since);
    REQUIRE(first.failing_since);
    CHECK(*first.failing_since <= watcher.now);
    CHECK_THAT(first.failing_detail, ContainsSubstring("the archiver failed on 0000"));
    server.await("SELECT failed_count > 1 FROM pg_stat_archiver", "t");
    watcher.look();
    CHECK(watcher.archive().failing_since == first.failing_since);
    server.set("archive_command", "/bin/true");
    server.await("SELECT last_archived_time > last_failed_time FROM pg_stat_archiver", "t");
    watcher.look("healed");
    CHECK_FALSE(watcher.archive().failing_since);
    CHECK_FALSE(watcher.archive().waiting_since);
    // failed_count and last_failed_wal are still what they were.
    CHECK(server.sql("SELECT failed_count > 0 AND last_failed_wal IS NOT NULL FROM pg_stat_archiver") == "t");
}

TEST_CASE("an archive command that hangs leaves a segment waiting, and nothing failing", "[real]") {
    NEED_POSTGRES();
    const PostgresServer server({"archive_mode = on", "archive_command = 'sleep 600'", "autovacuum = off"});
    add_watcher(server);
    Watcher watcher(server);
    server.sql("CREATE TABLE t (); SELECT pg_switch_wal()");
    server.await("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'", "1");
    watcher.look("hanging");
    CHECK(watcher.archive().pending == Told::yes);
    CHECK(watcher.archive().pending_segments == 1);
    REQUIRE(watcher.archive().waiting_since);
    CHECK(watcher.now - *watcher.archive().waiting_since < 60s);
    CHECK_FALSE(watcher.archive().failing_since);
    CHECK(watcher.archive().last_segment.empty());
}

TEST_CASE("a standby that stops following is missing, from its primary's end and from its own", "[real]") {
    NEED_POSTGRES();
    PostgresServer primary({"archive_mode = on", "archive_command = '/bin/true'", "max_slot_wal_keep_size = '64MB'"});
    add_watcher(primary);
    primary.sql("SELECT pg_create_physical_replication_slot('spare', true)");
    Watcher from_primary(primary, {.role = "primary", .standbys = {"b"}});
    from_primary.look("standby_missing");
    REQUIRE(from_primary.the<core::Replication>().followers.size() == 1);
    CHECK(from_primary.the<core::Replication>().followers[0].state == core::FollowerState::missing);
    REQUIRE(from_primary.the<core::Replication>().slots.size() == 1);
    const core::ReplicationSlot slot = from_primary.the<core::Replication>().slots[0];
    CHECK(slot.name == "spare");
    CHECK_FALSE(slot.active);
    CHECK(slot.limit_bytes == std::uint64_t{64} << 20U);
    CHECK(slot.retained_bytes);

    PostgresServer standby(primary, "b", {"recovery_min_apply_delay = '1s'"});
    primary.await("SELECT state FROM pg_stat_replication", "streaming");
    primary.sql("CREATE TABLE t ()");
    standby.await("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND to_regclass('t') IS NOT NULL", "t");
    from_primary.look("streaming");
    const core::Follower follower = from_primary.the<core::Replication>().followers.at(0);
    CHECK(follower.name == "b");
    CHECK(follower.expected);
    CHECK(follower.state == core::FollowerState::streaming);
    CHECK(from_primary.assertion("role").actual == "primary");

    Watcher from_standby(standby, {.role = "standby"});
    from_standby.look("standby");
    const core::Replication& seen = from_standby.the<core::Replication>();
    CHECK(seen.role == "standby");
    CHECK(seen.timeline == "1");
    REQUIRE(seen.followers.size() == 1);
    CHECK(seen.followers[0].name == "b");
    CHECK(seen.followers[0].state == core::FollowerState::streaming);
    CHECK(seen.followers[0].lag == core::Duration{0});
    CHECK(seen.followers[0].wanted_delay == 1000ms);
    CHECK(from_standby.assertion("role").actual == "standby");
    // archive_mode = on waits for a promotion there.
    for (const auto& evidence : from_standby.seen.evidence)
        CHECK(core::kind_of(evidence) != core::EvidenceKind::log_archive);

    primary.stop();
    standby.await("SELECT count(*) FROM pg_stat_wal_receiver", "0");
    from_standby.look("primary_gone");
    CHECK(from_standby.the<core::Replication>().followers[0].state == core::FollowerState::missing);
    CHECK(from_standby.the<core::Replication>().followers[0].lag > core::Duration{0});

    standby.sql("SELECT pg_promote()");
    standby.await("SELECT pg_is_in_recovery()", "f");
    from_standby.look("promoted");
    CHECK(from_standby.assertion("role").actual == "primary");
    CHECK(from_standby.the<core::Replication>().role == "primary");
    CHECK(from_standby.the<core::Replication>().timeline == "2");
    CHECK(from_standby.archive().enabled == Told::yes);
}

TEST_CASE("a role without pg_monitor is refused by name, and no standby is taken for missing", "[real]") {
    NEED_POSTGRES();
    PostgresServer primary(kArchiving);
    primary.sql("CREATE ROLE stranger LOGIN");
    const PostgresServer standby(primary, "b");
    primary.await("SELECT state FROM pg_stat_replication", "streaming");
    Watcher watcher(primary, {.standbys = {"b"}}, "stranger");
    watcher.look("no_privileges");
    REQUIRE(watcher.seen.failure);
    CHECK(watcher.seen.failure->kind == core::FailureKind::refused);
    CHECK_THAT(watcher.seen.failure->detail, ContainsSubstring("role stranger may not read pg_stat_replication") &&
                                                 ContainsSubstring("hint: GRANT pg_monitor TO stranger"));
    for (const auto& evidence : watcher.seen.evidence)
        CHECK(core::kind_of(evidence) != core::EvidenceKind::replication);
    CHECK(watcher.archive().enabled == Told::yes);
    // And nothing was complained about in the server's log.
    std::ifstream log(primary.directory() / "log");
    const std::string said{std::istreambuf_iterator<char>(log), {}};
    CHECK_THAT(said, !ContainsSubstring("ERROR"));
}

TEST_CASE("checksum failures, settings and running base backups are told", "[real]") {
    NEED_POSTGRES();
    PostgresServer server({"archive_mode = off"});
    add_watcher(server);
    Watcher watcher(server, {.settings = {{"archive_mode", "on"}, {"fsync", "off"}, {"no_such_setting", "1"}}});
    watcher.look("no_archive");
    CHECK(watcher.archive().enabled == Told::no);
    CHECK(watcher.assertion("archive_mode").actual == "off");
    CHECK(watcher.assertion("fsync").expected == "off");
    CHECK(watcher.assertion("full_page_writes").actual == "on");
    CHECK_FALSE(watcher.assertion("no_such_setting").actual);
    // Without checksums there is nothing to count.
    for (const auto& assertion : watcher.the<core::Assertions>().assertions)
        CHECK(assertion.name != "checksum_failures");
    CHECK(watcher.the<core::Fingerprint>().value == server.sql("SELECT system_identifier FROM pg_control_system()"));
    CHECK_FALSE(watcher.seen.failure);
}

} // namespace recoverd
