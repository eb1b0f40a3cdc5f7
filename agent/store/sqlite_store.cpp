// SPDX-License-Identifier: Apache-2.0
#include "agent/store/sqlite_store.hpp"

#include "agent/store/sqlite_file.hpp"
#include "io/blocking_pool.hpp"

#include <chrono>
#include <future>
#include <utility>

namespace recoverd::agent {

namespace {

/// How long the end of a store waits for what is still to be written.
constexpr std::chrono::seconds kPatience{2};

class SqliteStore final : public Store {
  public:
    explicit SqliteStore(std::string directory) : file_(std::make_shared<SqliteFile>(std::move(directory))) {}

    /// A thread that is stuck in a disk that hangs is left to itself, with the file.
    ~SqliteStore() override {
        const auto all_is_done = std::make_shared<std::promise<void>>();
        const auto done = all_is_done->get_future();
        thread_.post([all_is_done] { all_is_done->set_value(); }, {});
        done.wait_for(kPatience);
    }
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;

    Stored load() override { return file_->load(); }

    io::Task<core::Result<void>> commit(Batch batch) override {
        auto write = [file = file_, batch = std::move(batch)] { return file->write(batch); };
        auto writing = io::run_blocking(thread_, std::move(write));
        co_return co_await std::move(writing);
    }

    io::Task<core::Result<std::optional<OutcomeRow>>> find_outcome(std::string asset, std::string id,
                                                                   std::string phase) override {
        auto find = [file = file_, asset = std::move(asset), id = std::move(id), phase = std::move(phase)] {
            return file->find_outcome(asset, id, phase);
        };
        auto finding = io::run_blocking(thread_, std::move(find));
        co_return co_await std::move(finding);
    }

    io::Task<core::Result<std::vector<LogRow>>> find_log(core::HistoryOf of, std::string name,
                                                         std::size_t most) override {
        auto find = [file = file_, of, name = std::move(name), most] { return file->find_log(of, name, most); };
        auto finding = io::run_blocking(thread_, std::move(find));
        co_return co_await std::move(finding);
    }

    std::uint64_t size_bytes() const override { return file_->size_bytes(); }

  private:
    // Touched by load() before the loop runs, and by the store's thread after.
    std::shared_ptr<SqliteFile> file_;
    io::BlockingPool thread_{1};
};

} // namespace

std::unique_ptr<Store> make_sqlite_store(std::string directory) {
    return std::make_unique<SqliteStore>(std::move(directory));
}

} // namespace recoverd::agent
