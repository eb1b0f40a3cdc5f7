// SPDX-License-Identifier: Apache-2.0
// The TLS side of the web server: a context that follows its files.
#pragma once

#include "io/http_server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace asio::ssl {
class context; // NOLINT(readability-identifier-naming): asio's
}

namespace recoverd::io::web {

/// What connections come in by.
struct TlsContext {
    /// Null when there never was a usable one.
    std::shared_ptr<asio::ssl::context> context;
    /// Another one when the file of authorities that clients are trusted by was changed.
    std::string authorities;
};

/// Web thread only, once that runs.
class TlsKeeper {
  public:
    /// For connections that come in now; made anew when options or files changed. When the new files cannot be used the
    /// old one stays, and `warn` is called once.
    TlsContext current(const ServerTls& options, const std::function<void(std::string)>& warn);

  private:
    TlsContext context_;
    ServerTls options_;
    /// Modification times and sizes of the files as they were last tried.
    std::string stamp_;
};

/// Reads all files that are named. Throws std::runtime_error: what was expected, what was found in which file, and what
/// to do about it. No word of a key is in it.
std::shared_ptr<asio::ssl::context> make_server_context(const ServerTls& options);

/// Changes when one of the files does.
std::string stamp_of(const ServerTls& options);

/// Behind what is wrong, and before what to do about it.
std::string with_note(std::string error, std::string_view note);

} // namespace recoverd::io::web
