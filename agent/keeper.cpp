// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper.hpp"

#include "agent/store/codec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::agent {

namespace {

/// A part of what may wait has this many rows at least: each takes some 40 µs of the loop to put in words.
constexpr std::size_t kRoutineRows = 32;

/// Does a run say nothing that the next one would not say again? A probe that goes on finding all well: were its state
/// lost with the process, nobody would miss it. The first good look after a bad one is none: it ends a count.
bool is_routine(const core::CheckUnit& unit) {
    return !unit.about_recovery && unit.alerts.empty() && unit.findings.empty() && !unit.memory.failure &&
           std::ranges::all_of(unit.memory.subjects, [](const auto& entry) {
               const core::SubjectMemory& seen = entry.second;
               return !seen.failure && !seen.vanished_since && seen.bad_in_row == 0 && seen.good_in_row != 1;
           });
}

} // namespace

void Keeper::take_changes() {
    auto changes = engine_.take_changes();
    // With an alert's transition all that led to it is written.
    for (const auto* unit : changes.checks) {
        const bool waits = changes.transitions.empty() && is_routine(*unit);
        (waits ? routine_ : checks_).insert(unit->name);
    }
    for (const auto* unit : changes.assets)
        assets_.insert(unit->name);
    for (const auto* unit : changes.scenarios)
        scenarios_.insert(unit->name);
    for (const auto* unit : changes.validations)
        validations_.insert(unit->name);
    for (const std::string& check : changes.run_now)
        hooks_.run_now(check);
    for (auto& name : changes.dropped_checks)
        if (!engine_.check(name))
            dropped_.emplace("check", std::move(name));
    for (auto& name : changes.dropped_assets)
        if (!engine_.asset(name))
            dropped_.emplace("asset", std::move(name));
    for (auto& name : changes.dropped_scenarios)
        if (!engine_.scenario(name))
            dropped_.emplace("scenario", std::move(name));
    for (auto& name : changes.dropped_validations)
        if (!engine_.validation(name))
            dropped_.emplace("validation", std::move(name));
    other_ = other_ || changes.other;
    const core::Time now = timers_.now();
    for (const auto& transition : changes.transitions) {
        log_.push_back(to_log(transition, now));
        hooks_.on_transition(transition);
    }
    transitions_ = transitions_ || !changes.transitions.empty();
    visible_ = visible_ || changes.visible;
    dirty_ = !checks_.empty() || !assets_.empty() || !scenarios_.empty() || !validations_.empty() ||
             !dropped_.empty() || other_ || !log_.empty();
}

void Keeper::take_routine() {
    if (round_.empty()) {
        round_.swap(routine_);
        round_began_ = timers_.elapsed();
        part_ = std::max(kRoutineRows, round_.size() / static_cast<std::size_t>(kRoutineEvery / kCommitEvery));
    }
    for (std::size_t left = part_; left > 0 && !round_.empty(); --left)
        checks_.insert(round_.extract(round_.begin()));
    dirty_ = dirty_ || !checks_.empty();
}

bool Keeper::is_there(const std::string& kind, const std::string& name) const {
    if (kind == "check")
        return engine_.check(name) != nullptr;
    if (kind == "asset")
        return engine_.asset(name) != nullptr;
    return kind == "scenario" ? engine_.scenario(name) != nullptr : engine_.validation(name) != nullptr;
}

Batch Keeper::batch() const {
    Batch made;
    for (const auto& name : checks_)
        if (const auto* unit = engine_.check(name))
            made.rows.push_back(to_row(*unit, hooks_.due_at(name)));
    for (const auto& name : assets_)
        if (const auto* unit = engine_.asset(name))
            made.rows.push_back(to_row(*unit));
    for (const auto& name : scenarios_)
        if (const auto* unit = engine_.scenario(name))
            made.rows.push_back(to_row(*unit));
    for (const auto& name : validations_)
        if (const auto* unit = engine_.validation(name))
            made.rows.push_back(to_row(*unit));
    if (other_)
        made.rows.push_back(to_row(engine_.other_alerts()));
    // What came back under the same name in the meantime is not dropped.
    for (const auto& [kind, name] : dropped_)
        if (!is_there(kind, name))
            made.dropped.emplace_back(kind, name);
    made.log = log_;
    return made;
}

io::Task<void> Keeper::commit() {
    Batch pending = batch();
    // What changes while the batch is being written belongs to the next one.
    const auto checks = std::exchange(checks_, {});
    const auto assets = std::exchange(assets_, {});
    const auto scenarios = std::exchange(scenarios_, {});
    const auto validations = std::exchange(validations_, {});
    const auto dropped = std::exchange(dropped_, {});
    const bool other = std::exchange(other_, false);
    auto log = std::exchange(log_, {});
    const auto result = co_await store_.commit(std::move(pending));
    last_commit_ = timers_.elapsed();
    if (result) {
        if (std::exchange(refused_, false))
            engine_.report_trouble(core::RuleId::state_degraded, std::nullopt);
        co_return;
    }
    refused_ = true;
    checks_.insert(checks.begin(), checks.end());
    assets_.insert(assets.begin(), assets.end());
    scenarios_.insert(scenarios.begin(), scenarios.end());
    validations_.insert(validations.begin(), validations.end());
    dropped_.insert(dropped.begin(), dropped.end());
    other_ = other_ || other;
    // History may have a hole after an outage of the disk; state may not.
    constexpr std::size_t kMaxWaitingLog = 10'000;
    log.insert(log.end(), log_.begin(), log_.end());
    if (log.size() > kMaxWaitingLog)
        log.erase(log.begin(), log.end() - kMaxWaitingLog);
    log_ = std::move(log);
    hooks_.on_store_error(result.error().detail);
    engine_.report_trouble(core::RuleId::state_degraded,
                           fmt::format("state cannot be written: {}", result.error().detail));
}

/// The time until more of what may wait is due.
core::Duration Keeper::routine_in() const {
    if (refused_ || (round_.empty() && routine_.empty()))
        return core::Duration::max();
    const core::Duration due = round_.empty() ? round_began_ + kRoutineEvery : last_commit_ + kCommitEvery;
    return std::max(due - timers_.elapsed(), core::Duration{0});
}

core::Duration Keeper::patience() const {
    core::Duration wait = std::chrono::hours{1};
    const core::Time next = engine_.next();
    if (next < core::kNever)
        wait = next <= timers_.now() ? core::Duration{0} : std::min(wait, next - timers_.now());
    if (dirty_) {
        const core::Duration pause = refused_ ? kRetryEvery : kCommitEvery;
        wait = std::min(wait, std::max(last_commit_ + pause - timers_.elapsed(), core::Duration{0}));
    }
    return std::min(wait, routine_in());
}

io::Task<void> Keeper::run() {
    for (;;) {
        engine_.advance(hooks_.now());
        take_changes();
        if (routine_in() == core::Duration{0})
            take_routine();
        const core::Duration since = timers_.elapsed() - last_commit_;
        const bool due = dirty_ && since >= (refused_ ? kRetryEvery : kCommitEvery);
        const bool urgent = transitions_ && !refused_;
        if (due || urgent)
            co_await commit();
        const bool transitions = std::exchange(transitions_, false);
        if (std::exchange(visible_, false))
            hooks_.publish(engine_.snapshot(timers_.now()), transitions);
        const core::Duration judged = timers_.elapsed();
        co_await wake_.wait(timers_, patience());
        if (const core::Duration since_then = timers_.elapsed() - judged; since_then < kRound)
            co_await timers_.sleep(kRound - since_then);
    }
}

io::Task<core::Result<void>> Keeper::commit_with(std::string check, Batch batch) {
    if (const auto* unit = engine_.check(check))
        batch.rows.push_back(to_row(*unit, hooks_.due_at(check)));
    auto result = co_await store_.commit(std::move(batch));
    if (!result)
        hooks_.on_store_error(result.error().detail);
    poke();
    co_return result;
}

io::Task<bool> Keeper::flush() {
    engine_.advance(hooks_.now());
    take_changes();
    checks_.merge(round_);
    checks_.merge(routine_);
    if (!checks_.empty() || dirty_)
        co_await commit();
    co_return !refused_;
}

} // namespace recoverd::agent
