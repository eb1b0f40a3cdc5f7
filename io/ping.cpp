// SPDX-License-Identifier: Apache-2.0
#include "io/ping.hpp"

#include "io/deadline.hpp"
#include "io/fd.hpp"
#include "io/ping_packet.hpp"
#include "io/resolve.hpp"
#include "io/socket_failure.hpp"

#include <asio/ip/address.hpp>
#include <asio/ip/icmp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <random>

#include <netinet/in.h>
#include <sys/socket.h>

namespace recoverd::io {

namespace {

using core::failed;
using Clock = std::chrono::steady_clock;

struct Socket {
    Fd fd;
    bool raw = false;
};

Result<Socket> open_socket(IpFamily family) {
    const int domain = family == IpFamily::v4 ? AF_INET : AF_INET6;
    const int protocol = family == IpFamily::v4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
    constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (Fd own{::socket(domain, SOCK_DGRAM | kFlags, protocol)})
        return Socket{std::move(own), false};
    if (errno == EAFNOSUPPORT)
        return failed(kind_of_socket(errno), "this host has no network of that family");
    if (Fd raw{::socket(domain, SOCK_RAW | kFlags, protocol)})
        return Socket{std::move(raw), true};
    if (is_own_shortage(errno))
        return failed(kind_of_socket(errno), fmt::format("cannot ping: {}", std::strerror(errno)));
    return failed(
        FailureKind::misconfigured,
        fmt::format("may not ping: expected net.ipv4.ping_group_range to hold group {}, or CAP_NET_RAW, found "
                    "neither\nhint: sysctl net.ipv4.ping_group_range=\"0 2147483647\", or AmbientCapabilities="
                    "CAP_NET_RAW for the service",
                    ::getegid()));
}

bool connect_to(int fd, const asio::ip::address& address) {
    const asio::ip::icmp::endpoint where{address, 0};
    return ::connect(fd, where.data(), static_cast<socklen_t>(where.size())) == 0;
}

/// Echoes to one address that are under way.
class Pinger {
  public:
    Pinger(const asio::any_io_executor& executor, Socket socket, IpFamily family)
        : family_(family), raw_(socket.raw), descriptor_(executor, socket.fd.release()) {
        std::random_device random;
        id_ = static_cast<std::uint16_t>(random());
        cookie_ = static_cast<std::uint64_t>(random()) << 32U | random();
    }

    void send(Pinged& seen) {
        const auto sequence = static_cast<std::uint16_t>(++seen.sent);
        const auto bytes = echo_request(family_, {id_, sequence, cookie_});
        under_way_[sequence] = Clock::now();
        if (::send(descriptor_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0)
            seen.trouble = std::strerror(errno);
    }

    /// All that has come. Each counts once, however often it comes.
    void receive(Pinged& seen) {
        std::array<unsigned char, 2'048> bytes{};
        // Bounded: a raw socket hears all that its host says, and the loop waits.
        for (int i = 0; i < 64; ++i) {
            const auto size = ::recv(descriptor_.native_handle(), bytes.data(), bytes.size(), 0);
            if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                return;
            if (size < 0) {
                seen.trouble = std::strerror(errno); // what the network said of an earlier one
                continue;
            }
            const auto now = Clock::now();
            const auto echo = read_echo_reply(family_, raw_ && family_ == IpFamily::v4,
                                              std::span{bytes}.first(static_cast<std::size_t>(size)));
            // The kernel gives its own id to those that go through a ping socket.
            const bool ours = echo && echo->cookie == cookie_ && (!raw_ || echo->id == id_);
            const auto sent = ours ? under_way_.find(echo->sequence) : under_way_.end();
            if (sent == under_way_.end())
                continue;
            seen.trips.push_back(std::chrono::duration_cast<std::chrono::microseconds>(now - sent->second));
            under_way_.erase(sent);
        }
    }

    bool waits() const { return !under_way_.empty(); }

    Task<Result<void>> readable() {
        asio::error_code error;
        co_await descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                                        asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted)
            throw asio::system_error(error);
        co_return Result<void>{};
    }

  private:
    IpFamily family_;
    bool raw_;
    asio::posix::stream_descriptor descriptor_;
    std::uint16_t id_ = 0;
    std::uint64_t cookie_ = 0;
    std::map<std::uint16_t, Clock::time_point> under_way_;
};

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): ping's own, which outlives all it awaits
/// Until so much time has passed, or nothing is under way and nobody wants to wait for more.
Task<void> listen(Timers& timers, Pinger& pinger, Pinged& seen, core::Duration until, bool whole) {
    while (timers.elapsed() < until && (whole || pinger.waits())) {
        auto readable = pinger.readable();
        const auto came = co_await with_deadline(timers, until - timers.elapsed(), std::move(readable));
        if (came)
            pinger.receive(seen);
    }
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

} // namespace

Task<Result<Pinged>> ping(Timers& timers, PingRequest request) {
    const core::Duration until = timers.elapsed() + request.timeout;
    const auto addresses = co_await resolve(request.host, request.timeout);
    if (!addresses)
        co_return std::unexpected(addresses.error());
    const auto address = asio::ip::make_address(addresses->front());
    const IpFamily family = address.is_v4() ? IpFamily::v4 : IpFamily::v6;
    auto socket = open_socket(family);
    if (!socket)
        co_return std::unexpected(std::move(socket.error()));
    Pinged seen;
    seen.address = addresses->front();
    if (!connect_to(socket->fd.get(), address)) {
        const int error = errno;
        if (is_own_shortage(error))
            co_return failed(kind_of_socket(error), fmt::format("{}: {}", seen.address, std::strerror(error)));
        seen.trouble = std::strerror(error); // no route
        seen.sent = request.count;
        co_return seen;
    }
    const auto executor = co_await asio::this_coro::executor;
    Pinger pinger{executor, std::move(*socket), family};
    for (unsigned i = 1; i <= request.count && timers.elapsed() < until; ++i) {
        pinger.send(seen);
        const bool last = i == request.count;
        const core::Duration next = last ? until : std::min(until, timers.elapsed() + request.interval);
        co_await listen(timers, pinger, seen, next, !last);
    }
    co_return seen;
}

} // namespace recoverd::io
