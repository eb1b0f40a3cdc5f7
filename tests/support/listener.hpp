// SPDX-License-Identifier: Apache-2.0
// A listener on a free port of loopback that does one thing with each connection, in a thread of its own.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace recoverd::test {

using Tcp = asio::ip::tcp;

class Listener {
  public:
    explicit Listener(std::function<void(Tcp::socket&)> script, const char* address = "127.0.0.1")
        : acceptor_(loop_, Tcp::endpoint{asio::ip::make_address(address), 0}),
          script_(std::move(script)),
          thread_([this] { serve(); }) {}
    ~Listener() { end(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// No connection is taken any more, and the script has ended: what it wrote may be read.
    void end() {
        if (!thread_.joinable())
            return;
        stopping_ = true;
        asio::error_code ignored;
        Tcp::socket{loop_}.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }

  private:
    void serve() {
        while (!stopping_) {
            asio::error_code error;
            Tcp::socket socket = acceptor_.accept(error);
            if (error || stopping_)
                return;
            try {
                script_(socket);
            } catch (const asio::system_error&) {
                // The client left in the middle: that is what some tests are about.
            }
        }
    }

    asio::io_context loop_;
    Tcp::acceptor acceptor_;
    std::function<void(Tcp::socket&)> script_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

inline std::uint16_t closed_port() {
    asio::io_context loop;
    return Tcp::acceptor{loop, Tcp::endpoint{asio::ip::address_v4::loopback(), 0}}.local_endpoint().port();
}

inline void say(Tcp::socket& socket, std::string_view text) { asio::write(socket, asio::buffer(text)); }

inline std::string hear(Tcp::socket& socket, std::size_t size) {
    std::string bytes(size, '\0');
    asio::read(socket, asio::buffer(bytes));
    return bytes;
}

} // namespace recoverd::test
