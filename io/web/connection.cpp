// SPDX-License-Identifier: Apache-2.0
#include "io/web/connection.hpp"

#include "io/web/request_parser.hpp"

#include <asio/redirect_error.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <array>

namespace recoverd::io::web {

namespace {

constexpr std::size_t kReadSize = 16384;
constexpr core::Duration kLinger{1'000};
constexpr core::Duration kHandshake{10'000};

auto into(asio::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

template <class Stream>
Task<bool> write_all(std::shared_ptr<Connection> connection, Stream& stream, std::string head, std::string body) {
    connection->deadline(connection->server().options.limits.write);
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
    asio::error_code error;
    co_await asio::async_write(stream, buffers, into(error));
    co_return !error;
}

/// A client that is still sending when the socket closes would get a reset in place of its reply.
template <class Stream>
Task<void> linger(std::shared_ptr<Connection> connection, Stream& stream) {
    connection->deadline(kLinger);
    asio::error_code error;
    connection->socket().shutdown(Socket::shutdown_send, error);
    std::string waste(kReadSize, '\0');
    while (!error)
        co_await stream.async_read_some(asio::buffer(waste), into(error));
}

/// Reads until a request is whole. False when the client is gone or the deadline closed the socket.
template <class Stream>
Task<bool> read_request(std::shared_ptr<Connection> connection, Stream& stream, std::string& bytes,
                        RequestParser& parser, RequestParser::State& state) {
    const HttpServerLimits& limits = connection->server().options.limits;
    using State = RequestParser::State;
    connection->deadline(limits.idle);
    bool begun = false;
    bool in_body = false;
    std::string chunk(kReadSize, '\0');
    state = State::in_headers;
    for (;;) {
        if (!bytes.empty()) {
            if (!begun)
                connection->deadline(limits.headers);
            begun = true;
            state = parser.feed(bytes);
        }
        if (state == State::done || state == State::failed)
            co_return true;
        if (state == State::in_body && !in_body) {
            in_body = true;
            connection->deadline(limits.body);
            if (parser.expects_continue()) {
                std::string permission = "HTTP/1.1 100 Continue\r\n\r\n";
                std::string nothing;
                const bool sent = co_await write_all(connection, stream, std::move(permission), std::move(nothing));
                if (!sent)
                    co_return false;
            }
            connection->deadline(limits.body);
        }
        asio::error_code error;
        const std::size_t size = co_await stream.async_read_some(asio::buffer(chunk), into(error));
        if (error)
            co_return false;
        bytes.append(chunk, 0, size);
    }
}

HttpReply refusal(int status) {
    HttpReply reply;
    reply.status = status;
    reply.body = std::string{reason_phrase(status)} + "\n";
    return reply;
}

TlsContext context_for(Server& server, const ServerTls& tls) {
    return server.tls.current(tls, [&server](const std::string& line) { server.warn("web: " + line); });
}

/// Not who came in while less was asked for, nor by the word of authorities that are asked no more.
bool may_go_on(Connection& connection, const WebSecurity& security) {
    if (security.tls != connection.admitted_by->tls)
        return false;
    return !security.tls || context_for(connection.server(), *security.tls).authorities == connection.authorities;
}

template <class Stream>
Task<void> serve_stream(std::shared_ptr<Connection> connection, Stream& stream) {
    std::string bytes;
    for (bool keep_alive = true; keep_alive;) {
        RequestParser parser(connection->server().options.limits);
        auto state = RequestParser::State::in_headers;
        connection->waiting = true;
        connection->waiting_since = std::chrono::steady_clock::now();
        const bool read = co_await read_request(connection, stream, bytes, parser, state);
        if (!read)
            co_return;
        connection->waiting = false;
        const auto security = connection->server().security();
        // It comes in anew, if it may.
        if (!may_go_on(*connection, *security))
            co_return;
        if (state == RequestParser::State::failed) {
            HttpReply reply = refusal(parser.error_status());
            std::string head = head_of(reply, {}, *security, false);
            co_await write_all(connection, stream, std::move(head), std::move(reply.body));
            co_await linger(connection, stream);
            co_return;
        }
        keep_alive = parser.keep_alive();
        const auto request = std::make_shared<HttpIncoming>(parser.take());
        request->peer = connection->peer;
        request->local = connection->local;
        connection->deadline(connection->server().options.limits.reply);
        HttpReply reply = co_await reply_to(connection, request);
        std::string head = head_of(reply, *request, *security, keep_alive);
        std::string body = request->verb == "HEAD" ? std::string{} : std::move(reply.body);
        const bool sent = co_await write_all(connection, stream, std::move(head), std::move(body));
        if (!sent)
            co_return;
    }
}

void tell_failed(Connection& connection, const SSL* tls, const asio::error_code& error) {
    const auto failed = failed_handshake(tls, error);
    if (!failed)
        return;
    Server& server = connection.server();
    if (auto line = server.handshakes.line(connection.peer, *failed, std::chrono::steady_clock::now()))
        server.warn(std::move(*line));
}

} // namespace

Connection::Connection(std::shared_ptr<Server> server, Socket socket, std::string from, bool is_local)
    : peer(std::move(from)),
      local(is_local),
      server_(std::move(server)),
      socket_(std::move(socket)),
      timer_(server_->ioc) {}

void Connection::deadline(core::Duration from_now) {
    timer_.expires_after(from_now);
    timer_.async_wait([weak = weak_from_this()](asio::error_code error) {
        if (const auto self = weak.lock(); self && !error)
            self->close();
    });
}

void Connection::close() {
    asio::error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
}

Task<void> serve(std::shared_ptr<Connection> connection) {
    const auto security = connection->server().security();
    connection->admitted_by = security;
    if (!security->tls) {
        co_await serve_stream(connection, connection->socket());
    } else {
        // The stream keeps what it needs of the context by reference count.
        TlsContext tls = context_for(connection->server(), *security->tls);
        if (!tls.context)
            co_return connection->close();
        connection->authorities = std::move(tls.authorities);
        asio::ssl::stream<Socket&> stream(connection->socket(), *tls.context);
        connection->deadline(kHandshake);
        asio::error_code error;
        co_await stream.async_handshake(asio::ssl::stream_base::server, into(error));
        if (error)
            tell_failed(*connection, stream.native_handle(), error);
        else
            co_await serve_stream(connection, stream);
        // A polite end, so that the client knows that nothing was cut off.
        if (!error && connection->socket().is_open()) {
            connection->deadline(kLinger);
            co_await stream.async_shutdown(into(error));
        }
    }
    connection->close();
}

} // namespace recoverd::io::web
