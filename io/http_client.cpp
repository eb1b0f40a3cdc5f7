// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.hpp"

#include "io/client_options.hpp"
#include "io/curl_multi.hpp"
#include "io/http_exchange.hpp"
#include "io/resolve.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>
#include <unordered_set>

namespace recoverd::io {

using Clock = std::chrono::steady_clock;

/// What requests share: the multi with its connections, and easy handles to use again.
class HttpClient::Handles {
  public:
    explicit Handles(asio::io_context& ioc) : multi(std::make_shared<CurlMulti>(ioc)) {}
    ~Handles() {
        for (void* easy : idle_)
            ::curl_easy_cleanup(easy);
    }
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;

    void* take() {
        if (idle_.empty()) {
            void* const easy = ::curl_easy_init();
            return easy ? easy : throw std::runtime_error("curl_easy_init failed");
        }
        void* const easy = idle_.back();
        idle_.pop_back();
        return easy;
    }

    void give_back(void* easy) {
        constexpr std::size_t kMostIdle = 64;
        if (idle_.size() < kMostIdle)
            idle_.push_back(easy);
        else
            ::curl_easy_cleanup(easy);
    }

    const std::shared_ptr<CurlMulti> multi;
    /// curl has been told where `name` ("host:port") leads.
    void tell(std::string name) { told_.insert(std::move(name)); }
    /// Names that curl may forget again: its cache would otherwise keep every name for ever. Many at a time, since one
    /// that is asked for again and again need not be forgotten each time.
    std::vector<std::string> to_forget() {
        constexpr std::size_t kMostTold = 64;
        if (told_.size() < kMostTold)
            return {};
        std::vector<std::string> names{told_.begin(), told_.end()};
        told_.clear();
        return names;
    }

  private:
    std::vector<void*> idle_;
    std::unordered_set<std::string> told_;
};

namespace {

using Handles = HttpClient::Handles;

class Lease {
  public:
    explicit Lease(std::shared_ptr<Handles> handles) : handles_(std::move(handles)), easy_(handles_->take()) {}
    ~Lease() { handles_->give_back(easy_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    void* easy() const { return easy_; }

  private:
    std::shared_ptr<Handles> handles_;
    void* easy_;
};

core::Duration until(Clock::time_point deadline) {
    return std::chrono::ceil<core::Duration>(std::max(deadline - Clock::now(), Clock::duration{0}));
}

core::Duration since(Clock::time_point began) { return std::chrono::round<core::Duration>(Clock::now() - began); }

/// Other kinds of proxies either have curl resolve the target's name or are nothing that HTTP goes through today.
Result<std::optional<Url>> read_proxy(const std::string& proxy) {
    if (proxy.empty())
        return std::nullopt;
    auto url = Url::parse(proxy.contains("://") ? proxy : "http://" + proxy);
    if (!url)
        return core::failed(FailureKind::misconfigured, "proxy: " + url.error().detail);
    return std::move(*url);
}

/// Is it a redirect that one can follow?
bool redirects(const HttpAnswer& answer) {
    constexpr std::array kRedirects{301, 302, 303, 307, 308};
    return std::find(kRedirects.begin(), kRedirects.end(), answer.status) != kRedirects.end() &&
           !answer.header("location").empty();
}

/// After these a GET follows, as every browser does it (RFC 9110, 15.4).
void change_verb(HttpRequest& request, int status) {
    const bool to_get =
        (status == 303 && request.verb != "HEAD") || ((status == 301 || status == 302) && request.verb == "POST");
    if (!to_get)
        return;
    request.verb = "GET";
    request.body.clear();
}

Failure about(const HttpRequest& request, const Url& url, const Failure& failure) {
    return {failure.kind, fmt::format("{}: {}", name_of(request, url), failure.detail)};
}

Task<Result<HttpAnswer>> fetch(std::shared_ptr<Handles> handles, HttpRequest request, TakeBody take) {
    const auto began = Clock::now();
    const auto deadline = began + request.timeout;
    if (auto mistake = mistake_in(request))
        co_return std::unexpected(std::move(*mistake));
    const auto first = Url::parse(request.url);
    if (!first)
        co_return std::unexpected(first.error());
    const auto proxy = read_proxy(request.proxy);
    if (!proxy)
        co_return std::unexpected(proxy.error());
    std::optional<core::Certificate> certificate;
    Url url = *first;
    for (unsigned hops = 0;; ++hops) {
        const Url& way = *proxy ? **proxy : url;
        std::vector<Place> places;
        if (!way.numeric && request.unix_socket.empty()) {
            auto addresses = co_await resolve(way.host, until(deadline));
            if (!addresses)
                co_return std::unexpected(about(request, url, addresses.error()));
            places.push_back({way.host, way.port, std::move(*addresses)});
        }
        const Lease lease(handles);
        Exchange exchange(lease.easy(), request, url, url.same_server(*first));
        exchange.set_places(places, handles->to_forget());
        exchange.set_proxy(*proxy);
        exchange.set_timeout(until(deadline));
        exchange.set_take(take);
        handles->tell(way.host + ":" + way.port);
        const int code = co_await perform(handles->multi, lease.easy());
        auto answer = exchange.conclude(code);
        if (!answer)
            co_return answer;
        if (!certificate)
            certificate = answer->certificate;
        if (answer->status == 0 || request.max_redirects == 0 || !redirects(*answer)) {
            if (answer->status != 0)
                answer->certificate = certificate; // of the server that was asked, not of one it pointed to
            answer->url = url.text;
            answer->latency = since(began);
            co_return answer;
        }
        if (hops == request.max_redirects)
            co_return core::failed(FailureKind::bad_answer, fmt::format("{}: expected at most {} redirects, found more",
                                                                        name_of(request, *first), hops));
        auto next = url.follow(std::string{answer->header("location")});
        if (!next)
            co_return std::unexpected(next.error());
        change_verb(request, answer->status);
        url = std::move(*next);
    }
}

} // namespace

HttpClient::HttpClient(asio::io_context& ioc) {
    static const CURLcode initialised = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    if (initialised != CURLE_OK)
        throw std::runtime_error("curl_global_init failed");
    // OpenSSL writes to connections that the other side has closed, and curl is told not to touch signals.
    std::signal(SIGPIPE, SIG_IGN);
    handles_ = std::make_shared<Handles>(ioc);
}

HttpClient::~HttpClient() { handles_->multi->close(); }

Task<Result<HttpAnswer>> HttpClient::get(HttpRequest request) { return fetch(handles_, std::move(request), {}); }

Task<Result<HttpAnswer>> HttpClient::get_into(HttpRequest request, std::function<bool(std::string_view)> take) {
    return fetch(handles_, std::move(request), std::move(take));
}

} // namespace recoverd::io
