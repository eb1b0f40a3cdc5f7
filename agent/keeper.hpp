// SPDX-License-Identifier: Apache-2.0
// Keeps the engine going: judges when it is due, writes what changed, publishes. An alert's transition is seen by
// exporters only after it is on disk; when the disk refuses, or does not answer in time, it is published all the same,
// with StateDegraded.
#pragma once

#include "agent/store/store.hpp"
#include "core/engine/engine.hpp"
#include "io/wake.hpp"
#include "io/world.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

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
    void poke();
    /// Runs for ever.
    io::Task<void> run();
    /// Writes the state of one check together with `batch`, now. A failure says that it is not on disk by the deadline;
    /// it may get there later.
    io::Task<core::Result<void>> commit_with(std::string check, Batch batch);
    /// The outcome that was reported for this phase of a run, if any; fails where the disk does not answer.
    io::Task<core::Result<std::optional<OutcomeRow>>> find_outcome(std::string asset, std::string id,
                                                                   std::string phase);
    /// What was logged, the newest first; fails where the disk does not answer.
    io::Task<core::Result<std::vector<LogRow>>> find_log(core::HistoryOf of, std::string name, std::size_t most);
    /// Writes whatever is waiting, now; false when the disk refuses, or does not answer.
    io::Task<bool> flush();
    /// Lets go of what is still on its way to a disk that does not answer.
    void leave() { under_way_.clear(); }
    /// Was there something to do, and has it not been done for so long that nobody looks any more? From any thread.
    bool is_stuck() const { return timers_.elapsed() - kStuckAfter > back_by_.load(); }

    /// Changes that are not about an alert are written this often.
    static constexpr core::Duration kCommitEvery{1'000};
    /// Reports that come closer together than this after a first one are judged together.
    static constexpr core::Duration kRound{10};
    /// What the next run of a check brings again anyhow is written in rounds that begin so far apart.
    static constexpr core::Duration kRoutineEvery{60'000};
    /// After a commit failed, the next try.
    static constexpr core::Duration kRetryEvery{10'000};
    /// A disk that takes longer hangs: what is judged and published does not wait for it. Below what a start waits for
    /// its first snapshot.
    static constexpr core::Duration kCommitWithin{4'000};
    static constexpr core::Duration kStuckAfter{30'000};

  private:
    /// What changed since it was written, by name, and lines for the log.
    struct Unwritten {
        std::set<std::string> checks;
        std::set<std::string> assets;
        std::set<std::string> scenarios;
        std::set<std::string> validations;
        /// kind and name
        std::set<std::pair<std::string, std::string>> dropped;
        bool other = false;
        std::vector<LogRow> log;

        bool empty() const;
        /// It was to be written before this, and was not.
        void take_back(Unwritten earlier);
        /// Keeps no more of the log than the newest lines.
        void bound();
    };
    /// One commit. Whoever waits for it may leave, and it goes on.
    struct Writing {
        /// Comes back when the disk refuses it; nothing where that is for whoever brought it.
        std::optional<Unwritten> what;
        std::optional<core::Result<void>> result;
        /// It was not there in time.
        bool late = false;
        io::Wake done;
    };
    struct UnderWay {
        std::shared_ptr<Writing> writing;
        io::Companion carrier;
    };

    void take_changes();
    /// Moves a part of what may wait to what is written next.
    void take_routine();
    /// Is there still, or again, something of this kind and name?
    bool is_there(const std::string& kind, const std::string& name) const;
    Batch batch_of(const Unwritten& what) const;
    io::Task<void> commit();
    io::Task<core::Result<void>> write(Batch batch, std::optional<Unwritten> what);
    static io::Task<void> carry(Store& store, Batch batch, std::shared_ptr<Writing> writing,
                                std::shared_ptr<io::Wake> keeper);
    /// Takes note of the commits that have ended.
    void settle();
    void conclude(Writing& writing);
    void tell_trouble();
    /// Is a commit late? Then no other is begun before it has ended.
    bool hangs() const;
    core::Duration routine_in() const;
    core::Duration patience() const;

    core::Engine& engine_;
    Store& store_;
    io::Timers& timers_;
    Hooks hooks_;
    /// Shared with what is under way.
    std::shared_ptr<io::Wake> wake_ = std::make_shared<io::Wake>();

    Unwritten unwritten_;
    /// Checks whose change may wait for the next round, and those whose turn in this round comes yet, so many at a
    /// time.
    std::set<std::string> routine_;
    std::set<std::string> round_;
    std::size_t part_ = 0;
    std::vector<UnderWay> under_way_;
    bool dirty_ = false;
    bool transitions_ = false;
    bool visible_ = false;
    /// Why the last state was not written.
    std::optional<std::string> refused_;
    /// How often that was.
    std::uint64_t refusals_ = 0;
    /// The trouble with the disk that the engine knows of.
    std::optional<std::string> told_;
    core::Duration last_commit_{0};
    core::Duration round_began_{0};
    /// By when (`elapsed`) it goes round again, as far as it has promised.
    std::atomic<core::Duration> back_by_{core::Duration::max()};
};

} // namespace recoverd::agent
