// SPDX-License-Identifier: Apache-2.0
// The whole agent (configuration, checks, rules, store, Alertmanager) in a fake world on a tick clock: weeks of it pass
// in a second, and every fault can be played.
#pragma once

#include "agent/agent.hpp"
#include "exporters/alertmanager_sender.hpp"
#include "tests/scenario/fake_alertmanager.hpp"
#include "tests/scenario/memory_store.hpp"
#include "tests/support/fake_world.hpp"

#include <asio/cancellation_signal.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace recoverd::scenario {

using namespace std::chrono_literals;
using core::Duration;
using core::Time;

class Played {
  public:
    /// `config` is TOML. Nothing runs before `start`.
    explicit Played(std::string config, std::uint64_t seed = 1);
    ~Played();

    void start();
    /// As `kill -9`: nothing more reaches the disk or the network.
    void kill();
    /// As SIGTERM.
    void terminate();
    /// Takes over another configuration, as SIGHUP does. Mistakes fail the test.
    void reload(std::string config);

    void pass(Duration duration);
    /// Posts an outcome and waits for the answer. `meanwhile` may be empty: what happens while the disk is asked
    /// whether it is known.
    agent::Agent::Answer post(std::string body, const std::function<void()>& meanwhile = {});

    Time now() { return world.timers().now(); }
    agent::Agent& agent() { return *life_->agent; }
    std::shared_ptr<const core::Snapshot> snapshot() { return agent().snapshot().get(); }
    core::VerdictState verdict(const std::string& asset);

    /// What fires in the Alertmanager: "BackupTooOld P2 orders", with the subject after a slash when there is one.
    std::set<std::string> firing() const;
    /// Everything that anybody was ever notified of, in the same words.
    std::multiset<std::string> notified() const;
    /// Alerts on disk, in the snapshot and in the Alertmanager are the same, and began at the same moments. Waits a
    /// moment for what is under way.
    bool books_agree();
    /// What each of the three says, for the reader of a failed test.
    std::string books();

  private:
    struct Life {
        std::unique_ptr<MemoryStore> store;
        std::unique_ptr<agent::Agent> agent;
        std::shared_ptr<exporters::AlertmanagerSender> sender;
        asio::cancellation_signal cancel_agent;
        asio::cancellation_signal cancel_sender;
        bool agent_ended = false;
        bool sender_ended = false;
    };

    agent::Setup compile(const std::string& config);
    void run_agent();
    void run_sender();
    void bury();
    std::map<core::Labels, Time> firing_on_disk() const;
    std::map<core::Labels, Time> firing_in_snapshot();

    asio::io_context ioc_;

  public:
    test::FakeWorld world;
    FakeAlertmanager alertmanager;
    Disk disk;

  private:
    std::string config_;
    std::filesystem::path folder_;
    std::unique_ptr<Life> life_;
};

} // namespace recoverd::scenario
