// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.hpp"

#include "io/gzip.hpp"
#include "tests/io/connected.hpp"
#include "tests/io/no_local_address.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

using namespace recoverd::io;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using recoverd::core::Duration;

namespace {

/// A blocking client that gives up after five seconds.
class Client {
  public:
    explicit Client(const std::string& address) : fd_(recoverd::test::connected_to(address)) {}
    ~Client() { close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Until the other side closes.
    std::string read_all() {
        std::string all;
        char chunk[65536];
        for (ssize_t got = 0; (got = recv(fd_, chunk, sizeof chunk, 0)) > 0;)
            all.append(chunk, static_cast<std::size_t>(got));
        return all;
    }
    /// At least up to `mark`.
    std::string read_until(std::string_view mark) {
        std::string all;
        char chunk[4096];
        while (!all.contains(mark)) {
            const auto got = recv(fd_, chunk, sizeof chunk, 0);
            if (got <= 0)
                break;
            all.append(chunk, static_cast<std::size_t>(got));
        }
        return all;
    }

  private:
    int fd_;
};

std::optional<HttpReply> echo(const HttpIncoming& request, const HttpReplier&) {
    HttpReply reply;
    reply.body = request.verb + " " + request.path + "?" + request.query + " " + request.body +
                 (request.local ? " local" : "") + " " + request.user + "\n";
    return reply;
}

/// The guard may answer otherwise from one request to the next.
std::unique_ptr<HttpServer> guarded(std::function<std::shared_ptr<const WebSecurity>()> guard,
                                    HttpHandler handler = echo, HttpServerLimits limits = {}) {
    HttpServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.limits = limits;
    options.security = std::move(guard);
    auto server = HttpServer::start(std::move(options), std::move(handler));
    REQUIRE(server);
    return std::move(*server);
}

std::unique_ptr<HttpServer> serving(HttpHandler handler = echo, HttpServerLimits limits = {},
                                    std::shared_ptr<const WebSecurity> security = nullptr) {
    return guarded([security] { return security; }, std::move(handler), limits);
}

std::string ask(const HttpServer& server, std::string_view head, std::string_view body = {}) {
    Client client(server.addresses().front());
    client.send(std::string{head} + "Connection: close\r\n\r\n" + std::string{body});
    return client.read_all();
}

constexpr std::string_view kGet = "GET /a?b=1 HTTP/1.1\r\nHost: x\r\n";

} // namespace

TEST_CASE("the web server answers, and keeps the connection for the next request") {
    const auto server = serving();
    Client client(server->addresses().front());
    client.send(std::string{kGet} + "\r\n" + std::string{kGet} + "Connection: close\r\n\r\n");
    const std::string answers = client.read_all();
    CHECK_THAT(answers, StartsWith("HTTP/1.1 200 OK\r\n") && ContainsSubstring("Connection: keep-alive"));
    CHECK_THAT(answers, ContainsSubstring("GET /a?b=1  local"));
    CHECK_THAT(answers.substr(answers.find("HTTP/1.1", 10)), ContainsSubstring("Connection: close"));
}

TEST_CASE("a client that drips its headers delays nobody, and is let go at the deadline") {
    HttpServerLimits limits;
    limits.headers = Duration{1'000};
    const auto server = serving(echo, limits);
    Client dripping(server->addresses().front());
    dripping.send("GET / HTT");
    const auto began = std::chrono::steady_clock::now();
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 200"));
    CHECK(std::chrono::steady_clock::now() - began < 800ms);
    // Further drops do not move the deadline.
    for (int i = 0; i < 8; ++i) {
        std::this_thread::sleep_for(150ms);
        dripping.send("x");
    }
    CHECK(dripping.read_all().empty());
    CHECK(std::chrono::steady_clock::now() - began < 4s);
}

TEST_CASE("fifty idle clients delay nobody") {
    const auto server = serving();
    std::vector<std::unique_ptr<Client>> idle;
    for (int i = 0; i < 50; ++i)
        idle.push_back(std::make_unique<Client>(server->addresses().front()));
    const auto began = std::chrono::steady_clock::now();
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 200"));
    CHECK(std::chrono::steady_clock::now() - began < 2s);
}

TEST_CASE("at the cap the connection that has waited the longest makes room") {
    HttpServerLimits limits;
    limits.max_connections = 3;
    const auto server = serving(echo, limits);
    std::vector<std::unique_ptr<Client>> idle;
    for (int i = 0; i < 3; ++i)
        idle.push_back(std::make_unique<Client>(server->addresses().front()));
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 200"));
    CHECK(idle.front()->read_all().empty());
}

TEST_CASE("a client that does not read its reply is let go at the total deadline") {
    HttpServerLimits limits;
    limits.write = Duration{300};
    std::atomic<bool> replied = false;
    const auto server = serving(
        [&replied](const HttpIncoming&, const HttpReplier&) {
            HttpReply reply;
            reply.body.assign(std::size_t{32} << 20U, 'x');
            replied = true;
            return std::optional{std::move(reply)};
        },
        limits);
    Client greedy(server->addresses().front());
    greedy.send(std::string{kGet} + "\r\n");
    while (!replied) // on a busy machine such a body takes a while to make
        std::this_thread::sleep_for(10ms);
    std::this_thread::sleep_for(1500ms);
    CHECK(greedy.read_all().size() < (std::size_t{32} << 20U));
}

TEST_CASE("what is too large or no HTTP is refused with the right status") {
    HttpServerLimits limits;
    limits.max_body = 100;
    limits.max_headers = 1000;
    const auto server = serving(echo, limits);
    const std::string large(200, 'b');
    CHECK_THAT(ask(*server, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n", large),
               StartsWith("HTTP/1.1 413"));
    CHECK_THAT(ask(*server, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n",
                   "c8\r\n" + large + "\r\n0\r\n\r\n"),
               StartsWith("HTTP/1.1 413"));
    CHECK_THAT(ask(*server, "GET / HTTP/1.1\r\nX: " + std::string(2000, 'h') + "\r\n"), StartsWith("HTTP/1.1 431"));
    CHECK_THAT(ask(*server, "\x16\x03\x01 hello\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_CASE("a line before a chunk and a trailer that never end are refused as headers are") {
    const auto server = serving();
    for (const char* begun : {"1;", "5\r\nhello\r\n1;", "0\r\nX: "}) {
        INFO(begun);
        CHECK_THAT(ask(*server, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n",
                       begun + std::string(100'000, 'x')),
                   StartsWith("HTTP/1.1 431"));
    }
    // What has an end, and a chunk that is larger than any line may be, is taken.
    const std::string chunk(50'000, 'b');
    CHECK_THAT(ask(*server, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n",
                   "c350;a=b\r\n" + chunk + "\r\n0\r\nX: y\r\n\r\n"),
               StartsWith("HTTP/1.1 200") && ContainsSubstring(chunk));
}

TEST_CASE("a body waits for its permission, as curl asks it") {
    const auto server = serving();
    Client client(server->addresses().front());
    client.send(
        "POST /o HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
    CHECK_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
    client.send("body");
    CHECK_THAT(client.read_all(), ContainsSubstring("POST /o? body local"));
}

TEST_CASE("a reply may come later from another thread, and one that never comes is 503") {
    HttpServerLimits limits;
    limits.reply = Duration{300};
    std::jthread other;
    const auto server = serving(
        [&](const HttpIncoming& request, const HttpReplier& later) -> std::optional<HttpReply> {
            if (request.path == "/a")
                other = std::jthread([later] {
                    std::this_thread::sleep_for(50ms);
                    later(HttpReply{.status = 201, .body = "kept\n"});
                    later(HttpReply{.status = 500, .body = "twice\n"});
                });
            return std::nullopt;
        },
        limits);
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 201") && EndsWith("kept\n"));
    CHECK_THAT(ask(*server, "GET /never HTTP/1.1\r\nHost: x\r\n"), StartsWith("HTTP/1.1 503"));
}

TEST_CASE("a reply that comes when the server is gone goes nowhere") {
    HttpReplier kept;
    std::atomic<bool> asked = false;
    {
        const auto server = serving([&](const HttpIncoming&, const HttpReplier& later) -> std::optional<HttpReply> {
            kept = later;
            asked = true;
            return std::nullopt;
        });
        Client client(server->addresses().front());
        client.send(std::string{kGet} + "\r\n");
        while (!asked)
            std::this_thread::sleep_for(1ms);
    }
    kept(HttpReply{});
    SUCCEED();
}

TEST_CASE("a handler that throws costs its caller a 500 and nobody else anything") {
    const auto server = serving([](const HttpIncoming& request, const HttpReplier& later) {
        if (request.path == "/a")
            throw std::runtime_error("no");
        return echo(request, later);
    });
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 500"));
    CHECK_THAT(ask(*server, "GET /b HTTP/1.1\r\nHost: x\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("HEAD gets the length and no body; large replies are compressed for those who take it") {
    const auto server = serving([](const HttpIncoming&, const HttpReplier&) {
        HttpReply reply;
        reply.body.assign(5000, 'x');
        return std::optional{reply};
    });
    const std::string head = ask(*server, "HEAD / HTTP/1.1\r\nHost: x\r\n");
    CHECK_THAT(head, ContainsSubstring("Content-Length: 5000\r\n") && EndsWith("\r\n\r\n"));
    const std::string zipped = ask(*server, std::string{kGet} + "Accept-Encoding: br, gzip;q=0.5\r\n");
    CHECK_THAT(zipped, ContainsSubstring("Content-Encoding: gzip") && ContainsSubstring("Vary: Accept-Encoding"));
    CHECK(zipped.size() < 1000);
    CHECK(accepts_gzip("gzip"));
    CHECK_FALSE(accepts_gzip("gzip;q=0, br"));
    CHECK_FALSE(accepts_gzip("gzipped"));
}

TEST_CASE("a header made of foreign text begins no header of its own") {
    const auto server = serving([](const HttpIncoming&, const HttpReplier&) {
        HttpReply reply;
        reply.headers.emplace_back("Location", "/x\r\nSet-Cookie: a=b");
        return std::optional{reply};
    });
    CHECK_THAT(ask(*server, kGet), ContainsSubstring("Location: /x\r\n") && !ContainsSubstring("Set-Cookie"));
}

TEST_CASE("users prove themselves by bcrypt, the second time at once") {
    auto security = std::make_shared<WebSecurity>();
    // htpasswd -bnBC 10 alice secret, made with crypt(3).
    security->users = {{"alice", "$2b$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u"}};
    const auto server = serving(echo, {}, security);
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 401") && ContainsSubstring("WWW-Authenticate: Basic"));
    // alice:wrong, bob:secret, alice:secret
    CHECK_THAT(ask(*server, std::string{kGet} + "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n"),
               StartsWith("HTTP/1.1 401"));
    CHECK_THAT(ask(*server, std::string{kGet} + "Authorization: Basic Ym9iOnNlY3JldA==\r\n"),
               StartsWith("HTTP/1.1 401"));
    const std::string proof = std::string{kGet} + "Authorization: Basic YWxpY2U6c2VjcmV0\r\n";
    CHECK_THAT(ask(*server, proof), StartsWith("HTTP/1.1 200") && ContainsSubstring("alice"));
    const auto took = [](auto&& work) {
        const auto began = std::chrono::steady_clock::now();
        work();
        return std::chrono::steady_clock::now() - began;
    };
    const std::string wrong = std::string{kGet} + "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n";
    const auto comparing = took([&] { ask(*server, wrong); });
    const auto remembering = took([&] {
        for (int i = 0; i < 5; ++i)
            ask(*server, proof);
    });
    CHECK(remembering / 5 < comparing);
}

TEST_CASE("beyond the limit a request is told to come later, before its password is looked at") {
    auto security = std::make_shared<WebSecurity>();
    security->rate_limit = RateLimit{std::chrono::hours{1}, 2};
    security->users = {{"alice", "$2b$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u"}};
    std::shared_ptr<const WebSecurity> current = security;
    const auto server = guarded([&] { return current; });
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 401"));
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 401"));
    const std::string refused = ask(*server, kGet);
    CHECK_THAT(refused, StartsWith("HTTP/1.1 429 Too Many Requests\r\n") &&
                            ContainsSubstring("Retry-After: 3600\r\n") && ContainsSubstring("\nhint: "));
    // Nor is the connection lost by it.
    Client client(server->addresses().front());
    client.send(std::string{kGet} + "\r\n" + std::string{kGet} + "Connection: close\r\n\r\n");
    const std::string both = client.read_all();
    CHECK_THAT(both.substr(both.find("HTTP/1.1", 10)), StartsWith("HTTP/1.1 429"));
    server->post([&] { current = std::make_shared<WebSecurity>(); });
    CHECK_THAT(ask(*server, kGet), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a connection from before TLS was asked for is served no more, and nothing else ends one") {
    std::shared_ptr<const WebSecurity> current = std::make_shared<WebSecurity>();
    const auto server = guarded([&] { return current; });
    const auto use = [&](WebSecurity next) {
        server->post([&current, made = std::make_shared<WebSecurity>(std::move(next))] { current = made; });
    };
    Client early(server->addresses().front());
    const auto get = [&] {
        early.send(std::string{kGet} + "\r\n");
        return early.read_until("local \n");
    };
    CHECK_THAT(get(), StartsWith("HTTP/1.1 200"));
    WebSecurity wanted;
    wanted.headers = {{"X-Frame-Options", "deny"}};
    use(wanted);
    CHECK_THAT(get(), StartsWith("HTTP/1.1 200") && ContainsSubstring("X-Frame-Options: deny"));
    wanted.tls = ServerTls{.cert_file = "/nowhere/web.crt", .key_file = "/nowhere/web.key"};
    use(wanted);
    CHECK(get().empty());
}

TEST_CASE("TLS follows its files, and a client certificate is asked for when it should be") {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("recoverd-tls-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const auto make = [&](const std::string& name) {
        return std::system(("cd " + folder.string() +
                            " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
                            " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout " +
                            name + ".key -out " + name + ".crt 2>/dev/null")
                               .c_str());
    };
    REQUIRE(make("one") == 0);
    REQUIRE(make("two") == 0);
    const auto use = [&](const std::string& name) {
        for (const char* ending : {".crt", ".key"})
            std::filesystem::copy_file(folder / (name + ending), folder / ("web" + std::string{ending}),
                                       std::filesystem::copy_options::overwrite_existing);
    };
    use("one");
    auto security = std::make_shared<WebSecurity>();
    security->tls = ServerTls{.cert_file = folder / "web.crt", .key_file = folder / "web.key"};
    std::shared_ptr<const WebSecurity> current = security;
    const auto server = guarded([&] { return current; });
    const auto curl = [&](const std::string& more) {
        return std::system(
                   ("curl -sS -m 5 -o /dev/null https://" + server->addresses().front() + "/a " + more + " 2>/dev/null")
                       .c_str()) == 0;
    };
    const std::string folder_text = folder.string();
    CHECK(curl("--cacert " + folder_text + "/one.crt"));
    use("two");
    CHECK_FALSE(curl("--cacert " + folder_text + "/one.crt"));
    CHECK(curl("--cacert " + folder_text + "/two.crt"));
    std::filesystem::resize_file(folder / "web.crt", 10);
    CHECK(curl("--cacert " + folder_text + "/two.crt"));

    server->post([&] {
        auto stricter = std::make_shared<WebSecurity>();
        stricter->tls = ServerTls{.cert_file = folder / "one.crt",
                                  .key_file = folder / "one.key",
                                  .client_ca_file = folder / "two.crt",
                                  .client_auth = ClientAuth::require_and_verify};
        current = stricter;
    });
    CHECK_FALSE(curl("--cacert " + folder_text + "/one.crt"));
    CHECK(curl("--cacert " + folder_text + "/one.crt --cert " + folder_text + "/two.crt --key " + folder_text +
               "/two.key"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("it listens on a unix socket, takes over a stale one, and removes its own") {
    const std::string path = "/tmp/recoverd-web-" + std::to_string(getpid()) + ".sock";
    {
        // Bound and closed: the file stays, as after a crash.
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        std::strncpy(local.sun_path, path.c_str(), sizeof local.sun_path - 1);
        REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) == 0);
        close(fd);
    }
    {
        HttpServerOptions options;
        options.listen = {"unix:" + path};
        const auto server = HttpServer::start(options, echo);
        REQUIRE(server);
        CHECK_THAT(ask(**server, kGet), StartsWith("HTTP/1.1 200") && ContainsSubstring("local"));
        CHECK_FALSE(HttpServer::start(options, echo));
    }
    CHECK(access(path.c_str(), F_OK) != 0);
}

TEST_CASE("it serves on a socket that was handed over, and refuses one that does not listen") {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in inet{};
    inet.sin_family = AF_INET;
    inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&inet), sizeof inet) == 0);
    HttpServerOptions options;
    options.inherited = {fd};
    CHECK_FALSE(HttpServer::start(options, echo));
    REQUIRE(listen(fd, 5) == 0);
    const auto server = HttpServer::start(options, echo);
    REQUIRE(server);
    CHECK_THAT(ask(**server, kGet), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("on a host whose kernel knows no IPv6 every address is every one of IPv4") {
    const recoverd::test::NoIpv6Sockets none;
    HttpServerOptions options;
    options.listen = {":0"};
    const auto server = HttpServer::start(options, echo);
    REQUIRE(server);
    CHECK_THAT((*server)->addresses().front(), StartsWith("0.0.0.0:"));
    CHECK_THAT(ask(**server, kGet), StartsWith("HTTP/1.1 200"));
    // One that was asked for by name is missed.
    options.listen = {"[::1]:0"};
    const auto refused = HttpServer::start(options, echo);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().detail, ContainsSubstring("cannot listen on '[::1]:0': Address family not supported"));
}

TEST_CASE("an address that is none is said with what was expected") {
    HttpServerOptions options;
    for (const char* address : {"9754", "example.org:80", "127.0.0.1:0x50", "unix:"}) {
        options.listen = {address};
        const auto server = HttpServer::start(options, echo);
        REQUIRE_FALSE(server);
        CHECK_THAT(server.error().detail, ContainsSubstring("cannot listen on") && ContainsSubstring("expected"));
    }
}

TEST_CASE("a port that is none is refused, rather than another one taken for it") {
    HttpServerOptions options;
    for (const std::string port : {"99999", "65536", "", "x", "-1", "+80", " 80"}) {
        CAPTURE(port);
        options.listen = {"127.0.0.1:" + port};
        const auto server = HttpServer::start(options, echo);
        REQUIRE_FALSE(server);
        CHECK(server.error().detail ==
              "cannot listen on '127.0.0.1:" + port + "': expected a port from 0 to 65535, found '" + port + "'");
    }
}
