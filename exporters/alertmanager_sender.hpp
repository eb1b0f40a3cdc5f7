// SPDX-License-Identifier: Apache-2.0
// Tells every Alertmanager, each on its own: finds which there are, and has one slot for each.
#pragma once

#include "exporters/alertmanager_slot.hpp"

#include <memory>
#include <string>
#include <vector>

namespace recoverd::exporters {

/// How one Alertmanager took a test alert.
struct Delivery {
    std::string url;
    bool taken = false;
    std::string detail;
};

class AlertmanagerSender {
  public:
    using Sources = AlertmanagerSources;

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
