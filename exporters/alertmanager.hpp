// SPDX-License-Identifier: Apache-2.0
// What an Alertmanager is to be told, as documents of its API v2. Pure: who is told, when and how often is
// alertmanager_slot's business.
#pragma once

#include "core/snapshot.hpp"
#include "exporters/facts.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace recoverd::exporters {

/// As Prometheus' notifier does it.
inline constexpr std::size_t kBatch = 256;

/// One alert as it is sent.
struct OutgoingAlert {
    core::Labels labels;
    bool firing = true;
    core::Time starts_at;
    core::Time ends_at;
    /// The whole object.
    std::string json;
};

/// What of it is to be sent: everything, or what is not told yet.
enum class Due : std::uint8_t { all, untold };

/// What one Alertmanager was told. With it nothing stays firing there that is in no snapshot any more.
class SentAlerts {
  public:
    /// To send at `now`, when everything is sent every `interval`: firing ones, those resolved within
    /// core::kResolvedRetention, and as resolved those it was told are firing and which are gone. Sorted by labels.
    /// `ahead`: of our clock, its own; the documents are in its time. What began and ended since it was told is untold;
    /// other words for what goes on are not.
    std::vector<OutgoingAlert> due(const core::Snapshot& snapshot, const AgentFacts& facts, core::Time now,
                                   core::Duration interval, core::Duration ahead = {}, Due which = Due::all) const;
    /// It took these.
    void accepted(const std::vector<OutgoingAlert>& alerts, core::Time now);
    /// Our clock jumped.
    void clock_jumped(core::Duration by);

  private:
    struct Told {
        bool firing = true;
        core::Time starts_at;
        core::Time ends_at;
    };
    bool knows(const OutgoingAlert& alert) const;

    std::map<core::Labels, Told> told_;
};

/// `POST /api/v2/alerts` bodies of at most `size` alerts each.
std::vector<std::string> batches(const std::vector<OutgoingAlert>& alerts, std::size_t size = kBatch);

/// A marked alert that goes the way of a real one: alertname RecoverdTest, `test="true"`, over after five minutes.
OutgoingAlert test_alert(core::Priority priority, const core::Config& config, const AgentFacts& facts, core::Time now);

} // namespace recoverd::exporters
