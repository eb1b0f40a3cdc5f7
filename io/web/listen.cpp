// SPDX-License-Identifier: Apache-2.0
#include "io/web/listen.hpp"

#include "core/config/values.hpp"
#include "io/fd.hpp"
#include "io/url.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace recoverd::io::web {

namespace {

constexpr int kBacklog = 128;
constexpr mode_t kSocketMode = 0660;

std::unexpected<core::Failure> cannot(const std::string& address, std::string_view why) {
    return core::failed(core::FailureKind::misconfigured, fmt::format("cannot listen on '{}': {}", address, why));
}

std::string shown(const sockaddr_storage& address, socklen_t length) {
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
    if (address.ss_family == AF_UNIX) {
        const auto& local = reinterpret_cast<const sockaddr_un&>(address);
        return std::string{"unix:"} + local.sun_path;
    }
    if (getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return "?";
    return fmt::format("{}:{}", bracketed(host), port);
}

std::string own_address(int fd) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    return shown(address, length);
}

/// A socket file that nobody listens behind is left over from a crash.
bool is_stale(const sockaddr_un& address) {
    struct stat info{};
    if (::stat(address.sun_path, &info) != 0 || !S_ISSOCK(info.st_mode))
        return false;
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool refused =
        connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED;
    close(probe);
    return refused;
}

core::Result<Listening> listen_unix(const std::string& address) {
    const std::string path = address.substr(std::string_view{"unix:"}.size());
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof local.sun_path)
        return cannot(address, fmt::format("expected a path of at most {} bytes", sizeof local.sun_path - 1));
    std::memcpy(local.sun_path, path.data(), path.size());
    if (is_stale(local))
        unlink(local.sun_path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
        chmod(local.sun_path, kSocketMode) != 0 || listen(fd, kBacklog) != 0) {
        const std::string why = std::strerror(errno);
        close(fd);
        return cannot(address, why);
    }
    return Listening{fd, AF_UNIX, address, path};
}

/// `host`: numeric, or null for every address of the family.
core::Result<Listening> listen_at(const std::string& address, const char* host, const char* port, int family) {
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* raw = nullptr;
    if (getaddrinfo(host, port, &hints, &raw) != 0)
        return cannot(address, "expected a numeric address and port");
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found{raw, &::freeaddrinfo};
    Fd fd{socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd)
        return cannot(address, std::strerror(errno));
    const int on = 1;
    const int off = 0;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!host && family == AF_INET6)
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0 || listen(fd.get(), kBacklog) != 0)
        return cannot(address, std::strerror(errno));
    std::string own = own_address(fd.get());
    return Listening{fd.release(), found->ai_family, std::move(own), {}};
}

/// A kernel that was started with ipv6.disable=1 has no sockets of that family.
bool has_ipv6() {
    const Fd probe{socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    return probe || errno != EAFNOSUPPORT;
}

core::Result<Listening> listen_inet(const std::string& address) {
    const auto colon = address.rfind(':');
    if (colon == std::string::npos)
        return cannot(address, "expected HOST:PORT, [v6]:PORT, :PORT or unix:PATH");
    std::string host = address.substr(0, colon);
    const char* const port = address.c_str() + colon + 1;
    // getaddrinfo would take 99999 for 34463, and nothing for 0, which is any port.
    if (!core::config::parse_port(port))
        return cannot(address, fmt::format("expected a port from 0 to 65535, found '{}'", port));
    // Every address of both families is one v6 socket.
    if (host.empty())
        return listen_at(address, nullptr, port, has_ipv6() ? AF_INET6 : AF_INET);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    if (host == "localhost")
        host = "127.0.0.1";
    return listen_at(address, host.c_str(), port, AF_UNSPEC);
}

} // namespace

core::Result<Listening> listen_on(const std::string& address) {
    return address.starts_with("unix:") ? listen_unix(address) : listen_inet(address);
}

core::Result<Listening> adopt(int fd) {
    int listening = 0;
    socklen_t length = sizeof listening;
    sockaddr_storage address{};
    socklen_t address_length = sizeof address;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 || listening == 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &address_length) != 0)
        return cannot(fmt::format("inherited descriptor {}", fd), "expected a listening stream socket");
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return Listening{fd, address.ss_family, own_address(fd), {}};
}

} // namespace recoverd::io::web
