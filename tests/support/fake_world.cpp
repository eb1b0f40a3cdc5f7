// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_world.hpp"

#include "tests/places.hpp"

#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace recoverd::test {

Task<bool> FakeTimers::rest(Duration duration) {
    auto timer = std::make_shared<asio::steady_timer>(ioc_, asio::steady_timer::time_point::max());
    const std::pair key{now_ + std::max(duration, Duration{0}), random_()};
    sleepers_.emplace(key, timer);
    // Woken: advance() has taken the entry out already. Cancelled: it is still there.
    struct Leave {
        decltype(sleepers_)& sleepers;
        std::pair<Time, std::uint64_t> key;
        ~Leave() { sleepers.erase(key); }
    } leave{sleepers_, key};
    asio::error_code woken;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    const auto state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() == asio::cancellation_type::none;
}

void FakeTimers::settle() {
    do
        ioc_.restart();
    while (ioc_.poll() > 0);
}

std::optional<Duration> FakeTimers::next_in() const {
    if (sleepers_.empty())
        return std::nullopt;
    return sleepers_.begin()->first.first - now_;
}

void FakeTimers::advance(Duration duration) {
    const Time until = now_ + duration;
    settle();
    while (!sleepers_.empty() && sleepers_.begin()->first.first <= until) {
        now_ = std::max(now_, sleepers_.begin()->first.first);
        const auto timer = sleepers_.begin()->second;
        sleepers_.erase(sleepers_.begin());
        timer->cancel();
        settle();
    }
    now_ = std::max(now_, until);
}

// Its answer is named before it is asked about: g++ 12 lays out the frame of `if (!co_await …)` wrongly in some of the
// functions below, and resumes them 8 bytes off.
Task<bool> FakeWorld::arrives_within(Duration timeout) {
    const Duration jitter{static_cast<Duration::rep>(timers_.random()() % 3)};
    const bool never = hangs && hangs(asked.back());
    const Duration needed = never ? timeout + Duration{1} : latency + jitter;
    co_await timers_.sleep(std::min(needed, timeout));
    co_return needed <= timeout;
}

namespace {

template <class T>
core::Result<T> nobody() {
    return core::failed(core::FailureKind::unreachable, "nobody is scripted to answer");
}

template <class T>
core::Result<T> too_late(Duration timeout) {
    return core::failed(core::FailureKind::timed_out, fmt::format("no answer within {} ms", timeout.count()));
}

} // namespace

// Whoever is scripted is looked up when the answer arrives: a test may have changed its mind by then.
template <class Answer, class Request>
Task<core::Result<Answer>> FakeWorld::answered(Scripted<Answer, Request> FakeWorld::* who, Request request,
                                               Duration timeout) {
    const bool arrived = co_await arrives_within(timeout);
    if (!arrived)
        co_return too_late<Answer>(timeout);
    co_return this->*who ? (this->*who)(request) : nobody<Answer>();
}

Task<core::Result<io::HttpAnswer>> FakeWorld::http(io::HttpRequest request) {
    asked.push_back(fmt::format("http {} {}", request.verb, request.url));
    const Duration timeout = request.timeout;
    co_return co_await answered(&FakeWorld::on_http, std::move(request), timeout);
}

Task<core::Result<io::Finished>> FakeWorld::run(io::Command command) {
    std::string line = "run";
    for (const auto& word : command.argv)
        line += " " + word;
    asked.push_back(line);
    const Duration timeout = command.timeout;
    co_return co_await answered(&FakeWorld::on_run, std::move(command), timeout);
}

Task<core::Result<io::PgAnswer>> FakeWorld::postgres(io::PgRequest request) {
    asked.push_back("postgres " + request.dsn);
    const Duration timeout = request.timeout;
    co_return co_await answered(&FakeWorld::on_postgres, std::move(request), timeout);
}

Task<core::Result<io::Connected>> FakeWorld::connect(io::ConnectRequest request) {
    asked.push_back("connect " + request.address);
    const Duration timeout = request.timeout;
    co_return co_await answered(&FakeWorld::on_connect, std::move(request), timeout);
}

Task<core::Result<io::DnsAnswer>> FakeWorld::dns(io::DnsRequest request) {
    asked.push_back("dns " + request.name);
    const Duration timeout = request.timeout;
    co_return co_await answered(&FakeWorld::on_dns, std::move(request), timeout);
}

Task<core::Result<io::Pinged>> FakeWorld::ping(io::PingRequest request) {
    asked.push_back("ping " + request.host);
    const Duration timeout = request.timeout;
    co_return co_await answered(&FakeWorld::on_ping, std::move(request), timeout);
}

Task<core::Result<io::RespAnswer>> FakeWorld::resp(io::RespRequest request) {
    asked.push_back("resp " + request.address);
    for (const auto& command : request.commands)
        for (const auto& word : command)
            asked.back() += (&word == command.data() ? " | " : " ") + word;
    const Duration timeout = request.timeout;
    co_return co_await answered(&FakeWorld::on_resp, std::move(request), timeout);
}

Task<core::Result<io::UnitState>> FakeWorld::systemd_unit(std::string unit, Duration timeout) {
    asked.push_back("unit " + unit);
    co_return co_await answered(&FakeWorld::on_unit, std::move(unit), timeout);
}

Task<core::Result<io::Finished>> FakeWorld::worker(std::string job, std::string input, Duration timeout) {
    asked.push_back("worker " + job);
    const bool arrived = co_await arrives_within(timeout);
    if (!arrived)
        co_return too_late<io::Finished>(timeout);
    co_return on_worker ? on_worker(job, input) : nobody<io::Finished>();
}

Task<core::Result<std::vector<std::string>>> FakeWorld::resolve(std::string host, Duration timeout) {
    asked.push_back("resolve " + host);
    const bool arrived = co_await arrives_within(timeout);
    if (!arrived)
        co_return too_late<std::vector<std::string>>(timeout);
    if (const auto found = addresses.find(host); found != addresses.end())
        co_return found->second;
    if (host == "localhost" || host.find_first_not_of("0123456789.") == std::string::npos || host.contains(':'))
        co_return std::vector<std::string>{host};
    co_return nobody<std::vector<std::string>>();
}

Task<core::Result<std::vector<io::Service>>> FakeWorld::resolve_services(std::string name, Duration timeout) {
    asked.push_back("srv " + name);
    const bool arrived = co_await arrives_within(timeout);
    if (!arrived)
        co_return too_late<std::vector<io::Service>>(timeout);
    if (const auto found = services.find(name); found != services.end())
        co_return found->second;
    co_return std::vector<io::Service>{};
}

Task<core::Result<io::Secret>> FakeWorld::secret(core::config::SecretRef ref) {
    if (!ref)
        co_return io::Secret{};
    if (const auto found = secrets.find(ref.name); found != secrets.end())
        co_return io::Secret{found->second};
    co_return core::failed(core::FailureKind::misconfigured, fmt::format("secret '{}' is missing", ref.name));
}

Task<core::Result<io::Scratch>> FakeWorld::scratch(std::string parent, Duration timeout) {
    asked.push_back("scratch " + parent);
    const bool arrived = co_await arrives_within(timeout);
    if (!arrived)
        co_return too_late<io::Scratch>(timeout);
    scratch_folders.push_back(fmt::format("{}/scratch{}", parent, ++scratch_made_));
    co_return io::Scratch{scratch_folders.back(),
                          [this](const std::string& path) { std::erase(scratch_folders, path); }};
}

io::Finished exited(std::string out, int status, std::string err) {
    io::Finished finished;
    finished.status = status;
    finished.out = std::move(out);
    finished.err = std::move(err);
    return finished;
}

std::string data(const std::string& name) {
    std::ifstream in(source_folder() / "tests/data" / name, std::ios::binary);
    if (!in)
        throw std::runtime_error("no such test document: tests/data/" + name);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return std::move(bytes).str();
}

} // namespace recoverd::test
