// SPDX-License-Identifier: Apache-2.0
// What a client of TLS sees of a web server: real handshakes, by OpenSSL's own client.
#include "io/http_server.hpp"
#include "tests/io/connected.hpp"
#include "tests/support/content.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace recoverd;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using recoverd::io::ClientAuth;
using recoverd::io::HttpServer;

namespace {

/// What a client asks for, and what it got.
struct Handshake {
    std::string ca_file;
    std::string cert_file = {};
    std::string key_file = {};
    int max_version = TLS1_3_VERSION;
    std::string ciphers = {};
    std::string groups = {};

    /// "served" when it got its page; otherwise which of its calls ended how.
    std::string outcome = {};
    std::string cipher = {};
    int group = 0;
};

struct FreeTls {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* tls) const { SSL_free(tls); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using Context = std::unique_ptr<SSL_CTX, FreeTls>;
using Tls = std::unique_ptr<SSL, FreeTls>;
using Session = std::unique_ptr<SSL_SESSION, FreeTls>;

Context client_of(const Handshake& wanted) {
    Context context{SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    REQUIRE(SSL_CTX_load_verify_locations(context.get(), wanted.ca_file.c_str(), nullptr) == 1);
    SSL_CTX_set_max_proto_version(context.get(), wanted.max_version);
    if (!wanted.cert_file.empty()) {
        REQUIRE(SSL_CTX_use_certificate_chain_file(context.get(), wanted.cert_file.c_str()) == 1);
        REQUIRE(SSL_CTX_use_PrivateKey_file(context.get(), wanted.key_file.c_str(), SSL_FILETYPE_PEM) == 1);
    }
    if (!wanted.ciphers.empty())
        REQUIRE(SSL_CTX_set_cipher_list(context.get(), wanted.ciphers.c_str()) == 1);
    if (!wanted.groups.empty())
        REQUIRE(SSL_CTX_set1_groups_list(context.get(), wanted.groups.c_str()) == 1);
    return context;
}

/// OpenSSL writes to a server that has hung up without asking for no signal.
class PipeIgnored {
  public:
    PipeIgnored() {
        struct sigaction ignore{};
        ignore.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &ignore, &before_);
    }
    ~PipeIgnored() { sigaction(SIGPIPE, &before_, nullptr); }
    PipeIgnored(const PipeIgnored&) = delete;
    PipeIgnored& operator=(const PipeIgnored&) = delete;

  private:
    struct sigaction before_{};
};

/// For the reader of a failed test, right after the call.
std::string ended(const char* call, const SSL* tls, int result) {
    const int number = errno;
    const int error = SSL_get_error(tls, result);
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    return fmt::format("{} gave {}, error {}, {}, {}", call, result, error, reason ? reason : "no reason",
                       std::strerror(number));
}

/// Signals that are meant for other tests of this program end a call on a socket that has a time limit.
int uninterrupted(const SSL* tls, const std::function<int()>& call) {
    for (;;) {
        errno = 0;
        const int result = call();
        if (result > 0 || errno != EINTR || SSL_get_error(tls, result) != SSL_ERROR_WANT_READ)
            return result;
    }
}

/// With TLS 1.3 a client hears only from what follows whether its certificate was taken.
std::string get_a_page(SSL* tls) {
    constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    if (const int put = SSL_write(tls, kGet.data(), static_cast<int>(kGet.size())); put <= 0)
        return ended("SSL_write", tls, put);
    std::string answer;
    char chunk[4096];
    int got = 0;
    while ((got = uninterrupted(tls, [&] { return SSL_read(tls, chunk, sizeof chunk); })) > 0)
        answer.append(chunk, static_cast<std::size_t>(got));
    return answer.starts_with("HTTP/1.1 200") ? "served" : ended("SSL_read", tls, got) + ", after '" + answer + "'";
}

/// What comes of one more request over a connection that is kept open; nothing where the server has closed it.
std::string get_one_more(SSL* tls) {
    constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    std::string answer;
    if (SSL_write(tls, kGet.data(), static_cast<int>(kGet.size())) <= 0)
        return answer;
    char chunk[4096];
    int got = 0;
    while (!answer.ends_with("up\n") &&
           (got = uninterrupted(tls, [&] { return SSL_read(tls, chunk, sizeof chunk); })) > 0)
        answer.append(chunk, static_cast<std::size_t>(got));
    return answer;
}

/// `session` is what an earlier one left, and becomes what this one leaves.
Handshake shake(const HttpServer& server, Handshake shaken, SSL_CTX* context, Session& session) {
    const PipeIgnored ignored;
    const int fd = test::connected_to(server.addresses().front());
    const Tls tls{SSL_new(context)};
    SSL_set_fd(tls.get(), fd);
    if (session)
        SSL_set_session(tls.get(), session.get());
    if (const int connected = uninterrupted(tls.get(), [&] { return SSL_connect(tls.get()); }); connected != 1) {
        shaken.outcome = ended("SSL_connect", tls.get(), connected);
    } else {
        shaken.cipher = SSL_get_cipher_name(tls.get());
        shaken.group = static_cast<int>(SSL_get_negotiated_group(tls.get()));
        shaken.outcome = get_a_page(tls.get());
        session.reset(SSL_get1_session(tls.get()));
    }
    ERR_clear_error();
    close(fd);
    return shaken;
}

Handshake shake(const HttpServer& server, const Handshake& wanted) {
    Session none;
    return shake(server, wanted, client_of(wanted).get(), none);
}

/// What a server tells, on a thread of its own.
class Told {
  public:
    std::function<void(std::string)> listener() {
        return [this](std::string line) {
            const std::scoped_lock lock(mutex_);
            lines_.push_back(std::move(line));
        };
    }
    /// Once there are so many, or after ten seconds.
    std::vector<std::string> lines(std::size_t expected) {
        std::vector<std::string> all;
        for (int i = 0; i < 1000; ++i) {
            {
                const std::scoped_lock lock(mutex_);
                all = lines_;
            }
            if (all.size() >= expected)
                break;
            std::this_thread::sleep_for(10ms);
        }
        return all;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

std::unique_ptr<HttpServer> serving(io::ServerTls tls, std::function<void(std::string)> warn = {}) {
    auto security = std::make_shared<io::WebSecurity>();
    security->tls = std::move(tls);
    io::HttpServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.security = [security] { return security; };
    options.warn = std::move(warn);
    auto server = HttpServer::start(std::move(options), [](const io::HttpIncoming&, const io::HttpReplier&) {
        return std::optional{io::HttpReply{.body = "up\n"}};
    });
    REQUIRE(server);
    return std::move(*server);
}

io::ServerTls with(const test::ServerTls& files) { return {.cert_file = files.cert_file, .key_file = files.key_file}; }

/// Lets nobody in who has no certificate of that authority, which is also its own.
io::ServerTls verifying(test::TestAuthority& authority) {
    io::ServerTls tls = with(authority.issue({"127.0.0.1"}));
    tls.client_auth = ClientAuth::require_and_verify;
    tls.client_ca_file = authority.ca_file();
    return tls;
}

} // namespace

TEST_CASE("a server shows the certificate that its configuration holds, and trusts the authority there") {
    test::TestAuthority authority;
    test::TestAuthority strange{"Strange Authority"};
    const auto own = authority.issue({"127.0.0.1"});
    const auto client = authority.issue({"scraper.example"});
    const auto stranger = strange.issue({"scraper.example"});
    const auto server = serving({.cert = test::content_of(own.cert_file) + test::content_of(authority.ca_file()),
                                 .key = std::make_shared<const io::Secret>(test::content_of(own.key_file)),
                                 .client_ca = test::content_of(authority.ca_file()),
                                 .client_auth = ClientAuth::require_and_verify});
    const std::string ca = authority.ca_file();
    CHECK(shake(*server, {.ca_file = ca, .cert_file = client.cert_file, .key_file = client.key_file}).outcome ==
          "served");
    CHECK(shake(*server, {.ca_file = ca}).outcome != "served");
    CHECK(shake(*server, {.ca_file = ca, .cert_file = stranger.cert_file, .key_file = stranger.key_file}).outcome !=
          "served");
    CHECK(shake(*server, {.ca_file = strange.ca_file(), .cert_file = client.cert_file, .key_file = client.key_file})
              .outcome != "served");
}

TEST_CASE("a client comes in when its certificate has a name that is allowed") {
    test::TestAuthority authority;
    const auto named = authority.issue({"unknown.example", "scraper.example"});
    const auto other = authority.issue({"other.example"});
    auto tls = with(authority.issue({"127.0.0.1"}));
    tls.client_names = {"10.0.0.1", "scraper.example"};
    for (const ClientAuth auth : {ClientAuth::require_and_verify, ClientAuth::require_any}) {
        tls.client_auth = auth;
        tls.client_ca_file = auth == ClientAuth::require_and_verify ? authority.ca_file() : "";
        const auto server = serving(tls);
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Handshake wanted{.ca_file = authority.ca_file(), .max_version = version};
            CHECK(shake(*server, wanted).outcome != "served");
            wanted.cert_file = other.cert_file;
            wanted.key_file = other.key_file;
            CHECK(shake(*server, wanted).outcome != "served");
            wanted.cert_file = named.cert_file;
            wanted.key_file = named.key_file;
            CHECK(shake(*server, wanted).outcome == "served");
        }
    }
}

TEST_CASE("a name that is allowed is no proof: its certificate has to be trusted as well") {
    test::TestAuthority authority;
    test::TestAuthority strange{"Strange Authority"};
    const auto stranger = strange.issue({"scraper.example"});
    auto tls = verifying(authority);
    tls.client_names = {"scraper.example"};
    const auto server = serving(tls);
    CHECK(
        shake(*server, {.ca_file = authority.ca_file(), .cert_file = stranger.cert_file, .key_file = stranger.key_file})
            .outcome != "served");
}

TEST_CASE("of the suites of TLS 1.2 only the chosen ones are spoken, in the order of whose preference counts") {
    test::TestAuthority authority;
    const std::string small = "ECDHE-ECDSA-AES128-GCM-SHA256";
    const std::string large = "ECDHE-ECDSA-AES256-GCM-SHA384";
    auto tls = with(authority.issue({"127.0.0.1"}));
    tls.ciphers = large + ":" + small;
    Handshake wanted{.ca_file = authority.ca_file(), .max_version = TLS1_2_VERSION, .ciphers = small + ":" + large};
    CHECK(shake(*serving(tls), wanted).cipher == large);
    tls.own_preference = false;
    CHECK(shake(*serving(tls), wanted).cipher == small);
    tls.ciphers = large;
    CHECK(shake(*serving(tls), wanted).cipher == large);
    wanted.ciphers = small;
    CHECK(shake(*serving(tls), wanted).outcome != "served");
    // With TLS 1.3 there is nothing to choose.
    wanted.max_version = TLS1_3_VERSION;
    CHECK(shake(*serving(tls), wanted).outcome == "served");
}

TEST_CASE("keys are exchanged on the chosen curves only") {
    test::TestAuthority authority;
    auto tls = with(authority.issue({"127.0.0.1"}));
    tls.groups = "P-384:P-521";
    const auto server = serving(tls);
    Handshake wanted{.ca_file = authority.ca_file()};
    const Handshake usual = shake(*server, wanted);
    CHECK(usual.outcome == "served");
    CHECK(usual.group == NID_secp384r1);
    wanted.groups = "X25519:P-256";
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        wanted.max_version = version;
        CHECK(shake(*server, wanted).outcome != "served");
    }
    tls.groups.clear();
    CHECK(shake(*serving(tls), wanted).group == NID_X25519);
}

TEST_CASE("a client that has a certificate and keeps sessions comes in again, and shows it again") {
    test::TestAuthority authority;
    const auto client = authority.issue({"scraper.example"});
    auto tls = verifying(authority);
    const auto server = serving(tls);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        INFO(version);
        const Handshake wanted{.ca_file = authority.ca_file(),
                               .cert_file = client.cert_file,
                               .key_file = client.key_file,
                               .max_version = version};
        const Context context = client_of(wanted);
        Session kept;
        CHECK(shake(*server, wanted, context.get(), kept).outcome == "served");
        REQUIRE(kept != nullptr);
        CHECK(SSL_SESSION_is_resumable(kept.get()) == 0);
        CHECK(shake(*server, wanted, context.get(), kept).outcome == "served");
    }
}

TEST_CASE("a client that came in by the word of other authorities goes on over no connection that is open") {
    test::TestAuthority authority;
    test::TestAuthority another{"Another Authority"};
    const auto client = authority.issue({"scraper.example"});
    auto tls = verifying(authority);
    tls.client_ca_file += ".clients";
    std::ofstream(tls.client_ca_file) << test::content_of(authority.ca_file());
    const auto server = serving(tls);
    const PipeIgnored ignored;
    const Handshake wanted{.ca_file = authority.ca_file(), .cert_file = client.cert_file, .key_file = client.key_file};
    const Context context = client_of(wanted);
    const int fd = test::connected_to(server->addresses().front());
    const Tls kept{SSL_new(context.get())};
    SSL_set_fd(kept.get(), fd);
    REQUIRE(uninterrupted(kept.get(), [&] { return SSL_connect(kept.get()); }) == 1);
    CHECK_THAT(get_one_more(kept.get()), StartsWith("HTTP/1.1 200"));
    CHECK_THAT(get_one_more(kept.get()), StartsWith("HTTP/1.1 200"));
    // Not by its time alone.
    std::ofstream(tls.client_ca_file) << test::content_of(another.ca_file()) << '\n';
    CHECK(get_one_more(kept.get()).empty());
    CHECK(shake(*server, wanted).outcome != "served");
    ERR_clear_error();
    close(fd);
}

TEST_CASE("a handshake that fails is told once with the client and the reason, and a client that goes away is not") {
    test::TestAuthority authority;
    test::TestAuthority strange{"Strange Authority"};
    const auto stranger = strange.issue({"scraper.example"});
    auto tls = verifying(authority);
    tls.min_version = TLS1_3_VERSION;
    Told told;
    const auto server = serving(tls, told.listener());
    const std::string ca = authority.ca_file();

    close(test::connected_to(server->addresses().front()));
    CHECK(shake(*server, {.ca_file = ca}).outcome != "served");
    CHECK(shake(*server, {.ca_file = ca}).outcome != "served");
    REQUIRE(told.lines(1).size() == 1);
    CHECK(shake(*server, {.ca_file = ca, .cert_file = stranger.cert_file, .key_file = stranger.key_file}).outcome !=
          "served");
    REQUIRE(told.lines(2).size() == 2);
    CHECK(shake(*server, {.ca_file = ca, .max_version = TLS1_2_VERSION}).outcome != "served");
    REQUIRE(told.lines(3).size() == 3);
    const int fd = test::connected_to(server->addresses().front());
    constexpr std::string_view kPlain = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    CHECK(send(fd, kPlain.data(), kPlain.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kPlain.size()));
    const auto lines = told.lines(4);
    close(fd);
    REQUIRE(lines.size() == 4);
    CHECK_THAT(lines[0],
               StartsWith("web: the TLS handshake with 127.0.0.1 failed: peer did not return a certificate") &&
                   ContainsSubstring("\nhint: client_auth_type of the web configuration"));
    CHECK_THAT(lines[1], ContainsSubstring("failed: certificate verify failed (unable to ") &&
                             ContainsSubstring("; not told before it: 1\nhint: client_ca_file "));
    CHECK_THAT(lines[2], ContainsSubstring("failed: unsupported protocol"));
    CHECK_THAT(lines[3], ContainsSubstring("failed: http request"));
}

TEST_CASE("a server does not begin with a certificate that it cannot show") {
    test::TestAuthority authority;
    auto security = std::make_shared<io::WebSecurity>();
    security->tls = with(authority.issue({"127.0.0.1"}));
    security->tls->key_file = authority.issue({"127.0.0.1"}).key_file;
    io::HttpServerOptions options;
    options.listen = {"127.0.0.1:0"};
    options.security = [security] { return security; };
    const auto server = HttpServer::start(std::move(options), [](const io::HttpIncoming&, const io::HttpReplier&) {
        return std::optional{io::HttpReply{}};
    });
    REQUIRE_FALSE(server);
    CHECK(server.error().kind == core::FailureKind::misconfigured);
    CHECK_THAT(server.error().detail, StartsWith("expected the key of the first certificate in cert_file '") &&
                                          ContainsSubstring("', found another\nhint: "));
}

TEST_CASE("a certificate that a server began with stays in use until its files have another one and its key") {
    test::TestAuthority authority;
    const auto files = authority.issue({"127.0.0.1"});
    const auto next = authority.issue({"127.0.0.1"});
    Told told;
    const auto server = serving(with(files), told.listener());
    const Handshake wanted{.ca_file = authority.ca_file()};
    // Before anybody came.
    std::ofstream(files.cert_file) << "half of it";
    CHECK(shake(*server, wanted).outcome == "served");
    REQUIRE(told.lines(1).size() == 1);
    CHECK_THAT(told.lines(1)[0], StartsWith("web: expected certificates in PEM in cert_file '" + files.cert_file) &&
                                     ContainsSubstring("; the old certificate stays in use\nhint: "));
    std::ofstream(files.cert_file) << test::content_of(next.cert_file);
    CHECK(shake(*server, wanted).outcome == "served");
    REQUIRE(told.lines(2).size() == 2);
    CHECK_THAT(told.lines(2)[1], ContainsSubstring("found another; the old certificate stays in use\nhint: "));
    // Not by its time alone: keys of one kind are all of one size.
    std::ofstream(files.key_file) << test::content_of(next.key_file) << '\n';
    CHECK(shake(*server, wanted).outcome == "served");
    CHECK(told.lines(2).size() == 2);
}
