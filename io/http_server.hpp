// SPDX-License-Identifier: Apache-2.0
// A small web server on one thread of its own: slow, idle and greedy clients delay neither each other nor the checks.
// It knows HTTP, not what is served; see exporters/web.hpp.
#pragma once

#include "core/failure.hpp"
#include "core/time.hpp"
#include "io/secret.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace recoverd::io {

struct HttpIncoming {
    std::string verb;
    /// Before and after the question mark, as they came.
    std::string path;
    std::string query;
    /// Names in lower case.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// Numeric address, or "unix".
    std::string peer;
    /// Came over loopback or a unix socket.
    bool local = false;
    /// Who proved by basic authentication to be whom; empty for nobody.
    std::string user;

    /// The first header of that (lower-case) name, or empty.
    std::string_view header(std::string_view name) const;
};

struct HttpReply {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// Hands in a reply later, once, from any thread.
using HttpReplier = std::function<void(HttpReply)>;
/// Called on the web thread. Replies at once, or with nothing and later through `later`.
using HttpHandler = std::function<std::optional<HttpReply>(const HttpIncoming& request, const HttpReplier& later)>;

enum class ClientAuth : std::uint8_t { none, request, require_any, verify_if_given, require_and_verify };

struct ServerTls {
    std::string cert_file;
    std::string key_file;
    std::string client_ca_file;
    /// PEM, each in place of a file that is not named. Two keys are the same when they are one object.
    std::string cert;
    std::shared_ptr<const Secret> key;
    std::string client_ca;
    ClientAuth client_auth = ClientAuth::none;
    /// A certificate of a client has to have one of these as a subject alternative name; empty: whatever it is called.
    /// Only where one is required.
    std::vector<std::string> client_names;
    /// OpenSSL's numbers; 0: its default.
    int min_version = 0x0303;
    int max_version = 0;
    /// OpenSSL's cipher list for TLS 1.2, the most wanted first; empty: its default.
    std::string ciphers;
    /// OpenSSL's list of groups for the exchange of keys, the most wanted first; empty: its default.
    std::string groups;
    /// Of what both sides have, ours decides which is most wanted; else the client.
    bool own_preference = true;

    bool operator==(const ServerTls&) const = default;
};

/// `burst` requests at once, and one more after each `interval`. Both are above 0.
struct RateLimit {
    std::chrono::nanoseconds interval{};
    int burst = 1;

    bool operator==(const RateLimit&) const = default;
};

/// Who may come in, and how. Immutable; a new one replaces it.
struct WebSecurity {
    std::optional<ServerTls> tls;
    /// bcrypt hashes by user; empty: everybody may.
    std::map<std::string, std::string> users;
    std::vector<std::pair<std::string, std::string>> headers;
    /// Of all requests together, whoever asks for whatever.
    std::optional<RateLimit> rate_limit;
};

struct HttpServerLimits {
    core::Duration headers{10'000};
    core::Duration body{20'000};
    /// A whole reply, however large: a client that reads slower than that is not reading.
    core::Duration write{30'000};
    core::Duration idle{75'000};
    /// For a reply that is handed in later.
    core::Duration reply{35'000};
    std::size_t max_headers = std::size_t{16} << 10U;
    std::size_t max_body = std::size_t{1} << 20U;
    /// Beyond it the connection that has been waiting for a request the longest is closed.
    std::size_t max_connections = 256;
};

struct HttpServerOptions {
    /// `127.0.0.1:9754`, `[::1]:0`, `:9754` (every address), `unix:/run/recoverd/web.sock`.
    std::vector<std::string> listen;
    /// Listening sockets that someone handed over (systemd). Owned from then on.
    std::vector<int> inherited;
    /// Asked at each accept and request; null: no TLS, no users.
    std::function<std::shared_ptr<const WebSecurity>()> security;
    HttpServerLimits limits;
    /// One line for the log; any thread.
    std::function<void(std::string)> warn;
};

class HttpServer {
  public:
    /// Listens and serves at once. Fails with `misconfigured` and the address that could not be had, or what is wrong
    /// with a certificate or key. Those that it began with stay in use while later ones cannot be used.
    static core::Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, HttpHandler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Where it listens, with the port that was chosen for 0.
    const std::vector<std::string>& addresses() const;
    /// Runs `work` on the web thread.
    void post(std::function<void()> work);

  private:
    class Impl;
    explicit HttpServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// "Not Found" for 404.
std::string_view reason_phrase(int status);

} // namespace recoverd::io
