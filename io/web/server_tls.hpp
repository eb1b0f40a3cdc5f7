// SPDX-License-Identifier: Apache-2.0
// The TLS side of the web server: a context that follows its files.
#pragma once

#include "io/http_server.hpp"

#include <asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace recoverd::io::web {

/// Web thread only.
class TlsKeeper {
  public:
    /// The context for connections that come in now; made anew when options or files changed. When the new files cannot
    /// be used the old context stays, and `warn` is called once. Null when there never was a usable one.
    std::shared_ptr<asio::ssl::context> current(const ServerTls& options, const std::function<void(std::string)>& warn);

  private:
    std::shared_ptr<asio::ssl::context> context_;
    ServerTls options_;
    /// Modification times and sizes of the files as they were last tried.
    std::string stamp_;
};

/// Throws asio::system_error or std::runtime_error naming the file.
std::shared_ptr<asio::ssl::context> make_server_context(const ServerTls& options);

} // namespace recoverd::io::web
