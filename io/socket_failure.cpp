// SPDX-License-Identifier: Apache-2.0
#include "io/socket_failure.hpp"

#include "io/fd.hpp"

#include <asio/ip/udp.hpp>

namespace recoverd::io {

bool lacks_family(const sockaddr* there, socklen_t size) {
    // Datagrams need no port of TCP, and where theirs are used up connect() answers EAGAIN (Linux, inet_dgram_connect).
    const Fd socket{::socket(there->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket)
        return errno == EAFNOSUPPORT;
    return ::connect(socket.get(), there, size) != 0 && errno == EADDRNOTAVAIL;
}

bool lacks_family(const std::string& address) {
    constexpr std::uint16_t kAny = 9; // nothing is sent there
    const asio::ip::udp::endpoint there{asio::ip::make_address(address), kAny};
    return lacks_family(there.data(), static_cast<socklen_t>(there.size()));
}

} // namespace recoverd::io
