// SPDX-License-Identifier: Apache-2.0
// What an errno of a socket says of whoever was to be reached, or does not.
#pragma once

#include "core/failure.hpp"

#include <cerrno>
#include <string>

#include <sys/socket.h>

namespace recoverd::io {

/// This host or this process has run out of descriptors, memory or buffers.
constexpr bool is_exhausted(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/// It has run out of these, or lacks ports, addresses or a whole family of its own: that says nothing of who was to be
/// asked.
constexpr bool is_own_shortage(int error) {
    return is_exhausted(error) || error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

/// Of socket(), connect() and the like. A shortage is `misconfigured`: ours to mend, and nobody is told to be down.
constexpr core::FailureKind kind_of_socket(int error) {
    if (is_own_shortage(error))
        return core::FailureKind::misconfigured;
    if (error == ECONNREFUSED)
        return core::FailureKind::refused;
    return error == ETIMEDOUT ? core::FailureKind::timed_out : core::FailureKind::unreachable;
}

/// Has this host no address of its own from which it could ask there? On a host without IPv6 there is no socket of that
/// family (EAFNOSUPPORT), or connect() answers EADDRNOTAVAIL for each of its addresses, as it does where all ports
/// towards one are used up. Nothing is sent.
bool lacks_family(const sockaddr* there, socklen_t size);
/// `address`: numeric.
bool lacks_family(const std::string& address);

} // namespace recoverd::io
