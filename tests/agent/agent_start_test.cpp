// SPDX-License-Identifier: Apache-2.0
// What an agent makes of the state that an earlier one left.
#include "agent/agent.hpp"

#include "agent/configuration.hpp"
#include "tests/agent/commands/typed.hpp"
#include "tests/agent/no_disk.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace recoverd;
using namespace std::chrono_literals;

namespace {

/// Is its state said to be degraded a minute after it began with this row?
bool degraded_after(const agent::StateRow& row) {
    test::Folder folder;
    folder.write("recoverd.toml", "[asset.orders]\n");
    asio::io_context loop;
    test::FakeWorld world{loop};
    test::NoDisk disk;
    agent::Agent agent{world, disk, agent::Admission::kUsual, {}};
    agent::Stored stored;
    stored.rows.push_back(row);
    agent.start(stored, agent::make_setup(agent::load(folder.path("recoverd.toml")), {}));
    asio::cancellation_signal cancel;
    asio::co_spawn(loop, agent.run(), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
    world.timers().advance(1min);
    const core::Alerts alerts = agent.engine().other_alerts();
    const bool degraded = std::ranges::any_of(
        alerts, [](const auto& entry) { return entry.second.finding.identity.rule == core::RuleId::state_degraded; });
    // Nobody may sleep any more when the timers go.
    asio::co_spawn(loop, agent.stop(), asio::detached);
    cancel.emit(asio::cancellation_type::terminal);
    world.timers().advance(1min);
    return degraded;
}

} // namespace

TEST_CASE("state of which one row cannot be read is said to be degraded") {
    agent::StateRow row{.kind = "asset",
                        .name = "orders",
                        .fingerprint = {},
                        .due_at = {},
                        .memory = R"({"first_seen": "2026-11-21T03:00:00Z"})",
                        .alerts = "[]"};
    CHECK_FALSE(degraded_after(row));
    row.alerts = "[{]";
    CHECK(degraded_after(row));
}
