// SPDX-License-Identifier: Apache-2.0
// One request to one server, as libcurl is told of it and tells of it. Which server that is, and what comes after a
// redirect, is io/http_client.cpp's business.
#pragma once

#include "io/http.hpp"
#include "io/url.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>

struct curl_slist; // NOLINT(readability-identifier-naming): curl's

namespace recoverd::io {

/// Where a name leads, so that curl never asks for itself.
struct Place {
    std::string host;
    std::string port;
    std::vector<std::string> addresses;
};

/// Takes a body as it comes; false ends the exchange as `bad_answer`. Called by the loop: what takes long has no place
/// in it.
using TakeBody = std::function<bool(std::string_view)>;

class Exchange {
  public:
    /// `easy` is blank; it, the request and the URL outlive this. `trusted`: may this server have our credentials?
    Exchange(void* easy, const HttpRequest& request, const Url& url, bool trusted);
    /// The body of an answer of status 200 goes there, and not into the answer.
    void set_take(TakeBody take) { take_ = std::move(take); }
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
    enum class Stopped : std::uint8_t { no, body_too_large, body_not_taken, headers_too_large };
    struct Callbacks;
    static constexpr std::size_t kMostHeaderBytes = std::size_t{256} << 10U;

    void set_manners();
    void set_method();
    void set_headers();
    void set_auth();
    void set_tls();
    void keep_header(std::string_view line);
    void keep_certificate();
    int status() const;
    /// curl's, or 0.
    int last_error() const;
    void keep_error();
    void keep_address(const sockaddr* address, std::size_t size);
    int connect_error() const;
    FailureKind kind_of(int code) const;
    std::string words_for(int code) const;

    void* easy_;
    const HttpRequest& request_;
    const Url& url_;
    bool trusted_;
    /// The URL by the name that the server's certificate goes by, where that is another one.
    std::shared_ptr<Curl_URL> renamed_;
    HttpAnswer answer_;
    /// What the server showed, whether it was asked for or not: a failure says why it is not trusted.
    std::optional<core::Certificate> shown_;
    std::size_t header_bytes_ = 0;
    TakeBody take_;
    std::size_t taken_ = 0;
    Stopped stopped_ = Stopped::no;
    /// The errno that kept us from opening a socket for want of something of our own; 0 when nothing was wanting.
    int shortage_ = 0;
    /// Was one of the addresses of a family that this host has no sockets of?
    bool lacks_family_ = false;
    /// The last address that is none of these; of no size when there was none.
    sockaddr_storage trying_{};
    socklen_t trying_size_ = 0;
    /// The errno of an address before the last one, that says something of who was to be reached; 0 when there is none.
    int tried_ = 0;
    std::vector<curl_slist*> lists_;
    std::array<char, 256> error_{};
};

/// What is wrong with a request before anybody is asked, or nothing.
std::optional<Failure> mistake_in(const HttpRequest& request);

/// "GET https://host/path", for failures.
std::string name_of(const HttpRequest& request, const Url& url);

} // namespace recoverd::io
