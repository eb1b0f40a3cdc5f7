// SPDX-License-Identifier: Apache-2.0
// What an errno of a socket says of whoever was to be reached, or does not.
#pragma once

#include "core/failure.hpp"

#include <cerrno>

namespace recoverd::io {

/// This host or this process has run out of something (descriptors, memory, buffers, ports or addresses of its own),
/// which says nothing of who was to be asked.
constexpr bool is_own_shortage(int error) {
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS || error == EADDRNOTAVAIL;
}

/// Of socket(), connect() and the like. A shortage is `misconfigured`: ours to mend, and nobody is told to be down.
constexpr core::FailureKind kind_of_socket(int error) {
    if (is_own_shortage(error))
        return core::FailureKind::misconfigured;
    if (error == ECONNREFUSED)
        return core::FailureKind::refused;
    return error == ETIMEDOUT ? core::FailureKind::timed_out : core::FailureKind::unreachable;
}

} // namespace recoverd::io
