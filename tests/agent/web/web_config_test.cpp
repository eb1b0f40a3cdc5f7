// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_config.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace recoverd;
using agent::parse_web_config;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

TEST_CASE("a web configuration as exporter-toolkit has it is understood") {
    const auto read = parse_web_config("tls_server_config:\n  cert_file: web.crt\n  key_file: /etc/web.key\n"
                                       "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"
                                       "  min_version: TLS13\n"
                                       "http_server_config:\n  http2: false\n  headers: {X-Frame-Options: deny}\n"
                                       "basic_auth_users:\n  alice: $2y$10$abc\n",
                                       "/etc/recoverd");
    REQUIRE(read);
    CHECK(read->tls->cert_file == "/etc/recoverd/web.crt");
    CHECK(read->tls->key_file == "/etc/web.key");
    CHECK(read->tls->client_auth == io::ClientAuth::require_and_verify);
    CHECK(read->tls->min_version == 0x0304);
    CHECK(read->users.at("alice") == "$2y$10$abc");
    CHECK(read->headers.front().first == "X-Frame-Options");
    CHECK(parse_web_config("", "/")->users.empty());
}

TEST_CASE("what a web configuration asks and we cannot keep is a mistake with its line") {
    const auto wrong = [](const std::string& text) { return parse_web_config(text, "/").error(); };
    CHECK_THAT(wrong("basic_auth_users:\n  bob: plain\n"), ContainsSubstring("line 2") && ContainsSubstring("bcrypt"));
    CHECK_THAT(wrong("proxy_limit: {interval: 1s}\n"), ContainsSubstring("unknown or unsupported key 'proxy_limit'"));
    CHECK_THAT(wrong("tls_server_config:\n  cert_file: a\n"), ContainsSubstring("key_file"));
    CHECK_THAT(wrong("tls_server_config:\n  cert_file: a\n  key_file: b\n  client_ca_file: c\n"),
               ContainsSubstring("client_auth_type"));
    CHECK_THAT(wrong("tls_server_config: [\n"), ContainsSubstring("line"));
    CHECK_THAT(wrong("just text\n"), ContainsSubstring("expected keys"));
    CHECK_THAT(wrong("http_server_config:\n  http2: perhaps\n"),
               ContainsSubstring("line 2: expected true or false for 'http2', found 'perhaps'"));
    CHECK_THAT(wrong("basic_auth_users:\n  bob: $2y$10$a\n  bob: $2y$10$b\n"),
               ContainsSubstring("line 3: expected 'bob' once under 'basic_auth_users', found it twice"));
    CHECK_THAT(wrong("basic_auth_users:\n  bob:\n"), ContainsSubstring("bcrypt"));
}

TEST_CASE("the headers of exporter-toolkit may be set, and no other") {
    const auto read = [](const std::string& header) {
        return parse_web_config("http_server_config:\n  headers:\n    " + header + "\n", "/");
    };
    for (const char* header :
         {"X-Frame-Options: deny", "X-Frame-Options: sameorigin", "X-Content-Type-Options: nosniff",
          "X-XSS-Protection: 1; mode=block", "Strict-Transport-Security: max-age=31536000",
          "Content-Security-Policy: \"default-src 'self'\""}) {
        INFO(header);
        REQUIRE(read(header));
        CHECK(read(header)->headers.size() == 1);
    }
    CHECK_THAT(read("X-Frame-Option: deny").error(),
               ContainsSubstring("line 3: expected Content-Security-Policy, X-Frame-Options, ") &&
                   ContainsSubstring(" under 'headers', found 'X-Frame-Option'"));
    CHECK_THAT(read("Content-Length: 5").error(), ContainsSubstring("found 'Content-Length'"));
    CHECK_THAT(read("X-Frame-Options: allow").error(),
               ContainsSubstring("line 3: expected deny or sameorigin for 'X-Frame-Options', found 'allow'"));
    CHECK_THAT(read("X-Content-Type-Options: sniff").error(), ContainsSubstring("expected nosniff for"));
}

TEST_CASE("what is left blank in a web configuration asks for nothing") {
    for (const char* text :
         {"tls_server_config:\n", "tls_server_config: {}\n", "basic_auth_users:\n", "http_server_config:\n  headers:\n",
          "http_server_config:\n  headers:\n    X-XSS-Protection:\n", "# tls_server_config:\n"}) {
        INFO(text);
        const auto read = parse_web_config(text, "/etc/recoverd");
        REQUIRE(read);
        CHECK_FALSE(read->tls);
        CHECK(read->users.empty());
        CHECK(read->headers.empty());
    }
    const auto read = parse_web_config("tls_server_config:\n  cert_file: web.crt\n  key_file: web.key\n"
                                       "  client_ca_file: \"\"\n  client_auth_type: \"\"\n",
                                       "/etc/recoverd");
    REQUIRE(read);
    CHECK(read->tls->client_ca_file.empty());
    CHECK(read->tls->client_auth == io::ClientAuth::none);
    // As an older exporter-toolkit wrote RequireAnyClientCert.
    CHECK(parse_web_config("tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireClientCert}", "/")
              ->tls->client_auth == io::ClientAuth::require_any);
}

TEST_CASE("a limit of requests is read with Go's durations, and 0 is none") {
    const auto limit = [](const std::string& text) { return parse_web_config("rate_limit: " + text, "/"); };
    using namespace std::chrono_literals;
    CHECK(limit("{interval: 1s, burst: 5}")->rate_limit == io::RateLimit{1s, 5});
    CHECK(limit("{interval: \"250ms\", burst: 1}")->rate_limit == io::RateLimit{250ms, 1});
    for (const char* none : {"{interval: 0, burst: 0}", "{interval: 0, burst: 20}", "{interval: 0s}", "{}", ""}) {
        INFO(none);
        REQUIRE(limit(none));
        CHECK_FALSE(limit(none)->rate_limit);
    }
}

TEST_CASE("a limit that would let nobody in, or everybody, is a mistake") {
    const auto wrong = [](const std::string& text) { return parse_web_config("rate_limit:\n" + text, "/").error(); };
    CHECK_THAT(wrong("  interval: 1s\n"), ContainsSubstring("line 2: expected a 'burst' of 1 or more") &&
                                              ContainsSubstring("\nhint: without a burst no request"));
    CHECK_THAT(wrong("  interval: 1s\n  burst: 0\n"), ContainsSubstring("expected a 'burst' of 1 or more"));
    CHECK_THAT(wrong("  burst: 5\n"), ContainsSubstring("expected 'interval' beside 'burst'"));
    CHECK_THAT(wrong("  burst: 5\n  interval: 10\n"),
               ContainsSubstring("line 3: expected a duration for 'interval', found '10'\nhint: "));
    CHECK_THAT(wrong("  burst: 5\n  interval: -1s\n"), ContainsSubstring("found '-1s'"));
    CHECK_THAT(wrong("  burst: 5\n  interval: 1d\n"), ContainsSubstring("found '1d'"));
    CHECK_THAT(wrong("  burst: -5\n  interval: 1s\n"),
               ContainsSubstring("line 2: expected a whole number for 'burst', found '-5'"));
    CHECK_THAT(wrong("  burst: 1.5\n"), ContainsSubstring("found '1.5'"));
    CHECK_THAT(wrong("  rate: 5\n"), ContainsSubstring("unknown or unsupported key 'rate' under 'rate_limit'"));
}

TEST_CASE("a web configuration is followed while it can be used") {
    const std::string path = "/tmp/recoverd-web-config-" + std::to_string(getpid());
    std::ofstream(path) << "basic_auth_users: {alice: $2y$10$a}\n";
    std::vector<std::string> warnings;
    const auto file = agent::WebConfigFile::open(path, [&](const std::string& line) { warnings.push_back(line); });
    REQUIRE(file);
    CHECK((*file)->current()->users.contains("alice"));
    std::ofstream(path) << "basic_auth_users: {alice: $2y$10$a, bob: $2y$10$b}\n";
    CHECK((*file)->current()->users.contains("bob"));
    std::ofstream(path) << "nonsense: true\n";
    CHECK((*file)->current()->users.contains("bob"));
    CHECK((*file)->current()->users.contains("alice"));
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings.front(), ContainsSubstring("'nonsense'") && EndsWith("; the old one stays in use"));
    std::ofstream(path) << "tls_server_config: {cert_file: a, key_file: b, max_version: TLS11}\n";
    CHECK((*file)->current()->users.contains("bob"));
    // What to do comes last.
    REQUIRE(warnings.size() == 2);
    CHECK_THAT(warnings.back(), ContainsSubstring("; the old one stays in use\nhint: "));
    std::filesystem::remove(path);
    CHECK_FALSE(agent::WebConfigFile::open(path, nullptr));
}

TEST_CASE("a file that is emptied while it is followed switches nothing off") {
    const std::string path = "/tmp/recoverd-web-config-" + std::to_string(getpid());
    std::ofstream(path) << "basic_auth_users: {alice: $2y$10$a}\n";
    std::vector<std::string> warnings;
    const auto file = agent::WebConfigFile::open(path, [&](const std::string& line) { warnings.push_back(line); });
    REQUIRE(file);
    std::size_t told = 0;
    for (const char* text : {"", "# basic_auth_users: {alice: $2y$10$a}\n", "rate_limit: {interval: 1s, burst: 5}\n"}) {
        INFO(text);
        std::ofstream(path) << text;
        CHECK((*file)->current()->users.contains("alice"));
        CHECK((*file)->current()->users.contains("alice"));
        REQUIRE(warnings.size() == ++told);
        CHECK(warnings.back() ==
              path + ": it asks for no users any more; the old one stays in use\nhint: to serve without, restart");
    }
    // Whoever writes it whole is followed again.
    std::ofstream(path) << "basic_auth_users: {bob: $2y$10$b}\n";
    CHECK((*file)->current()->users.contains("bob"));
    CHECK_FALSE((*file)->current()->users.contains("alice"));
    CHECK(warnings.size() == told);
    std::filesystem::remove(path);
}

TEST_CASE("a file that is cut off behind its first part switches nothing off either") {
    test::TestAuthority authority;
    const auto own = authority.issue({"127.0.0.1"});
    const std::string path = "/tmp/recoverd-web-config-" + std::to_string(getpid());
    const std::string tls =
        "tls_server_config:\n  cert_file: " + own.cert_file + "\n  key_file: " + own.key_file + "\n";
    const std::string clients = "  client_auth_type: RequireAnyClientCert\n";
    const std::string users = "basic_auth_users: {alice: $2y$10$a}\n";
    std::ofstream(path) << tls << clients << users;
    std::vector<std::string> warnings;
    const auto file = agent::WebConfigFile::open(path, [&](const std::string& line) { warnings.push_back(line); });
    REQUIRE(file);
    std::size_t told = 0;
    for (const auto& [left, lost] :
         {std::pair{tls + clients, "users"}, {tls + users, "certificates of clients"}, {users, "TLS"}}) {
        std::ofstream(path) << left;
        const auto security = (*file)->current();
        CHECK(security->tls);
        CHECK(security->users.contains("alice"));
        REQUIRE(warnings.size() == ++told);
        CHECK_THAT(warnings.back(), ContainsSubstring(std::string{": it asks for no "} + lost + " any more"));
    }
    std::filesystem::remove(path);
}

TEST_CASE("an empty file may be begun with, and followed from one that asks for nothing to another") {
    const std::string path = "/tmp/recoverd-web-config-" + std::to_string(getpid());
    std::ofstream(path) << "";
    std::vector<std::string> warnings;
    const auto file = agent::WebConfigFile::open(path, [&](const std::string& line) { warnings.push_back(line); });
    REQUIRE(file);
    CHECK((*file)->current()->users.empty());
    std::ofstream(path) << "rate_limit: {interval: 1s, burst: 5}\n";
    CHECK((*file)->current()->rate_limit);
    std::ofstream(path) << "\n";
    CHECK_FALSE((*file)->current()->rate_limit);
    CHECK(warnings.empty());
    std::filesystem::remove(path);
}

TEST_CASE("a file that can be opened and not be read is no empty one") {
    const std::string path = "/tmp/recoverd-web-config-" + std::to_string(getpid());
    std::filesystem::create_directory(path);
    CHECK(agent::WebConfigFile::open(path, nullptr).error() == path + ": cannot be read");
    std::filesystem::remove(path);
    std::ofstream(path) << "basic_auth_users: {alice: $2y$10$a}\n";
    std::vector<std::string> warnings;
    const auto file = agent::WebConfigFile::open(path, [&](const std::string& line) { warnings.push_back(line); });
    REQUIRE(file);
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    CHECK((*file)->current()->users.contains("alice"));
    REQUIRE(warnings.size() == 1);
    CHECK(warnings.front() == path + ": cannot be read; the old one stays in use");
    std::filesystem::remove(path);
}
