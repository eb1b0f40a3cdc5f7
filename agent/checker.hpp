// SPDX-License-Identifier: Apache-2.0
// Runs checks when they are due: schedule, limits, deadline, and the report of each run. What a report means is not
// decided here. An idle check is an entry in the schedule; a coroutine exists only while a check runs.
#pragma once

#include "agent/admission.hpp"
#include "agent/setup.hpp"
#include "core/memory.hpp"
#include "core/schedule.hpp"
#include "io/wake.hpp"
#include "io/world.hpp"

#include <asio/cancellation_signal.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace recoverd::agent {

class Checker {
  public:
    struct Hooks {
        /// A run ended.
        std::function<void(const std::string& check, const core::Report&)> learned;
        /// What is remembered of a check, where its last successful run left off above all; null for one that is gone.
        std::function<const core::CheckMemory*(const std::string& check)> memory;
        /// Does somebody wait for what it sees? Then it keeps its rhythm, however often it learns nothing.
        std::function<bool(const std::string& check)> awaited;
        /// How long a run was late.
        std::function<void(core::Duration)> late;
    };
    Checker(io::World& world, Admission::Limits limits, Hooks hooks)
        : world_(world), admission_(limits), hooks_(std::move(hooks)) {}

    /// Takes over a configuration: new checks are scheduled (`due_at` from the store), others keep their rhythm, and
    /// runs of checks that are gone or changed are cancelled.
    void configure(const Setup& setup, const std::map<std::string, core::Time, std::less<>>& due_at);
    /// Runs for ever.
    io::Task<void> run();
    /// `asked`: by somebody, which the collector is told.
    void run_now(std::string_view name, bool asked = false);
    /// Does it run, or wait in line for its turn?
    bool runs(std::string_view name) const { return schedule_.running(name); }
    /// Cancels what runs.
    void stop();

    /// When a check is due next on the wall clock, for the store.
    std::optional<core::Time> due_at(std::string_view name) const;
    std::size_t running() const { return active_.size(); }

  private:
    struct Entry {
        std::shared_ptr<const core::Check> check;
        std::shared_ptr<const Runnable> runnable;
        /// Did its last run end by its deadline?
        bool slow = false;
    };
    /// A run, and the check as it was when that began.
    struct Active {
        Entry entry;
        core::Duration deadline{0};
        /// It has passed: the run was cancelled for that.
        bool late = false;
        asio::cancellation_signal cancel;
    };

    io::Task<void> start_due();
    void start(const asio::any_io_executor& executor, const std::string& name);
    io::Task<core::Report> look(const Active& active, bool asked);
    /// Cancels what has run for too long.
    void cut_off_late();
    /// When something is to be done next (`elapsed`), or nothing.
    std::optional<core::Duration> next() const;
    /// Has the loop look again, if it waits for another moment than the next one. Most runs change nothing about that.
    void reconsider();
    void finished(const asio::any_io_executor& executor, std::uint64_t run, const core::Report* report);

    io::World& world_;
    core::Schedule schedule_;
    Admission admission_;
    Hooks hooks_;
    io::Wake wake_;
    std::map<std::string, Entry, std::less<>> entries_;
    /// Those whose next run somebody asked for.
    std::set<std::string, std::less<>> asked_;
    /// By run: a check that was changed while it ran may run anew beside its old, cancelled run.
    std::map<std::uint64_t, std::unique_ptr<Active>> active_;
    std::uint64_t next_run_ = 1;
    /// Of the runs, the earliest first. Kept here, and not by a timer each: most runs are over long before, and a task
    /// beside every one of them, only to be cancelled, was a tenth of what a small HTTP check costs.
    std::set<std::pair<core::Duration, std::uint64_t>> deadlines_;
    /// What the loop waits for.
    std::optional<core::Duration> awaited_;
};

} // namespace recoverd::agent
