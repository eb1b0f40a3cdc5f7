// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/failure.hpp"

#include <string>

namespace recoverd::io::web {

struct Listening {
    int fd = -1;
    int family = 0;
    /// As it is shown: "127.0.0.1:9754", "unix:/run/recoverd/web.sock".
    std::string address;
    /// To be removed at the end; only for sockets that we made.
    std::string unix_path;
};

/// A non-blocking listening socket. Only numeric hosts and "localhost", so that nothing is resolved.
core::Result<Listening> listen_on(const std::string& address);
/// One that was handed over.
core::Result<Listening> adopt(int fd);

} // namespace recoverd::io::web
