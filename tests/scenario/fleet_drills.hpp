// SPDX-License-Identifier: Apache-2.0
// Those who run the exercises of a fleet: at their time, too late, never to an end, or not at all; and what must be
// said of each. Of a chaos experiment the outages in its window tell whether it passed.
#pragma once

#include "tests/scenario/dice.hpp"
#include "tests/scenario/fleet.hpp"
#include "tests/scenario/fleet_faults.hpp"
#include "tests/scenario/fleet_oracle.hpp"
#include "tests/scenario/fleet_outages.hpp"

#include <optional>
#include <string>
#include <vector>

namespace recoverd::scenario {

class Drills {
  public:
    Drills(Fleet& fleet, Faults& faults, Dice& dice);

    /// The next run of some exercise will not be as it should.
    void spoil_one();
    /// A chaos experiment is begun soon.
    void hurry_chaos();
    /// Begins and ends what is due, and takes note of what that means.
    void follow(const Outages& outages);
    /// What somebody was to be told he is told from then on, having been told nothing since.
    void begin_anew(Time since, Time from);

    /// Experiments that broke a promise, which no fault stands for.
    std::vector<Expected> expected() const;
    bool all_is_well() const;
    /// How many promises were broken for sure.
    std::size_t broken() const { return broken_; }

  private:
    enum class Fate { passes, fails, is_aborted, is_late, never_ends };

    struct Run {
        std::string id;
        Time started;
        Time ends_at;
        std::optional<Time> ended{};
    };
    struct Drill {
        int number;
        Duration may_take;
        Time next_at;
        /// The last pass, or when somebody could first have run it.
        Time counts_from;
        /// Of the next run.
        Fate fate = Fate::passes;
        /// The newest, and what is left of those before.
        std::optional<Run> run{};
        bool last_end_was_bad = false;
        Duration last_took{0};
        /// When the oldest run began that never ended, and that none left behind.
        std::optional<Time> open_since{};
        /// When it has to be said that the newest run broke its promise.
        std::optional<Time> broken_due{};
        /// Until when that may be said.
        Time may_be_broken_until{};

        bool runs() const { return run && !run->ended && run->ends_at != Time::max(); }
    };

    void begin_run(Drill& drill);
    void end_run(Drill& drill);
    void take_note(const Drill& drill);
    void hold_promise(Drill& drill, const std::vector<TrueOutage>& outages);
    Time now() const { return fleet_.played.now(); }

    Fleet& fleet_;
    Faults& faults_;
    Dice& dice_;
    std::vector<Drill> drills_;
    int runs_ = 0;
    std::size_t broken_ = 0;
};

} // namespace recoverd::scenario
