// SPDX-License-Identifier: Apache-2.0
// Runs of checks that somebody asked for out of turn: never beside a run that goes on, not more often than bears
// asking, and answered once everybody can see what came of it.
#pragma once

#include "agent/checker.hpp"
#include "core/engine/engine.hpp"
#include "io/wake.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace recoverd::agent {

class AskedRuns {
  public:
    /// Both must outlive it. One loop only.
    AskedRuns(const core::Engine& engine, Checker& checker, io::Timers& timers)
        : engine_(engine), checker_(checker), timers_(timers) {}

    struct Answer {
        /// As in HTTP: 200 it has looked, 202 it still looks, 400 it never does, 404, 409 it runs already, 429.
        int status = 0;
        /// Why it was not asked.
        std::string why;
        /// After 429: when it may be asked again.
        core::Duration again_in{0};
        /// What is remembered of the check after 200; null otherwise.
        std::shared_ptr<const core::CheckMemory> memory;
    };
    io::Task<Answer> ask(std::string name);
    /// A snapshot was published.
    void published(const core::Snapshot& snapshot);

    /// Below what web servers and their clients wait for.
    static constexpr core::Duration kPatience{25'000};
    /// Between two times that one check is asked.
    static constexpr core::Duration kAgainAfter{5'000};
    static constexpr std::size_t kMostAtOnce = 16;

  private:
    struct Asked {
        std::uint64_t reports_before = 0;
        std::shared_ptr<const core::CheckMemory> memory;
        io::Wake wake;
    };
    std::optional<Answer> refusal(const std::string& name);

    const core::Engine& engine_;
    Checker& checker_;
    io::Timers& timers_;
    using Waiting = std::map<std::string, std::shared_ptr<Asked>, std::less<>>;
    /// Shared with those who wait: the loop may let go of them when this is gone.
    std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
    /// When (`elapsed`) each was asked, for as long as that counts.
    std::map<std::string, core::Duration, std::less<>> asked_at_;
};

} // namespace recoverd::agent
