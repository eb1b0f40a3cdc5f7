// SPDX-License-Identifier: Apache-2.0
// A commit until it is on disk, beside SQLite alone with one prepared statement; what the loop spends on it before; and
// what a fleet takes on disk.
#include "agent/store/codec.hpp"
#include "agent/store/sqlite_store.hpp"
#include "tests/bench/micro/fleet.hpp"

#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace recoverd::bench {

namespace {

class Folder {
  public:
    Folder() {
        if (!mkdtemp(path_.data()))
            throw std::runtime_error("cannot make a temporary folder");
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }

  private:
    std::string path_ = std::filesystem::temp_directory_path() / "recoverd-bench-XXXXXX";
};

class Kept {
  public:
    Kept() { store_->load(); }

    void commit(agent::Batch batch) {
        std::optional<core::Result<void>> result;
        asio::co_spawn(loop_, store_->commit(std::move(batch)),
                       [&](const std::exception_ptr&, core::Result<void> ended) { result = std::move(ended); });
        while (!result)
            loop_.run_one();
        if (!*result)
            throw std::runtime_error(result->error().detail);
    }
    std::uint64_t size() const { return store_->size_bytes(); }

  private:
    Folder folder_;
    asio::io_context loop_;
    asio::executor_work_guard<asio::io_context::executor_type> open_ = asio::make_work_guard(loop_);
    std::unique_ptr<agent::Store> store_ = agent::make_sqlite_store(folder_.path());
};

std::vector<agent::StateRow> rows_of(const Fleet& fleet) {
    std::vector<agent::StateRow> rows;
    for (std::size_t i = 0; i < fleet.checks(); ++i)
        rows.push_back(agent::to_row(*fleet.engine.check(fleet.name(i)), kBegin));
    return rows;
}

/// What two rounds of reports leave, to be written in turn: SQLite writes nothing where nothing changed.
std::array<std::vector<agent::StateRow>, 2> two_rounds(std::int64_t checks) {
    Fleet fleet(static_cast<std::size_t>(checks));
    auto first = rows_of(fleet);
    fleet.round(kBegin + std::chrono::minutes{1});
    return {std::move(first), rows_of(fleet)};
}

void commit(benchmark::State& state) {
    const auto rounds = two_rounds(state.range(0));
    Kept kept;
    std::size_t turn = 0;
    for (auto _ : state)
        kept.commit({.rows = rounds[turn++ % 2]});
}
BENCHMARK(commit)->Name("commit/recoverd")->Arg(1)->Arg(700)->MeasureProcessCPUTime()->UseRealTime();

/// The same rows into the same table.
class Raw {
  public:
    Raw() {
        sqlite3_open((folder_.path() + "/raw.db").c_str(), &db_);
        run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
        run("CREATE TABLE state (kind TEXT, name TEXT, fingerprint TEXT, due_at INTEGER, memory TEXT, alerts TEXT, "
            "PRIMARY KEY (kind, name)) WITHOUT ROWID");
        sqlite3_prepare_v2(db_,
                           "INSERT INTO state VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET due_at=excluded.due_at, "
                           "memory=excluded.memory, alerts=excluded.alerts",
                           -1, &put_, nullptr);
    }
    ~Raw() {
        sqlite3_finalize(put_);
        sqlite3_close(db_);
    }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;

    void run(const char* sql) {
        if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(db_));
    }
    void put(const agent::StateRow& row) {
        bind(1, row.kind);
        bind(2, row.name);
        bind(3, row.fingerprint);
        sqlite3_bind_int64(put_, 4, row.due_at->time_since_epoch().count());
        bind(5, row.memory);
        bind(6, row.alerts);
        if (sqlite3_step(put_) != SQLITE_DONE)
            throw std::runtime_error(sqlite3_errmsg(db_));
        sqlite3_reset(put_);
    }

  private:
    void bind(int at, const std::string& text) {
        sqlite3_bind_text(put_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    }

    Folder folder_;
    sqlite3* db_ = nullptr;
    sqlite3_stmt* put_ = nullptr;
};

void raw_commit(benchmark::State& state) {
    const auto rounds = two_rounds(state.range(0));
    Raw raw;
    std::size_t turn = 0;
    for (auto _ : state) {
        raw.run("BEGIN IMMEDIATE");
        for (const agent::StateRow& row : rounds[turn++ % 2])
            raw.put(row);
        raw.run("COMMIT");
    }
}
BENCHMARK(raw_commit)->Name("commit/sqlite3")->Arg(1)->Arg(700)->MeasureProcessCPUTime()->UseRealTime();

/// On the loop, before the store's thread gets them.
void make_rows(benchmark::State& state) {
    const Fleet fleet(700);
    std::size_t bytes = 0;
    for (auto _ : state) {
        const auto rows = rows_of(fleet);
        bytes = 0;
        for (const agent::StateRow& row : rows)
            bytes += row.memory.size() + row.alerts.size();
    }
    state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(make_rows)->Name("rows/recoverd/700");

void copy_rows(benchmark::State& state) {
    const auto rows = rows_of(Fleet(700));
    for (auto _ : state) {
        auto copied = rows;
        benchmark::DoNotOptimize(copied);
    }
}
BENCHMARK(copy_rows)->Name("rows/copy/700");

/// 10,000 checks that have been at it for long: their state, and as much history as is ever kept.
void size(benchmark::State& state) {
    constexpr std::size_t kLogRows = 200'000;
    Fleet fleet(10'000);
    const core::Snapshot snapshot = fleet.round(kBegin + std::chrono::minutes{5});
    core::Transition transition;
    core::for_each_alert(snapshot, [&](const core::Alert& alert) { transition.alert = alert; });
    const agent::LogRow log = agent::to_log(transition, kBegin);
    Kept kept;
    for (auto _ : state) {
        kept.commit({.rows = rows_of(fleet)});
        kept.commit({.log = std::vector(kLogRows, log)});
        // The log before the database is cut back with the next commit after a checkpoint.
        for (int i = 0; i < 3; ++i)
            kept.commit({.rows = rows_of(Fleet(1))});
    }
    state.counters["bytes"] = static_cast<double>(kept.size());
}
BENCHMARK(size)->Name("store_size/10000")->Iterations(1)->Unit(benchmark::kMillisecond);

} // namespace

} // namespace recoverd::bench
