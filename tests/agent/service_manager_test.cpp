// SPDX-License-Identifier: Apache-2.0
#include "agent/service_manager.hpp"

#include <catch2/catch_test_macros.hpp>

namespace recoverd::agent {

TEST_CASE("what systemd shows of an outage is how bad it is, and what fires by priority") {
    core::Snapshot snapshot;
    snapshot.sequence = 1;
    snapshot.status = core::Status::partial_outage;
    auto& firing = snapshot.alert_counts[static_cast<std::size_t>(core::AlertState::firing)];
    firing = {0, 2, 0, 1};
    CHECK(status_line(snapshot) == "partial outage: 2 P2, 1 P4; watching 0 assets with 0 checks");
}

TEST_CASE("what systemd shows while all is well says so, whatever is pending") {
    core::Snapshot snapshot;
    snapshot.sequence = 1;
    snapshot.alert_counts[static_cast<std::size_t>(core::AlertState::pending)] = {1, 0, 0, 0};
    CHECK(status_line(snapshot) == "operational: no alerts; watching 0 assets with 0 checks");
}

TEST_CASE("what systemd shows before anything was judged is no verdict") {
    CHECK(status_line(core::Snapshot{}) == "nothing is judged yet");
}

} // namespace recoverd::agent
