// SPDX-License-Identifier: Apache-2.0
#include "io/resp_client.hpp"

#include "io/connect.hpp"
#include "io/connection.hpp"
#include "io/deadline.hpp"
#include "io/json.hpp"
#include "io/resp_reader.hpp"

#include <fmt/format.h>

namespace recoverd::io {

namespace {

using core::failed;

constexpr std::size_t kAtOnce = 16'384;

/// What has come so far may hold a whole value, or be no RESP at all.
Result<std::optional<RespValue>> look(RespReader& reader, std::string_view more) {
    try {
        reader.feed(more);
        return reader.next();
    } catch (const BadDocument& bad) {
        return failed(FailureKind::bad_answer, bad.what());
    }
}

Task<Result<RespValue>> read_reply(Connection& connection, RespReader& reader) {
    auto value = look(reader, {});
    while (value && !*value) {
        const auto more = co_await connection.read_some(kAtOnce);
        if (!more)
            co_return std::unexpected(more.error());
        value = look(reader, *more);
    }
    if (!value)
        co_return std::unexpected(value.error());
    co_return std::move(**value);
}

/// A server that knows no AUTH, or a hostile one, may give back what it was sent.
std::string without(std::string words, const std::string& secret) {
    for (auto at = words.find(secret); !secret.empty() && at != std::string::npos; at = words.find(secret, at))
        words.replace(at, secret.size(), "…");
    return words;
}

Task<Result<void>> log_in(Connection& connection, RespReader& reader, RespRequest request) {
    RespCommand command{"AUTH"};
    if (!request.username.empty())
        command.push_back(request.username);
    command.push_back(request.password.reveal());
    const auto sent = co_await connection.write(encode(command));
    if (!sent)
        co_return sent;
    const auto reply = co_await read_reply(connection, reader);
    if (!reply)
        co_return std::unexpected(reply.error());
    if (reply->is_error())
        co_return failed(FailureKind::refused,
                         printable(without(reply->text, request.password.reveal())).substr(0, 300));
    co_return Result<void>{};
}

Task<Result<void>> begin_tls(Connection& connection, TlsOptions options, std::string host) {
    const auto certificate = co_await connection.shake_hands(std::move(options), std::move(host));
    if (!certificate)
        co_return std::unexpected(certificate.error());
    if (!certificate->fault.empty())
        co_return failed(FailureKind::bad_answer,
                         fmt::format("the certificate is not trusted: {}", certificate->fault));
    co_return Result<void>{};
}

/// Everything after the connection stands.
Task<Result<RespAnswer>> converse(Connection& connection, RespRequest request, std::string host) {
    Result<void> ready;
    if (request.tls)
        ready = co_await begin_tls(connection, request.tls_options, std::move(host));
    RespReader reader;
    const bool known = !request.username.empty() || !request.password.empty();
    if (ready && known)
        ready = co_await log_in(connection, reader, request);
    if (!ready)
        co_return std::unexpected(ready.error());
    std::string asked;
    for (const RespCommand& command : request.commands)
        asked += encode(command);
    const auto sent = co_await connection.write(std::move(asked));
    if (!sent)
        co_return std::unexpected(sent.error());
    RespAnswer answer;
    while (answer.replies.size() < request.commands.size()) {
        auto reply = co_await read_reply(connection, reader);
        if (!reply)
            co_return std::unexpected(reply.error());
        answer.replies.push_back(std::move(*reply));
    }
    co_return answer;
}

} // namespace

Task<Result<RespAnswer>> ask(Timers& timers, RespRequest request) {
    const auto where = split_address(request.address);
    if (!where)
        co_return failed(FailureKind::misconfigured, fmt::format("expected host:port, found '{}'", request.address));
    const core::Duration timeout = request.timeout;
    const std::string address = request.address;
    auto conversing = [&](Connection& connection) { return converse(connection, std::move(request), where->host); };
    auto answer = co_await reach_and(timers, *where, timeout, std::move(conversing));
    if (!answer)
        answer.error().detail = fmt::format("{}: {}", address, answer.error().detail);
    co_return answer;
}

} // namespace recoverd::io
