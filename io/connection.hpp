// SPDX-License-Identifier: Apache-2.0
// One TCP connection that may turn into TLS half-way (STARTTLS). asio and OpenSSL stay behind it.
#pragma once

#include "core/evidence.hpp"
#include "io/http.hpp"
#include "io/task.hpp"

#include <asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace recoverd::io {

class Connection {
  public:
    explicit Connection(const asio::any_io_executor& executor);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// `address` is numeric. Begins anew each time.
    Task<Result<void>> open(std::string address, std::string port);
    /// TLS from here on. A certificate that is not trusted comes back with its fault, for its dates; `host` is asked
    /// for and checked unless the options name another one.
    Task<Result<core::Certificate>> shake_hands(TlsOptions options, std::string host);
    Task<Result<void>> write(std::string bytes);
    /// At least one byte, at most `most`; the end of the connection is `bad_answer`.
    Task<Result<std::string>> read_some(std::size_t most);
    /// Numeric address and port of the other side.
    std::string peer() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Bytes of a stranger as one readable line.
std::string printable(std::string_view bytes);

} // namespace recoverd::io
