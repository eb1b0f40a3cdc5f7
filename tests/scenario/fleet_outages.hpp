// SPDX-License-Identifier: Apache-2.0
// Which scenarios of a fleet hold, as follows from which of its ports are closed: what must be said of them and of the
// ports, and how long each outage was. It knows nothing of probes in a row: that a scenario must be known, or may be,
// follows from of how many of its ports that is so.
#pragma once

#include "core/snapshot.hpp"
#include "tests/scenario/fleet_faults.hpp"
#include "tests/scenario/fleet_oracle.hpp"

#include <string>
#include <vector>

namespace recoverd::scenario {

/// "EndpointDown a3 a3-port1"
std::string alert_of_port(int asset, int i);

struct TrueOutage {
    Time began;
    std::optional<Time> ended;
    /// Was so much down for so long that the agent must have seen it?
    bool must_be_known = false;
    /// The longest time between two looks at what was down.
    Duration look;
    /// By how much more its end may be told too late: the one that came back last may be believed first.
    Duration end_later{0};
    /// Did some come back while others were not yet believed to be down? Then the agent saw parts of it.
    bool in_parts = false;
};

/// All that decides one alert of a scenario.
struct Group {
    std::string scenario;
    /// Empty for the only one of its scenario.
    std::string name;
    std::string priority;
    std::string rto_priority;
    Duration rto;
    std::size_t needed;
    /// The alerts of its ports.
    std::vector<std::string> ports;
    Duration look;
    Duration end_later{0};
    /// Oldest first.
    std::vector<TrueOutage> outages{};
    /// How many of them were held against what the agent measured.
    std::size_t measured = 0;
    bool must_speak = false;
    bool may_speak = false;
    /// Have some come back while others had just been closed, since it may speak?
    bool may_flicker = false;
    /// When it may have spoken last.
    std::optional<Time> may_have_spoken{};

    /// "ScenarioActive zone z1"
    std::string alert(std::string_view name_of_rule) const;
    bool has(std::string_view port) const;
    bool is_down() const { return !outages.empty() && !outages.back().ended; }
};

class Outages {
  public:
    explicit Outages(const Faults& faults);

    /// Takes note of what is closed. To be called whenever something was broken or mended.
    void follow(Time now);
    /// Who explains what may be told as it was, until then.
    void begin_anew(Time from) { stale_until_ = from + kSlack; }

    /// May this port be closed now? Not while something that it belongs to is down, or comes back: whoever looks now
    /// and then could not tell one outage from two.
    bool may_close(std::string_view port) const;
    /// The alerts of scenarios.
    std::vector<Expected> expected(Time now) const;
    /// What is right for the alert of a port.
    std::string priorities_of(const Fault& port, Time now) const;
    /// An outage that the agent measured otherwise than it was; empty when there is none. Each is looked at once.
    std::string mismeasured(const core::Snapshot& snapshot);

    std::vector<TrueOutage> of_zones() const;

  private:
    const Group& site() const { return groups_.front(); }
    bool may_explain(const Group& group, Time now) const;
    std::string priorities_of(const Group& group, const std::string& own, Time now) const;

    const Faults& faults_;
    /// The site first: it explains all others.
    std::vector<Group> groups_;
    Time stale_until_{};
};

} // namespace recoverd::scenario
