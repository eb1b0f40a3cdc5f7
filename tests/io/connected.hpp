// SPDX-License-Identifier: Apache-2.0
// How a client that waits comes to a server under test.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace recoverd::test {

/// A blocking socket to "127.0.0.1:PORT" or "unix:PATH", which gives up reading after five seconds.
inline int connected_to(const std::string& address) {
    int fd = -1;
    if (address.starts_with("unix:")) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        std::strncpy(local.sun_path, address.c_str() + 5, sizeof local.sun_path - 1);
        REQUIRE(connect(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) == 0);
    } else {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in inet{};
        inet.sin_family = AF_INET;
        inet.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
        inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(connect(fd, reinterpret_cast<sockaddr*>(&inet), sizeof inet) == 0);
    }
    const timeval limit{5, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

} // namespace recoverd::test
