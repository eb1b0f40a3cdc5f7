// SPDX-License-Identifier: Apache-2.0
#include "agent/agent.hpp"

#include "agent/store/codec.hpp"
#include "core/config/values.hpp"
#include "io/together.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace recoverd::agent {

namespace {

/// The wall clock may drift this far from CLOCK_BOOTTIME between two looks before it counts as a jump.
constexpr core::Duration kJump{2'000};
constexpr core::Duration kClockEvery{5'000};
/// The clock is looked at every kClockEvery, whatever else there is to do: when that was longer ago, nothing ran.
constexpr core::Duration kSuspended{120'000};
/// A jump is told of for this long, or until another one takes it back.
constexpr core::Duration kSkewShown{600'000};
/// Whoever may read a page may ask what happened, and a thousand events take the loop, and the thread that writes, some
/// 10 ms: so many at a time delay neither by what would be noticed.
constexpr std::size_t kMostHistoryReaders = 16;

/// When checks that are still the same are due; of what was changed while the agent was away nothing has been seen,
/// whenever the old one was due.
std::map<std::string, core::Time, std::less<>> due_times(const core::Config& config, const Stored& stored) {
    std::map<std::string_view, std::string_view> configured;
    for (const auto& check : config.checks)
        configured.emplace(check->name, check->fingerprint);
    std::map<std::string, core::Time, std::less<>> due_at;
    for (const StateRow& row : stored.rows) {
        if (row.kind != "check" || !row.due_at)
            continue;
        if (const auto at = configured.find(row.name); at != configured.end() && at->second == row.fingerprint)
            due_at.emplace(row.name, *row.due_at);
    }
    return due_at;
}

} // namespace

Agent::Agent(io::World& world, Store& store, Admission::Limits limits, Observer observer)
    : world_(world),
      observer_(std::move(observer)),
      engine_(world.timers().now()),
      clock_offset_(read_clock_offset()),
      looked_at_clock_(world.timers().elapsed()),
      checker_(world, limits,
               {[this](const std::string& check, const core::Report& report) { learned(check, report); },
                [this](const std::string& check) {
                    const auto* unit = engine_.check(check);
                    return unit ? unit->memory.get() : nullptr;
                },
                [this](const std::string& check) { return engine_.is_awaited(check); },
                [this](core::Duration late) {
                    if (observer_.late)
                        observer_.late(late);
                }}),
      asked_runs_(engine_, checker_, world.timers()),
      keeper_(engine_, store, world.timers(),
              {[this] { return now(); },
               [this](core::Snapshot snapshot, bool transitions) {
                   in_time_ = true;
                   published_.set(std::make_shared<const core::Snapshot>(std::move(snapshot)));
                   asked_runs_.published(*published_.get());
                   if (observer_.published)
                       observer_.published(transitions);
               },
               [this](const std::string& check) { return checker_.due_at(check); },
               [this](const std::string& check) { checker_.run_now(check); },
               [this](const core::Transition& transition) {
                   if (observer_.transition)
                       observer_.transition(transition);
               },
               [this](const std::string& error) {
                   if (observer_.store_error)
                       observer_.store_error(error);
               }}),
      outcome_recorder_(engine_, keeper_, [this] { return now(); }) {}

std::string Agent::start(const Stored& stored, Setup setup) {
    const std::string trouble = restore(engine_, stored);
    engine_.configure(setup.config, world_.timers().now());
    checker_.configure(setup, due_times(*setup.config, stored));
    // One unit that begins anew has forgotten what fired, as all do when none could be read.
    if (const std::string& unread = stored.trouble.empty() ? trouble : stored.trouble; !unread.empty())
        engine_.report_trouble(core::RuleId::state_degraded, unread);
    return trouble;
}

void Agent::configure(Setup setup) {
    engine_.configure(setup.config, now());
    engine_.report_trouble(core::RuleId::config_reload_failed, std::nullopt);
    checker_.configure(setup, {});
    keeper_.poke();
}

void Agent::configuration_failed(const std::string& why) { report_trouble(core::RuleId::config_reload_failed, why); }

void Agent::report_trouble(core::RuleId rule, std::optional<std::string> reason) {
    engine_.report_trouble(rule, std::move(reason));
    keeper_.poke();
}

void Agent::learned(const std::string& check, const core::Report& report) {
    engine_.learn(check, report, now());
    if (observer_.learned)
        observer_.learned(check, report);
    keeper_.poke();
}

io::Task<void> Agent::run() {
    // Named first: g++ 12 destroys temporaries of an awaited expression twice.
    io::Task<void> checks = checker_.run();
    io::Task<void> keeps = keeper_.run();
    io::Task<void> watches = watch_clock();
    co_await io::together(std::move(checks), std::move(keeps), std::move(watches));
}

io::Task<core::Result<void>> Agent::stop() {
    checker_.stop();
    co_await keeper_.flush();
    keeper_.leave();
    co_return core::Result<void>{};
}

core::Duration Agent::read_clock_offset() const {
    return world_.timers().now().time_since_epoch() - world_.timers().elapsed();
}

core::Time Agent::now() {
    const core::Duration jump = read_clock_offset() - clock_offset_;
    // Before anything is judged by the new time: with it alone every check would seem to have been silent for as long.
    if (std::chrono::abs(jump) > kJump)
        clock_jumped(jump);
    const core::Duration elapsed = world_.timers().elapsed();
    if (elapsed - std::exchange(looked_at_clock_, elapsed) > kSuspended)
        engine_.resumed(world_.timers().now());
    return world_.timers().now();
}

void Agent::clock_jumped(core::Duration by) {
    clock_offset_ += by;
    engine_.clock_jumped(by);
    in_time_ = false;
    const core::Duration skew = clock_skew() + by;
    // Back where it was, as far as anybody can tell.
    if (std::chrono::abs(skew) <= kJump)
        return trust_clock();
    clock_skew_ = skew;
    skewed_at_ = world_.timers().elapsed();
    // The two clocks are not read at once.
    const core::Duration rounded = std::chrono::round<std::chrono::seconds>(std::chrono::abs(by));
    report_trouble(core::RuleId::clock_skewed,
                   fmt::format("the wall clock jumped by {}{}", by < core::Duration{0} ? "-" : "+",
                               core::config::format_duration(rounded)));
}

bool Agent::in_time() {
    now();
    return in_time_;
}

void Agent::trust_clock() {
    clock_skew_ = core::Duration{0};
    skewed_at_.reset();
    report_trouble(core::RuleId::clock_skewed, std::nullopt);
}

io::Task<void> Agent::watch_clock() {
    for (;;) {
        co_await world_.timers().sleep(kClockEvery);
        now();
        // A clock that is being slewed never jumps.
        clock_offset_ = read_clock_offset();
        if (skewed_at_ && world_.timers().elapsed() - *skewed_at_ >= kSkewShown)
            trust_clock();
    }
}

io::Task<Agent::Answer> Agent::record_outcome(std::string body) {
    Answer answer = co_await outcome_recorder_.record(std::move(body));
    co_return answer;
}

std::size_t Agent::forget(const std::string& subject) {
    const std::size_t dropped = engine_.forget(subject, now());
    keeper_.poke();
    return dropped;
}

core::Engine::Begun Agent::validate(const std::string& validation) {
    const auto begun = engine_.begin_validation(validation, "asked for", now());
    keeper_.poke();
    return begun;
}

io::Task<bool> Agent::written() {
    const bool is_written = co_await keeper_.flush();
    keeper_.poke();
    co_return is_written;
}

io::Task<core::Result<std::vector<core::Event>>> Agent::history(core::HistoryOf of, std::string name,
                                                                std::size_t most) {
    if (*history_readers_ >= kMostHistoryReaders)
        co_return core::failed(core::FailureKind::refused, "too many ask what happened; ask again in a moment");
    struct Leave {
        std::shared_ptr<std::size_t> readers;
        ~Leave() { --*readers; }
    } const leave{history_readers_};
    ++*leave.readers;
    const auto rows = co_await keeper_.find_log(of, std::move(name), most);
    if (!rows)
        co_return std::unexpected(rows.error());
    co_return to_events(*rows);
}

void Agent::run_now(const std::string& check) { checker_.run_now(check); }

io::Task<AskedRuns::Answer> Agent::ask_to_look(std::string check) {
    AskedRuns::Answer answer = co_await asked_runs_.ask(std::move(check));
    co_return answer;
}

} // namespace recoverd::agent
