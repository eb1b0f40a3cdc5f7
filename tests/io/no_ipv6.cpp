// SPDX-License-Identifier: Apache-2.0
#include "tests/io/no_ipv6.hpp"

#include <dlfcn.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>

namespace recoverd::test {

namespace {

std::atomic<bool> without{false};

} // namespace

NoIpv6::NoIpv6() { without = true; }

NoIpv6::~NoIpv6() { without = false; }

} // namespace recoverd::test

extern "C" int connect(int fd, const sockaddr* address, socklen_t length) {
    if (recoverd::test::without.load() && address->sa_family == AF_INET6) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    using Call = int (*)(int, const sockaddr*, socklen_t);
    static const auto real = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "connect"));
    return real(fd, address, length);
}
