// SPDX-License-Identifier: Apache-2.0
// A machine that sleeps: nobody looks meanwhile, and its clocks go on.
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

#include <optional>
#include <utility>

using namespace recoverd;
using namespace std::chrono_literals;

namespace {

/// An agent whose only check looks every minute, and how often its silence was told.
struct Sleeper {
    test::Folder folder;
    asio::io_context loop;
    test::FakeWorld world{loop};
    test::NoDisk disk;
    int told = 0;
    std::optional<agent::Agent> life;
    asio::cancellation_signal cancel;

    Sleeper() {
        folder.write("recoverd.toml", R"(
[asset.orders]
[check.orders]
asset = "orders"
collector = "exec"
command = ["/usr/bin/look"]
every = "1m"
timeout = "10s"
)");
        agent::Agent::Observer observer;
        observer.transition = [this](const core::Transition& transition) {
            const core::Alert& alert = transition.alert;
            const bool silent = alert.finding.identity.rule == core::RuleId::evidence_missing;
            if (silent && alert.state == core::AlertState::firing)
                ++told;
        };
        life.emplace(world, disk, agent::Admission::kUsual, std::move(observer));
        life->start({}, agent::make_setup(agent::load(folder.path("recoverd.toml")), {}));
        asio::co_spawn(loop, life->run(), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
    }
    ~Sleeper() {
        // Nobody may sleep any more when the timers go.
        asio::co_spawn(loop, life->stop(), asio::detached);
        cancel.emit(asio::cancellation_type::terminal);
        world.timers().advance(1min);
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
};

} // namespace

TEST_CASE("a machine that wakes after a night has its checks look before they are called silent") {
    Sleeper sleeper;
    sleeper.world.on_run = [](const io::Command&) { return test::exited("OK"); };
    sleeper.world.timers().advance(10min);
    sleeper.world.timers().suspend(8h);
    sleeper.world.timers().advance(10min);
    CHECK(sleeper.told == 0);
    CHECK(sleeper.life->engine().check("orders")->memory->last_success >= test::kStart + 8h + 15min);
}

TEST_CASE(
    "a check that learns nothing after its machine has woken is silent, and one that was told of already stays so") {
    Sleeper sleeper;
    bool answers = true;
    sleeper.world.on_run = [&](const io::Command&) -> core::Result<io::Finished> {
        if (!answers)
            return core::failed(core::FailureKind::unreachable, "no such program");
        return test::exited("OK");
    };
    sleeper.world.timers().advance(10min);
    answers = false;
    sleeper.world.timers().suspend(8h);
    sleeper.world.timers().advance(4min);
    CHECK(sleeper.told == 0);
    sleeper.world.timers().advance(2min);
    CHECK(sleeper.told == 1);
    sleeper.world.timers().suspend(8h);
    sleeper.world.timers().advance(1min);
    CHECK(sleeper.life->engine().check("orders")->silence != nullptr);
}
