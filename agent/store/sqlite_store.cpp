// SPDX-License-Identifier: Apache-2.0
#include "agent/store/sqlite_store.hpp"

#include "agent/store/sqlite.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

namespace recoverd::agent {

namespace {

/// The version of the tables below. A file of a later version is set aside, never guessed at.
constexpr std::int64_t kSchemaVersion = 1;

// `state` is one row per unit, changed in place. `log` is append-only by rowid (0.6 µs a row, against 34 µs with a
// clustered key).
constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS state (
    kind TEXT NOT NULL, name TEXT NOT NULL, fingerprint TEXT NOT NULL, due_at INTEGER, memory TEXT NOT NULL,
    alerts TEXT NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcome (
    asset TEXT NOT NULL, id TEXT NOT NULL, phase TEXT NOT NULL, body TEXT NOT NULL, received_at INTEGER NOT NULL,
    PRIMARY KEY (asset, id, phase));
CREATE TABLE IF NOT EXISTS log (at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
)sql";

/// History is bounded by rows, so that a flapping fleet cannot fill the disk: about 60 MB of log.
constexpr std::int64_t kMaxLogRows = 200'000;
constexpr std::int64_t kMaxOutcomes = 50'000;

constexpr const char* kPutState =
    "INSERT INTO state (kind, name, fingerprint, due_at, memory, alerts) VALUES (?,?,?,?,?,?) "
    "ON CONFLICT (kind, name) DO UPDATE SET fingerprint=excluded.fingerprint, "
    "due_at=excluded.due_at, memory=excluded.memory, alerts=excluded.alerts";

class SqliteStore final : public Store {
  public:
    explicit SqliteStore(std::string directory)
        : path_(std::move(directory) + "/recoverd.db"), thread_([this] { work(); }) {}

    ~SqliteStore() override {
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    Stored load() override {
        Stored stored;
        try {
            open();
            stored.rows = read(*database_);
        } catch (const SqliteError& error) {
            stored.trouble = error.what();
            if (error.damaged())
                set_aside(stored);
            else
                stored.rows = read_what_is_there();
        }
        return stored;
    }

    io::Task<core::Result<void>> commit(Batch batch) override {
        auto shared = std::make_shared<const Batch>(std::move(batch));
        return on_thread<void>([this, shared]() -> core::Result<void> {
            try {
                write(*shared);
                return {};
            } catch (const SqliteError& error) {
                // Whatever was half done is rolled back with the connection; the next commit opens it again.
                database_.reset();
                return core::failed(core::FailureKind::refused, error.what());
            }
        });
    }

    io::Task<core::Result<std::optional<OutcomeRow>>> find_outcome(std::string asset, std::string id,
                                                                   std::string phase) override {
        using Found = std::optional<OutcomeRow>;
        return on_thread<Found>(
            [this, asset = std::move(asset), id = std::move(id), phase = std::move(phase)]() -> core::Result<Found> {
                try {
                    ensure_open();
                    auto query = database_->prepare(
                        "SELECT body, received_at FROM outcome WHERE asset = ? AND id = ? AND phase = ?");
                    query.bind(1, asset).bind(2, id).bind(3, phase);
                    if (!query.step())
                        return Found{};
                    return Found{OutcomeRow{asset, id, phase, query.text(0), query.time(1).value_or(core::Time{})}};
                } catch (const SqliteError& error) {
                    return core::failed(core::FailureKind::refused, error.what());
                }
            });
    }

    std::uint64_t size_bytes() const override { return size_.load(std::memory_order_relaxed); }

  private:
    /// Runs `job` on the store's thread and resumes the caller on its own executor.
    template <class T>
    io::Task<core::Result<T>> on_thread(std::function<core::Result<T>()> job) {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(core::Result<T>)>(
            [this, executor](auto handler, std::function<core::Result<T>()> work_to_do) {
                auto shared = std::make_shared<decltype(handler)>(std::move(handler));
                enqueue([executor, shared, work_to_do = std::move(work_to_do)] {
                    auto result = std::make_shared<core::Result<T>>(work_to_do());
                    asio::post(executor, [shared, result] { (*shared)(std::move(*result)); });
                });
            },
            asio::use_awaitable, std::move(job));
    }

    void enqueue(std::function<void()> job) {
        {
            const std::lock_guard lock{mutex_};
            jobs_.push_back(std::move(job));
        }
        wake_.notify_one();
    }

    void work() {
        for (;;) {
            std::unique_lock lock{mutex_};
            wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty())
                return;
            const auto job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
        }
    }

    void open() {
        database_ = std::make_unique<Database>(path_);
        // WAL with FULL: a commit that was answered is on disk (about 0.3 ms for one row).
        database_->run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=4194304");
        must_know_version_of(*database_);
        database_->run(kSchema);
        database_->run(fmt::format("PRAGMA user_version={}", kSchemaVersion).c_str());
        measure();
    }

    void ensure_open() {
        if (!database_)
            open();
    }

    void must_know_version_of(Database& database) const {
        const std::int64_t version = database.integer("PRAGMA user_version");
        if (version > kSchemaVersion)
            throw SqliteError(SqliteError::kNotADatabase,
                              fmt::format("{} was written by a later version (schema {}, this one knows {})", path_,
                                          version, kSchemaVersion));
    }

    std::vector<StateRow> read(Database& database) const {
        auto check = database.prepare("PRAGMA quick_check(1)");
        if (check.step() && check.text(0) != "ok")
            throw SqliteError(SqliteError::kCorrupt, fmt::format("{}: {}", path_, check.text(0)));
        std::vector<StateRow> found;
        auto rows = database.prepare("SELECT kind, name, fingerprint, due_at, memory, alerts FROM state");
        while (rows.step())
            found.push_back({rows.text(0), rows.text(1), rows.text(2), rows.time(3), rows.text(4), rows.text(5)});
        return found;
    }

    /// What cannot be written can still be read: on a read-only disk, or on a full one, where there is no room for the
    /// index of the log. Nothing when that fails, too.
    std::vector<StateRow> read_what_is_there() {
        database_.reset();
        std::error_code ignored;
        const auto log_size = std::filesystem::file_size(path_ + "-wal", ignored);
        const bool log_is_empty = ignored || log_size == 0;
        for (const Access access : {Access::read_only, Access::exclusive, Access::immutable}) {
            // What was committed last may be in the log alone.
            if (access == Access::immutable && !log_is_empty)
                continue;
            try {
                Database database{path_, access};
                must_know_version_of(database);
                return read(database);
            } catch (const SqliteError&) {
                continue;
            }
        }
        return {};
    }

    /// Keeps the file that cannot be read for whoever wants to look at it, and begins a new one.
    void set_aside(Stored& stored) {
        database_.reset();
        const std::string aside = path_ + ".damaged";
        std::error_code ignored;
        for (const char* tail : {"", "-wal", "-shm"})
            std::filesystem::rename(path_ + tail, aside + tail, ignored);
        stored.trouble += fmt::format("; kept as {}, began a new one", aside);
        try {
            open();
        } catch (const SqliteError& error) {
            stored.trouble += fmt::format("; {}", error.what());
        }
    }

    void write(const Batch& batch) {
        ensure_open();
        database_->run("BEGIN IMMEDIATE");
        put_state(batch);
        put_history(batch);
        database_->run("COMMIT");
        measure();
    }

    void put_state(const Batch& batch) {
        auto put = database_->prepare(kPutState);
        for (const StateRow& row : batch.rows) {
            put.bind(1, row.kind).bind(2, row.name).bind(3, row.fingerprint).bind(4, row.due_at);
            put.bind(5, row.memory).bind(6, row.alerts).run();
        }
        auto drop = database_->prepare("DELETE FROM state WHERE kind = ? AND name = ?");
        for (const auto& [kind, name] : batch.dropped)
            drop.bind(1, kind).bind(2, name).run();
    }

    void put_history(const Batch& batch) {
        auto put = database_->prepare(
            "INSERT OR IGNORE INTO outcome (asset, id, phase, body, received_at) VALUES (?,?,?,?,?)");
        for (const OutcomeRow& row : batch.outcomes)
            put.bind(1, row.asset).bind(2, row.id).bind(3, row.phase).bind(4, row.body).bind(5, row.received_at).run();
        auto log = database_->prepare("INSERT INTO log (at, kind, body) VALUES (?,?,?)");
        for (const LogRow& row : batch.log)
            log.bind(1, row.at).bind(2, row.kind).bind(3, row.body).run();
        if (!batch.log.empty())
            database_->prepare("DELETE FROM log WHERE rowid <= (SELECT max(rowid) FROM log) - ?")
                .bind(1, kMaxLogRows)
                .run();
        if (!batch.outcomes.empty())
            database_->prepare("DELETE FROM outcome WHERE rowid <= (SELECT max(rowid) FROM outcome) - ?")
                .bind(1, kMaxOutcomes)
                .run();
    }

    void measure() {
        std::error_code ignored;
        std::uint64_t bytes = 0;
        for (const char* tail : {"", "-wal"})
            if (const auto size = std::filesystem::file_size(path_ + tail, ignored); !ignored)
                bytes += size;
        size_.store(bytes, std::memory_order_relaxed);
    }

    std::string path_;
    // Only touched by load() before the loop runs, and by the store's thread after.
    std::unique_ptr<Database> database_;
    std::atomic<std::uint64_t> size_{0};

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace

std::unique_ptr<Store> make_sqlite_store(std::string directory) {
    return std::make_unique<SqliteStore>(std::move(directory));
}

} // namespace recoverd::agent
