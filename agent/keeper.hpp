// SPDX-License-Identifier: Apache-2.0
// Keeps the engine going: judges when it is due, writes what changed, publishes. An alert's transition is seen by
// exporters only after it is on disk; when the disk refuses, it is published all the same, with StateDegraded.
#pragma once

#include "agent/store/store.hpp"
#include "core/engine/engine.hpp"
#include "io/wake.hpp"
#include "io/world.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace recoverd::agent {

class Keeper {
  public:
    struct Hooks {
        /// The time by which is judged, once a jump of the clock was noticed.
        std::function<core::Time()> now;
        /// A new snapshot; `transitions` tells whether an alert began or ended.
        std::function<void(core::Snapshot, bool transitions)> publish;
        /// When a check is due next, for its row.
        std::function<std::optional<core::Time>(const std::string& check)> due_at;
        /// A check shall look out of turn.
        std::function<void(const std::string& check)> run_now;
        std::function<void(const core::Transition&)> on_transition;
        std::function<void(const std::string& error)> on_store_error;
    };
    Keeper(core::Engine& engine, Store& store, io::Timers& timers, Hooks hooks)
        : engine_(engine), store_(store), timers_(timers), hooks_(std::move(hooks)) {}

    /// Something was given to the engine.
    void poke() { wake_.wake(); }
    /// Runs for ever.
    io::Task<void> run();
    /// Writes the state of one check together with `batch`, now.
    io::Task<core::Result<void>> commit_with(std::string check, Batch batch);
    /// Writes whatever is waiting, now; false when the disk refuses.
    io::Task<bool> flush();

    /// Changes that are not about an alert are written this often.
    static constexpr core::Duration kCommitEvery{1'000};
    /// Reports that come closer together than this after a first one are judged together.
    static constexpr core::Duration kRound{10};
    /// What the next run of a check brings again anyhow is written in rounds that begin so far apart.
    static constexpr core::Duration kRoutineEvery{60'000};
    /// After a commit failed, the next try.
    static constexpr core::Duration kRetryEvery{10'000};

  private:
    void take_changes();
    /// Moves a part of what may wait to what is written next.
    void take_routine();
    /// Is there still, or again, something of this kind and name?
    bool is_there(const std::string& kind, const std::string& name) const;
    Batch batch() const;
    io::Task<void> commit();
    core::Duration routine_in() const;
    core::Duration patience() const;

    core::Engine& engine_;
    Store& store_;
    io::Timers& timers_;
    Hooks hooks_;
    io::Wake wake_;

    std::set<std::string> checks_;
    /// Checks whose change may wait for the next round, and those whose turn in this round comes yet, so many at a
    /// time.
    std::set<std::string> routine_;
    std::set<std::string> round_;
    std::size_t part_ = 0;
    std::set<std::string> assets_;
    std::set<std::string> scenarios_;
    std::set<std::string> validations_;
    std::set<std::pair<std::string, std::string>> dropped_;
    bool other_ = false;
    std::vector<LogRow> log_;
    bool dirty_ = false;
    bool transitions_ = false;
    bool visible_ = false;
    bool refused_ = false;
    core::Duration last_commit_{0};
    core::Duration round_began_{0};
};

} // namespace recoverd::agent
