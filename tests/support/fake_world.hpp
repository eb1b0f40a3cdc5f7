// SPDX-License-Identifier: Apache-2.0
// A world in which days pass in milliseconds: scripted answers, a clock that only moves when everybody waits, and
// answers that arrive through the timer queue in seeded order, so that no test relies on luck.
#pragma once

#include "io/world.hpp"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>

namespace recoverd::test {

using core::Duration;
using core::Time;
using io::Task;

/// 2026-11-22T03:00:00Z, where tests begin unless they say otherwise.
inline constexpr Time kStart{std::chrono::seconds{1'795'316'400}};

class FakeTimers final : public io::Timers {
  public:
    explicit FakeTimers(asio::io_context& ioc, std::uint64_t seed = 1) : ioc_(ioc), random_(seed) {}

    Time now() const override { return now_ + jump_; }
    Duration elapsed() const override { return now_ - kStart; }
    Task<bool> rest(Duration duration) override;

    /// Lets `duration` pass: every sleeper in between is woken at its moment, and what it does is done.
    void advance(Duration duration);
    /// Moves the wall clock alone, as an administrator or NTP would.
    void jump(Duration by) { jump_ += by; }
    /// Lets time pass in which nobody wakes, as a machine that is suspended does: whoever was due then is late.
    void suspend(Duration duration) { now_ += duration; }
    /// How long until the next sleeper wakes, whatever the wall clock says; nothing when nobody sleeps.
    std::optional<Duration> next_in() const;
    std::mt19937_64& random() { return random_; }

  private:
    void settle();

    asio::io_context& ioc_;
    Time now_ = kStart;
    Duration jump_{0};
    std::mt19937_64 random_;
    // The random second part decides among sleepers of the same moment.
    std::multimap<std::pair<Time, std::uint64_t>, std::shared_ptr<asio::steady_timer>> sleepers_;
};

/// Scripted answers. A function that is not set answers `unreachable`. `latency` passes before each answer; a request
/// whose timeout is shorter ends as `timed_out`, as in the real world.
class FakeWorld final : public io::World {
  public:
    explicit FakeWorld(asio::io_context& ioc, std::uint64_t seed = 1) : timers_(ioc, seed) {}

    FakeTimers& timers() override { return timers_; }
    Task<core::Result<io::HttpAnswer>> http(io::HttpRequest request) override;
    Task<core::Result<io::Finished>> run(io::Command command) override;
    Task<core::Result<io::PgAnswer>> postgres(io::PgRequest request) override;
    Task<core::Result<io::Connected>> connect(io::ConnectRequest request) override;
    Task<core::Result<io::DnsAnswer>> dns(io::DnsRequest request) override;
    Task<core::Result<io::Pinged>> ping(io::PingRequest request) override;
    Task<core::Result<io::RespAnswer>> resp(io::RespRequest request) override;
    Task<core::Result<io::UnitState>> systemd_unit(std::string unit, Duration timeout) override;
    Task<core::Result<io::Finished>> worker(std::string job, std::string input, Duration timeout) override;
    Task<core::Result<std::vector<std::string>>> resolve(std::string host, Duration timeout) override;
    Task<core::Result<std::vector<io::Service>>> resolve_services(std::string name, Duration timeout) override;
    Task<core::Result<io::Secret>> secret(core::config::SecretRef ref) override;
    Task<core::Result<io::Scratch>> scratch(std::string parent, Duration timeout) override;

    template <class Answer, class Request>
    using Scripted = std::function<core::Result<Answer>(const Request&)>;
    Scripted<io::HttpAnswer, io::HttpRequest> on_http;
    Scripted<io::Finished, io::Command> on_run;
    Scripted<io::PgAnswer, io::PgRequest> on_postgres;
    Scripted<io::Connected, io::ConnectRequest> on_connect;
    Scripted<io::DnsAnswer, io::DnsRequest> on_dns;
    Scripted<io::Pinged, io::PingRequest> on_ping;
    Scripted<io::RespAnswer, io::RespRequest> on_resp;
    Scripted<io::UnitState, std::string> on_unit;
    std::function<core::Result<io::Finished>(const std::string& job, const std::string& input)> on_worker;
    std::map<std::string, std::string> secrets;
    /// Names that resolve; `localhost` and numeric addresses are their own answer.
    std::map<std::string, std::vector<std::string>> addresses;
    std::map<std::string, std::vector<io::Service>> services;
    Duration latency{5};
    /// Asked in the words of `asked`: does this one never answer? May be empty.
    std::function<bool(const std::string& asked)> hangs;
    /// Scratch folders by name that are there now; nothing is written to any disk.
    std::vector<std::string> scratch_folders;
    /// What was asked, oldest first: "http GET http://…", "run pgbackrest info …".
    std::vector<std::string> asked;

  private:
    Task<bool> arrives_within(Duration timeout);
    template <class Answer, class Request>
    Task<core::Result<Answer>> answered(Scripted<Answer, Request> FakeWorld::* who, Request request, Duration timeout);

    int scratch_made_ = 0;

    FakeTimers timers_;
};

/// Runs `task` to its end on a context of its own with this world's clock; days may pass. Fails the test when it never
/// ends.
template <class T>
T run(asio::io_context& ioc, FakeTimers& timers, Task<T> task);

/// A finished program with this output and status 0.
io::Finished exited(std::string out, int status = 0, std::string err = {});
/// The bytes of tests/data/NAME.
std::string data(const std::string& name);

} // namespace recoverd::test

#include "tests/support/fake_world_run.hpp"
