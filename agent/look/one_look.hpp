// SPDX-License-Identifier: Apache-2.0
// Every check once, now, and judged with nothing remembered: what `recoverd check` does instead of a daemon.
#pragma once

#include "agent/checker.hpp"
#include "core/engine/engine.hpp"
#include "io/wake.hpp"

#include <functional>

namespace recoverd::agent {

class OneLook {
  public:
    /// Told after each check: how many have been looked at, and of how many.
    using Progress = std::function<void(std::size_t done, std::size_t of)>;

    /// Must outlive the loop's work.
    OneLook(io::World& world, const Setup& setup, Progress progress);

    /// Ends when every check has ended, each by its timeout at the latest. A single probe decides; checks that never
    /// look by themselves are not run.
    io::Task<core::Snapshot> run();
    /// Cancels what runs; `run` then never ends.
    void stop() { checker_.stop(); }
    std::size_t running() const { return checker_.running(); }

  private:
    void learned(const std::string& check, const core::Report& report);

    io::World& world_;
    Progress progress_;
    core::Engine engine_;
    Checker checker_;
    io::Wake wake_;
    std::size_t done_ = 0;
    std::size_t all_ = 0;
};

} // namespace recoverd::agent
