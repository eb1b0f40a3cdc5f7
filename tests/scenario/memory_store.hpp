// SPDX-License-Identifier: Apache-2.0
// A store whose disk can be slow, hang, refuse, or lose its power between two commits.
#pragma once

#include "agent/store/store.hpp"
#include "io/timers.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace recoverd::scenario {

/// What is on the disk; outlives the process that wrote it.
struct Disk {
    std::map<std::pair<std::string, std::string>, agent::StateRow> rows;
    std::map<std::string, agent::OutcomeRow> outcomes;
    std::vector<agent::LogRow> log;
    /// Every commit fails.
    bool full = false;
    /// Nothing answers until it does no more.
    bool hangs = false;
    /// It begins to, once it was asked for so many outcomes; 0 for never.
    int hangs_after_looks = 0;
};

class MemoryStore final : public agent::Store {
  public:
    MemoryStore(Disk& disk, io::Timers& timers) : disk_(disk), timers_(timers) {}

    agent::Stored load() override;
    io::Task<core::Result<void>> commit(agent::Batch batch) override;
    io::Task<core::Result<std::optional<agent::OutcomeRow>>> find_outcome(std::string asset, std::string id,
                                                                          std::string phase) override;
    io::Task<core::Result<std::vector<agent::LogRow>>> find_log(core::HistoryOf of, std::string name,
                                                                std::size_t most) override;
    std::uint64_t size_bytes() const override { return disk_.rows.size() * 1'000; }

    /// From now on nothing reaches the disk, as when the process was killed.
    void cut_off() { cut_off_ = true; }

  private:
    io::Task<void> answer();
    core::Result<void> write(agent::Batch batch);

    Disk& disk_;
    io::Timers& timers_;
    bool cut_off_ = false;
    std::uint64_t last_ticket_ = 0;
    std::set<std::uint64_t> waiting_;
};

} // namespace recoverd::scenario
