// SPDX-License-Identifier: Apache-2.0
// The outside world as it is: every function of World handed to the part of io that does it. Decides nothing itself.
#pragma once

#include "io/blocking_pool.hpp"
#include "io/http_client.hpp"
#include "io/real_timers.hpp"
#include "io/scratch_folders.hpp"
#include "io/world.hpp"

#include <asio/io_context.hpp>

namespace recoverd::io {

struct RealWorldSettings {
    /// The worker program.
    std::string worker_path;
    /// For calls that may hang: starting a program, reading a secret, asking D-Bus.
    std::size_t blocking_threads = 4;
    /// That many may be held by what hangs and are replaced; one each, while nobody asks again what hangs.
    std::size_t lost_threads = 60;
};

/// For the coroutines of one loop, whose thread alone may use it; must go before the loop does.
class RealWorld : public World {
  public:
    RealWorld(asio::io_context& ioc, RealWorldSettings settings);

    RealTimers& timers() override { return timers_; }
    Task<Result<HttpAnswer>> http(HttpRequest request) override;
    Task<Result<Finished>> run(Command command) override;
    Task<Result<PgAnswer>> postgres(PgRequest request) override;
    Task<Result<Connected>> connect(ConnectRequest request) override;
    Task<Result<DnsAnswer>> dns(DnsRequest request) override;
    Task<Result<Pinged>> ping(PingRequest request) override;
    Task<Result<RespAnswer>> resp(RespRequest request) override;
    Task<Result<UnitState>> systemd_unit(std::string unit, core::Duration timeout) override;
    Task<Result<Finished>> worker(std::string job, std::string input, core::Duration timeout) override;
    Task<Result<std::vector<std::string>>> resolve(std::string host, core::Duration timeout) override;
    Task<Result<std::vector<Service>>> resolve_services(std::string name, core::Duration timeout) override;
    Task<Result<Secret>> secret(core::config::SecretRef ref) override;
    Task<Result<Scratch>> scratch(std::string parent, core::Duration timeout) override;

    BlockingPool& pool() { return pool_; }

    /// Names of environment variables that hold secrets: no program that is run from now on finds them in its own.
    void withhold(std::vector<std::string> variables) { withheld_ = std::move(variables); }

  private:
    RealWorldSettings settings_;
    RealTimers timers_;
    BlockingPool pool_;
    ScratchFolders scratch_{pool_};
    HttpClient http_;
    std::vector<std::string> withheld_;
};

} // namespace recoverd::io
