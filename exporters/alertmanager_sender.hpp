// SPDX-License-Identifier: Apache-2.0
// Tells every Alertmanager, each on its own: one slot per place, always recomputed from the newest snapshot, so that a
// slow or dead one delays nobody and has no queue to overflow.
#pragma once

#include "exporters/alertmanager.hpp"
#include "io/client_options.hpp"
#include "io/world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace recoverd::exporters {

class OwnMetrics;

struct AlertmanagerOptions {
    /// Every A or SRV record behind a name is one Alertmanager: SRV where the URL names no port.
    std::vector<std::string> urls;
    io::TlsOptions tls;
    io::AuthRefs auth;
    std::string proxy;
    /// How often everything is sent again.
    core::Duration interval{60'000};
    core::Duration timeout{10'000};

    bool operator==(const AlertmanagerOptions&) const = default;
};

/// One Alertmanager: an address that answers for a configured name.
struct AlertmanagerPlace {
    /// scheme://address:port/path, without credentials and slash at the end. Its name in metrics.
    std::string url;
    /// What the configuration calls it, for the Host header and TLS: host:port and host; empty when the same.
    std::string host_header;
    std::string server_name;

    bool operator==(const AlertmanagerPlace&) const = default;
};

/// The places behind a URL. When a name cannot be resolved: the failure.
io::Task<core::Result<std::vector<AlertmanagerPlace>>> places_of(io::World& world, std::string url);

/// How one Alertmanager took a test alert.
struct Delivery {
    std::string url;
    bool taken = false;
    std::string detail;
};

class AlertmanagerSender {
  public:
    struct Sources {
        std::function<std::shared_ptr<const core::Snapshot>()> snapshot;
        std::function<AgentFacts()> facts;
        /// Is the snapshot by the clock as it is now? May be empty: then it always is.
        std::function<bool()> in_time;
        /// One line for the log.
        std::function<void(std::string)> warn;
        /// May be null.
        OwnMetrics* metrics = nullptr;
    };

    AlertmanagerSender(io::World& world, AlertmanagerOptions options, Sources sources);
    ~AlertmanagerSender();

    /// Until it is cancelled.
    io::Task<void> run();
    /// Something began or ended to fire: send now instead of within the minute. Loop thread only.
    void poke();
    /// Sends one marked alert to every place, now.
    io::Task<std::vector<Delivery>> deliver_test(core::Priority priority);

  private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

} // namespace recoverd::exporters
