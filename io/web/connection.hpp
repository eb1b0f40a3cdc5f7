// SPDX-License-Identifier: Apache-2.0
// What the connections of one web server share, and one of them. Everything here is the web thread's.
#pragma once

#include "io/http_server.hpp"
#include "io/task.hpp"
#include "io/web/handshakes.hpp"
#include "io/web/rate_limiter.hpp"
#include "io/web/server_tls.hpp"
#include "io/web/users.hpp"

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>

#include <list>
#include <mutex>

namespace recoverd::io::web {

using Socket = asio::generic::stream_protocol::socket;

class Connection;

struct Server {
    explicit Server(asio::io_context& context) : ioc(context) {}

    HttpServerOptions options;
    HttpHandler handler;
    /// Owned by the HttpServer: coroutines in it hold this, so this may not hold it.
    asio::io_context& ioc;
    /// For bcrypt.
    asio::thread_pool pool{1};
    std::size_t waiting_for_pool = 0;
    ProvenUsers proven;
    TlsKeeper tls;
    HandshakeLog handshakes;
    RateLimiter limiter;
    std::list<std::weak_ptr<Connection>> connections;
    /// Guards `ended`: nothing is handed to the web thread once it ends.
    std::mutex mutex;
    bool ended = false;

    std::shared_ptr<const WebSecurity> security() const;
    void warn(std::string line) const {
        if (options.warn)
            options.warn(std::move(line));
    }
    /// Closes the one that has been waiting for a request the longest. False when all are busy.
    bool make_room();
};

/// Closes its socket when its deadline passes: whatever it waits for then fails.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(std::shared_ptr<Server> server, Socket socket, std::string from, bool is_local);

    Server& server() { return *server_; }
    const std::shared_ptr<Server>& shared_server() { return server_; }
    Socket& socket() { return socket_; }
    void deadline(core::Duration from_now);
    void close();

    /// What was asked for when it came in, and by which authorities its certificate was trusted.
    std::shared_ptr<const WebSecurity> admitted_by;
    std::string authorities;
    bool waiting = true;
    std::chrono::steady_clock::time_point waiting_since = std::chrono::steady_clock::now();
    const std::string peer;
    const bool local;

  private:
    std::shared_ptr<Server> server_;
    Socket socket_;
    asio::steady_timer timer_;
};

/// Serves it to its end.
Task<void> serve(std::shared_ptr<Connection> connection);

/// Who asks, the reply to it, and what every reply carries. May wait for the pool or for the handler.
Task<HttpReply> reply_to(std::shared_ptr<Connection> connection, std::shared_ptr<HttpIncoming> request);
/// Status line and headers of a reply; compresses its body when the client takes that.
std::string head_of(HttpReply& reply, const HttpIncoming& request, const WebSecurity& security, bool keep_alive);

} // namespace recoverd::io::web
