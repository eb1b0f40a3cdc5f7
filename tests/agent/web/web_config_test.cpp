// SPDX-License-Identifier: Apache-2.0
#include "agent/web/web_config.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace recoverd;
using agent::parse_web_config;
using Catch::Matchers::ContainsSubstring;

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
    CHECK_THAT(wrong("rate_limit: {interval: 1s}\n"), ContainsSubstring("unknown or unsupported key 'rate_limit'"));
    CHECK_THAT(wrong("tls_server_config:\n  cert_file: a\n"), ContainsSubstring("key_file"));
    CHECK_THAT(wrong("tls_server_config:\n  cert_file: a\n  key_file: b\n  client_ca_file: c\n"),
               ContainsSubstring("client_auth_type"));
    CHECK_THAT(wrong("tls_server_config: [\n"), ContainsSubstring("line"));
    CHECK_THAT(wrong("just text\n"), ContainsSubstring("expected keys"));
}

TEST_CASE("a web configuration is followed while it can be used") {
    const std::string path = "/tmp/recoverd-web-config-" + std::to_string(getpid());
    std::ofstream(path) << "basic_auth_users: {alice: $2y$10$a}\n";
    int warnings = 0;
    const auto file = agent::WebConfigFile::open(path, [&](const std::string&) { ++warnings; });
    REQUIRE(file);
    CHECK((*file)->current()->users.contains("alice"));
    std::ofstream(path) << "basic_auth_users: {alice: $2y$10$a, bob: $2y$10$b}\n";
    CHECK((*file)->current()->users.contains("bob"));
    std::ofstream(path) << "nonsense: true\n";
    CHECK((*file)->current()->users.contains("bob"));
    CHECK((*file)->current()->users.contains("alice"));
    CHECK(warnings == 1);
    std::filesystem::remove(path);
    CHECK_FALSE(agent::WebConfigFile::open(path, nullptr));
}
