// SPDX-License-Identifier: Apache-2.0
#include "tests/scenario/fleet_drills.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace recoverd::scenario {

namespace {

/// A quarter more than was promised is overdue.
constexpr Duration kOverdueAfter = Fleet::kCadence * 5 / 4;

struct Window {
    Time from;
    /// Now, while it runs.
    Time to;
};

/// For how long an outage that overlaps a window lasted from then on, had it begun and ended so much later.
Duration lasted(const TrueOutage& outage, const Window& window, Duration begun_later, Duration ended_later, Time now) {
    const Time began = outage.began + begun_later;
    const Time ended = outage.ended ? *outage.ended + ended_later : now;
    if (began >= window.to || ended <= window.from)
        return Duration{0};
    return ended - std::max(began, window.from);
}

/// Even when it was seen as late as it could be, and its end at once. Of one that was seen in parts none may be long
/// enough.
bool must_break(const TrueOutage& outage, const Window& window, Time now) {
    return outage.must_be_known && !outage.in_parts &&
           lasted(outage, window, outage.look + kSlack, Duration{0}, now) >= Fleet::kDowntime;
}

/// When it was seen at once, and it took two looks to believe that it was over.
bool may_break(const TrueOutage& outage, const Window& window, Time now) {
    return lasted(outage, window, Duration{0}, 2 * outage.look + kSlack, now) >= Fleet::kDowntime;
}

} // namespace

Drills::Drills(Fleet& fleet, Faults& faults, Dice& dice) : fleet_(fleet), faults_(faults), dice_(dice) {
    for (int i = 0; i < Fleet::kDrills; ++i)
        drills_.push_back({.number = i,
                           .may_take = Fleet::is_chaos(i) ? Fleet::kChaosTakes : Fleet::kFailoverTakes,
                           .next_at = now() + dice.some(0min, 1h),
                           .counts_from = now()});
}

void Drills::spoil_one() {
    Drill& drill = drills_.at(dice_.roll(drills_.size()));
    if (drill.fate != Fate::passes || drill.runs())
        return;
    switch (dice_.roll(5)) {
    case 0:
        drill.fate = Fate::fails;
        break;
    case 1:
        drill.fate = Fate::is_aborted;
        break;
    case 2:
        drill.fate = Fate::is_late;
        break;
    case 3:
        drill.fate = Fate::never_ends;
        break;
    default:
        // Nobody thinks of it for a while.
        drill.next_at = std::max(now(), drill.counts_from + kOverdueAfter) + dice_.some(kSlack, 1h);
        break;
    }
}

void Drills::hurry_chaos() {
    Drill& drill = drills_.at(drills_.size() - 1 - dice_.roll(2));
    if (!drill.runs())
        drill.next_at = std::min(drill.next_at, now() + dice_.some(0min, 20min));
}

void Drills::follow(const Outages& outages) {
    for (Drill& drill : drills_) {
        // One may have become overdue since the last step, a moment before it ends.
        take_note(drill);
        if (drill.runs() && now() >= drill.run->ends_at)
            end_run(drill);
        else if (now() >= drill.next_at)
            begin_run(drill);
        take_note(drill);
        if (Fleet::is_chaos(drill.number))
            hold_promise(drill, outages.of_zones());
    }
}

void Drills::begin_run(Drill& drill) {
    Duration takes = Fleet::is_chaos(drill.number) ? dice_.some(30min, 60min) : dice_.some(1min, 15min);
    if (drill.fate == Fate::is_late)
        takes = drill.may_take + dice_.some(kSlack, 30min);
    drill.run = Run{std::to_string(++runs_), now(), now() + takes};
    drill.open_since = drill.open_since.value_or(now());
    drill.next_at = Time::max();
    if (drill.fate == Fate::never_ends) {
        drill.run->ends_at = Time::max();
        drill.next_at = now() + drill.may_take + dice_.some(kSlack, 1h);
        drill.fate = Fate::passes;
    }
    if (fleet_.report_drill(drill.number, drill.run->id, "started", drill.run->started).status != 201)
        throw std::runtime_error("nobody takes the beginning of an exercise");
}

void Drills::end_run(Drill& drill) {
    Run& run = *drill.run;
    const Fate fate = std::exchange(drill.fate, Fate::passes);
    drill.last_end_was_bad = fate == Fate::fails || fate == Fate::is_aborted;
    run.ended = now();
    drill.last_took = *run.ended - run.started;
    drill.open_since.reset();
    if (!drill.last_end_was_bad)
        drill.counts_from = *run.ended;
    drill.next_at = *run.ended + dice_.some(30min, 1h);
    const char* outcome = fate == Fate::fails ? "failed" : fate == Fate::is_aborted ? "aborted" : "passed";
    if (fleet_.report_drill(drill.number, run.id, outcome, run.started).status != 201)
        throw std::runtime_error("nobody takes the end of an exercise");
}

void Drills::take_note(const Drill& drill) {
    const std::string asset = Fleet::drilled(drill.number);
    const std::string name = Fleet::exercise(drill.number);
    const auto hold = [&](bool holds, std::string alert) {
        faults_.hold(holds, {.alert = std::move(alert), .priority = "P3", .to_find = kSlack, .to_end = kSlack}, now());
    };
    hold(drill.last_end_was_bad, fmt::format("ExerciseFailed {0} {0}/outcomes {1} {1}", asset, name));
    // Of one that failed it is not also said that a good one is due.
    hold(!drill.last_end_was_bad && now() >= drill.counts_from + kOverdueAfter,
         fmt::format("ExerciseOverdue {} {}", asset, name));
    hold(drill.last_took > drill.may_take || (drill.open_since && now() >= *drill.open_since + drill.may_take),
         fmt::format("ExerciseTooLong {} {}", asset, name));
}

void Drills::hold_promise(Drill& drill, const std::vector<TrueOutage>& outages) {
    bool must = false;
    bool may = false;
    // One that says itself that it failed is told already.
    if (drill.run && !(drill.run->ended && drill.last_end_was_bad))
        for (const TrueOutage& outage : outages) {
            const Window window{drill.run->started, drill.run->ended.value_or(now())};
            must = must || must_break(outage, window, now());
            may = may || may_break(outage, window, now());
        }
    if (may)
        drill.may_be_broken_until = now() + kSlack;
    if (!must)
        drill.broken_due.reset();
    else if (!drill.broken_due) {
        drill.broken_due = now() + kSlack;
        ++broken_;
    }
}

void Drills::begin_anew(Time since, Time from) {
    for (Drill& drill : drills_) {
        if (drill.broken_due)
            drill.broken_due = std::max(*drill.broken_due, from + kSlack);
        // What ended in between is told still.
        if (drill.may_be_broken_until > since)
            drill.may_be_broken_until = std::max(drill.may_be_broken_until, from + kSlack);
    }
}

std::vector<Expected> Drills::expected() const {
    std::vector<Expected> all;
    for (const Drill& drill : drills_)
        if (now() < drill.may_be_broken_until)
            all.push_back({.alert = fmt::format("ExerciseFailed {} {}", Fleet::drilled(drill.number),
                                                Fleet::exercise(drill.number)),
                           .must = drill.broken_due && now() >= *drill.broken_due,
                           .priorities = "P3",
                           .once = false});
    return all;
}

bool Drills::all_is_well() const {
    return std::ranges::all_of(drills_, [&](const Drill& drill) {
        return drill.fate == Fate::passes && !drill.broken_due && now() >= drill.may_be_broken_until;
    });
}

} // namespace recoverd::scenario
