// SPDX-License-Identifier: Apache-2.0
#include "io/connect.hpp"

#include "io/connection.hpp"
#include "io/deadline.hpp"
#include "io/resolve.hpp"
#include "io/socket_failure.hpp"

#include <fmt/format.h>

namespace recoverd::io {

namespace {

using core::failed;

// PostgreSQL's SSLRequest: length 8, code 80877103.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
constexpr std::string_view kSslRequest{"\x00\x00\x00\x08\x04\xd2\x16\x2f", 8};

Task<Result<void>> start_tls_postgres(Connection& connection) {
    const auto asked = co_await connection.write(std::string(kSslRequest));
    if (!asked)
        co_return asked;
    const auto answer = co_await connection.read_some(1);
    if (!answer)
        co_return std::unexpected(answer.error());
    if (*answer != "S")
        co_return failed(FailureKind::bad_answer,
                         *answer == "N" ? "the server has TLS switched off"
                                        : fmt::format("expected the answer to an SSLRequest, found byte {:#04x}",
                                                      static_cast<unsigned char>((*answer)[0])));
    co_return Result<void>{};
}

/// Reads one reply of SMTP, however many lines it has; expects this code.
Task<Result<std::string>> smtp_reply(Connection& connection, std::string_view code) {
    constexpr std::size_t kMaxReply = 8'192;
    std::string reply;
    for (;;) {
        const auto more = co_await connection.read_some(512);
        if (!more)
            co_return std::unexpected(more.error());
        reply += *more;
        const auto last_line = reply.rfind('\n', reply.size() - 2) + 1;
        const bool whole = reply.ends_with('\n') && reply.size() - last_line > 3 && reply[last_line + 3] == ' ';
        if (whole || reply.size() > kMaxReply)
            break;
    }
    if (!reply.starts_with(code))
        co_return failed(FailureKind::bad_answer,
                         fmt::format("expected {} of SMTP, found {}", code, printable(reply.substr(0, 80))));
    co_return reply;
}

Task<Result<void>> start_tls_smtp(Connection& connection) {
    const auto banner = co_await smtp_reply(connection, "220");
    if (!banner)
        co_return std::unexpected(banner.error());
    const auto greeted = co_await connection.write("EHLO recoverd\r\n");
    if (!greeted)
        co_return greeted;
    const auto offers = co_await smtp_reply(connection, "250");
    if (!offers)
        co_return std::unexpected(offers.error());
    if (!offers->contains("STARTTLS"))
        co_return failed(FailureKind::bad_answer, "the server does not offer STARTTLS");
    const auto asked = co_await connection.write("STARTTLS\r\n");
    if (!asked)
        co_return asked;
    const auto ready = co_await smtp_reply(connection, "220");
    if (!ready)
        co_return std::unexpected(ready.error());
    co_return Result<void>{};
}

/// Reads until `expect` has come, the other side closes, or enough has been read.
Task<Result<std::string>> listen_for(Connection& connection, std::string expect) {
    constexpr std::size_t kMaxAnswer = 4'096;
    std::string answer;
    while (!answer.contains(expect)) {
        const auto more = co_await connection.read_some(1'024);
        if (!more || answer.size() > kMaxAnswer)
            co_return failed(FailureKind::bad_answer,
                             fmt::format("expected '{}' in the answer, found '{}'", expect, printable(answer)));
        answer += *more;
    }
    co_return answer;
}

/// Everything after the connection stands. `connected` is filled as far as it goes.
Task<Result<Connected>> converse(Connection& connection, ConnectRequest request, std::string host) {
    Connected connected;
    connected.peer = connection.peer();
    Result<void> ready;
    if (request.starttls == StartTls::postgres)
        ready = co_await start_tls_postgres(connection);
    else if (request.starttls == StartTls::smtp)
        ready = co_await start_tls_smtp(connection);
    if (!ready)
        co_return std::unexpected(ready.error());
    if (request.tls) {
        auto certificate = co_await connection.shake_hands(request.tls_options, host);
        if (!certificate)
            co_return std::unexpected(certificate.error());
        connected.certificate = std::move(*certificate);
        // Nothing is said to a server that is not trusted.
        if (!connected.certificate->fault.empty())
            co_return connected;
    }
    if (!request.send.empty()) {
        const auto sent = co_await connection.write(request.send);
        if (!sent)
            co_return std::unexpected(sent.error());
    }
    if (!request.expect.empty()) {
        auto answer = co_await listen_for(connection, request.expect);
        if (!answer)
            co_return std::unexpected(answer.error());
        connected.answer = std::move(*answer);
    }
    co_return connected;
}

} // namespace

Task<Result<void>> reach(Timers& timers, Connection& connection, HostPort where, core::Duration timeout) {
    const core::Duration deadline = timers.elapsed() + timeout;
    const auto addresses = co_await resolve(where.host, timeout);
    if (!addresses)
        co_return std::unexpected(addresses.error());
    Failure last{FailureKind::unreachable, "no address"};
    // Of the whole time: the share that one address had says nothing to anybody.
    const std::string late = no_answer_within(timeout);
    for (std::size_t i = 0; i < addresses->size(); ++i) {
        const core::Duration left = deadline - timers.elapsed();
        const core::Duration share = left / static_cast<core::Duration::rep>(addresses->size() - i);
        auto opening = connection.open((*addresses)[i], where.port);
        const auto opened = co_await with_deadline(timers, share, std::move(opening), late);
        if (opened)
            co_return opened;
        // An address of a family that this host lacks says nothing of the others. One that could not be tried for want
        // of anything else may be the one that answers: nothing is known.
        if (i == 0 || opened.error().kind != FailureKind::misconfigured || !lacks_family((*addresses)[i]))
            last = opened.error();
    }
    co_return std::unexpected(last);
}

std::optional<HostPort> split_address(const std::string& address) {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size())
        return std::nullopt;
    HostPort parts{address.substr(0, colon), address.substr(colon + 1)};
    const bool bracketed = parts.host.front() == '[' && parts.host.back() == ']';
    if (bracketed)
        parts.host = parts.host.substr(1, parts.host.size() - 2);
    else if (parts.host.contains(':'))
        return std::nullopt;
    if (parts.port.find_first_not_of("0123456789") != std::string::npos || parts.port.size() > 5 ||
        std::stoul(parts.port) > 65'535 || parts.host.empty())
        return std::nullopt;
    return parts;
}

Task<Result<Connected>> connect(Timers& timers, ConnectRequest request) {
    const auto where = split_address(request.address);
    if (!where)
        co_return failed(FailureKind::misconfigured, fmt::format("expected host:port, found '{}'", request.address));
    const core::Duration began = timers.elapsed();
    const core::Duration timeout = request.timeout;
    const std::string address = request.address;
    auto conversing = [&](Connection& connection) { return converse(connection, std::move(request), where->host); };
    auto connected = co_await reach_and(timers, *where, timeout, std::move(conversing));
    if (connected)
        connected->latency = timers.elapsed() - began;
    else
        connected.error().detail = fmt::format("{}: {}", address, connected.error().detail);
    co_return connected;
}

} // namespace recoverd::io
