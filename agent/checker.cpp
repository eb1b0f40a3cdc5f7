// SPDX-License-Identifier: Apache-2.0
#include "agent/checker.hpp"

#include "io/deadline.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

/// A run ends at its timeout by itself and says what it waited for; a probe says that its target is down, which is
/// evidence. Cut off at the same moment, it would have learned nothing: this is for one that does not end.
constexpr core::Duration kLastWord{250};

} // namespace

void Checker::configure(const Setup& setup, const std::map<std::string, core::Time, std::less<>>& due_at) {
    const core::Duration elapsed = world_.timers().elapsed();
    const core::Time now = world_.timers().now();
    std::map<std::string, Entry, std::less<>> entries;
    for (const auto& check : setup.config->checks) {
        Entry entry{check, setup.runnables.at(check->name), false};
        const auto before = entries_.find(check->name);
        const bool same = before != entries_.end() && before->second.check->fingerprint == check->fingerprint;
        if (same)
            entry.slow = before->second.slow;
        else
            schedule_.remove(check->name);
        const auto stored = due_at.find(check->name);
        schedule_.add(*check, elapsed, now, {stored == due_at.end() ? std::nullopt : std::optional{stored->second}});
        entries.emplace(check->name, std::move(entry));
    }
    for (const auto& [name, entry] : entries_) {
        const auto after = entries.find(name);
        if (after == entries.end())
            schedule_.remove(name);
        if (after != entries.end() && after->second.check->fingerprint == entry.check->fingerprint)
            continue;
        admission_.withdraw(name);
        asked_.erase(name);
        for (auto& [run, active] : active_)
            if (active->entry.check->name == name)
                active->cancel.emit(asio::cancellation_type::terminal);
    }
    entries_ = std::move(entries);
    wake_.wake();
}

void Checker::run_now(std::string_view name, bool asked) {
    if (asked && entries_.contains(name) && !schedule_.running(name))
        asked_.emplace(name);
    schedule_.run_now(name, world_.timers().elapsed());
    wake_.wake();
}

void Checker::stop() {
    entries_.clear();
    for (auto& [run, active] : active_)
        active->cancel.emit(asio::cancellation_type::terminal);
}

std::optional<core::Time> Checker::due_at(std::string_view name) const {
    const auto due = schedule_.due(name);
    if (!due)
        return std::nullopt;
    return world_.timers().now() + (*due - world_.timers().elapsed());
}

io::Task<void> Checker::run() {
    // An hour: only so that an empty schedule has something to wait for.
    constexpr core::Duration kLong = std::chrono::hours{1};
    for (;;) {
        cut_off_late();
        co_await start_due();
        awaited_ = next();
        const core::Duration wait =
            awaited_ ? std::max(*awaited_ - world_.timers().elapsed(), core::Duration{0}) : kLong;
        co_await wake_.wait(world_.timers(), wait);
    }
}

std::optional<core::Duration> Checker::next() const {
    const auto due = schedule_.next();
    if (deadlines_.empty())
        return due;
    const core::Duration deadline = deadlines_.begin()->first;
    return due ? std::min(*due, deadline) : deadline;
}

void Checker::reconsider() {
    if (next() != awaited_)
        wake_.wake();
}

void Checker::cut_off_late() {
    const core::Duration now = world_.timers().elapsed();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        Active& active = *active_.at(deadlines_.begin()->second);
        deadlines_.erase(deadlines_.begin());
        active.late = true;
        active.cancel.emit(asio::cancellation_type::terminal);
    }
}

io::Task<void> Checker::start_due() {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    while (const auto due = schedule_.take(world_.timers().elapsed())) {
        const auto at = entries_.find(due->name);
        if (at == entries_.end())
            continue;
        hooks_.late(due->late);
        if (admission_.enter(due->name, at->second.runnable->resource, at->second.slow))
            start(executor, due->name);
    }
}

void Checker::start(const asio::any_io_executor& executor, const std::string& name) {
    const Entry& entry = entries_.find(name)->second;
    const std::uint64_t run = next_run_++;
    Active& active = *active_.emplace(run, std::make_unique<Active>(entry)).first->second;
    active.deadline = world_.timers().elapsed() + entry.check->timeout + kLastWord;
    deadlines_.emplace(active.deadline, run);
    const bool asked = asked_.erase(name) > 0;
    asio::co_spawn(
        executor, look(active, asked),
        asio::bind_cancellation_slot(active.cancel.slot(), [this, executor, run](const std::exception_ptr& cancelled,
                                                                                 const core::Report& report) {
            finished(executor, run, cancelled ? nullptr : &report);
        }));
}

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): `active` stays until the run has finished
io::Task<core::Report> Checker::look(const Active& active, bool asked) {
    const Entry& entry = active.entry;
    io::Timers& timers = world_.timers();
    const core::Duration began = timers.elapsed();
    core::Report report;
    collectors::Run run{.world = world_,
                        .timeout = entry.check->timeout,
                        .cursor = {},
                        .now = timers.now(),
                        .check = entry.check->name,
                        .asked = asked,
                        .forgotten = {}};
    if (const core::CheckMemory* memory = hooks_.memory(entry.check->name)) {
        run.cursor = memory->cursor;
        run.forgotten = memory->forgotten;
    }
    report.forgotten = run.forgotten;
    io::Task<core::Result<core::Seen>> collecting = entry.runnable->compiled.collect(std::move(run));
    try {
        report.result = co_await std::move(collecting);
    } catch (...) {
        if (!active.late || !io::is_cancellation(std::current_exception()))
            throw;
        report.result = core::failed(core::FailureKind::timed_out, io::no_answer_within(entry.check->timeout));
    }
    report.looked_at = timers.now();
    report.took = timers.elapsed() - began;
    co_return report;
}

void Checker::finished(const asio::any_io_executor& executor, std::uint64_t run, const core::Report* report) {
    const auto ended = active_.find(run);
    const auto active = std::move(ended->second);
    active_.erase(ended);
    deadlines_.erase({active->deadline, run});
    const auto& [check, runnable, slow] = active->entry;
    const auto next_one = admission_.leave(runnable->resource, slow);
    const std::string& name = check->name;
    const auto at = entries_.find(name);
    // What a check saw before it was changed says nothing about what it looks at now.
    if (report && at != entries_.end() && at->second.check->fingerprint == check->fingerprint) {
        at->second.slow = !report->result && report->result.error().kind == core::FailureKind::timed_out;
        const bool backs_off = !report->result && !hooks_.awaited(name);
        schedule_.finished(name, !backs_off, world_.timers().elapsed());
        hooks_.learned(name, *report);
    }
    if (next_one && entries_.contains(*next_one))
        start(executor, *next_one);
    reconsider();
}

} // namespace recoverd::agent
