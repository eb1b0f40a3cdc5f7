// SPDX-License-Identifier: Apache-2.0
// What the agent counts about itself while it runs. Every function may be called from any thread.
// Evidence is not counted here: it is rendered from the snapshot (exporters/prometheus.hpp).
#pragma once

#include "core/time.hpp"

#include <memory>
#include <string_view>

namespace recoverd::exporters {

class SeriesWriter;

class OwnMetrics {
  public:
    OwnMetrics();
    ~OwnMetrics();
    OwnMetrics(const OwnMetrics&) = delete;
    OwnMetrics& operator=(const OwnMetrics&) = delete;

    /// A check began this much after it was due.
    void observe_scheduler_lag(core::Duration lag);
    /// The event loop woke this much after it should have.
    void observe_loop_lag(core::Duration lag);
    /// A batch went to (or did not reach) an Alertmanager; `url` without credentials, `outcome` one of
    /// exporters/alertmanager.hpp's words.
    void count_send(std::string_view url, std::string_view outcome);
    void push_succeeded(std::string_view url, core::Time at);
    /// The Alertmanager is none of ours any more.
    void forget_alertmanager(std::string_view url);
    void count_store_error();

    void write(SeriesWriter& out) const;

  private:
    struct Registry;
    std::unique_ptr<Registry> registry_;
};

} // namespace recoverd::exporters
