// SPDX-License-Identifier: Apache-2.0
#include "agent/service_manager.hpp"

#include "tests/support/fake_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>

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

TEST_CASE("the watchdog is fed while the agent goes on, and not while it is stuck") {
    using namespace std::chrono_literals;
    asio::io_context loop;
    test::FakeTimers timers{loop};
    bool stuck = false;
    int fed = 0;
    asio::cancellation_signal cancel;
    asio::co_spawn(loop,
                   feed_watchdog(
                       timers, 30s, [&] { return stuck; }, [&] { ++fed; }),
                   asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&) {}));
    timers.advance(60s);
    CHECK(fed == 3);
    stuck = true;
    timers.advance(10min);
    CHECK(fed == 3);
    stuck = false;
    timers.advance(1s);
    CHECK(fed == 4);
    cancel.emit(asio::cancellation_type::terminal);
    timers.advance(0ms);
}

} // namespace recoverd::agent
