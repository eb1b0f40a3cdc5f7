// SPDX-License-Identifier: Apache-2.0
// The file of the store: its tables, how those of older versions become these, what goes in and comes out. Every call
// may take what the disk takes; one thread at a time.
#pragma once

#include "agent/store/sqlite.hpp"
#include "agent/store/store.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace recoverd::agent {

class SqliteFile {
  public:
    /// Does not touch the disk.
    explicit SqliteFile(std::string directory);

    /// As Store::load.
    Stored load();
    core::Result<void> write(const Batch& batch);
    core::Result<std::optional<OutcomeRow>> find_outcome(const std::string& asset, const std::string& id,
                                                         const std::string& phase);
    core::Result<std::vector<LogRow>> find_log(core::HistoryOf of, const std::string& name, std::size_t most);
    /// As of the last write. From any thread.
    std::uint64_t size_bytes() const { return size_.load(std::memory_order_relaxed); }

  private:
    void open();
    void ensure_open();
    void migrate(Database& database) const;
    /// Throws where the version is none of ours.
    std::int64_t known_version_of(Database& database) const;
    std::vector<StateRow> read(Database& database) const;
    std::vector<StateRow> read_what_is_there();
    void set_aside(Stored& stored);
    void put_state(const Batch& batch);
    void put_history(const Batch& batch);
    void measure();

    std::string path_;
    std::unique_ptr<Database> database_;
    std::atomic<std::uint64_t> size_{0};
};

} // namespace recoverd::agent
