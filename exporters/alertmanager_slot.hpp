// SPDX-License-Identifier: Apache-2.0
// One Alertmanager, told everything at an interval, and whenever it is poked what it was not told yet: of an outage in
// which thousands of alerts begin one after the other, everything each time would be half a gigabyte a minute. Always
// recomputed from the newest snapshot: a slow or dead one delays nobody and has no queue to overflow.
#pragma once

#include "exporters/alertmanager.hpp"
#include "exporters/alertmanager_client.hpp"
#include "exporters/peer_clock.hpp"
#include "io/wake.hpp"

#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::exporters {

class OwnMetrics;

/// Where what is told comes from.
struct AlertmanagerSources {
    std::function<std::shared_ptr<const core::Snapshot>()> snapshot;
    std::function<AgentFacts()> facts;
    /// Is the snapshot by the clock as it is now? May be empty: then it always is.
    std::function<bool()> in_time;
    /// One line for the log.
    std::function<void(std::string)> warn;
    /// May be null.
    OwnMetrics* metrics = nullptr;
};

/// What all slots of a sender have in common.
struct AlertmanagerSending {
    io::World& world;
    AlertmanagerOptions options;
    AlertmanagerSources sources;

    core::Time now() const { return world.timers().now(); }
    void warn(std::string line) const {
        if (sources.warn)
            sources.warn(std::move(line));
    }
};

class AlertmanagerSlot {
  public:
    using Ptr = std::shared_ptr<AlertmanagerSlot>;

    AlertmanagerSlot(std::shared_ptr<const AlertmanagerSending> sending, AlertmanagerPlace place);

    /// Until it is cancelled.
    static io::Task<void> serve(Ptr slot);
    /// Something began or ended to fire. While it backs off, its next try will find that in the snapshot anyway.
    void poke();

  private:
    static io::Task<void> until_in_time(Ptr slot);
    static io::Task<bool> send(Ptr slot, Due which);
    static io::Task<bool> send_singly(Ptr slot, std::vector<OutgoingAlert> alerts, bool took_others);
    static io::Task<core::Result<io::HttpAnswer>> post(Ptr slot, std::string body);
    static io::Task<void> back_off(Ptr slot);

    /// What is due now, less what it refused.
    std::vector<OutgoingAlert> due(Due which);
    void failed(const std::string& words);
    void succeeded();

    std::shared_ptr<const AlertmanagerSending> sending_;
    AlertmanagerPlace place_;
    PeerClock clock_;
    /// By which it was told last.
    core::Duration ahead_{0};
    io::Wake wake_;
    SentAlerts sent_;
    /// What it refused when sent alone; left out until it is over.
    std::set<core::Labels> refused_;
    unsigned failures_ = 0;
    bool backing_off_ = false;
    std::minstd_rand random_;
};

} // namespace recoverd::exporters
