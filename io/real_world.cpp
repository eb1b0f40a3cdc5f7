// SPDX-License-Identifier: Apache-2.0
#include "io/real_world.hpp"

#include "io/connect.hpp"
#include "io/deadline.hpp"
#include "io/pg_client.hpp"
#include "io/process_runner.hpp"
#include "io/resp_client.hpp"
#include "io/systemd_bus.hpp"

namespace recoverd::io {

namespace {

/// A secret is a few bytes: if they take longer, its file system hangs.
constexpr core::Duration kSecretTimeout{10'000};

Task<Result<Secret>> open_on(BlockingPool& pool, core::config::SecretRef ref) {
    std::string about = "secret '" + ref.name + "'";
    auto open = [ref = std::move(ref)] { return open_secret(ref); };
    auto opening = run_unless_hung(pool, std::move(open), std::move(about));
    co_return co_await std::move(opening);
}

Task<Result<UnitState>> ask_on(BlockingPool& pool, std::string unit, core::Duration timeout) {
    std::string about = "unit '" + unit + "'";
    auto ask = [unit = std::move(unit), timeout] { return ask_systemd(unit, timeout); };
    auto asking = run_unless_hung(pool, std::move(ask), std::move(about));
    co_return co_await std::move(asking);
}

/// Where no server is named, those of resolv.conf, read anew each time.
Task<Result<DnsAnswer>> ask_on(Timers& timers, BlockingPool& pool, DnsRequest request) {
    std::vector<std::string> servers;
    if (request.server.empty()) {
        auto read = [] { return Result<std::vector<std::string>>{system_name_servers()}; };
        auto reading = run_unless_hung(pool, std::move(read), "resolv.conf");
        auto found = co_await with_deadline(timers, request.timeout, std::move(reading),
                                            "expected resolv.conf, found its file system hanging");
        if (!found)
            co_return std::unexpected(std::move(found.error()));
        servers = std::move(*found);
    }
    co_return co_await ask_dns(timers, std::move(request), std::move(servers));
}

} // namespace

RealWorld::RealWorld(asio::io_context& ioc, RealWorldSettings settings)
    : settings_(std::move(settings)), pool_(settings_.blocking_threads, settings_.lost_threads), http_(ioc) {}

Task<Result<HttpAnswer>> RealWorld::http(HttpRequest request) { return http_.get(std::move(request)); }

Task<Result<Finished>> RealWorld::run(Command command) {
    command.withheld = withheld_;
    return run_process(timers_, pool_, std::move(command));
}

Task<Result<PgAnswer>> RealWorld::postgres(PgRequest request) { return pg_query(std::move(request)); }

Task<Result<Connected>> RealWorld::connect(ConnectRequest request) { return io::connect(timers_, std::move(request)); }

Task<Result<DnsAnswer>> RealWorld::dns(DnsRequest request) { return ask_on(timers_, pool_, std::move(request)); }

Task<Result<Pinged>> RealWorld::ping(PingRequest request) { return io::ping(timers_, std::move(request)); }

Task<Result<RespAnswer>> RealWorld::resp(RespRequest request) { return ask(timers_, std::move(request)); }

Task<Result<UnitState>> RealWorld::systemd_unit(std::string unit, core::Duration timeout) {
    std::string late = "expected systemd to tell of " + unit + ", found its bus hanging";
    auto asking = ask_on(pool_, std::move(unit), timeout);
    return with_deadline(timers_, timeout, std::move(asking), std::move(late));
}

/// A thousand series of files with 200 points each are some 50 MB.
constexpr std::size_t kMaxWorkerOutput = std::size_t{128} << 20U;

Task<Result<Finished>> RealWorld::worker(std::string job, std::string input, core::Duration timeout) {
    Command command;
    command.argv = {settings_.worker_path, std::move(job)};
    command.input = std::move(input);
    command.timeout = timeout;
    command.max_output = kMaxWorkerOutput;
    command.withheld = withheld_;
    return run_process(timers_, pool_, std::move(command));
}

Task<Result<std::vector<std::string>>> RealWorld::resolve(std::string host, core::Duration timeout) {
    return io::resolve(std::move(host), timeout);
}

Task<Result<std::vector<Service>>> RealWorld::resolve_services(std::string name, core::Duration timeout) {
    return io::resolve_services(std::move(name), timeout);
}

Task<Result<Scratch>> RealWorld::scratch(std::string parent, core::Duration timeout) {
    std::string late = "expected a folder in '" + parent + "', found its file system hanging";
    auto making = scratch_.make(std::move(parent));
    return with_deadline(timers_, timeout, std::move(making), std::move(late));
}

Task<Result<Secret>> RealWorld::secret(core::config::SecretRef ref) {
    std::string late = "expected secret '" + ref.name + "' within 10 s, found its file system hanging";
    auto opening = open_on(pool_, std::move(ref));
    return with_deadline(timers_, kSecretTimeout, std::move(opening), std::move(late));
}

} // namespace recoverd::io
