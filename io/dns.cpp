// SPDX-License-Identifier: Apache-2.0
// Without EDNS: an answer over 512 bytes comes cut off and is asked for again over TCP, which is thereby looked at,
// too.
#include "io/dns.hpp"

#include "io/connect.hpp"
#include "io/deadline.hpp"
#include "io/dns_message.hpp"
#include "io/resolve.hpp"
#include "io/socket_failure.hpp"
#include "io/url.hpp"

#include <asio/buffer.hpp>
#include <asio/ip/udp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <fstream>
#include <random>
#include <sstream>

namespace recoverd::io {

namespace {

using core::failed;
using Udp = asio::ip::udp;

constexpr int kRounds = 2;

std::uint16_t new_id() {
    static std::random_device device; // from the kernel: it may not be guessed
    return static_cast<std::uint16_t>(device());
}

std::string address_of(const HostPort& where) { return bracketed(where.host) + ":" + where.port; }

Failure of_socket(const asio::error_code& error) { return {kind_of_socket(error.value()), error.message()}; }

Result<DnsReply> understood(std::span<const unsigned char> message, std::uint16_t type) {
    auto reply = read_dns(message, type);
    if (!reply)
        return failed(FailureKind::bad_answer, fmt::format("{} bytes that are no DNS message", message.size()));
    return std::move(*reply);
}

Task<Result<DnsReply>> over_udp(HostPort where, DnsRequest request) {
    const std::uint16_t id = new_id();
    const auto query = dns_query(id, request.name, request.type);
    Udp::socket socket{co_await asio::this_coro::executor};
    const Udp::endpoint endpoint{asio::ip::make_address(where.host),
                                 static_cast<std::uint16_t>(std::stoul(where.port))};
    asio::error_code error;
    socket.open(endpoint.protocol(), error);
    if (!error)
        socket.connect(endpoint, error); // so that it hears that nobody listens, and nobody else
    if (!error)
        socket.send(asio::buffer(*query), 0, error);
    if (error)
        co_return std::unexpected(of_socket(error));
    DnsBytes message(65'535);
    for (;;) {
        const auto buffer = asio::buffer(message);
        const auto size = co_await socket.async_receive(buffer, asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted)
            throw asio::system_error(error);
        if (error)
            co_return std::unexpected(of_socket(error));
        const auto received = std::span{message}.first(size);
        if (dns_answers(received, id, request.name, request.type))
            co_return understood(received, request.type);
    }
}

/// Two bytes of length before each message (RFC 1035, 4.2.2).
Task<Result<DnsReply>> over_tcp(HostPort where, DnsRequest request) {
    const std::uint16_t id = new_id();
    const auto query = dns_query(id, request.name, request.type);
    Connection connection{co_await asio::this_coro::executor};
    auto opened = co_await connection.open(where.host, where.port);
    if (!opened)
        co_return std::unexpected(opened.error());
    std::string framed{static_cast<char>(query->size() >> 8U), static_cast<char>(query->size() & 0xffU)};
    framed.append(query->begin(), query->end());
    const auto sent = co_await connection.write(std::move(framed));
    if (!sent)
        co_return std::unexpected(sent.error());
    std::string received;
    std::size_t wanted = 2;
    while (received.size() < wanted) {
        const auto more = co_await connection.read_some(wanted - received.size());
        if (!more)
            co_return failed(FailureKind::bad_answer,
                             fmt::format("the answer was cut off after {} bytes", received.size()));
        received += *more;
        if (received.size() == 2)
            wanted = std::size_t{2} + static_cast<unsigned char>(received[0]) * std::size_t{256} +
                     static_cast<unsigned char>(received[1]);
    }
    const auto* const bytes = reinterpret_cast<const unsigned char*>(received.data());
    const std::span message{bytes + 2, received.size() - 2};
    if (!dns_answers(message, id, request.name, request.type))
        co_return failed(FailureKind::bad_answer, "an answer to another question");
    co_return understood(message, request.type);
}

struct Asked {
    HostPort where;
    /// Of one try.
    core::Duration share{0};
};

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): the loop's
Task<Result<DnsAnswer>> ask_one(Timers& timers, DnsRequest request, Asked asked, core::Duration until) {
    const core::Duration began = timers.elapsed();
    // Of the whole time: the share that one try had says nothing to anybody.
    const std::string late = no_answer_within(request.timeout);
    auto asking = over_udp(asked.where, request);
    auto reply = co_await with_deadline(timers, asked.share, std::move(asking), late);
    const bool truncated = reply && reply->truncated;
    if (truncated) {
        auto again = over_tcp(asked.where, request);
        reply = co_await with_deadline(timers, until - timers.elapsed(), std::move(again), late);
        if (!reply)
            reply.error().detail = "cut off over UDP, and over TCP " + reply.error().detail;
        else if (reply->truncated)
            co_return failed(FailureKind::bad_answer, "cut off over UDP and over TCP as well");
    }
    if (!reply)
        co_return std::unexpected(std::move(reply.error()));
    reply->answer.tcp = truncated;
    reply->answer.server = address_of(asked.where);
    reply->answer.latency = timers.elapsed() - began;
    co_return std::move(reply->answer);
}

/// Numeric addresses of all name servers, in their order.
Task<Result<std::vector<HostPort>>> places(std::vector<std::string> servers, core::Duration timeout) {
    std::vector<HostPort> found;
    for (const std::string& server : servers) {
        const auto where = split_address(server);
        if (!where)
            co_return failed(FailureKind::misconfigured, fmt::format("expected host:port, found '{}'", server));
        const auto addresses = co_await resolve(where->host, timeout);
        if (!addresses)
            co_return std::unexpected(addresses.error());
        for (const std::string& address : *addresses)
            found.push_back({address, where->port});
    }
    if (found.empty())
        co_return failed(FailureKind::misconfigured, "expected a name server, found none");
    co_return found;
}

/// SERVFAIL, NOTIMP or REFUSED: of the server, and not of the name.
bool says_nothing(const DnsAnswer& answer) { return answer.code == 2 || answer.code == 4 || answer.code == 5; }

Failure about(const DnsRequest& request, const std::string& who, const Failure& failure) {
    return {failure.kind, fmt::format("{}: {}: {}", request.name, who, failure.detail)};
}

} // namespace

Task<Result<DnsAnswer>> ask_dns(Timers& timers, DnsRequest request, std::vector<std::string> servers) {
    const core::Duration until = timers.elapsed() + request.timeout;
    if (!dns_query(0, request.name, request.type))
        co_return failed(FailureKind::misconfigured, fmt::format("expected a name, found '{}'", request.name));
    if (!request.server.empty())
        servers = {request.server};
    const auto all = co_await places(std::move(servers), request.timeout);
    if (!all)
        co_return std::unexpected(all.error());
    // As the C library does: one of those of resolv.conf that cannot or will not say is no word on the name.
    const bool may_go_on = request.server.empty();
    std::optional<Result<DnsAnswer>> unhelpful;
    Failure last{FailureKind::timed_out, "no answer"};
    const std::size_t tries = all->size() * kRounds;
    for (std::size_t i = 0; i < tries; ++i) {
        const HostPort& where = (*all)[i % all->size()];
        const core::Duration left = until - timers.elapsed();
        const Asked asked{where, left / static_cast<core::Duration::rep>(tries - i)};
        if (asked.share <= core::Duration{0})
            break;
        auto answer = co_await ask_one(timers, request, asked, until);
        if (answer && may_go_on && says_nothing(*answer)) {
            unhelpful.emplace(std::move(answer));
            // Each of them once: they have answered.
            if (i + 1 >= all->size())
                break;
            continue;
        }
        if (answer)
            co_return answer;
        // As in reach(): an address of a family that this host lacks says nothing of the others.
        if (i == 0 || answer.error().kind != FailureKind::misconfigured || !lacks_family(where.host))
            last = about(request, address_of(where), answer.error());
    }
    if (unhelpful)
        co_return std::move(*unhelpful);
    co_return std::unexpected(last);
}

std::vector<std::string> system_name_servers(const std::string& path) {
    constexpr std::size_t kMost = 3; // the C library's
    std::vector<std::string> servers;
    std::ifstream file{path};
    for (std::string line; std::getline(file, line) && servers.size() < kMost;) {
        std::istringstream words{line};
        std::string keyword;
        std::string address;
        asio::error_code not_numeric;
        if (words >> keyword >> address && keyword == "nameserver") {
            asio::ip::make_address(address, not_numeric);
            if (!not_numeric)
                servers.push_back(address_of({address, "53"}));
        }
    }
    if (servers.empty())
        servers.emplace_back("127.0.0.1:53");
    return servers;
}

} // namespace recoverd::io
