// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/memory_store.hpp"

namespace recoverd::scenario {

namespace {

/// What a commit with fsync takes.
constexpr core::Duration kCommitTakes{2};
/// How often a disk that hangs is asked whether it still does.
constexpr core::Duration kLookAgain{10'000};

std::string key(const std::string& asset, const std::string& id, const std::string& phase) {
    return asset + "/" + id + "/" + phase;
}

} // namespace

agent::Stored MemoryStore::load() {
    agent::Stored stored;
    for (const auto& [name, row] : disk_.rows)
        stored.rows.push_back(row);
    return stored;
}

io::Task<core::Result<void>> MemoryStore::commit(agent::Batch batch) {
    // One thread writes for all, in the order in which it was asked.
    const auto mine = waiting_.insert(waiting_.end(), ++last_ticket_);
    struct Leave {
        std::set<std::uint64_t>& waiting;
        std::set<std::uint64_t>::iterator mine;
        ~Leave() { waiting.erase(mine); }
    } const leave{waiting_, mine};
    do
        co_await answer();
    while (mine != waiting_.begin());
    co_return write(std::move(batch));
}

io::Task<void> MemoryStore::answer() {
    co_await timers_.sleep(kCommitTakes);
    while (disk_.hangs)
        co_await timers_.sleep(kLookAgain);
}

core::Result<void> MemoryStore::write(agent::Batch batch) {
    if (disk_.full || cut_off_)
        return core::failed(core::FailureKind::refused, "no space left on device");
    for (auto& [kind, name] : batch.dropped)
        disk_.rows.erase({kind, name});
    for (agent::StateRow& row : batch.rows)
        disk_.rows.insert_or_assign({row.kind, row.name}, row);
    for (agent::OutcomeRow& row : batch.outcomes)
        disk_.outcomes.insert_or_assign(key(row.asset, row.id, row.phase), row);
    disk_.log.insert(disk_.log.end(), batch.log.begin(), batch.log.end());
    return {};
}

io::Task<core::Result<std::optional<agent::OutcomeRow>>> MemoryStore::find_outcome(std::string asset, std::string id,
                                                                                   std::string phase) {
    co_await answer();
    if (disk_.hangs_after_looks > 0 && --disk_.hangs_after_looks == 0)
        disk_.hangs = true;
    const auto found = disk_.outcomes.find(key(asset, id, phase));
    co_return found == disk_.outcomes.end() ? std::nullopt : std::optional{found->second};
}

io::Task<core::Result<std::vector<agent::LogRow>>> MemoryStore::find_log(core::HistoryOf of, std::string name,
                                                                         std::size_t most) {
    co_await answer();
    const auto whose = [of](const agent::LogRow& row) -> const std::string& {
        switch (of) {
        case core::HistoryOf::asset:
            return row.asset;
        case core::HistoryOf::check:
            return row.check;
        case core::HistoryOf::scenario:
            return row.scenario;
        case core::HistoryOf::alert:
            break;
        }
        return row.alert;
    };
    std::vector<agent::LogRow> found;
    for (auto row = disk_.log.rbegin(); row != disk_.log.rend() && found.size() < most; ++row)
        if (whose(*row) == name)
            found.push_back(*row);
    co_return found;
}

} // namespace recoverd::scenario
