// SPDX-License-Identifier: Apache-2.0
#include "tests/io/no_local_address.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace recoverd::test {

namespace {

std::atomic<bool> without{false};
std::atomic<bool> without_sockets{false};
/// 0 when there are ports towards everybody.
std::atomic<in_addr_t> used_up{0};

bool is_stream(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

bool has_no_address(int fd, const sockaddr* there) {
    if (there->sa_family == AF_INET6)
        return without.load();
    const in_addr_t towards = used_up.load();
    if (there->sa_family != AF_INET || towards == 0)
        return false;
    sockaddr_in inet{};
    std::memcpy(&inet, there, sizeof inet);
    return inet.sin_addr.s_addr == towards && is_stream(fd);
}

} // namespace

NoIpv6::NoIpv6() { without = true; }

NoIpv6::~NoIpv6() { without = false; }

NoIpv6Sockets::NoIpv6Sockets() { without_sockets = true; }

NoIpv6Sockets::~NoIpv6Sockets() { without_sockets = false; }

NoPorts::NoPorts(const char* towards) { used_up = ::inet_addr(towards); }

NoPorts::~NoPorts() { used_up = 0; }

} // namespace recoverd::test

extern "C" int socket(int domain, int type, int protocol) noexcept {
    if (domain == AF_INET6 && recoverd::test::without_sockets) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    using Call = int (*)(int, int, int);
    static const auto real = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "socket"));
    return real(domain, type, protocol);
}

extern "C" int connect(int fd, const sockaddr* address, socklen_t length) {
    if (recoverd::test::has_no_address(fd, address)) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    using Call = int (*)(int, const sockaddr*, socklen_t);
    static const auto real = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "connect"));
    return real(fd, address, length);
}
