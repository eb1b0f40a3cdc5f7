// SPDX-License-Identifier: Apache-2.0
#include "agent/store/sqlite_store.hpp"

#include "agent/store/sqlite.hpp"
#include "io/fd.hpp"
#include "tests/agent/store/slow_disk.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>

#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

using namespace recoverd;
using namespace recoverd::agent;

namespace {

class Folder {
  public:
    Folder() {
        std::string pattern = "/tmp/recoverd-store-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

template <class T>
T await(io::Task<T> task) {
    asio::io_context loop;
    std::optional<T> result;
    // The store answers from its own thread: the loop must not end before it has.
    const auto work = asio::make_work_guard(loop);
    asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& thrown, T value) {
        if (thrown)
            std::rethrow_exception(thrown);
        result = std::move(value);
        loop.stop();
    });
    loop.run_for(std::chrono::seconds{20});
    REQUIRE(result);
    return std::move(*result);
}

StateRow check_row(std::string name, std::string memory = "{}") {
    return {"check", std::move(name), "print", core::from_unix_seconds(1'800'000'000), std::move(memory), "[]"};
}

Batch rows(std::vector<StateRow> list) {
    Batch batch;
    batch.rows = std::move(list);
    return batch;
}

} // namespace

TEST_CASE("what was committed is there after the store is opened again") {
    const Folder folder;
    {
        const auto store = make_sqlite_store(folder.path());
        CHECK(store->load().rows.empty());
        REQUIRE(await(store->commit(rows({check_row("a"), check_row("b", R"({"x":1})")}))));
        REQUIRE(await(store->commit(rows({check_row("a", R"({"x":2})")}))));
    }
    const auto stored = make_sqlite_store(folder.path())->load();
    CHECK(stored.trouble.empty());
    CHECK(stored.rows == std::vector{check_row("a", R"({"x":2})"), check_row("b", R"({"x":1})")});
}

TEST_CASE("what is dropped is gone") {
    const Folder folder;
    const auto store = make_sqlite_store(folder.path());
    store->load();
    REQUIRE(await(store->commit(rows({check_row("a"), check_row("b")}))));
    Batch batch;
    batch.dropped.emplace_back("check", "a");
    REQUIRE(await(store->commit(std::move(batch))));
    CHECK(make_sqlite_store(folder.path())->load().rows == std::vector{check_row("b")});
}

TEST_CASE("an outcome is found by its run and phase, and the first one stays") {
    const Folder folder;
    const auto store = make_sqlite_store(folder.path());
    store->load();
    const OutcomeRow first{"orders", "run-1", "end", "{}", core::from_unix_seconds(5)};
    const OutcomeRow second{"orders", "run-1", "end", R"({"other":1})", core::from_unix_seconds(6)};
    for (const auto& row : {first, second}) {
        Batch batch;
        batch.outcomes.push_back(row);
        REQUIRE(await(store->commit(std::move(batch))));
    }
    const auto found = await(store->find_outcome("orders", "run-1", "end"));
    REQUIRE(found);
    CHECK(*found == first);
    CHECK(*await(store->find_outcome("orders", "run-1", "start")) == std::nullopt);
    CHECK(*await(store->find_outcome("other", "run-1", "end")) == std::nullopt);
}

TEST_CASE("a damaged file is set aside and said, and the store goes on with a new one") {
    const Folder folder;
    std::ofstream{folder / "recoverd.db"} << "this was never a database, however long it is read for";
    const auto store = make_sqlite_store(folder.path());
    const auto stored = store->load();
    CHECK(stored.rows.empty());
    CHECK(stored.trouble.contains("recoverd.db.damaged"));
    CHECK(std::filesystem::exists(folder / "recoverd.db.damaged"));
    REQUIRE(await(store->commit(rows({check_row("a")}))));
    CHECK(make_sqlite_store(folder.path())->load().rows.size() == 1);
}

TEST_CASE("a file cut in the middle is noticed") {
    const Folder folder;
    {
        const auto store = make_sqlite_store(folder.path());
        store->load();
        std::vector<StateRow> many;
        for (int i = 0; i < 500; ++i)
            many.push_back(check_row(fmt::format("check-{}", i), std::string(1'000, 'x')));
        REQUIRE(await(store->commit(rows(many))));
    }
    const auto size = std::filesystem::file_size(folder / "recoverd.db");
    REQUIRE(size > 100'000);
    std::filesystem::resize_file(folder / "recoverd.db", size / 2);
    const auto stored = make_sqlite_store(folder.path())->load();
    CHECK_FALSE(stored.trouble.empty());
    CHECK(stored.rows.empty());
}

TEST_CASE("a file of a later version is never guessed at") {
    const Folder folder;
    {
        const auto store = make_sqlite_store(folder.path());
        store->load();
        REQUIRE(await(store->commit(rows({check_row("a")}))));
    }
    // user_version stands at byte 60 of the header, big-endian; the WAL was checkpointed when the store closed.
    std::fstream file{folder / "recoverd.db", std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(63).put(99);
    file.close();
    const auto stored = make_sqlite_store(folder.path())->load();
    CHECK(stored.rows.empty());
    CHECK(stored.trouble.contains("later version"));
    CHECK(std::filesystem::exists(folder / "recoverd.db.damaged"));
}

TEST_CASE("a folder that is not there fails the commit and comes back with it") {
    const Folder folder;
    const std::string inside = folder / "state";
    const auto store = make_sqlite_store(inside);
    CHECK_FALSE(store->load().trouble.empty());
    const auto refused = await(store->commit(rows({check_row("a")})));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == core::FailureKind::refused);
    std::filesystem::create_directory(inside);
    REQUIRE(await(store->commit(rows({check_row("a")}))));
}

TEST_CASE("what cannot be written is read all the same, whatever its path, and is said not to be whole") {
    const Folder folder;
    const std::string inside = folder / "100% #1?";
    std::filesystem::create_directory(inside);
    {
        const auto store = make_sqlite_store(inside);
        store->load();
        REQUIRE(await(store->commit(rows({check_row("a")}))));
    }
    SECTION("no room for the index of the log, as on a full disk") {
        std::filesystem::create_directory(inside + "/recoverd.db-shm");
    }
    SECTION("no log can be made either, as on a read-only disk") {
        std::filesystem::create_directory(inside + "/recoverd.db-shm");
        std::filesystem::create_directory(inside + "/recoverd.db-wal");
    }
    const auto store = make_sqlite_store(inside);
    const auto stored = store->load();
    CHECK_FALSE(stored.trouble.empty());
    CHECK(stored.rows == std::vector{check_row("a")});
    CHECK_FALSE(await(store->commit(rows({check_row("b")}))));
    for (const char* name : {"/recoverd.db-shm", "/recoverd.db-wal"})
        std::filesystem::remove(inside + name);
    REQUIRE(await(store->commit(rows({check_row("b")}))));
}

TEST_CASE("what stands in the log alone is read on a full disk, too") {
    const Folder folder;
    const Folder killed;
    {
        const auto store = make_sqlite_store(folder.path());
        store->load();
        REQUIRE(await(store->commit(rows({check_row("a")}))));
        // As kill -9 leaves them.
        for (const char* name : {"recoverd.db", "recoverd.db-wal"})
            std::filesystem::copy(folder / name, killed / name);
    }
    REQUIRE(std::filesystem::file_size(killed / "recoverd.db-wal") > 0);
    std::filesystem::create_directory(killed / "recoverd.db-shm");
    const auto stored = make_sqlite_store(killed.path())->load();
    CHECK_FALSE(stored.trouble.empty());
    CHECK(stored.rows == std::vector{check_row("a")});
}

/// As the first version made it.
constexpr const char* kFirstSchema = R"sql(
CREATE TABLE state (kind TEXT NOT NULL, name TEXT NOT NULL, fingerprint TEXT NOT NULL, due_at INTEGER,
    memory TEXT NOT NULL, alerts TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE outcome (asset TEXT NOT NULL, id TEXT NOT NULL, phase TEXT NOT NULL, body TEXT NOT NULL,
    received_at INTEGER NOT NULL, PRIMARY KEY (asset, id, phase));
CREATE TABLE log (at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
INSERT INTO state VALUES ('check', 'a', 'print', 1800000000000, '{}', '[]');
INSERT INTO outcome VALUES ('orders', 'run-1', 'end', '{}', 5000);
INSERT INTO log VALUES (6000, 'alert',
    '{"state":"firing","reason":"old","labels":{"alertname":"BackupTooOld","asset":"orders","check":"dumps"}}');
INSERT INTO log VALUES (7000, 'outcome', '{"id":"run-1","asset":"orders","outcome":"passed"}');
INSERT INTO log VALUES (8000, 'alert', 'no JSON');
)sql";

TEST_CASE("what was committed by earlier versions is taken over, with its history") {
    const int version = GENERATE(0, 1);
    CAPTURE(version);
    const Folder folder;
    Database{folder / "recoverd.db"}.run(kFirstSchema);
    Database{folder / "recoverd.db"}.run(fmt::format("PRAGMA user_version={}", version).c_str());
    for (int opened = 0; opened < 2; ++opened) {
        const auto store = make_sqlite_store(folder.path());
        const auto stored = store->load();
        CHECK(stored.trouble.empty());
        CHECK(stored.rows == std::vector{check_row("a")});
        CHECK(await(store->find_outcome("orders", "run-1", "end"))->has_value());
        const auto past = await(store->find_log(core::HistoryOf::asset, "orders", 10));
        REQUIRE(past);
        REQUIRE(past->size() == 2);
        CHECK(past->at(0).kind == "outcome");
        CHECK(past->at(1).check == "dumps");
        CHECK(past->at(1).alert == "BackupTooOld");
    }
    CHECK(Database{folder / "recoverd.db"}.integer("PRAGMA user_version") == 2);
}

TEST_CASE("what an earlier version wrote is taken over with nothing written outside its folder") {
    const Folder folder;
    const Folder elsewhere;
    {
        Database first{folder / "recoverd.db"};
        first.run(kFirstSchema);
        first.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
                  "INSERT INTO log SELECT i, 'outcome', '{\"asset\":\"orders\"}' FROM n");
        first.run("PRAGMA user_version=1");
        // Of the whole process.
        first.run(fmt::format("PRAGMA temp_store_directory='{}'", elsewhere.path()).c_str());
    }
    const io::Fd watch{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    CHECK(::inotify_add_watch(watch.get(), elsewhere.path().c_str(), IN_CREATE) > 0);
    CHECK(make_sqlite_store(folder.path())->load().trouble.empty());
    std::array<char, 4'096> made{};
    CHECK(::read(watch.get(), made.data(), made.size()) == -1);
    Database database{folder / "recoverd.db"};
    database.run("PRAGMA temp_store_directory=''");
    CHECK(database.integer("SELECT count(*) FROM log WHERE asset = 'orders'") == 5'002);
}

TEST_CASE("what happened is found by whom it happened to, the newest first") {
    const Folder folder;
    const auto store = make_sqlite_store(folder.path());
    store->load();
    const auto alert = [](int at, std::string asset, std::string check) {
        return LogRow{.at = core::from_unix_seconds(at),
                      .kind = "alert",
                      .body = "{}",
                      .asset = std::move(asset),
                      .check = std::move(check),
                      .scenario = "az",
                      .alert = "BackupTooOld"};
    };
    Batch batch;
    batch.log = {alert(1, "orders", "a"), alert(2, "", "a"), alert(3, "orders", "b"), alert(4, "orders", "a")};
    REQUIRE(await(store->commit(std::move(batch))));
    const auto found = await(store->find_log(core::HistoryOf::asset, "orders", 2));
    REQUIRE(found);
    CHECK(*found == std::vector{alert(4, "orders", "a"), alert(3, "orders", "b")});
    CHECK(await(store->find_log(core::HistoryOf::check, "a", 10))->size() == 3);
    CHECK(await(store->find_log(core::HistoryOf::scenario, "az", 10))->size() == 4);
    CHECK(await(store->find_log(core::HistoryOf::alert, "BackupTooOld", 10))->size() == 4);
    CHECK(await(store->find_log(core::HistoryOf::alert, "backuptooold", 10))->empty());
    // Nobody's is nobody's history.
    CHECK(await(store->find_log(core::HistoryOf::asset, "", 10))->empty());
}

TEST_CASE("history is bounded, and the newest of it stays") {
    const Folder folder;
    const auto store = make_sqlite_store(folder.path());
    store->load();
    const auto add = [&](int from, int to, bool outcomes) {
        Batch batch;
        for (int i = from; i < to; ++i)
            if (outcomes)
                batch.outcomes.push_back({"orders", std::to_string(i), "end", "{}", core::from_unix_seconds(i)});
            else
                batch.log.push_back({core::from_unix_seconds(i), "outcome", "{}", "orders", {}, {}, {}});
        REQUIRE(await(store->commit(std::move(batch))));
    };
    add(0, 200'000, false);
    add(0, 50'000, true);
    Database database{folder / "recoverd.db"};
    CHECK(database.integer("SELECT count(*) FROM log") == 200'000);
    CHECK(database.integer("SELECT count(*) FROM outcome") == 50'000);
    add(200'000, 200'003, false);
    add(50'000, 50'003, true);
    CHECK(database.integer("SELECT count(*) FROM log") == 200'000);
    CHECK(database.integer("SELECT min(at) FROM log") == 3'000);
    CHECK(await(store->find_log(core::HistoryOf::asset, "orders", 1))->at(0).at == core::from_unix_seconds(200'002));
    CHECK(*await(store->find_outcome("orders", "2", "end")) == std::nullopt);
    CHECK(await(store->find_outcome("orders", "3", "end"))->has_value());
    CHECK(await(store->find_outcome("orders", "50002", "end"))->has_value());
}

TEST_CASE("the disk was asked to keep each commit before it is answered") {
    const Folder folder;
    const auto store = make_sqlite_store(folder.path());
    store->load();
    // The first one begins the log, which is kept in any mode.
    REQUIRE(await(store->commit(rows({check_row("a")}))));
    for (int i = 0; i < 3; ++i) {
        const auto before = test::kept_by_disk();
        REQUIRE(await(store->commit(rows({check_row("a", std::to_string(i))}))));
        CHECK(test::kept_by_disk() > before);
    }
}
