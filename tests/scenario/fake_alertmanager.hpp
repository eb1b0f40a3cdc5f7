// SPDX-License-Identifier: Apache-2.0
// What an Alertmanager knows from what it was posted: one alert per label set, firing until its endsAt.
#pragma once

#include "core/labels.hpp"
#include "io/http.hpp"
#include "io/timers.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace recoverd::scenario {

class FakeAlertmanager {
  public:
    explicit FakeAlertmanager(const io::Timers& timers) : timers_(timers) {}

    core::Result<io::HttpAnswer> answer(const io::HttpRequest& request);
    /// Gone: connections are refused.
    bool away = false;

    /// What fires now, by labels, with since when. The watchdog is left out.
    std::map<core::Labels, core::Time> firing() const;
    /// What whoever is told of this alert reads; empty for one that is not known.
    std::string description(const core::Labels& labels) const;
    /// Does the watchdog fire?
    bool watched() const;
    /// Every alert that a person was ever told of, once per beginning.
    const std::set<std::pair<core::Labels, core::Time>>& notified() const { return notified_; }

  private:
    struct Held {
        core::Time starts_at;
        core::Time ends_at;
        std::string description;
    };
    const io::Timers& timers_;
    std::map<core::Labels, Held> held_;
    std::set<std::pair<core::Labels, core::Time>> notified_;
};

} // namespace recoverd::scenario
