// SPDX-License-Identifier: Apache-2.0
// The web thread: listens, accepts, keeps the number of connections in bounds.
#include "io/http_server.hpp"

#include "io/web/connection.hpp"
#include "io/web/listen.hpp"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

namespace recoverd::io {

namespace {

using web::Connection;
using web::Server;
using web::Socket;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

constexpr std::chrono::milliseconds kOutOfDescriptors{100};

struct Peer {
    std::string name = "unix";
    bool local = true;
};

Peer peer_of(const asio::generic::stream_protocol::endpoint& endpoint) {
    const auto* const address = reinterpret_cast<const sockaddr*>(endpoint.data());
    char text[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
        inet_ntop(AF_INET, &v4, text, sizeof text);
        return {text, (ntohl(v4.s_addr) >> 24U) == 127};
    }
    if (address->sa_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
        inet_ntop(AF_INET6, &v6, text, sizeof text);
        return {text, IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127)};
    }
    return {};
}

Task<void> accept_all(std::shared_ptr<Server> server, std::shared_ptr<Acceptor> acceptor) {
    for (;;) {
        asio::error_code error;
        asio::generic::stream_protocol::endpoint endpoint;
        Socket socket = co_await acceptor->async_accept(endpoint, asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor)
            co_return;
        if (error) {
            // Out of descriptors, most likely: the connection stays in the backlog.
            asio::steady_timer pause(server->ioc, kOutOfDescriptors);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        const bool inet = reinterpret_cast<const sockaddr*>(endpoint.data())->sa_family != AF_UNIX;
        const int on = 1;
        if (inet)
            setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Peer peer = peer_of(endpoint);
        if (!server->make_room())
            continue;
        auto connection = std::make_shared<Connection>(server, std::move(socket), std::move(peer.name), peer.local);
        server->connections.push_back(connection);
        asio::co_spawn(server->ioc, web::serve(std::move(connection)), asio::detached);
    }
}

} // namespace

bool web::Server::make_room() {
    connections.remove_if([](const auto& weak) { return weak.expired(); });
    if (connections.size() < options.limits.max_connections)
        return true;
    std::shared_ptr<Connection> longest;
    for (const auto& weak : connections)
        if (auto connection = weak.lock();
            connection && connection->waiting && (!longest || connection->waiting_since < longest->waiting_since))
            longest = std::move(connection);
    if (!longest)
        return false;
    longest->close();
    return true;
}

class HttpServer::Impl {
  public:
    Impl(HttpServerOptions options, HttpHandler handler) {
        server_->options = std::move(options);
        server_->handler = std::move(handler);
    }

    ~Impl() {
        {
            const std::scoped_lock lock(server_->mutex);
            server_->ended = true;
        }
        ioc_->stop();
        if (thread_.joinable())
            thread_.join();
        server_->pool.stop();
        server_->pool.join();
        acceptors_.clear();
        work_.reset();
        // With it go the coroutines of the connections, and with them the last holders of `server_` but this.
        ioc_.reset();
        for (const std::string& path : unix_paths_)
            unlink(path.c_str());
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    core::Result<void> read_certificates() {
        const auto security = server_->security();
        std::string why;
        const auto take = [&why](std::string line) { why = std::move(line); };
        if (security->tls && !server_->tls.current(*security->tls, take).context)
            return core::failed(core::FailureKind::misconfigured, why);
        return {};
    }

    core::Result<void> listen() {
        for (const std::string& address : server_->options.listen)
            if (auto failure = add(web::listen_on(address)))
                return std::unexpected(std::move(*failure));
        for (const int fd : server_->options.inherited)
            if (auto failure = add(web::adopt(fd)))
                return std::unexpected(std::move(*failure));
        return {};
    }

    void run() {
        for (const auto& acceptor : acceptors_)
            asio::co_spawn(server_->ioc, accept_all(server_, acceptor), asio::detached);
        thread_ = std::thread([ioc = ioc_.get()] { ioc->run(); });
        pthread_setname_np(thread_.native_handle(), "recoverd-web");
    }

    std::optional<core::Failure> add(core::Result<web::Listening> made) {
        if (!made)
            return made.error();
        const asio::generic::stream_protocol protocol(made->family, 0);
        acceptors_.push_back(std::make_shared<Acceptor>(server_->ioc, protocol, made->fd));
        addresses.push_back(made->address);
        if (!made->unix_path.empty())
            unix_paths_.push_back(made->unix_path);
        return std::nullopt;
    }

    void post(std::function<void()> work) { asio::post(*ioc_, std::move(work)); }

    std::vector<std::string> addresses;

  private:
    std::unique_ptr<asio::io_context> ioc_ = std::make_unique<asio::io_context>(1);
    std::shared_ptr<Server> server_ = std::make_shared<Server>(*ioc_);
    asio::executor_work_guard<asio::io_context::executor_type> work_{ioc_->get_executor()};
    std::vector<std::shared_ptr<Acceptor>> acceptors_;
    std::vector<std::string> unix_paths_;
    std::thread thread_;
};

core::Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, HttpHandler handler) {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
    if (auto certificates = impl->read_certificates(); !certificates)
        return std::unexpected(certificates.error());
    if (auto listening = impl->listen(); !listening)
        return std::unexpected(listening.error());
    impl->run();
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

const std::vector<std::string>& HttpServer::addresses() const { return impl_->addresses; }

void HttpServer::post(std::function<void()> work) { impl_->post(std::move(work)); }

} // namespace recoverd::io
