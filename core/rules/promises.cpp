// SPDX-License-Identifier: Apache-2.0
#include "core/rules/promises.hpp"

#include "core/rules/exercises.hpp"
#include "core/rules/threshold.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace recoverd::core {

namespace {

/// What decides a scenario may need this long to look again after an exercise has ended, or one interval that is late.
constexpr Duration kLooksWithin = 5min;
/// How often it is asked whether it has, from then on.
constexpr Duration kLooksAgain = 1h;

struct Window {
    Time from;
    /// Now, while it runs.
    Time to;
    bool is_over = false;
};

/// Why the promise was broken by this outage; empty when it was not.
std::string broken_by(const WatchedScenario& watched, const Outage& outage, const Window& window, Duration allowed,
                      Time now, Judgement& out) {
    // While it runs it ends now, at the earliest.
    const bool is_after = window.is_over ? outage.began_at >= window.to : outage.began_at > window.to;
    if (is_after || (outage.ended_at && *outage.ended_at <= window.from))
        return {};
    const Time from = std::max(outage.began_at, window.from);
    // One that it began counts to its own end, though the exercise is long over. Of none at all nothing is said yet.
    if (!outage.ended_at && !due(from + std::max(allowed, Duration{1}), now, out))
        return {};
    const Duration lasted = outage.ended_at.value_or(now) - from;
    if (lasted < allowed || lasted == Duration{0})
        return {};
    return fmt::format("{} {} {} while it ran, {} allowed: {}", watched.name,
                       outage.ended_at ? "held for" : "has held for", in_words(lasted), in_words(allowed),
                       outage.cause);
}

/// Why it may have been broken while nobody saw it; empty when that was too short a time. What lies between two looks,
/// one of them late, is never seen, and is not asked for.
std::string hidden_by(const WatchedScenario& watched, const Unseen& unseen, const Window& window, Duration allowed,
                      Time now, Judgement& out) {
    const Duration enough = allowed + watched.every * 3 / 2;
    const Time from = std::max(unseen.from, window.from);
    const Time to = std::min(unseen.to.value_or(now), window.to);
    if (to <= from)
        return {};
    const bool goes_on = !unseen.to && !window.is_over;
    if (goes_on ? !due(from + enough, now, out) : to - from <= enough)
        return {};
    return fmt::format("whether {} held while it ran cannot be told: what decides it was not seen for {}", watched.name,
                       in_words(to - from));
}

/// The worst that is to be said of one scenario, or nothing.
std::string broken_promise(const WatchedScenario& watched, const Window& window, Duration allowed, Time now,
                           Judgement& out) {
    for (const Outage& outage : watched.outages)
        if (std::string why = broken_by(watched, outage, window, allowed, now, out); !why.empty())
            return why;
    for (const Unseen& unseen : watched.unseen)
        if (std::string why = hidden_by(watched, unseen, window, allowed, now, out); !why.empty())
            return why;
    if (!window.is_over || watched.seen_until >= window.to ||
        !due(window.to + std::max(kLooksWithin, watched.every * 3 / 2), now, out))
        return {};
    out.look_again(now + kLooksAgain);
    return fmt::format("whether {} held while it ran cannot be told: what decides it has not been seen since",
                       watched.name);
}

std::string why_not_kept(const PlannedExercise& planned, const Exercise& run, std::span<const WatchedScenario> watched,
                         Time now, Judgement& out) {
    if (!run.started_at)
        return "nobody said when it began, so whether the service kept its promise cannot be told";
    const auto ended = end_of(run);
    const Window window{*run.started_at, ended.value_or(now), ended.has_value()};
    std::string why;
    for (const WatchedScenario& one : watched) {
        if (std::ranges::find(planned.keeps, one.scenario) == planned.keeps.end())
            continue;
        const std::string broken = broken_promise(one, window, planned.downtime, now, out);
        if (!broken.empty())
            why.append(why.empty() ? "" : "; ").append(broken);
    }
    return why;
}

} // namespace

bool remember_unseen(OutageHistory& history, ScenarioState state, Time seen_until, Time now) {
    const bool goes_on = !history.unseen.empty() && !history.unseen.back().to;
    if (goes_on == (state == ScenarioState::unknown))
        return false;
    if (goes_on) {
        history.unseen.back().to = std::max(now, history.unseen.back().from);
        return true;
    }
    // What was never seen yet promised nothing before it was there.
    history.unseen.push_back({seen_until == Time::min() ? now : std::min(seen_until, now), {}});
    if (history.unseen.size() > kMaxOutages) {
        // A doubt is not forgotten; it may lose its edges.
        history.unseen[1].from = history.unseen[0].from;
        history.unseen.erase(history.unseen.begin());
    }
    return true;
}

void judge_promises(const AssetView& view, std::span<const WatchedScenario> watched, Judgement& out) {
    for (const PlannedExercise& planned : view.planned) {
        if (planned.keeps.empty())
            continue;
        const Exercise* run = newest_run(view, [&](const Exercise& one) { return one.exercise == planned.name; });
        // One that says itself that it failed is told by whoever brought it.
        if (run == nullptr || run->outcome == ExerciseOutcome::failed || run->outcome == ExerciseOutcome::aborted)
            continue;
        std::string why = why_not_kept(planned, *run, watched, view.now, out);
        if (why.empty())
            continue;
        const RuleId id = is_restore_test(planned.name) ? RuleId::restore_test_failed : RuleId::exercise_failed;
        Finding made = make_finding(view, id, priority_of(view.asset.policy, id), std::move(why));
        made.identity.exercise = planned.name;
        add(out, view.asset.policy, std::move(made));
    }
}

} // namespace recoverd::core
