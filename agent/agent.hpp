// SPDX-License-Identifier: Apache-2.0
// The agent without a process around it: checker, engine, keeper and what is asked of them from outside. Everything
// runs on one loop, and the world is what it is given, so that a test can play years of it.
#pragma once

#include "agent/asked_runs.hpp"
#include "agent/checker.hpp"
#include "agent/keeper.hpp"
#include "agent/outcome_recorder.hpp"
#include "agent/published.hpp"
#include "agent/setup.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace recoverd::agent {

class Agent {
  public:
    /// What the agent tells while it runs; each may be empty.
    struct Observer {
        /// After every publication, on the loop.
        std::function<void(bool transitions)> published;
        std::function<void(const core::Transition&)> transition;
        std::function<void(core::Duration)> late;
        std::function<void(const std::string& error)> store_error;
        std::function<void(const std::string& check, const core::Report&)> learned;
    };

    Agent(io::World& world, Store& store, Admission::Limits limits, Observer observer);

    /// Gives back what was stored and takes over the first configuration. Returns what could not be read, or nothing.
    std::string start(const Stored& stored, Setup setup);
    /// Takes over another configuration.
    void configure(Setup setup);
    /// The configuration on disk is no good: the old one goes on.
    void configuration_failed(const std::string& why);

    /// Checks, judges and watches the clock until it is cancelled.
    io::Task<void> run();
    /// Ends what runs and writes what is left.
    io::Task<core::Result<void>> stop();

    using Answer = OutcomeRecorder::Answer;
    /// Takes a posted outcome; answers 2xx only once it is on disk.
    io::Task<Answer> record_outcome(std::string body);
    /// Drops a subject that is gone for good. Returns how many were dropped.
    std::size_t forget(const std::string& subject);
    /// Starts a validation out of turn.
    core::Engine::Begun validate(const std::string& validation);
    /// Ends once all that came so far is on disk; false when the disk refuses.
    io::Task<bool> written();
    /// What happened, the newest first, `most` at most; fails where the disk does not tell, and at once while too many
    /// others wait for it.
    io::Task<core::Result<std::vector<core::Event>>> history(core::HistoryOf of, std::string name, std::size_t most);
    void run_now(const std::string& check);
    /// Has a check look out of turn, and answers once what came of it can be seen.
    io::Task<AskedRuns::Answer> ask_to_look(std::string check);
    void report_trouble(core::RuleId rule, std::optional<std::string> reason);

    const Published<core::Snapshot>& snapshot() const { return published_; }
    const core::Engine& engine() const { return engine_; }
    /// Is there a snapshot, and is it by the clock as it is now? Not before the first one, nor between a jump and the
    /// next one: what is told of an older one is wrong.
    bool in_time();
    /// Has the judging not gone on when it should have? Then nothing of what is shown is news. From any thread.
    bool is_stuck() const { return keeper_.is_stuck(); }
    /// How far the wall clock has jumped, while that is told. From any thread.
    core::Duration clock_skew() const { return clock_skew_; }

  private:
    io::Task<void> watch_clock();
    /// The wall clock; a jump of it, and a time in which nothing ran, are dealt with first.
    core::Time now();
    core::Duration read_clock_offset() const;
    void clock_jumped(core::Duration by);
    void trust_clock();
    void learned(const std::string& check, const core::Report& report);

    io::World& world_;
    Observer observer_;
    core::Engine engine_;
    /// Of the wall clock from the one that never jumps, when it was looked at last.
    core::Duration clock_offset_;
    /// When that was (`elapsed`).
    core::Duration looked_at_clock_;
    /// How far it has jumped since it was last trusted, and when (`elapsed`) that began to be told.
    std::atomic<core::Duration> clock_skew_{core::Duration{0}};
    std::optional<core::Duration> skewed_at_;
    bool in_time_ = false;
    Checker checker_;
    AskedRuns asked_runs_;
    Keeper keeper_;
    OutcomeRecorder outcome_recorder_;
    Published<core::Snapshot> published_;
    /// How many wait for what happened. Shared with them: they may be let go of after this.
    std::shared_ptr<std::size_t> history_readers_ = std::make_shared<std::size_t>(0);
};

} // namespace recoverd::agent
