// SPDX-License-Identifier: Apache-2.0
// The collectors of a PostgreSQL server and of its pgBackRest repositories, and everything behind them.
#include "tests/scenario/cluster.hpp"
#include "tests/scenario/played.hpp"

#include "core/config/values.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fmt/ranges.h>

namespace recoverd::scenario {

namespace {

using Alerts = std::set<std::string>;
using Notified = std::multiset<std::string>;
using core::VerdictState;

const std::string kDatabase = R"(
[asset.orders]
backup_every = "24h"
rpo = "1h"
rto = "1h"
retention = "7d"
pitr_window = "7d"
restore_test_every = "14d"
since = 2026-01-01

[check.backup]
asset = "orders"
collector = "pgbackrest"
stanza = "orders"
every = "5m"

[check.server]
asset = "orders"
collector = "postgresql"
dsn = "host=db1 user=watcher dbname=postgres"
every = "1m"
standbys = ["b"]

[alertmanager]
urls = ["http://127.0.0.1:9093"]
)";

/// Where days pass, checks look less often, so that the test ends in time.
std::string looking_seldom() {
    std::string config = kDatabase;
    config.replace(config.find("5m"), 2, "2h");
    config.replace(config.find("1m"), 2, "10m");
    return config;
}

class Database {
  public:
    explicit Database(int repositories = 1, bool writing = true, const std::string& config = kDatabase)
        : cluster(test::kStart - 20 * 24h), played(config) {
        cluster.repositories = repositories;
        // Who stops writing before a backup leaves no row behind in a segment that nobody ends.
        cluster.live_until(played.now() - 1h);
        cluster.writing = writing;
        cluster.live_until(played.now());
        played.world.on_postgres = [this](const io::PgRequest& request) {
            return cluster.answer(request, played.now());
        };
        played.world.on_run = [this](const io::Command& command) { return cluster.answer(command, played.now()); };
        played.start();
        const auto text = [&](Time at) { return core::config::format_time(at); };
        played.post(
            R"({"asset":"orders","exercise":"restore-test","outcome":"passed","depth":"queried","started_at":")" +
            text(played.now() - 20min) + R"(","ended_at":")" + text(played.now()) + R"("})");
        played.pass(30min);
    }
    std::vector<std::string> reasons() {
        std::vector<std::string> found;
        played.snapshot()->assets.for_each([&](const core::AssetSnapshot& shown) { found = shown.verdict.reasons; });
        return found;
    }
    /// What would be lost now.
    Duration loss() {
        std::optional<Time> until;
        played.snapshot()->assets.for_each(
            [&](const core::AssetSnapshot& shown) { until = shown.verdict.recoverable_until; });
        return played.now() - until.value();
    }

    Cluster cluster;
    Played played;
};

#define CHECK_VERDICT(database, wanted)                                                                                \
    do {                                                                                                               \
        INFO(fmt::format("{}", fmt::join((database).reasons(), "\n")));                                                \
        CHECK((database).played.verdict("orders") == (wanted));                                                        \
    } while (false)

} // namespace

TEST_CASE("a busy database is recoverable to the last segment, and notifies nobody in a week", "[postgres]") {
    Database database(1, true, looking_seldom());
    database.played.pass(7 * 24h);
    CHECK(database.played.notified() == Notified{});
    CHECK_VERDICT(database, VerdictState::recoverable);
    CHECK(database.loss() < 30min);
    CHECK(database.played.books_agree());
}

TEST_CASE("an idle database has nothing to lose, and notifies nobody in a week", "[postgres]") {
    Database database(1, false, looking_seldom());
    database.played.pass(7 * 24h);
    CHECK(database.played.notified() == Notified{});
    CHECK_VERDICT(database, VerdictState::recoverable);
    CHECK(database.loss() < 15min);
}

TEST_CASE("one row that is never archived is missed after an hour, until its segment is", "[postgres]") {
    Database database(1, false);
    database.played.pass(1h);
    database.cluster.write_row();
    database.played.pass(50min);
    CHECK(database.played.firing() == Alerts{});
    database.played.pass(20min);
    CHECK(database.played.firing() == Alerts{"PitrLagHigh P2 orders"});
    CHECK_VERDICT(database, VerdictState::at_risk);
    CHECK(database.loss() > 1h);
    database.cluster.end_segment();
    database.played.pass(10min);
    CHECK(database.played.firing() == Alerts{});
    CHECK(database.played.notified() == Notified{"PitrLagHigh P2 orders"});
    CHECK_VERDICT(database, VerdictState::recoverable);
}

TEST_CASE("an archive command that fails is told of within minutes, once, and ends when it works again", "[postgres]") {
    Database database;
    database.played.pass(3h);
    database.cluster.archiving = Archiving::failing;
    database.played.pass(40min);
    CHECK(database.played.firing() == Alerts{"WalArchivingFailing P2 orders"});
    database.played.pass(90min);
    CHECK(database.played.firing() == Alerts{"PitrLagHigh P2 orders", "WalArchivingFailing P2 orders"});
    database.cluster.archiving = Archiving::good;
    database.played.pass(30min);
    CHECK(database.played.firing() == Alerts{});
    CHECK(database.played.notified() == Notified{"PitrLagHigh P2 orders", "WalArchivingFailing P2 orders"});
    CHECK_VERDICT(database, VerdictState::recoverable);
}

TEST_CASE("an archive command that hangs is told of by what waits", "[postgres]") {
    Database database;
    database.played.pass(3h);
    database.cluster.archiving = Archiving::hanging;
    database.played.pass(45min);
    CHECK(database.played.firing() == Alerts{"WalArchivingFailing P2 orders"});
    database.cluster.archiving = Archiving::good;
    database.played.pass(30min);
    CHECK(database.played.firing() == Alerts{});
}

TEST_CASE("an archive command that does nothing and says it did is found by what the repository holds", "[postgres]") {
    Database database;
    database.played.pass(3h);
    database.cluster.archiving = Archiving::lying;
    database.played.pass(1h);
    CHECK(database.played.firing() == Alerts{"WalArchiveGap P2 orders"});
    database.played.pass(3h);
    CHECK(database.played.firing() == Alerts{"WalArchiveGap P2 orders"});
    CHECK_VERDICT(database, VerdictState::at_risk);
    CHECK(database.loss() > 3h);
}

TEST_CASE("a segment that somebody deleted is a gap", "[postgres]") {
    Database database(2);
    database.played.pass(3h);
    database.cluster.lose_segment(database.cluster.current_segment() - 20);
    database.played.pass(1h);
    CHECK(database.played.firing() ==
          Alerts{"WalArchiveGap P2 orders/orders/repo1", "WalArchiveGap P2 orders/orders/repo2"});
}

TEST_CASE("a standby that is gone is missing, and one that comes back is not", "[postgres]") {
    Database database;
    database.cluster.standby_follows = false;
    database.played.pass(10min);
    CHECK(database.played.firing() == Alerts{"ReplicaMissing P2 orders/b"});
    database.cluster.standby_follows = true;
    database.played.pass(5min);
    CHECK(database.played.firing() == Alerts{});
}

TEST_CASE("a stanza that is gone has vanished, and nothing is left to restore from", "[postgres]") {
    Database database;
    database.cluster.stanza_exists = false;
    database.played.pass(30min);
    CHECK(database.played.firing() == Alerts{"SubjectVanished P2 orders/orders/repo1"});
    CHECK_VERDICT(database, VerdictState::unrecoverable);
}

TEST_CASE("a repository that cannot be read takes nothing from the one that can", "[postgres]") {
    Database database(2);
    CHECK_VERDICT(database, VerdictState::recoverable);
    database.cluster.second_is_readable = false;
    database.played.pass(2h);
    CHECK(database.played.firing() == Alerts{"EvidenceMissing P2 orders/orders/repo2"});
    CHECK_VERDICT(database, VerdictState::at_risk);
    CHECK(database.loss() < 1h);
    database.cluster.second_is_readable = true;
    database.played.pass(10min);
    CHECK(database.played.firing() == Alerts{});
    CHECK_VERDICT(database, VerdictState::recoverable);
}

TEST_CASE("backups that stop are too old after twice their interval, while the log still carries the data",
          "[postgres]") {
    Database database(1, true, looking_seldom());
    database.played.pass(24h);
    database.cluster.backing_up = false;
    database.played.pass(3 * 24h);
    CHECK(database.played.firing() == Alerts{"BackupTooOld P2 orders/orders/repo1"});
    CHECK_VERDICT(database, VerdictState::at_risk);
    CHECK(database.loss() < 1h);
}

TEST_CASE("a server that cannot be reached says nothing about its backups", "[postgres]") {
    Database database;
    database.cluster.server_listens = false;
    database.played.pass(30min);
    CHECK(database.played.firing() == Alerts{"EvidenceMissing P2 orders"});
    database.cluster.server_listens = true;
    database.played.pass(5min);
    CHECK(database.played.firing() == Alerts{});
    CHECK_VERDICT(database, VerdictState::recoverable);
}

} // namespace recoverd::scenario
