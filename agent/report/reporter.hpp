// SPDX-License-Identifier: Apache-2.0
// Hands outcomes to the daemon, or keeps them until it is back.
#pragma once

#include "agent/api_client.hpp"
#include "agent/outcome.hpp"
#include "agent/report/spool.hpp"

namespace recoverd::agent {

enum class Handed : std::uint8_t {
    /// It is on the daemon's disk.
    recorded,
    /// The daemon named mistakes; saying it again would not help.
    refused,
    /// Nobody took it; it is on our disk and goes out with the next call.
    spooled,
    /// Nobody took it, and it could not be kept.
    lost,
};

class Reporter {
  public:
    Reporter(ApiClient client, Spool spool, Console& console)
        : client_(std::move(client)), spool_(std::move(spool)), console_(console) {}

    /// Sends what waits for this daemon, oldest first, until one is not taken. `recorded` also when nothing waits.
    Handed flush();
    /// What waits goes first, so that a run's end never overtakes its start.
    Handed report(Outcome outcome);

  private:
    enum class Answer : std::uint8_t { taken, refused, not_taken };
    Answer send(const std::string& body);
    Handed keep(Outcome outcome);

    ApiClient client_;
    Spool spool_;
    Console& console_;
};

} // namespace recoverd::agent
