// SPDX-License-Identifier: Apache-2.0
// From a whole request to a whole reply: who asks, what the handler says, how it is written.
#include "io/gzip.hpp"
#include "io/web/connection.hpp"

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <utility>

namespace recoverd::io {

std::string_view reason_phrase(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Unknown";
    }
}

std::string_view HttpIncoming::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name)
            return value;
    return {};
}

namespace web {

namespace {

constexpr std::size_t kWorthCompressing = 1024;
/// Guesses that may wait for bcrypt at a time; more are turned away.
constexpr std::size_t kMostWaiting = 32;

/// A value that comes later, from any thread, to a coroutine on the web thread.
template <class T>
struct Later {
    explicit Later(asio::io_context& ioc) : signal(ioc, asio::steady_timer::time_point::max()) {}

    asio::steady_timer signal;
    std::optional<T> value;
    bool given = false;
};

/// From any thread, also when nobody waits any more.
template <class T>
void hand_in(const std::weak_ptr<Server>& weak_server, const std::weak_ptr<Later<T>>& weak, T value) {
    const auto server = weak_server.lock();
    if (!server)
        return;
    const std::scoped_lock lock(server->mutex);
    // Released under the lock: its timer may not outlive the web thread's context.
    auto later = server->ended ? nullptr : weak.lock();
    if (!later || std::exchange(later->given, true))
        return;
    asio::post(server->ioc, [later = std::move(later), value = std::move(value)]() mutable {
        later->value = std::move(value);
        later->signal.cancel();
    });
}

template <class T>
Task<std::optional<T>> wait_for(std::shared_ptr<Later<T>> later, core::Duration timeout) {
    if (!later->value) {
        later->signal.expires_after(timeout);
        asio::error_code woken;
        co_await later->signal.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    co_return std::move(later->value);
}

HttpReply say(int status, std::string text) {
    HttpReply reply;
    reply.status = status;
    reply.body = std::move(text);
    return reply;
}

HttpReply ask_for_password() {
    HttpReply reply = say(401, "a user and a password are needed\n");
    reply.headers.emplace_back("WWW-Authenticate", "Basic realm=\"recoverd\", charset=\"UTF-8\"");
    return reply;
}

/// Nothing when the request may go on.
Task<std::optional<HttpReply>> check_user(std::shared_ptr<Server> server, std::shared_ptr<const WebSecurity> security,
                                          std::shared_ptr<HttpIncoming> request) {
    if (security->users.empty())
        co_return std::nullopt;
    const auto credentials = read_basic(request->header("authorization"));
    if (!credentials)
        co_return ask_for_password();
    if (!server->proven.contains(security->users, *credentials)) {
        if (server->waiting_for_pool >= kMostWaiting)
            co_return say(503, "too many are trying passwords\n");
        ++server->waiting_for_pool;
        const auto later = std::make_shared<Later<bool>>(server->ioc);
        asio::post(server->pool, [weak_server = std::weak_ptr(server), weak = std::weak_ptr(later), security,
                                  credentials = *credentials] {
            hand_in(weak_server, weak, password_matches(security->users, credentials));
        });
        const auto matches = co_await wait_for(later, server->options.limits.reply);
        --server->waiting_for_pool;
        if (!matches.value_or(false))
            co_return ask_for_password();
        server->proven.remember(security->users, *credentials);
    }
    request->user = credentials->user;
    co_return std::nullopt;
}

/// Before anything else is looked at: a guess of a password is a request, too.
HttpReply too_many(const RateLimit& limit) {
    HttpReply reply = say(429, "too many requests\nhint: ask again later, or less often\n");
    const auto wait = std::chrono::ceil<std::chrono::seconds>(limit.interval);
    reply.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return reply;
}

HttpReply broken(const Server& server, const HttpIncoming& request, std::string_view why) {
    server.warn(fmt::format("web: {} {} failed: {}", request.verb, request.path, why));
    return say(500, "something went wrong here; the log says what\n");
}

} // namespace

std::shared_ptr<const WebSecurity> Server::security() const {
    static const auto kNone = std::make_shared<const WebSecurity>();
    if (!options.security)
        return kNone;
    auto security = options.security();
    return security ? security : kNone;
}

Task<HttpReply> reply_to(std::shared_ptr<Connection> connection, std::shared_ptr<HttpIncoming> request) {
    const auto server = connection->shared_server();
    const auto security = server->security();
    if (!server->limiter.admits(security->rate_limit, std::chrono::steady_clock::now()))
        co_return too_many(*security->rate_limit);
    auto refused = co_await check_user(server, security, request);
    if (refused)
        co_return std::move(*refused);
    const auto later = std::make_shared<Later<HttpReply>>(server->ioc);
    const HttpReplier replier = [weak_server = std::weak_ptr(server), weak = std::weak_ptr(later)](HttpReply reply) {
        hand_in(weak_server, weak, std::move(reply));
    };
    std::optional<HttpReply> reply;
    try {
        reply = server->handler(*request, replier);
    } catch (const std::exception& error) {
        reply = broken(*server, *request, error.what());
    }
    if (!reply) {
        // Less than the connection's own deadline, so that there is someone to tell.
        reply = co_await wait_for(later, server->options.limits.reply * 9 / 10);
    }
    co_return reply ? std::move(*reply)
                    : say(503, "no answer in time\nhint: try again; the same report twice is no harm\n");
}

std::string head_of(HttpReply& reply, const HttpIncoming& request, const WebSecurity& security, bool keep_alive) {
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", reply.status, reason_phrase(reply.status));
    const auto add = [&](std::string_view name, std::string_view value) {
        // Whatever foreign text got here may not begin a header of its own.
        const auto end = value.find_first_of(std::string_view{"\r\n\0", 3});
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value.substr(0, end));
    };
    if (reply.status == 200 && reply.body.size() >= kWorthCompressing) {
        add("Vary", "Accept-Encoding");
        if (accepts_gzip(request.header("accept-encoding"))) {
            reply.body = gzip(reply.body);
            add("Content-Encoding", "gzip");
        }
    }
    add("Content-Type", reply.content_type);
    add("Content-Length", std::to_string(reply.body.size()));
    add("X-Content-Type-Options", "nosniff");
    add("Connection", keep_alive ? "keep-alive" : "close");
    for (const auto& [name, value] : reply.headers)
        add(name, value);
    for (const auto& [name, value] : security.headers)
        add(name, value);
    return head + "\r\n";
}

} // namespace web

} // namespace recoverd::io
