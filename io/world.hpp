// SPDX-License-Identifier: Apache-2.0
// The outside world as awaitable functions: all that a collector can reach. Tests replace it
// (tests/support/fake_world). Every function ends by its request's timeout at the latest, and stops when its coroutine
// is cancelled.
#pragma once

#include "io/dns.hpp"
#include "io/http.hpp"
#include "io/ping.hpp"
#include "io/postgres.hpp"
#include "io/probe.hpp"
#include "io/process.hpp"
#include "io/resolve.hpp"
#include "io/resp.hpp"
#include "io/scratch.hpp"
#include "io/systemd.hpp"
#include "io/timers.hpp"

namespace recoverd::io {

class World {
  public:
    virtual ~World() = default;

    virtual Timers& timers() = 0;
    virtual Task<Result<HttpAnswer>> http(HttpRequest request) = 0;
    virtual Task<Result<Finished>> run(Command command) = 0;
    virtual Task<Result<PgAnswer>> postgres(PgRequest request) = 0;
    virtual Task<Result<Connected>> connect(ConnectRequest request) = 0;
    virtual Task<Result<DnsAnswer>> dns(DnsRequest request) = 0;
    virtual Task<Result<Pinged>> ping(PingRequest request) = 0;
    virtual Task<Result<RespAnswer>> resp(RespRequest request) = 0;
    virtual Task<Result<UnitState>> systemd_unit(std::string unit, core::Duration timeout) = 0;
    /// A run of the worker program: `job` names what it does, `input` goes to its stdin as JSON, evidence comes
    /// back as JSON lines on stdout.
    virtual Task<Result<Finished>> worker(std::string job, std::string input, core::Duration timeout) = 0;
    /// Numeric addresses of a host, and what SRV records name (io/resolve.hpp).
    virtual Task<Result<std::vector<std::string>>> resolve(std::string host, core::Duration timeout) = 0;
    virtual Task<Result<std::vector<Service>>> resolve_services(std::string name, core::Duration timeout) = 0;
    /// Opened off the loop: a secret may lie on a file system that hangs.
    virtual Task<Result<Secret>> secret(core::config::SecretRef ref) = 0;
    /// An empty folder below `parent` that is removed, with all in it, when its owner goes.
    virtual Task<Result<Scratch>> scratch(std::string parent, core::Duration timeout) = 0;
};

} // namespace recoverd::io
