// SPDX-License-Identifier: Apache-2.0
// What an agent makes of the state that an earlier one left.
#include "agent/agent.hpp"

#include "agent/configuration.hpp"
#include "io/evidence_json.hpp"
#include "io/json.hpp"
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

TEST_CASE("what a check of many series remembers is read back, however much that is") {
    core::RecoveryPoints points;
    for (int i = 0; i < 200; ++i) {
        const core::Time at = core::from_unix_seconds(1'795'000'000 + i * 3600);
        points.points.push_back({.id = std::to_string(i), .data_at = at, .ended_at = at, .size_bytes = 1});
    }
    core::CheckMemory memory;
    const auto evidence = std::make_shared<const core::EvidenceList>(core::EvidenceList{points});
    for (int i = 0; i < 1'000; ++i)
        memory.subjects[std::to_string(i)].evidence = evidence;
    const std::string text = io::to_json(memory);
    CHECK_THROWS_AS(io::Json::parse(text), io::BadDocument);
    CHECK_FALSE(degraded_after(
        {.kind = "check", .name = "dumps", .fingerprint = "x", .due_at = {}, .memory = text, .alerts = "[]"}));
}

namespace {

/// A disk that answers nobody.
class SilentDisk final : public agent::Store {
  public:
    explicit SilentDisk(io::Timers& timers) : timers_(timers) {}
    agent::Stored load() override { return {}; }
    io::Task<core::Result<void>> commit(agent::Batch /*batch*/) override {
        co_await timers_.sleep(1h);
        co_return core::Result<void>{};
    }
    io::Task<core::Result<std::optional<agent::OutcomeRow>>> find_outcome(std::string /*asset*/, std::string /*id*/,
                                                                          std::string /*phase*/) override {
        co_await timers_.sleep(1h);
        co_return std::optional<agent::OutcomeRow>{};
    }
    io::Task<core::Result<std::vector<agent::LogRow>>> find_log(core::HistoryOf /*of*/, std::string /*name*/,
                                                                std::size_t /*most*/) override {
        co_await timers_.sleep(1h);
        co_return std::vector<agent::LogRow>{};
    }
    std::uint64_t size_bytes() const override { return 0; }

  private:
    io::Timers& timers_;
};

} // namespace

TEST_CASE("an outcome that is still on its way to the disk when the agent goes touches nothing of it") {
    test::Folder folder;
    folder.write("recoverd.toml", "[asset.orders]\n");
    asio::io_context loop;
    test::FakeWorld world{loop};
    SilentDisk disk{world.timers()};
    asio::cancellation_signal cancel;
    {
        agent::Agent agent{world, disk, agent::Admission::kUsual, {}};
        agent.start({}, agent::make_setup(agent::load(folder.path("recoverd.toml")), {}));
        asio::co_spawn(
            loop,
            agent.record_outcome(R"({"id": "1", "asset": "orders", "exercise": "failover", "outcome": "passed"})"),
            asio::bind_cancellation_slot(cancel.slot(), asio::detached));
        world.timers().advance(1s);
    }
    // Let go of only now; sanitizers see what it touches.
    cancel.emit(asio::cancellation_type::terminal);
    world.timers().advance(1s);
    SUCCEED();
}
