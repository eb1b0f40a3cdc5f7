// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper.hpp"

#include "agent/store/codec.hpp"

#include <algorithm>

namespace recoverd::agent {

namespace {

/// A part of what may wait has this many rows at least: each takes some 40 µs of the loop to put in words.
constexpr std::size_t kRoutineRows = 32;

/// Does a run say nothing that the next one would not say again? A probe that goes on finding all well: were its state
/// lost with the process, nobody would miss it. The first good look after a bad one is none: it ends a count.
bool is_routine(const core::CheckUnit& unit) {
    return !unit.about_recovery && unit.alerts.empty() && unit.findings.empty() && !unit.memory->failure &&
           std::ranges::all_of(unit.memory->subjects, [](const auto& entry) {
               const core::SubjectMemory& seen = entry.second;
               return !seen.failure && !seen.vanished_since && seen.bad_in_row == 0 && seen.good_in_row != 1;
           });
}

} // namespace

void Keeper::poke() {
    back_by_ = std::min(back_by_.load(), timers_.elapsed());
    wake_->wake();
}

void Keeper::take_changes() {
    auto changes = engine_.take_changes();
    // With an alert's transition all that led to it is written.
    for (const auto* unit : changes.checks) {
        const bool waits = changes.transitions.empty() && is_routine(*unit);
        (waits ? routine_ : unwritten_.checks).insert(unit->name);
    }
    for (const auto* unit : changes.assets)
        unwritten_.assets.insert(unit->name);
    for (const auto* unit : changes.scenarios)
        unwritten_.scenarios.insert(unit->name);
    for (const auto* unit : changes.validations)
        unwritten_.validations.insert(unit->name);
    for (const std::string& check : changes.run_now)
        hooks_.run_now(check);
    for (auto& name : changes.dropped_checks)
        if (!engine_.check(name))
            unwritten_.dropped.emplace("check", std::move(name));
    for (auto& name : changes.dropped_assets)
        if (!engine_.asset(name))
            unwritten_.dropped.emplace("asset", std::move(name));
    for (auto& name : changes.dropped_scenarios)
        if (!engine_.scenario(name))
            unwritten_.dropped.emplace("scenario", std::move(name));
    for (auto& name : changes.dropped_validations)
        if (!engine_.validation(name))
            unwritten_.dropped.emplace("validation", std::move(name));
    unwritten_.other = unwritten_.other || changes.other;
    const core::Time now = timers_.now();
    for (const auto& transition : changes.transitions) {
        unwritten_.log.push_back(to_log(transition, now));
        hooks_.on_transition(transition);
    }
    unwritten_.bound();
    transitions_ = transitions_ || !changes.transitions.empty();
    visible_ = visible_ || changes.visible;
    dirty_ = !unwritten_.empty();
}

void Keeper::take_routine() {
    if (round_.empty()) {
        round_.swap(routine_);
        round_began_ = timers_.elapsed();
        part_ = std::max(kRoutineRows, round_.size() / static_cast<std::size_t>(kRoutineEvery / kCommitEvery));
    }
    for (std::size_t left = part_; left > 0 && !round_.empty(); --left)
        unwritten_.checks.insert(round_.extract(round_.begin()));
    dirty_ = !unwritten_.empty();
}

/// The time until more of what may wait is due.
core::Duration Keeper::routine_in() const {
    if (refused_ || hangs() || (round_.empty() && routine_.empty()))
        return core::Duration::max();
    const core::Duration due = round_.empty() ? round_began_ + kRoutineEvery : last_commit_ + kCommitEvery;
    return std::max(due - timers_.elapsed(), core::Duration{0});
}

core::Duration Keeper::patience() const {
    core::Duration wait = std::chrono::hours{1};
    const core::Time next = engine_.next();
    if (next < core::kNever)
        wait = next <= timers_.now() ? core::Duration{0} : std::min(wait, next - timers_.now());
    if (dirty_ && !hangs()) {
        const core::Duration pause = refused_ ? kRetryEvery : kCommitEvery;
        wait = std::min(wait, std::max(last_commit_ + pause - timers_.elapsed(), core::Duration{0}));
    }
    return std::min(wait, routine_in());
}

io::Task<void> Keeper::run() {
    for (;;) {
        settle();
        engine_.advance(hooks_.now());
        take_changes();
        if (routine_in() == core::Duration{0})
            take_routine();
        const core::Duration since = timers_.elapsed() - last_commit_;
        const bool due = dirty_ && since >= (refused_ ? kRetryEvery : kCommitEvery);
        const bool urgent = transitions_ && !refused_;
        if ((due || urgent) && !hangs()) {
            back_by_ = timers_.elapsed() + kCommitWithin;
            co_await commit();
        }
        const bool transitions = std::exchange(transitions_, false);
        if (std::exchange(visible_, false))
            hooks_.publish(engine_.snapshot(timers_.now()), transitions);
        const core::Duration judged = timers_.elapsed();
        const core::Duration wait = patience();
        back_by_ = judged + wait;
        co_await wake_->wait(timers_, wait);
        if (const core::Duration since_then = timers_.elapsed() - judged; since_then < kRound)
            co_await timers_.sleep(kRound - since_then);
    }
}

io::Task<bool> Keeper::flush() {
    settle();
    engine_.advance(hooks_.now());
    take_changes();
    unwritten_.checks.merge(round_);
    unwritten_.checks.merge(routine_);
    if (hangs())
        co_return false;
    const std::uint64_t before = refusals_;
    // With nothing new, too, while something is under way: it ends after that.
    if (!unwritten_.empty() || !under_way_.empty())
        co_await commit();
    co_return refusals_ == before && !hangs();
}

} // namespace recoverd::agent
