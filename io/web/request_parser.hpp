// SPDX-License-Identifier: Apache-2.0
// Bytes to requests. Boost.Beast's parser does it; it stays behind this, for it takes long to compile.
#pragma once

#include "io/http_server.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace recoverd::io::web {

class RequestParser {
  public:
    explicit RequestParser(const HttpServerLimits& limits);
    ~RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    enum class State : std::uint8_t { in_headers, in_body, done, failed };
    /// Takes what it can from the front of `bytes`.
    State feed(std::string& bytes);

    /// 400, 413, 431 or 505 after `failed`.
    int error_status() const { return error_status_; }
    /// Does the client wait for "100 Continue"?
    bool expects_continue() const;
    bool keep_alive() const;
    /// After `done`.
    HttpIncoming take();

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    /// Bytes that no part of the parser has taken, once the headers are through.
    std::size_t most_left_;
    int error_status_ = 400;
};

} // namespace recoverd::io::web
