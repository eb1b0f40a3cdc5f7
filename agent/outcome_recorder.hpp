// SPDX-License-Identifier: Apache-2.0
// Outcomes that are posted: what cannot be kept is refused, the engine learns the rest, and whoever posted it is
// answered once it is on disk. The same again, out of a spool, is recorded once.
#pragma once

#include "agent/keeper.hpp"
#include "agent/outcome.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace recoverd::agent {

class OutcomeRecorder {
  public:
    /// Engine and keeper must outlive it. One loop only.
    OutcomeRecorder(core::Engine& engine, Keeper& keeper, std::function<core::Time()> now)
        : engine_(engine), keeper_(keeper), now_(std::move(now)) {}

    struct Answer {
        /// As in HTTP: 201 new, 200 the same again, 400, 404, 409, 503.
        int status = 0;
        /// Of the run, when it was taken.
        std::string id;
        std::vector<std::string> mistakes;
    };
    io::Task<Answer> record(std::string body);

  private:
    struct Known;

    /// Why it is not taken, whatever is on disk.
    std::optional<Answer> refusal(const Outcome& outcome, core::Time now);
    /// What the disk holds of its run.
    io::Task<core::Result<Known>> look_up(std::string asset, std::string id, std::string phase);
    /// Has the engine learn it, unless its run `is_over` already, and writes it.
    io::Task<Answer> keep(Outcome outcome, OutcomeRow row, bool is_over);

    core::Engine& engine_;
    Keeper& keeper_;
    /// The time by which is judged.
    std::function<core::Time()> now_;
    /// Asset, run and phase of outcomes that are on their way to the disk. Shared with those who wait: the loop may let
    /// go of them when this is gone.
    using Recording = std::set<std::array<std::string, 3>>;
    std::shared_ptr<Recording> recording_ = std::make_shared<Recording>();
};

} // namespace recoverd::agent
