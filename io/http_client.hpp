// SPDX-License-Identifier: Apache-2.0
// HTTP as a client, for all checks of a loop: libcurl moves the bytes, io::resolve knows the names, redirects are
// followed here. Used by the loop's thread only; must go before its loop does.
#pragma once

#include "io/http.hpp"
#include "io/task.hpp"

#include <asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace recoverd::io {

class HttpClient {
  public:
    explicit HttpClient(asio::io_context& ioc);
    /// Requests under way end without an answer.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Any status is an answer. Fails with `unreachable`, `refused`, `timed_out`, `bad_answer` (TLS, cut off, too
    /// large, too many redirects) or `misconfigured` (what was asked makes no sense, a file of TLS cannot be read).
    Task<Result<HttpAnswer>> get(HttpRequest request);
    /// The same, and the body of an answer of status 200 goes to `take` as it comes, which may end it by false: for
    /// what is too large for memory. The loop waits for `take`.
    Task<Result<HttpAnswer>> get_into(HttpRequest request, std::function<bool(std::string_view)> take);

    class Handles;

  private:
    std::shared_ptr<Handles> handles_;
};

} // namespace recoverd::io
