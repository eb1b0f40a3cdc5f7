// SPDX-License-Identifier: Apache-2.0
// What is wrong in a fleet now, and by when the alert about each has to have come and gone.
#pragma once

#include "core/time.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace recoverd::scenario {

using namespace std::chrono_literals;
using core::Duration;
using core::Time;

/// What is late by less than this is on time: probes are spread, answers and sends take their moments.
inline constexpr Duration kSlack = 90s;

struct Fault {
    /// All that names its alert but the priority: "EndpointDown a3 a3-port1".
    std::string alert;
    std::string priority;
    /// How long finding it and seeing its end may take from any moment, should the agent have to begin anew.
    Duration to_find{0};
    Duration to_end{0};
    /// By when it has to fire: by `to_find` from its beginning, or from this when it is later.
    Time due{};
    /// Empty for one that others end.
    std::function<void()> mend{};
    Time mend_at = Time::max();
    Time began{};
    /// Once it is mended: by when its alert has to have ended.
    std::optional<Time> over{};

    bool must_fire(Time now) const { return !over && now >= due; }
    bool may_fire(Time now) const { return !over || now < *over; }
};

class Faults {
  public:
    /// Lasts until `mend_at`.
    void begin(Fault fault, Time now);
    /// Mends those whose time has come.
    void mend_due(Time now);
    void end(std::string_view alert, Time now);
    /// Begins and ends a fault that is nothing but a state of affairs.
    void hold(bool holds, Fault fault, Time now);
    /// Whatever the agent had begun to find it must find again, from then on.
    void begin_anew(Time from);
    /// Forgets those whose alert must have ended.
    void forget_over(Time now);

    const Fault* find(std::string_view alert) const;
    /// Is there one whose alert's name ends like this?
    bool is_broken(std::string_view thing) const;
    bool empty() const { return faults_.empty(); }
    const std::map<std::string, Fault, std::less<>>& all() const { return faults_; }
    /// How many ever began.
    std::size_t begun() const { return begun_; }

  private:
    std::map<std::string, Fault, std::less<>> faults_;
    std::size_t begun_ = 0;
};

} // namespace recoverd::scenario
