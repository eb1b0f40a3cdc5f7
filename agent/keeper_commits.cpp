// SPDX-License-Identifier: Apache-2.0
// The part of the keeper that deals with the disk: it may refuse, and it may hang. Neither is waited for without an
// end.
#include "agent/keeper.hpp"

#include "agent/store/codec.hpp"
#include "io/deadline.hpp"

#include <asio/this_coro.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace recoverd::agent {

namespace {

std::string no_answer() {
    return fmt::format("the disk has not answered within {} s", core::to_seconds(Keeper::kCommitWithin));
}

} // namespace

bool Keeper::Unwritten::empty() const {
    return checks.empty() && assets.empty() && scenarios.empty() && validations.empty() && dropped.empty() && !other &&
           log.empty();
}

void Keeper::Unwritten::take_back(Unwritten earlier) {
    checks.merge(earlier.checks);
    assets.merge(earlier.assets);
    scenarios.merge(earlier.scenarios);
    validations.merge(earlier.validations);
    dropped.merge(earlier.dropped);
    other = other || earlier.other;
    earlier.log.insert(earlier.log.end(), log.begin(), log.end());
    log = std::move(earlier.log);
    bound();
}

void Keeper::Unwritten::bound() {
    // History may have a hole after an outage of the disk; state may not.
    constexpr std::size_t kMaxWaitingLog = 10'000;
    if (log.size() > kMaxWaitingLog)
        log.erase(log.begin(), log.end() - kMaxWaitingLog);
}

bool Keeper::is_there(const std::string& kind, const std::string& name) const {
    if (kind == "check")
        return engine_.check(name) != nullptr;
    if (kind == "asset")
        return engine_.asset(name) != nullptr;
    return kind == "scenario" ? engine_.scenario(name) != nullptr : engine_.validation(name) != nullptr;
}

Batch Keeper::batch_of(const Unwritten& what) const {
    Batch made;
    for (const auto& name : what.checks)
        if (const auto* unit = engine_.check(name))
            made.rows.push_back(to_row(*unit, hooks_.due_at(name)));
    for (const auto& name : what.assets)
        if (const auto* unit = engine_.asset(name))
            made.rows.push_back(to_row(*unit));
    for (const auto& name : what.scenarios)
        if (const auto* unit = engine_.scenario(name))
            made.rows.push_back(to_row(*unit));
    for (const auto& name : what.validations)
        if (const auto* unit = engine_.validation(name))
            made.rows.push_back(to_row(*unit));
    if (what.other)
        made.rows.push_back(to_row(engine_.other_alerts()));
    // What came back under the same name in the meantime is not dropped.
    for (const auto& [kind, name] : what.dropped)
        if (!is_there(kind, name))
            made.dropped.emplace_back(kind, name);
    made.log = what.log;
    return made;
}

io::Task<void> Keeper::commit() {
    // What changes while the batch is being written belongs to the next one.
    Unwritten what = std::exchange(unwritten_, Unwritten{});
    Batch batch = batch_of(what);
    io::Task<core::Result<void>> writing = write(std::move(batch), std::move(what));
    co_await std::move(writing);
}

io::Task<core::Result<void>> Keeper::write(Batch batch, std::optional<Unwritten> what) {
    const auto writing = std::make_shared<Writing>();
    writing->what = std::move(what);
    io::Task<void> carrying = carry(store_, std::move(batch), writing, wake_);
    io::Companion carrier = co_await io::Companion::start(std::move(carrying));
    under_way_.push_back({writing, std::move(carrier)});
    co_await writing->done.wait(timers_, kCommitWithin);
    // Whoever was cancelled knows nothing of the disk: what is under way stays so.
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    io::throw_if_cancelled(state);
    writing->late = !writing->result;
    if (writing->late)
        hooks_.on_store_error(no_answer());
    settle();
    if (writing->late)
        co_return core::failed(core::FailureKind::timed_out, no_answer());
    co_return *writing->result;
}

/// A coroutine of its own: a commit that nobody waits for any more is neither lost nor made twice.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): asked once, at once
io::Task<void> Keeper::carry(Store& store, Batch batch, std::shared_ptr<Writing> writing,
                             std::shared_ptr<io::Wake> keeper) {
    core::Result<void> result;
    try {
        io::Task<core::Result<void>> committing = store.commit(std::move(batch));
        result = co_await std::move(committing);
    } catch (const std::exception& error) {
        result = core::failed(core::FailureKind::refused, error.what());
    }
    writing->result = std::move(result);
    writing->done.wake();
    if (writing->late)
        keeper->wake();
}

void Keeper::settle() {
    std::erase_if(under_way_, [this](const UnderWay& one) {
        if (!one.writing->result)
            return false;
        conclude(*one.writing);
        return true;
    });
    tell_trouble();
}

void Keeper::conclude(Writing& writing) {
    const core::Result<void>& result = *writing.result;
    if (!result)
        hooks_.on_store_error(result.error().detail);
    if (!writing.what)
        return;
    last_commit_ = timers_.elapsed();
    refused_.reset();
    if (result)
        return;
    refused_ = result.error().detail;
    ++refusals_;
    unwritten_.take_back(std::move(*writing.what));
}

void Keeper::tell_trouble() {
    std::optional<std::string> trouble;
    if (hangs() || refused_)
        trouble = fmt::format("state cannot be written: {}", hangs() ? no_answer() : *refused_);
    if (trouble == told_)
        return;
    told_ = trouble;
    engine_.report_trouble(core::RuleId::state_degraded, std::move(trouble));
}

bool Keeper::hangs() const {
    return std::ranges::any_of(under_way_, [](const UnderWay& one) { return one.writing->late; });
}

io::Task<core::Result<void>> Keeper::commit_with(std::string check, Batch batch) {
    if (hangs()) {
        poke();
        co_return core::failed(core::FailureKind::timed_out, no_answer());
    }
    if (const auto* unit = engine_.check(check))
        batch.rows.push_back(to_row(*unit, hooks_.due_at(check)));
    io::Task<core::Result<void>> writing = write(std::move(batch), std::nullopt);
    auto result = co_await std::move(writing);
    poke();
    co_return result;
}

io::Task<core::Result<std::optional<OutcomeRow>>> Keeper::find_outcome(std::string asset, std::string id,
                                                                       std::string phase) {
    if (hangs())
        co_return core::failed(core::FailureKind::timed_out, no_answer());
    auto finding = store_.find_outcome(std::move(asset), std::move(id), std::move(phase));
    auto in_time = io::with_deadline(timers_, kCommitWithin, std::move(finding), no_answer());
    co_return co_await std::move(in_time);
}

io::Task<core::Result<std::vector<LogRow>>> Keeper::find_log(core::HistoryOf of, std::string name, std::size_t most) {
    if (hangs())
        co_return core::failed(core::FailureKind::timed_out, no_answer());
    auto finding = store_.find_log(of, std::move(name), most);
    auto in_time = io::with_deadline(timers_, kCommitWithin, std::move(finding), no_answer());
    co_return co_await std::move(in_time);
}

} // namespace recoverd::agent
