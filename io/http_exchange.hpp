// SPDX-License-Identifier: Apache-2.0
// One request to one server, as libcurl is told of it and tells of it. Which server that is, and what comes after a
// redirect, is io/http_client.cpp's business.
#pragma once

#include "io/http.hpp"
#include "io/url.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct curl_slist; // NOLINT(readability-identifier-naming): curl's

namespace recoverd::io {

/// Where a name leads, so that curl never asks for itself.
struct Place {
    std::string host;
    std::string port;
    std::vector<std::string> addresses;
};

class Exchange {
  public:
    /// `easy` is blank; it, the request and the URL outlive this. `trusted`: may this server have our credentials?
    Exchange(void* easy, const HttpRequest& request, const Url& url, bool trusted);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// `forgotten`: names that curl's own cache need not keep any longer, as "host:port".
    void set_places(const std::vector<Place>& places, const std::vector<std::string>& forgotten);
    void set_proxy(const std::optional<Url>& proxy);
    void set_timeout(core::Duration left);
    /// What became of it: `code` is curl's word for it (a CURLcode).
    Result<HttpAnswer> conclude(int code);

  private:
    enum class Stopped : std::uint8_t { no, body_too_large, headers_too_large };
    struct Callbacks;

    void set_manners();
    void set_method();
    void set_headers();
    void set_auth();
    void set_tls();
    void keep_header(std::string_view line);
    void keep_certificate();
    FailureKind kind_of(int code) const;
    std::string words_for(int code) const;

    void* easy_;
    const HttpRequest& request_;
    const Url& url_;
    bool trusted_;
    HttpAnswer answer_;
    /// What the server showed, whether it was asked for or not: a failure says why it is not trusted.
    std::optional<core::Certificate> shown_;
    std::size_t header_bytes_ = 0;
    Stopped stopped_ = Stopped::no;
    core::Duration left_{0};
    std::vector<curl_slist*> lists_;
    std::array<char, 256> error_{};
};

/// What is wrong with a request before anybody is asked, or nothing.
std::optional<Failure> mistake_in(const HttpRequest& request);

/// "GET https://host/path", for failures.
std::string name_of(const HttpRequest& request, const Url& url);

} // namespace recoverd::io
