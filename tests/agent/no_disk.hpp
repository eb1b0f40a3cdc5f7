// SPDX-License-Identifier: Apache-2.0
// A store that takes everything, and keeps nothing of it.
#pragma once

#include "agent/store/store.hpp"

namespace recoverd::test {

class NoDisk final : public agent::Store {
  public:
    agent::Stored load() override { return {}; }
    io::Task<core::Result<void>> commit(agent::Batch /*batch*/) override { co_return core::Result<void>{}; }
    io::Task<core::Result<std::optional<agent::OutcomeRow>>> find_outcome(std::string /*asset*/, std::string /*id*/,
                                                                          std::string /*phase*/) override {
        co_return std::optional<agent::OutcomeRow>{};
    }
    io::Task<core::Result<std::vector<agent::LogRow>>> find_log(core::HistoryOf /*of*/, std::string /*name*/,
                                                                std::size_t /*most*/) override {
        co_return std::vector<agent::LogRow>{};
    }
    std::uint64_t size_bytes() const override { return 0; }
};

} // namespace recoverd::test
